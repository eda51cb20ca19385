#include "multiply.c"
#include "reciprocal.c"

static void softmax_row(const FLASH softmax_t *layer, const int8_t *row, int8_t *out)
{
    const uint16_t channels = layer->channels;
    for (uint16_t x = 0; x < layer->width; x++) {
        int8_t greatest = -128;
        uint32_t sum = 0;
        int32_t scale;
        int32_t shift = 12;
        ROLLED
        for (uint16_t channel = 0; channel < channels; channel++) {
            greatest = row[channel] > greatest ? row[channel] : greatest;
        }
        ROLLED
        for (uint16_t channel = 0; channel < channels; channel++) {
            const uint16_t below = (uint16_t)(greatest - row[channel]);
            if (below < layer->entries) {
                sum += ((uint32_t)layer->exponentials[below] + 0x800U) >> 12;
            }
        }
        ROLLED
        while ((sum & UINT32_C(0x80000000)) == 0U) {
            sum <<= 1;
            shift--;
        }
        scale = reciprocal((int32_t)(sum - UINT32_C(0x80000000)));
        shift += 23;
        ROLLED
        for (uint16_t channel = 0; channel < channels; channel++) {
            const uint16_t below = (uint16_t)(greatest - row[channel]);
            const int32_t share = below < layer->entries ? multiply(scale, layer->exponentials[below], -shift) : 0;
            out[channel] = (int8_t)(share > 255 ? 127 : share - 128);
        }
        row += channels;
        out += channels;
    }
}
