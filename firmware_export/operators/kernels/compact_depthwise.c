#include "depthwise_dsp.c"
#include "depthwise_helium.c"
#include "depthwise_plain.c"

#if defined(COMPACT_DEPTHWISE)
/* Depthwise convolutions whose weights the plain kernels find as codes: those of one channel are unpacked, then its row is
 * made. The other kernels read weights as they are. */
typedef struct {
    depthwise_t of;
    const FLASH uint8_t *codes; /* of four bits, from the lower half of a byte on; or NULL */
    const FLASH int8_t *values; /* that they stand for */
    uint16_t weights;           /* bytes from the scratch memory on to unpacked weights */
    int8_t zero;                /* of the input, where biases do not take it in; else 0 */
} compact_depthwise_t;

#if defined(PLAIN)
#define CODES(codes) (codes)
#define UNLESS_CODES(weights) NULL
#else
#define CODES(codes) NULL
#define UNLESS_CODES(weights) weights
#endif

#if defined(PLAIN)
#if !defined(WITH_PAIRS) || !defined(ONLY_3X3)
/* One channel of a row, whatever its window, by weights in the RAM; `start` is added to the bias. */
static void unpacked_plane(const FLASH depthwise_t *layer, const int8_t *const *rows, uint16_t channel, size_t offset,
                           const int8_t *weights, int32_t start, int8_t *out)
{
    const int32_t bias = start + BIAS_OF(&layer->to, channel);
    for (uint16_t x = 0; x < layer->width; x++) {
        const int8_t *weight = weights;
        int32_t sum = bias;
        for (uint8_t row = 0; row < layer->rows; row++) {
            const int8_t *from = rows[row] + offset;
            const int8_t *const end = weight + layer->columns;
            do {
                sum += *from * *weight++;
                from += layer->apart;
            } while (weight != end);
        }
        *out = rescale(&layer->to, channel, sum);
        out += layer->channels;
        offset += layer->step;
    }
}
#endif

/* Unpacks as many weights as a window has taps, of which the first one is the `place`th of the layer, and returns their
 * sum. */
static int32_t unpack_window(const FLASH compact_depthwise_t *layer, size_t place, int8_t *weights,
                             const int8_t *const end)
{
    int32_t sum = 0;
    ROLLED
    for (; weights != end; weights++) {
        const uint8_t both = layer->codes[place >> 1];
        const int8_t weight = layer->values[(place & 1U) != 0U ? both >> 4 : both & 15U];
        sum += weight;
        *weights = weight;
        place++;
    }
    return sum;
}
#endif

static void compact_depthwise_row(const FLASH compact_depthwise_t *layer, const int8_t *const *rows, int8_t *out,
                                  int8_t *scratch)
{
#if defined(PLAIN)
    if (layer->codes != NULL) {
        const size_t taps = (size_t)layer->of.rows * layer->of.columns;
        int8_t *const weights = scratch + layer->weights;
        size_t offset = 0;
        for (uint16_t channel = 0; channel < layer->of.channels; channel++) {
            const int32_t start = -layer->zero * unpack_window(layer, channel * taps, weights, weights + taps);
#if defined(WITH_PAIRS)
#if !defined(ONLY_3X3)
            if (layer->of.columns != 3U || layer->of.rows != 3U || layer->of.apart != 1U) {
                unpacked_plane(&layer->of, rows, channel, offset, weights, start, out);
            } else
#endif
            {
                int32_t *const sums = (int32_t *)(void *)scratch;
                int32_t *const end = sums + layer->of.width;
                sum_plane(rows, offset, layer->of.step, weights, sums, end);
                ROLLED
                for (int32_t *sum = sums; sum != end; sum++) {
                    *sum += start;
                }
                store_sums(&layer->of.to, channel, sums, end, out, layer->of.channels);
            }
#else
            unpacked_plane(&layer->of, rows, channel, offset, weights, start, out);
#endif
            out++;
            offset += layer->of.plane;
        }
        return;
    }
#endif
    depthwise_row(&layer->of, rows, out, scratch);
}
#endif
