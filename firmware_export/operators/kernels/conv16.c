#include "rescale16.c"

typedef struct {
    rescaling16_t to;
    const FLASH int8_t *weights; /* [channel][row][segment][tap] */
    uint16_t width;              /* output pixels a row */
    uint16_t channels;           /* output channels */
    uint16_t step;               /* numbers between neighbouring windows */
    uint16_t segment;            /* numbers of the input that lie together */
    uint16_t apart;              /* numbers between segments of a row */
    uint8_t segments;            /* a row */
    uint8_t rows;                /* of a window */
} conv16_t;

/* As many products of 16 and 8 bits surely fit a sum of 32. */
#define PRODUCTS16 256U

static int64_t dot16(const int16_t *from, const FLASH int8_t *weights, uint16_t taps)
{
    int64_t sum = 0;
    do {
        const int16_t *const end = from + (taps < PRODUCTS16 ? taps : PRODUCTS16);
        int32_t part = 0;
        taps = (uint16_t)(taps - (end - from));
        ROLLED
        while (from != end) {
            part += (int32_t)*from++ * *weights++;
        }
        sum += part;
    } while (taps != 0U);
    return sum;
}

static void conv16_row(const FLASH conv16_t *layer, const int8_t *const *rows, int8_t *out)
{
    int16_t *to = WIDE_OUT(out);
    size_t offset = 0;
    for (uint16_t x = 0; x < layer->width; x++) {
        const FLASH int8_t *weights = layer->weights;
        for (uint16_t channel = 0; channel < layer->channels; channel++) {
            int64_t sum = bias16(&layer->to, channel);
            for (uint8_t row = 0; row < layer->rows; row++) {
                const int16_t *from = WIDE(rows[row]) + offset;
                for (uint8_t segment = 0; segment < layer->segments; segment++) {
                    sum += dot16(from, weights, layer->segment);
                    weights += layer->segment;
                    from += layer->apart;
                }
            }
            *to++ = rescale16(&layer->to, channel, sum);
        }
        offset += layer->step;
    }
}
