#include "rescale16.c"

typedef struct {
    rescaling16_t to;
    const FLASH int8_t *weights; /* [channel][tap] */
    uint16_t width;              /* output pixels a row */
    uint16_t channels;           /* output channels */
    uint16_t taps;               /* of a window */
    uint16_t step;               /* numbers between neighbouring windows */
    uint16_t segment;            /* numbers of the input that lie together */
    uint16_t apart;              /* numbers between segments of a row */
    uint8_t segments;            /* a row */
    uint8_t rows;                /* of a window */
} conv16_t;

/* Four neighbouring weights. DSP: in the order in which four bytes are widened, even ones first. */
#if defined(WITH_DSP)
#define Q4(a, b, c, d) a, c, b, d
#else
#define Q4(a, b, c, d) a, b, c, d
#endif

#if defined(WITH_HELIUM)
static int64_t dot16(const int16_t *from, const int8_t *weights, uint16_t taps)
{
    int64_t sum = 0;
    for (uint32_t at = 0; at < taps; at += 8U) {
        const mve_pred16_t lanes = vctp16q(taps - at);
        sum = vmlaldavaq_s16(sum, vldrhq_z_s16(from + at, lanes), vldrbq_z_s16(weights + at, lanes));
    }
    return sum;
}
#else
/* As many products of 16 and 8 bits surely fit a sum of 32. */
#define PRODUCTS16 256U

static int64_t dot16(const int16_t *from, const FLASH int8_t *weights, uint16_t taps)
{
    int64_t sum = 0;
    do {
        uint16_t left = taps < PRODUCTS16 ? taps : PRODUCTS16;
        int32_t part = 0;
        taps = (uint16_t)(taps - left);
        ROLLED
        for (; left >= 4U; left = (uint16_t)(left - 4U)) {
#if defined(WITH_DSP)
            uint32_t bytes;
            int16x2_t first;
            int16x2_t second;
            COPY(&bytes, weights, sizeof bytes);
            COPY(&first, from, sizeof first);
            COPY(&second, from + 2, sizeof second);
            part = __smlad(first, __sxtb16((int8x4_t)bytes), part);
            part = __smlad(second, __sxtb16((int8x4_t)((bytes >> 8) | (bytes << 24))), part);
#else
            part += (int32_t)from[0] * weights[0];
            part += (int32_t)from[1] * weights[1];
            part += (int32_t)from[2] * weights[2];
            part += (int32_t)from[3] * weights[3];
#endif
            from += 4;
            weights += 4;
        }
        ROLLED
        for (; left != 0U; left--) {
            part += (int32_t)*from++ * *weights++;
        }
        sum += part;
    } while (taps != 0U);
    return sum;
}
#endif

/* What one window covers, put together. */
static void gather16(const FLASH conv16_t *layer, const int8_t *const *rows, size_t offset, int16_t *to)
{
    for (uint8_t row = 0; row < layer->rows; row++) {
        const int16_t *from = WIDE(rows[row]) + offset;
        for (uint8_t segment = 0; segment < layer->segments; segment++) {
            const int16_t *const end = from + layer->segment;
            const int16_t *const next = from + layer->apart;
            ROLLED
            while (from != end) {
                *to++ = *from++;
            }
            from = next;
        }
    }
}

static void conv16_row(const FLASH conv16_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    const uint16_t taps = layer->taps;
    int16_t *to = WIDE_OUT(out);
    size_t offset = 0;
    for (uint16_t x = 0; x < layer->width; x++) {
        const FLASH int8_t *weights = layer->weights;
        const int16_t *window = WIDE(rows[0]) + offset;
        if (taps != layer->segment) {
            gather16(layer, rows, offset, WIDE_OUT(scratch));
            window = WIDE(scratch);
        }
        for (uint16_t channel = 0; channel < layer->channels; channel++) {
            *to++ = rescale16(&layer->to, channel, bias16(&layer->to, channel) + dot16(window, weights, taps));
            weights += taps;
        }
        offset += layer->step;
    }
}
