/* Runs the library on every input that stands on standard input and writes every output to standard output.
 * First argument: `apart`, input and output lie outside the arena; `inside`, in it.
 * Exit codes: 2 the library refuses, 3 a byte around the arena, the input or the output is overwritten, 4 the input is.
 * Built with -DLIBRARY_PREFIX=digits_ -DLIBRARY_CAPITALS=DIGITS_ -DHEADER='"digits.h"' and the macros of its ends. */
#include HEADER

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ends.h"

enum { GUARD = 64, PATTERN = 0x5c };

/* Memory of exactly this many bytes between two guards; under a sanitizer the guards are its own. */
static int8_t *guarded(size_t bytes)
{
#ifdef SANITIZED
    int8_t *start = malloc(bytes);
#else
    int8_t *start = malloc(bytes + 2 * GUARD);
    if (start != NULL) {
        memset(start, PATTERN, bytes + 2 * GUARD);
        start += GUARD;
    }
#endif
    if (start == NULL) {
        abort();
    }
    return start;
}

static int is_whole(const int8_t *start, size_t bytes)
{
#ifdef SANITIZED
    (void)start;
    (void)bytes;
#else
    for (size_t i = 0; i < GUARD; i++) {
        if ((start - GUARD)[i] != PATTERN || start[bytes + i] != PATTERN) {
            return 0;
        }
    }
#endif
    return 1;
}

#define ONE_MORE(member, MACRO) +1
enum { INPUTS = 0 EACH_INPUT(ONE_MORE), OUTPUTS = 0 EACH_OUTPUT(ONE_MORE) };

#define BYTES(member, MACRO) SIZE(MACRO##_BYTES),
#define OFFSET(member, MACRO) SIZE(MACRO##_OFFSET),
static const size_t input_bytes[] = {EACH_INPUT(BYTES)}, input_offsets[] = {EACH_INPUT(OFFSET)};
static const size_t output_bytes[] = {EACH_OUTPUT(BYTES)}, output_offsets[] = {EACH_OUTPUT(OFFSET)};

int main(int count, char **words)
{
    const int inside = count > 1 && strcmp(words[1], "inside") == 0;
    int8_t *const arena = guarded(SIZE(ARENA_BYTES));
    int8_t *const before = guarded(SIZE(INPUT_BYTES));
    int8_t *input[INPUTS], *output[OUTPUTS];
    const int8_t *from[INPUTS];
    int8_t *to[OUTPUTS];
    unsigned garbage = 1;

    for (int i = 0; i < INPUTS; i++) {
        input[i] = guarded(input_bytes[i]);
        from[i] = inside ? arena + input_offsets[i] : input[i];
    }
    for (int i = 0; i < OUTPUTS; i++) {
        output[i] = guarded(output_bytes[i]);
        to[i] = inside ? arena + output_offsets[i] : output[i];
    }
    while (fread(before, 1, SIZE(INPUT_BYTES), stdin) == SIZE(INPUT_BYTES)) {
        const int8_t *next = before;
        for (size_t i = 0; i < SIZE(ARENA_BYTES); i++) { /* what the arena held before must not matter */
            garbage = garbage * 1103515245u + 12345u;
            arena[i] = (int8_t)(garbage >> 24);
        }
        for (int i = 0; i < OUTPUTS; i++) {
            memset(output[i], (int)(garbage & 0x7f), output_bytes[i]);
        }
        for (int i = 0; i < INPUTS; i++) {
            memcpy(inside ? arena + input_offsets[i] : input[i], next, input_bytes[i]);
            next += input_bytes[i];
        }
        if (run_at(arena, from, to) != 0) {
            return 2;
        }
        next = before;
        for (int i = 0; i < INPUTS; i++) {
            if (!is_whole(input[i], input_bytes[i])) {
                return 3;
            }
            if (!inside && memcmp(input[i], next, input_bytes[i]) != 0) {
                return 4;
            }
            next += input_bytes[i];
        }
        for (int i = 0; i < OUTPUTS; i++) {
            if (!is_whole(output[i], output_bytes[i])) {
                return 3;
            }
            fwrite(to[i], 1, output_bytes[i], stdout);
        }
        if (!is_whole(arena, SIZE(ARENA_BYTES))) {
            return 3;
        }
    }
    return 0;
}
