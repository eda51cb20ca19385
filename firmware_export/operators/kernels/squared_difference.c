#include "clamp.c"
#include "multiply.c"

static void squared_difference_row(const FLASH pairwise_t *layer, const int8_t *first, const int8_t *second, int8_t *out)
{
    for (uint16_t byte = 0; byte < layer->bytes; byte++) {
        const int32_t a = (int32_t)(first[byte] - layer->first.zero) * (INT32_C(1) << layer->left);
        const int32_t b = (int32_t)(second[byte] - layer->second.zero) * (INT32_C(1) << layer->left);
        const int32_t apart = multiply(a, layer->first.multiplier, layer->first.exponent) -
                              multiply(b, layer->second.multiplier, layer->second.exponent);
        const int32_t square = multiply(apart * apart, layer->to.multiplier, layer->to.exponent);
        out[byte] = clamp(layer->to.zero + square, layer->low, layer->high);
    }
}
