#include "depthwise.c"
#include "dsp.c"

#if defined(WITH_DSP)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
/* One row of a 3x3 window times four of its inputs: for the window that starts at the first input, and for the next. */
#define ROW(from, outer, middle, times_even, times_odd)     \
    do {                                                    \
        const uint32_t x = four_bytes(from);                \
        const int16x2_t x_even = even(x);                   \
        const int16x2_t x_odd = odd(x);                     \
        a = __smlad(x_even, outer, a);                      \
        a = times_odd(x_odd, middle, a);                    \
        b = __smlad(x_odd, outer, b);                       \
        b = times_even(x_even, middle, b);                  \
    } while (0)
#define NOTHING(x, w, sum) (sum)

/* Twice the sums of one channel of a row for windows of 3x3, `twice_bias` included. One window more may be summed than
 * there are. */
OUTLINE static void sum_plane(const int8_t *const *rows, size_t offset, size_t step, const int8_t *weights,
                              int32_t twice_bias, int32_t *sums, const int32_t *end)
{
    const int8_t *top = rows[0] + offset;
    const int8_t *centre = rows[1] + offset;
    const int8_t *bottom = rows[2] + offset;
    const int16x2_t top_outer = twice(even(four_bytes(weights)));
    const int16x2_t centre_outer = twice(even(four_bytes(weights + 3)));
    const int16x2_t bottom_outer = twice(even(four_bytes(weights + 6)));
    const int16x2_t middles = twice(lower_halves(weights[1], weights[4]));
    const int32_t bottom_middle = 2 * weights[7];
    if (step == 1U) {
        ROLLED
        do {
            int32_t a = twice_bias;
            int32_t b = twice_bias;
            ROW(top, top_outer, middles, __smlatb, __smlabb);
            ROW(centre, centre_outer, middles, __smlatt, __smlabt);
            ROW(bottom, bottom_outer, bottom_middle, __smlatb, __smlabb);
            sums[0] = a;
            sums[1] = b;
            sums += 2;
            top += 2;
            centre += 2;
            bottom += 2;
        } while (sums < end);
        return;
    }
    ROLLED
    do {
        int32_t a = twice_bias;
        int32_t b = 0;
        ROW(top, top_outer, middles, NOTHING, __smlabb);
        ROW(centre, centre_outer, middles, NOTHING, __smlabt);
        ROW(bottom, bottom_outer, bottom_middle, NOTHING, __smlabb);
        (void)b;
        *sums++ = a;
        top += step;
        centre += step;
        bottom += step;
    } while (sums < end);
}
#undef ROW
#undef NOTHING

#if !defined(ONLY_3X3)
/* One channel of a row, whatever its window. */
OUTLINE static void depthwise_plane(const depthwise_t *layer, const int8_t *const *rows, uint16_t channel, size_t offset,
                                    const int8_t *weights, int8_t *out)
{
    const int32_t bias = layer->to.bias[channel];
    for (uint16_t x = 0; x < layer->width; x++) {
        *out = rescale(&layer->to, channel, bias + depthwise_sum(layer, rows, offset, weights));
        out += layer->channels;
        offset += layer->step;
    }
}
#endif

/* One channel of a row of 3x3 windows through a rectifier. */
static void rectified_plane(const depthwise_t *layer, const int8_t *const *rows, uint16_t channel, size_t offset,
                            const int8_t *weights, int8_t *out, int32_t *sums)
{
    const channel_t to = channel_of(&layer->to, channel);
    const size_t channels = layer->channels;
    const int32_t *const end = sums + layer->width;
    sum_plane(rows, offset, layer->step, weights, 2 * layer->to.bias[channel], sums, end);
    do {
        *out = rectify(*sums++, to);
        out += channels;
    } while (sums != end);
}

/* One row of a depthwise convolution with as many output channels as input channels. */
static void depthwise_row(const depthwise_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    const int8_t *weights = layer->weights;
    const size_t taps = (size_t)layer->rows * layer->columns;
    size_t offset = 0;
    for (uint16_t channel = 0; channel < layer->channels; channel++) {
#if !defined(ONLY_3X3)
        if (layer->columns != 3U || layer->rows != 3U || layer->apart != 1U || layer->to.rectified == 0U) {
            depthwise_plane(layer, rows, channel, offset, weights, out);
        } else
#endif
        {
            rectified_plane(layer, rows, channel, offset, weights, out, (int32_t *)(void *)scratch);
        }
        out++;
        weights += taps;
        offset += layer->plane;
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif
