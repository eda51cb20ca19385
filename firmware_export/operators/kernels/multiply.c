#ifndef EDGEDIGITS_MULTIPLY_C
#define EDGEDIGITS_MULTIPLY_C

#include "high_half.c"

/* TFLite's MultiplyByQuantizedMultiplier: rounds twice, halves away from zero the second time. */
MAYBE_UNUSED static int32_t multiply(int32_t sum, int32_t multiplier, int32_t exponent)
{
    const uint32_t negative = sum < 0;
    uint32_t size = negative != 0U ? 0U - (uint32_t)sum : (uint32_t)sum;
    if (multiplier == 0 || sum == 0) {
        return 0;
    }
    if (exponent > 0) {
        size <<= exponent;
        exponent = 0;
    }
    size = high_half(size, (uint32_t)multiplier, negative);
    size = (size + ((UINT32_C(1) << -exponent) >> 1)) >> -exponent;
    return negative != 0U ? -(int32_t)size : (int32_t)size;
}

#endif
