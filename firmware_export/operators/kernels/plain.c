#ifndef EDGEDIGITS_PLAIN_C
#define EDGEDIGITS_PLAIN_C

#include "rescale.c"

/* Two windows at a time, but on cores of 8 bits. */
#if defined(PLAIN) && !defined(__AVR__)
#define WITH_PAIRS 1
#endif

/* Cores with eight registers for most instructions. */
#if defined(__thumb__) && !defined(__thumb2__)
#define EIGHT_REGISTERS 1
#endif

/* clang regroups sums and loads so early that it runs out of eight registers: four sums stay where they are and in order. */
#if defined(__clang__) && defined(EIGHT_REGISTERS) && !defined(NO_ASSEMBLY)
#define KEEP(a, b, c, d) __asm__ volatile("" : "+l"(a), "+l"(b), "+l"(c), "+l"(d))
#define KEEP2(a, b) __asm__ volatile("" : "+l"(a), "+l"(b))
#else
#define KEEP(a, b, c, d) (void)0
#define KEEP2(a, b) (void)0
#endif

/* Loops of several taps, but where the compiler is asked for small code. */
#if defined(WITH_PAIRS) && !defined(__OPTIMIZE_SIZE__)
#define WITH_LONG_LOOPS 1
#endif

#if defined(WITH_PAIRS)
/* Adds the bias to the sums of one channel, rescales and stores them, `beside` bytes apart. */
OUTLINE static void store_sums(const rescaling_t *to, uint16_t channel, const int32_t *sums, const int32_t *const end,
                               int8_t *out, size_t beside)
{
#if defined(SHORT_CONSTANTS)
    const int32_t bias = BIAS_OF(to, channel);
    channel = SCALE_OF(to, channel);
#else
    const int32_t bias = to->bias[channel];
#endif
    const uint32_t multiplier = (uint32_t)to->multiplier[channel];
    const int32_t shift = -to->exponent[channel];
    const uint32_t upper = multiplier >> 16;
    const uint32_t lower = multiplier & 0xffffU;
    if (to->rectified == 0U || shift > 16) {
        for (; sums != end; sums++) {
            *out = rescale(to, channel, *sums + bias);
            out += beside;
        }
        return;
    }
    /* Of both roundings, 15 bits further to the left. */
    const uint32_t rounding = 0x4000U + (UINT32_C(0x4000) << shift);
    do {
        const int32_t sum = *sums++ + bias;
        int32_t steps = 0;
        if (sum > 0) {
            const uint32_t size = (uint32_t)sum;
            if (size >> 16 == 0U) {
                steps = (int32_t)((size * upper + (size * lower >> 16) + rounding) >> (shift + 15));
                steps = steps > 255 ? 255 : steps;
            } else {
                steps = rescale(to, channel, sum) + 128;
            }
        }
        *out = (int8_t)(steps - 128);
        out += beside;
    } while (sums != end);
}
#endif

#endif
