#include "clamp.c"
#include "multiply.c"

static void mul_row(const FLASH pairwise_t *layer, const int8_t *first, const int8_t *second, int8_t *out)
{
    for (uint16_t byte = 0; byte < layer->bytes; byte++) {
        const int32_t product = (int32_t)(first[byte] - layer->first.zero) * (second[byte] - layer->second.zero);
        out[byte] = clamp(layer->to.zero + multiply(product, layer->to.multiplier, layer->to.exponent), layer->low,
                          layer->high);
    }
}
