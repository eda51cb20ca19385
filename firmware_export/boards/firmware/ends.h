/* What a library takes and gives, for programs that know no names of it: EACH_INPUT(ONE) writes ONE(member, MACRO) for each
 * input, EACH_OUTPUT(ONE) for each output. Several are named by -DEACH_INPUT(ONE)=..., see LibraryText.end_macros.
 * LIB(name) and SIZE(name) are the library's symbols and macros. */
#ifndef ENDS_H
#define ENDS_H

#include <stdint.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define LIB(name) PASTE(LIBRARY_PREFIX, name)
#define SIZE(name) PASTE(LIBRARY_CAPITALS, name)

#ifdef EACH_INPUT
#define SET_INPUT(member, MACRO) inputs.member = *from++;
#define SET_OUTPUT(member, MACRO) outputs.member = *to++;
/* One inference; where each input lies and each output shall lie, in the model's order. */
static inline int run_at(int8_t *arena, const int8_t *const *from, int8_t *const *to)
{
    LIB(inputs_t) inputs;
    LIB(outputs_t) outputs;

    EACH_INPUT(SET_INPUT)
    EACH_OUTPUT(SET_OUTPUT)
    return LIB(run)(arena, &inputs, &outputs);
}
#else
#define EACH_INPUT(ONE) ONE(input, INPUT)
#define EACH_OUTPUT(ONE) ONE(output, OUTPUT)
static inline int run_at(int8_t *arena, const int8_t *const *from, int8_t *const *to)
{
    return LIB(run)(arena, (const void *)*from, (void *)*to); /* of int16 in a 16x8 model */
}
#endif

#define IN_ARENA(member, MACRO) arena + SIZE(MACRO##_OFFSET),
/* One inference with everything in the arena. */
static inline int run_inside(int8_t *arena)
{
    const int8_t *const from[] = {EACH_INPUT(IN_ARENA)};
    int8_t *const to[] = {EACH_OUTPUT(IN_ARENA)};

    return run_at(arena, from, to);
}

#endif
