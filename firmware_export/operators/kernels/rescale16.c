#ifndef EDGEDIGITS_RESCALE16_C
#define EDGEDIGITS_RESCALE16_C

#include "wide.c"

/* From a sum to int16: clamp(sum * multiplier * 2^(exponent - 31), low, high), rounded as TFLite does. */
typedef struct {
    const FLASH int32_t *bias; /* `words` each, the low one first */
    const FLASH int32_t *multiplier;
    const FLASH int8_t *exponent; /* of 2; below 0 to the right */
    int16_t low;
    int16_t high;
    uint8_t words;
    uint8_t once; /* 1: multipliers have 16 bits, 2^(exponent - 15), and are rounded once */
} rescaling16_t;

static int64_t bias16(const FLASH rescaling16_t *to, uint16_t channel)
{
    if (to->words == 1U) {
        return to->bias[channel];
    }
    return (int64_t)to->bias[2U * channel + 1U] * INT64_C(4294967296) + (uint32_t)to->bias[2U * channel];
}

/* A sum, its bias included, to the output of its channel. */
static int16_t rescale16(const FLASH rescaling16_t *to, uint16_t channel, int64_t sum)
{
    const int32_t multiplier = to->multiplier[channel];
    const int8_t exponent = to->exponent[channel];
    const int8_t shift = (int8_t)(15 - exponent);
    int32_t value;
    if (to->once != 0U) {
        value = (int32_t)((sum * multiplier + ((int64_t)1 << (shift - 1))) >> shift);
    } else {
        value = multiply16(sum, multiplier, exponent);
    }
    return clamp16(value, to->low, to->high);
}

#endif
