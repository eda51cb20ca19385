#ifndef EDGEDIGITS_GATHER_DSP_C
#define EDGEDIGITS_GATHER_DSP_C

#include "dsp.c"

#if defined(WITH_DSP)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
/* Widens one window's bytes to pairs of 16 bits, `apart` words from one to the next. Of four bytes the first pair is
 * bytes 0 and 2, the second one bytes 1 and 3; the weights lie the same way. */
OUTLINE static void gather_one(const conv_t *layer, const int8_t *const *rows, size_t offset, pair_t *column,
                               size_t apart)
{
    const size_t bytes = layer->segment;
    const int8_t *const *const end = rows + layer->rows;
    for (; rows != end; rows++) {
        const int8_t *start = *rows + offset;
        for (uint8_t segment = 0; segment < SEGMENTS(layer); segment++) {
            const int8_t *from = start;
            size_t left = bytes;
            ROLLED
            for (; left >= 4U; left -= 4U) {
                const uint32_t word = four_bytes(from);
                *column = even(word);
                column += apart;
                *column = odd(word);
                column += apart;
                from += 4;
            }
            if (left >= 2U) {
                *column = lower_halves(from[0], from[1]);
                column += apart;
                from += 2;
            }
            if ((left & 1U) != 0U) {
                *column = lower_halves(*from, 0);
                column += apart;
            }
            start += layer->apart;
        }
    }
}

/* The same for several windows whose rows are one run of whole words each. */
#if defined(WITH_ASSEMBLY) && defined(__ARM_FEATURE_UNALIGNED)
#define WITH_RUNS 1
#define RUNS(loads, widened, sums)                                                              \
    __asm__(".syntax unified\n\t"                                                               \
            "push {r4-r8, r10, r11, lr}\n\t"                                                    \
            "mov r11, r0\n\t"                                                                   \
            "mov r12, r2\n\t"                                                                   \
            "add r10, r0, r1, lsl #2\n\t"                                                       \
            "push {r10}\n\t"                                                                    \
            "ldr lr, [sp, #36]\n\t"                                                             \
            "mov r1, r3\n\t"                                                                    \
            "ldr r3, [sp, #40]\n"                                                               \
            "1:\n\t"                                                                            \
            "ldr r0, [r11], #4\n\t"                                                             \
            "add r0, r0, r12\n\t"                                                               \
            "add r2, r0, lr\n"                                                                  \
            "2:\n\t"                                                                            \
            loads                                                                               \
            "ldr r4, [r0], #4\n\t"                                                              \
            widened                                                                             \
            "stmia r3!, " sums "\n\t"                                                           \
            "cmp r0, r2\n\t"                                                                    \
            "bne 2b\n\t"                                                                        \
            "ldr r2, [sp]\n\t"                                                                  \
            "cmp r11, r2\n\t"                                                                   \
            "bne 1b\n\t"                                                                        \
            "pop {r2, r4-r8, r10, r11, pc}")
#define WIDEN(odd, even) "sxtb16 " odd ", " even ", ror #8\n\tsxtb16 " even ", " even "\n\t"
__attribute__((naked, noinline)) static void gather_three(MAYBE_UNUSED const int8_t *const *rows,
                                                          MAYBE_UNUSED size_t count, MAYBE_UNUSED size_t offset,
                                                          MAYBE_UNUSED size_t step, MAYBE_UNUSED size_t bytes,
                                                          MAYBE_UNUSED pair_t *columns)
{
    RUNS("ldr r6, [r0, r1, lsl #1]\n\tldr r5, [r0, r1]\n\t", WIDEN("r7", "r4") WIDEN("r8", "r5") WIDEN("r10", "r6"),
         "{r4-r8, r10}");
}

__attribute__((naked, noinline)) static void gather_two(MAYBE_UNUSED const int8_t *const *rows,
                                                        MAYBE_UNUSED size_t count, MAYBE_UNUSED size_t offset,
                                                        MAYBE_UNUSED size_t step, MAYBE_UNUSED size_t bytes,
                                                        MAYBE_UNUSED pair_t *columns)
{
    RUNS("ldr r5, [r0, r1]\n\t", WIDEN("r6", "r4") WIDEN("r7", "r5"), "{r4-r7}");
}
#undef RUNS
#undef WIDEN
#endif

/* Two or three windows `step` bytes apart, whose pairs alternate. */
static void gather(const conv_t *layer, const int8_t *const *rows, size_t offset, size_t step, size_t windows,
                   pair_t *columns)
{
#if defined(WITH_RUNS)
    if (SEGMENTS(layer) == 1U && (layer->segment & 3U) == 0U) {
        (windows == 3U ? gather_three : gather_two)(rows, layer->rows, offset, step, layer->segment, columns);
        return;
    }
#endif
    for (size_t window = 0; window < windows; window++) {
        gather_one(layer, rows, offset, columns + window, windows);
        offset += step;
    }
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif

#endif
