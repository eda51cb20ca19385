#include "clamp.c"
#include "multiply.c"

static void prelu_row(const FLASH pairwise_t *layer, const int8_t *row, const int8_t *slopes, int8_t *out)
{
    for (uint16_t byte = 0; byte < layer->bytes; byte++) {
        const int32_t real = row[byte] - layer->first.zero;
        const int32_t slope = slopes[byte] - layer->second.zero;
        const int32_t made = real >= 0 ? multiply(real, layer->first.multiplier, layer->first.exponent)
                                       : multiply(real * slope, layer->second.multiplier, layer->second.exponent);
        out[byte] = clamp(layer->to.zero + made, layer->low, layer->high);
    }
}
