#include "rescale16.c"

typedef struct {
    rescaling16_t to;
    const FLASH int8_t *weights; /* [row][column][output channel] */
    uint16_t width;              /* output pixels a row */
    uint16_t channels;           /* of the input */
    uint16_t multiplier;         /* output channels for each of them */
    uint16_t step;               /* numbers between neighbouring windows */
    uint16_t apart;              /* numbers between the columns of a window */
    uint8_t columns;             /* of a window */
    uint8_t rows;
} depthwise16_t;

static void depthwise16_row(const FLASH depthwise16_t *layer, const int8_t *const *rows, int8_t *out)
{
    const uint16_t stored = (uint16_t)(layer->channels * layer->multiplier);
    int16_t *to = WIDE_OUT(out);
    size_t offset = 0;
    for (uint16_t x = 0; x < layer->width; x++) {
        size_t start = offset;
        uint16_t left = layer->multiplier;
        for (uint16_t channel = 0; channel < stored; channel++) {
            const FLASH int8_t *weight = layer->weights + channel;
            int64_t sum = bias16(&layer->to, channel);
            for (uint8_t row = 0; row < layer->rows; row++) {
                const int16_t *from = WIDE(rows[row]) + start;
                int32_t part = 0; /* at most 255 products of 16 and 8 bits */
                ROLLED
                for (uint8_t column = 0; column < layer->columns; column++) {
                    part += (int32_t)*from * *weight;
                    from += layer->apart;
                    weight += stored;
                }
                sum += part;
            }
            *to++ = rescale16(&layer->to, channel, sum);
            if (--left == 0U) {
                left = layer->multiplier;
                start++;
            }
        }
        offset += layer->step;
    }
}
