#ifndef EDGEDIGITS_PRODUCT_C
#define EDGEDIGITS_PRODUCT_C

#include "types.h"

/* gemmlowp's SaturatingRoundingDoublingHighMul of any magnitudes: a * b / 2^31, ties upwards; not of twice -2^31. */
MAYBE_UNUSED static int32_t product(int32_t a, int32_t b)
{
    const int64_t whole = (int64_t)a * b;
    return (int32_t)((whole + (whole >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30))) / (INT64_C(1) << 31));
}

/* value / 2^shift, rounded half away from zero. */
MAYBE_UNUSED static int32_t rounded_shift(int32_t value, uint8_t shift)
{
    const uint32_t size = value < 0 ? 0U - (uint32_t)value : (uint32_t)value;
    const uint32_t half = (UINT32_C(1) << shift) >> 1;
    const uint32_t moved = (size >> shift) + (((size & ((UINT32_C(1) << shift) - 1U)) >= half && half != 0U) ? 1U : 0U);
    return value < 0 ? -(int32_t)moved : (int32_t)moved;
}

/* Zero bits above the highest one. */
MAYBE_UNUSED static uint8_t leading_zeros(uint32_t value)
{
    uint8_t count = 0;
    while (count < 32U && (value & UINT32_C(0x80000000)) == 0U) {
        value <<= 1;
        count++;
    }
    return count;
}

#endif
