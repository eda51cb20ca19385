/* Runs the library on every image and prints what it cost and what it answered, in lines of hexadecimal numbers:
 *     arena BYTES
 *     counts ONE-INFERENCE, outputs ALL-BYTES       (these two for each image)
 *     texts =TEXT       (with -DLINES; for each image, read from a strip: the image's bytes, 128 higher)
 *     stack BYTES
 *     hook COUNTS, stages COUNTS-PER-STAGE, hooks CALLS-PER-STAGE       (with -DSTAGE_COUNT=n)
 *     end
 * or `refused IMAGE` when the library returns an error, `stackless BYTES` when the stack was used up to its end.
 * Built with -DLIBRARY_PREFIX=digits_ -DLIBRARY_CAPITALS=DIGITS_ -DLIBRARY_HEADER='"digits.h"' -DIMAGES=n. */
#include LIBRARY_HEADER

#include <string.h>

#include "ends.h"
#include "port.h"

static int8_t arena[SIZE(ARENA_BYTES)] __attribute__((aligned(4)));
static int8_t output[SIZE(OUTPUT_BYTES)];

static void put_hex(uint32_t value, uint8_t digits)
{
    while (digits-- > 0) {
        uint8_t digit = (uint8_t)(value >> 4 * digits) & 15u;
        port_char((char)(digit < 10 ? '0' + digit : 'a' - 10 + digit));
    }
}

static void put_line(const char *name, uint32_t value)
{
    port_write(name);
    put_hex(value, 8);
    port_char('\n');
}

static void put_answer(uint32_t count)
{
    put_line(PORT_TEXT("counts "), count);
    port_write(PORT_TEXT("outputs "));
    for (uint32_t i = 0; i < sizeof output; i++)
        put_hex((uint8_t)output[i], 2);
    port_char('\n');
}

/* Fill the stack below the caller; a frame of this function itself, if the compiler makes one, stays as it is. */
static void paint_stack(void)
{
    const port_stack_word *here = port_stack_pointer();

    for (volatile port_stack_word *word = port_stack_limit; word < here; word++)
        *word = PORT_STACK_PATTERN;
}

static const char *lowest_touched(void)
{
    const volatile port_stack_word *word = port_stack_limit;

    while (*word == PORT_STACK_PATTERN)
        word++;
    return (const char *)word;
}

#ifdef STAGE_COUNT
/* Entry 0 is what runs outside all stages, entry s + 1 is stage s. */
static uint64_t stage_counts[STAGE_COUNT + 1], hook_calls[STAGE_COUNT + 1];
static unsigned current;
static uint32_t left;

void LIB(profile)(int stage);

/* Two readings, so that the hook's own work is in no stage. What lies between `left` of one call and `now` of the next
 * when nothing else happens there is hook_cost, which the host takes off for each call. */
__attribute__((noinline)) void LIB(profile)(int stage)
{
    uint32_t now = port_count();

    stage_counts[current] += now - left;
    hook_calls[current] += 1;
    current = (unsigned)(stage + 1);
    left = port_count();
}

static uint32_t hook_cost(void)
{
    uint32_t cost;

    LIB(profile)(0);
    LIB(profile)(0);
    cost = (uint32_t)stage_counts[1];
    memset(stage_counts, 0, sizeof stage_counts);
    memset(hook_calls, 0, sizeof hook_calls);
    return cost;
}

static void put_all(const char *name, const uint64_t *values)
{
    port_write(name);
    for (unsigned i = 0; i <= STAGE_COUNT; i++) {
        port_char(' ');
        put_hex((uint32_t)(values[i] >> 32), 8);
        put_hex((uint32_t)values[i], 8);
    }
    port_char('\n');
}
#endif

#define LOAD(member, MACRO)                                                \
    port_image(arena + SIZE(MACRO##_OFFSET), first, SIZE(MACRO##_BYTES)); \
    first += SIZE(MACRO##_BYTES);

static void load(uint16_t image)
{
    uint32_t first = (uint32_t)image * SIZE(INPUT_BYTES);

    EACH_INPUT(LOAD)
}

#define KEEP(member, MACRO)                                           \
    memcpy(to, arena + SIZE(MACRO##_OFFSET), SIZE(MACRO##_BYTES)); \
    to += SIZE(MACRO##_BYTES);

static void keep_outputs(void)
{
    int8_t *to = output;

    EACH_OUTPUT(KEEP)
}

/* Returns what the library returned. */
static int run(uint16_t image, uint32_t *count, uint32_t *stack)
{
    const char *here = (const char *)port_stack_pointer();
    uint32_t before;
    int problem;

    load(image);
    paint_stack();
#ifdef STAGE_COUNT
    current = 0;
    left = port_count();
    before = left;
#else
    before = port_count();
#endif
    problem = run_inside(arena);
    *count = port_count() - before;
    *stack = (uint32_t)(here - lowest_touched());
    keep_outputs();
    return problem;
}

#ifdef LINES
/* Returns what the library returned. */
static int put_text(uint16_t image)
{
    static char text[SIZE(STEPS) + 1];
    uint8_t *const strip = (uint8_t *)(arena + SIZE(INPUT_OFFSET));
    int digits;

    load(image);
    for (uint16_t i = 0; i < SIZE(INPUT_BYTES); i++)
        strip[i] ^= 0x80u;
    digits = LIB(read_line)(arena, strip, SIZE(STRIP_COLUMNS), text, sizeof text);
    port_write(PORT_TEXT("texts ="));
    for (const char *letter = text; digits > 0 && *letter != '\0'; letter++)
        port_char(*letter);
    port_char('\n');
    return digits;
}
#endif

static uint32_t empty_interval(void)
{
    uint32_t before = port_count();

    return port_count() - before;
}

int firmware(void)
{
    uint32_t deepest = 0;
    const uint32_t overhead = empty_interval();

    put_line(PORT_TEXT("arena "), sizeof arena);
#ifdef STAGE_COUNT
    put_line(PORT_TEXT("hook "), hook_cost());
#endif
    for (uint16_t i = 0; i < IMAGES; i++) {
        uint32_t count, used;
        if (run(i, &count, &used) != 0) {
            put_line(PORT_TEXT("refused "), i);
            return 1;
        }
        if ((const port_stack_word *)lowest_touched() == port_stack_limit) {
            put_line(PORT_TEXT("stackless "), used);
            return 1;
        }
        put_answer(count - overhead);
#ifdef LINES
        if (put_text(i) < 0) {
            put_line(PORT_TEXT("refused "), i);
            return 1;
        }
#endif
        deepest = used > deepest ? used : deepest;
    }
    put_line(PORT_TEXT("stack "), deepest);
#ifdef STAGE_COUNT
    put_all(PORT_TEXT("stages"), stage_counts);
    put_all(PORT_TEXT("hooks"), hook_calls);
#endif
    port_write(PORT_TEXT("end\n"));
    return 0;
}
