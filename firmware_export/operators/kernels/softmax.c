#include "multiply.c"

/* 1 / (1 + x) of x in [0, 1), both with 31 bits behind the point: three of Newton's steps, as gemmlowp does. */
static int32_t reciprocal(int32_t x)
{
    const int32_t half = (int32_t)(((uint32_t)x + UINT32_C(0x80000000)) >> 1);
    int32_t guess = 1515870810 + multiply(-1010580540, half, 0);
    ROLLED
    for (uint8_t step = 0; step < 3U; step++) {
        const int32_t error = (INT32_C(1) << 29) - multiply(guess, half, 0);
        guess += multiply(error, guess, 0) * 4;
    }
    return guess > INT32_MAX / 2 ? INT32_MAX : guess * 2;
}

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
