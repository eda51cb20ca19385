#include "rescale.c"

typedef struct {
    rescaling_t to;
    uint16_t rows; /* that are added; 0: each row makes one */
    uint16_t outputs;
    uint16_t beside; /* bytes from the first one of an output to that of the next */
    uint16_t count;  /* bytes of a row for each output */
    uint16_t apart;  /* from one of them to the next */
} sum_t;

static void sum_row(const FLASH sum_t *layer, const int8_t *row, uint16_t y, int32_t *sums, int8_t *out)
{
    const uint16_t rows = layer->rows;
    const uint16_t apart = layer->apart;
    for (uint16_t output = 0; output < layer->outputs; output++) {
        const int8_t *byte = row + (size_t)output * layer->beside;
        int32_t sum = rows == 0U || y == 0U ? layer->to.bias[0] : sums[output];
        for (uint16_t left = layer->count; left != 0U; left--) {
            sum += *byte;
            byte += apart;
        }
        if (rows != 0U) {
            sums[output] = sum;
        }
        if (rows == 0U || y + 1U == rows) {
            out[output] = rescale(&layer->to, 0, sum);
        }
    }
}
