#ifndef EDGEDIGITS_DSP_C
#define EDGEDIGITS_DSP_C

#include "types.h"

#if defined(WITH_DSP)
/* Some assembly where compilers have no intrinsic or run out of registers; the same with intrinsics for others. */
#if defined(__GNUC__) && defined(__thumb2__) && !defined(NO_ASSEMBLY)
#define WITH_ASSEMBLY 1
#endif

/* Two numbers of 16 bits, wherever they lie. */
typedef int16x2_t __attribute__((may_alias)) pair_t;

/* Loading early, as GCC's scheduler likes to, costs the inner loops their registers. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif

static inline uint32_t four_bytes(const int8_t *from)
{
    uint32_t word;
    COPY(&word, from, sizeof word);
    return word;
}

/* Bytes 0 and 2, widened; bytes 1 and 3. */
static inline int16x2_t even(uint32_t bytes)
{
    return __sxtb16((int8x4_t)bytes);
}

static inline int16x2_t odd(uint32_t bytes)
{
    return __sxtb16((int8x4_t)((bytes >> 8) | (bytes << 24)));
}

MAYBE_UNUSED static inline int16x2_t lower_halves(int16x2_t first, int16x2_t second)
{
    return (int16x2_t)(((uint32_t)first & 0xffffU) | ((uint32_t)second << 16));
}

/* How a channel is rescaled: from twice its sum, with gemmlowp's rounding, to a number of `shift` + 1 bits behind the
 * point; then rounded again, with the zero point, by one addition before the shift. */
typedef struct {
    int32_t multiplier;
    int32_t rounding; /* (1 + 2 * zero point) * 2^shift */
    int32_t shift;
} channel_t;

#define RECTIFIED (-255) /* 1 + 2 * zero point, where a rectifier cuts off what is below it */

/* The lowest byte of `word` is the shift, `half` 1 + 2 * zero point. */
MAYBE_UNUSED static inline channel_t channel_of(int32_t multiplier, int32_t word, int32_t half)
{
    const int32_t shift = word & 0xff;
    const channel_t channel = {multiplier, half * (int32_t)(UINT32_C(1) << shift), shift};
    return channel;
}

/* (2^32 * c + a * b + 2^31) >> 32 */
static inline int32_t multiply_add(int32_t a, int32_t b, int32_t c)
{
#if defined(WITH_ASSEMBLY)
    int32_t sum; /* there is no other way to this instruction */
    __asm__("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
    return sum;
#else
    return (int32_t)(((int64_t)(((uint64_t)(uint32_t)c << 32) | 0x80000000U) + (int64_t)a * b) >> 32);
#endif
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* GCC's own __ssat */
#endif
/* From twice a sum, bias included. */
MAYBE_UNUSED static inline int8_t rectify(int32_t twice, channel_t to)
{
    return (int8_t)__ssat(multiply_add(twice, to.multiplier, to.rounding) >> to.shift >> 1, 8);
}

/* The same without a rectifier: halves are rounded away from 0 the second time. */
MAYBE_UNUSED static inline int8_t rescale_linear(int32_t twice, channel_t to)
{
    const int32_t high = multiply_add(twice, to.multiplier, 0);
    return (int8_t)__ssat((high + (high >> 31) + to.rounding) >> to.shift >> 1, 8);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#pragma GCC pop_options
#endif
#endif

#endif
