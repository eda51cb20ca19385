#include "gather_dsp.c"
#include "rescale.c"
#include "tiles_dsp.c"

#if defined(WITH_DSP)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
static int8_t rescale_one(const rescaling_t *to, uint16_t channel, int32_t sum)
{
    if (to->rectified != 0U) {
        return rectify(2 * sum, channel_of(to->multiplier[channel], -to->exponent[channel] - 1, RECTIFIED));
    }
    return rescale(to, channel, sum);
}

/* Sums of two channels for one window, or the greatest of each of four. */
static void sum_pixel(const conv_t *layer, const pair_t *weights, const pair_t *x, size_t windows, const int32_t *bias,
                      int32_t greatest[2])
{
    const size_t pairs = layer->taps / 2U;
    const size_t block = layer->block;
    greatest[0] = INT32_MIN;
    greatest[1] = INT32_MIN;
    for (; windows != 0U; windows--) {
        int32_t sums[2] = {bias[0], bias[1]};
        for (size_t done = 0; done < pairs; done += block) {
            sum_one(weights + done, x + done, pairs - done < block ? pairs - done : block, sums);
        }
        x += pairs;
        greatest[0] = sums[0] > greatest[0] ? sums[0] : greatest[0];
        greatest[1] = sums[1] > greatest[1] ? sums[1] : greatest[1];
    }
}

static void one_pixel(const conv_t *layer, const pair_t *columns, size_t windows, int8_t *out)
{
    const pair_t *weights = (const pair_t *)(const void *)layer->weights;
    int32_t sums[2];
    for (uint16_t channel = 0; channel < layer->stored; channel++) {
        if ((channel & 1U) == 0U) {
            sum_pixel(layer, weights, columns, windows, layer->to.bias + channel, sums);
            weights += layer->taps / 2U;
        }
        *out = rescale_one(&layer->to, channel, sums[channel & 1U]);
        out += layer->deeper;
    }
}

/* A row whose windows are summed one by one. */
OUTLINE static void pixels_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    pair_t *const columns = (pair_t *)(void *)scratch;
    const size_t step = layer->step;
    const size_t across = 1U + IS_POOLED(layer);
    size_t offset = 0;
    for (uint16_t x = 0; x < layer->width; x++) {
        pair_t *column = columns;
        for (size_t window = 0; window < across * across; window++) {
            gather_one(layer, rows + (window >> 1), offset + (window & 1U) * step, column, 1U);
            column += layer->taps / 2U;
        }
        one_pixel(layer, columns, across * across, out);
        offset += across * step;
        out += layer->beside;
    }
}

static void sum_windows(const tile_t *tile, size_t windows)
{
    (windows == 3U ? three_windows : two_windows)(tile);
}

#if !defined(ONLY_EVEN)
/* Of the last two channels the first one alone is there: it is written to the same place, and later. */
OUTLINE static void odd_channels(const conv_t *layer, const tile_t *tile, size_t windows)
{
    const size_t pairs = layer->stored / 2U;
    tile_t part = *tile;
    part.end--;
    if (pairs != 0U) {
        sum_windows(&part, windows);
    }
    part.scaling = part.end;
    part.end++;
    part.weights += pairs * (layer->taps / 2U);
    part.out += 2U * pairs * layer->deeper - layer->deeper;
    part.deeper = 0;
    part.sums += part.sums != NULL ? 8U * windows * pairs : 0U;
    sum_windows(&part, windows);
}
#endif

static void all_channels(const conv_t *layer, const tile_t *tile, size_t windows)
{
#if !defined(ONLY_EVEN)
    if ((layer->stored & 1U) != 0U) {
        odd_channels(layer, tile, windows);
        return;
    }
#else
    (void)layer;
#endif
    sum_windows(tile, windows);
}

/* A row of tiles. */
OUTLINE static void tiles_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    pair_t *const columns = (pair_t *)(void *)scratch;
    const scaling_t *const scaling = (const scaling_t *)(const void *)layer->to.bias;
    const size_t pooled = IS_POOLED(layer);
    const size_t across = 1U + pooled;
    size_t left = layer->width;
    size_t offset = 0;
    tile_t tile = {1 + 2 * layer->to.zero, layer->deeper, out + layer->deeper, layer->beside, scaling, columns, NULL,
                   scaling + (layer->stored + 1U) / 2U, NULL, (const pair_t *)(const void *)layer->weights};
    while (left != 0U) {
        const size_t windows = left == 2U || left == 4U ? 2U : 3U;
        tile.columns_end = columns + windows * (layer->taps / 2U);
        for (size_t place = 0; place < 1U + 3U * pooled; place++) {
            gather(layer, rows + (place >> 1), offset + (place & 1U) * layer->step, across * layer->step, windows,
                   columns);
            if (pooled != 0U) {
                tile.sums = scratch + 6U * layer->taps + (place == 0U ? KEEP : place == 3U ? COMBINE : COMBINE | KEEP);
            }
            all_channels(layer, &tile, windows);
        }
        tile.out += windows * layer->beside;
        offset += windows * across * layer->step;
        left -= windows;
    }
}

static void conv_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    (layer->groups == 0U ? pixels_row : tiles_row)(layer, rows, out, scratch);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif
