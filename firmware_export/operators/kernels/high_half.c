#ifndef EDGEDIGITS_HIGH_HALF_C
#define EDGEDIGITS_HIGH_HALF_C

#include "types.h"

/* (2 * sum * multiplier + 2^31) >> 32, at half for a negative sum as gemmlowp does, of magnitudes below 2^30. */
MAYBE_UNUSED static uint32_t high_half(uint32_t sum, uint32_t multiplier, uint32_t negative)
{
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__) || defined(__AVR__)
    /* No instruction gives 64 bits here: four products of halves. */
    const uint32_t a = sum >> 16;
    const uint32_t b = sum & 0xffffU;
    const uint32_t c = multiplier >> 16;
    const uint32_t d = multiplier & 0xffffU;
    const uint32_t low = b * d;
    uint32_t middle = a * d + b * c + (low >> 16);
    if (negative != 0U && (low & 0xffffU) == 0U) {
        middle--;
    }
    return 2U * a * c + ((middle + 0x4000U) >> 15);
#else
    return (uint32_t)(((uint64_t)sum * multiplier + (UINT64_C(1) << 30) - negative) >> 31);
#endif
}

#endif
