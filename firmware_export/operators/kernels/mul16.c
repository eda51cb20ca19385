#include "pair16.c"

static void mul16_row(const FLASH pair16_t *layer, const int8_t *first, const int8_t *second, int8_t *out)
{
    int16_t *const to = WIDE_OUT(out);
    for (uint16_t at = 0; at < layer->count; at++) {
        const int32_t product = (int32_t)WIDE(first)[at] * WIDE(second)[at];
        to[at] = clamp16(multiply16(product, layer->to, layer->to_exponent), layer->low, layer->high);
    }
}
