#ifndef EDGEDIGITS_RESCALE_C
#define EDGEDIGITS_RESCALE_C

#include "clamp.c"
#include "multiply.c"

/* A sum, its bias included, to the output of its channel. */
MAYBE_UNUSED static int8_t rescale(const FLASH rescaling_t *to, uint16_t channel, int32_t sum)
{
    if (to->rectified != 0U && sum <= 0) {
        return -128;
    }
#if defined(SHORT_CONSTANTS)
    channel = SCALE_OF(to, channel);
#endif
    return clamp(to->zero + multiply(sum, to->multiplier[channel], to->exponent[channel]), to->low, to->high);
}

#endif
