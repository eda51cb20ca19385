#ifndef EDGEDIGITS_WIDE_C
#define EDGEDIGITS_WIDE_C

#include "types.h"

/* Rows of int16 lie at even addresses. */
#define WIDE(row) ((const int16_t *)(const void *)(row))
#define WIDE_OUT(row) ((int16_t *)(void *)(row))

MAYBE_UNUSED static int16_t clamp16(int32_t value, int16_t low, int16_t high)
{
    return (int16_t)(value < low ? low : value > high ? high : value);
}

/* TFLite's MultiplyByQuantizedMultiplier of 32 bits: the high half, rounded upwards, and a shift that rounds halves away
 * from zero. */
MAYBE_UNUSED static int32_t multiply16(int64_t value, int32_t multiplier, int8_t exponent)
{
    const int8_t left = exponent > 0 ? exponent : 0;
    const int8_t right = (int8_t)(left - exponent);
    const int64_t high = (value * ((int32_t)1 << left) * multiplier + (INT32_C(1) << 30)) >> 31;
    const int64_t half = right > 0 ? (int64_t)1 << (right - 1) : 0;
    return (int32_t)((high + half - (high < 0 && right > 0 ? 1 : 0)) >> right);
}

#endif
