#include "wide.c"

typedef struct {
    int32_t multiplier;
    int8_t exponent;
    uint16_t rows; /* that are added; 0: each row makes one */
    uint16_t outputs;
    uint16_t beside; /* numbers from the first one of an output to that of the next */
    uint16_t count;  /* numbers of a row for each output */
    uint16_t apart;  /* from one of them to the next */
} sum16_t;

static void sum16_row(const FLASH sum16_t *layer, const int8_t *row, uint16_t y, int32_t *sums, int8_t *out)
{
    const uint16_t rows = layer->rows;
    int16_t *const to = WIDE_OUT(out);
    for (uint16_t output = 0; output < layer->outputs; output++) {
        const int16_t *from = WIDE(row) + (size_t)output * layer->beside;
        int32_t sum = rows == 0U || y == 0U ? 0 : sums[output];
        ROLLED
        for (uint16_t left = layer->count; left != 0U; left--) {
            sum += *from;
            from += layer->apart;
        }
        if (rows != 0U) {
            sums[output] = sum;
        }
        if (rows == 0U || y + 1U == rows) {
            to[output] = clamp16(multiply16(sum, layer->multiplier, layer->exponent), INT16_MIN, INT16_MAX);
        }
    }
}
