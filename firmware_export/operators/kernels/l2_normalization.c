#include "clamp.c"
#include "multiply.c"
#include "product.c"

typedef struct {
    uint16_t width;
    uint16_t channels;
    int8_t zero;
} l2_normalization_t;

/* 1 / sqrt(value) as a multiplier of 31 bits and a shift to the right: five of Newton's steps, as TFLite does. */
static int32_t inverse_root(int32_t value, int8_t *shift)
{
    int32_t x = INT32_C(1) << 28;
    int32_t half;
    *shift = 11;
    if (value <= 1) {
        *shift = 0;
        return INT32_MAX;
    }
    while (value >= (INT32_C(1) << 29)) {
        value /= 4;
        (*shift)++;
    }
    while (value < (INT32_C(1) << 27)) {
        value *= 4;
        (*shift)--;
    }
    half = rounded_shift(value >> 1, 1);
    for (uint8_t step = 0; step < 5U; step++) {
        const int32_t cube = product(product(x, x), x) * 64;
        x = (product((INT32_C(1) << 28) + (INT32_C(1) << 27), x) - product(half, cube)) * 8;
    }
    return product(x, 1518500250);
}

static void l2_normalization_row(const FLASH l2_normalization_t *layer, const int8_t *row, int8_t *out)
{
    const uint16_t channels = layer->channels;
    for (uint16_t x = 0; x < layer->width; x++) {
        int32_t sum = 0;
        int32_t inverse;
        int8_t shift;
        for (uint16_t channel = 0; channel < channels; channel++) {
            const int32_t real = row[channel] - layer->zero;
            sum += real * real;
        }
        inverse = inverse_root(sum, &shift);
        if (shift < 0) {
            inverse *= INT32_C(1) << -shift;
            shift = 0;
        }
        for (uint16_t channel = 0; channel < channels; channel++) {
            out[channel] = clamp(multiply(row[channel] - layer->zero, inverse, 7 - shift), -128, 127);
        }
        row += channels;
        out += channels;
    }
}
