#include "depthwise.c"
#include "plain.c"

#if defined(WITH_PAIRS)
#if defined(EIGHT_REGISTERS) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options /* nine addresses in the place of one index would take more */
#pragma GCC optimize("no-ivopts", "no-tree-forwprop")
#endif
/* Sums of one channel of a row for windows of 3x3 that start at `offset`. Widened weights: small cores load a word
 * in the frame for as much as they copy a register. */
OUTLINE static void sum_plane(const int8_t *const *rows, size_t offset, size_t step, const FLASH int8_t *weights,
                              int32_t *sums, const int32_t *const end)
{
    const int8_t *const top = rows[0];
    const int8_t *const centre = rows[1];
    const int8_t *const bottom = rows[2];
    const int32_t wide[9] = {weights[0], weights[1], weights[2], weights[3], weights[4],
                             weights[5], weights[6], weights[7], weights[8]};
    step -= 2U;
    do {
        int32_t sum = top[offset] * wide[0];
        sum += centre[offset] * wide[3];
        sum += bottom[offset] * wide[6];
        KEEP2(sum, offset);
        offset++;
        sum += top[offset] * wide[1];
        sum += centre[offset] * wide[4];
        sum += bottom[offset] * wide[7];
        KEEP2(sum, offset);
        offset++;
        sum += top[offset] * wide[2];
        sum += centre[offset] * wide[5];
        sum += bottom[offset] * wide[8];
        offset += step;
        *sums++ = sum;
    } while (sums != end);
}
#if defined(EIGHT_REGISTERS) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif

#if defined(PLAIN)
#if !defined(WITH_PAIRS) || !defined(ONLY_3X3)
/* One channel of a row, whatever its window. */
static void depthwise_plane(const FLASH depthwise_t *layer, const int8_t *const *rows, uint16_t channel, size_t offset,
                            const FLASH int8_t *weights, int8_t *out)
{
#if defined(SHORT_CONSTANTS)
    const int32_t bias = BIAS_OF(&layer->to, channel);
#else
    const int32_t bias = layer->to.bias[channel];
#endif
    for (uint16_t x = 0; x < layer->width; x++) {
        *out = rescale(&layer->to, channel, bias + depthwise_sum(layer, rows, offset, weights));
        out += layer->channels;
        offset += layer->step;
    }
}
#endif

/* One row of a depthwise convolution with as many output channels as input channels. */
static void depthwise_row(const FLASH depthwise_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    const FLASH int8_t *weights = layer->weights;
    size_t offset = 0;
    for (uint16_t channel = 0; channel < layer->channels; channel++) {
#if defined(WITH_PAIRS)
#if !defined(ONLY_3X3)
        if (layer->columns != 3U || layer->rows != 3U || layer->apart != 1U) {
            depthwise_plane(layer, rows, channel, offset, weights, out);
        } else
#endif
        {
            int32_t *const sums = (int32_t *)(void *)scratch;
            sum_plane(rows, offset, layer->step, weights, sums, sums + layer->width);
            store_sums(&layer->to, channel, sums, sums + layer->width, out, layer->channels);
        }
#else
        (void)scratch;
        depthwise_plane(layer, rows, channel, offset, weights, out);
#endif
        out++;
        weights += (size_t)layer->rows * layer->columns;
        offset += layer->plane;
    }
}
#endif
