#include "pair16.c"

static void add16_row(const FLASH pair16_t *layer, const int8_t *first, const int8_t *second, int8_t *out)
{
    int16_t *const to = WIDE_OUT(out);
    for (uint16_t at = 0; at < layer->count; at++) {
        const int32_t a = (int32_t)WIDE(first)[at] * 32768;
        const int32_t b = (int32_t)WIDE(second)[at] * layer->sign * 32768;
        const int32_t sum = multiply16(a, layer->first, layer->first_exponent) +
                            multiply16(b, layer->second, layer->second_exponent);
        to[at] = clamp16(multiply16(sum, layer->to, layer->to_exponent), layer->low, layer->high);
    }
}
