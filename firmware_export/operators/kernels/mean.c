#include "dsp.c"
#include "helium.c"
#include "rescale.c"

#if defined(WITH_DSP)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
/* Adds one row to the sums of as many channels as there are fours, and returns how many. */
OUTLINE static size_t add_fours(const mean_t *layer, const int8_t *row, uint16_t y, int32_t *sums)
{
    const size_t channels = layer->channels;
    const int8_t *const end = row + layer->width * channels;
    const size_t fours = layer->width <= 256U ? channels & ~(size_t)3 : 0U; /* sums of 256 bytes take 16 bits */
    for (size_t channel = 0; channel < fours; channel += 4U) {
        int16x2_t evens = 0;
        int16x2_t odds = 0;
        const int8_t *bytes = row + channel;
        ROLLED
        do {
            const uint32_t word = four_bytes(bytes);
            evens = __sadd16(evens, even(word));
            odds = __sadd16(odds, odd(word));
            bytes += channels;
        } while (bytes < end);
        if (y == 0U) {
            const int32_t bias = layer->to.bias[0];
            sums[0] = bias;
            sums[1] = bias;
            sums[2] = bias;
            sums[3] = bias;
        }
        sums[0] += (int16_t)evens;
        sums[1] += (int16_t)odds;
        sums[2] += evens >> 16;
        sums[3] += odds >> 16;
        sums += 4;
    }
    return fours;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif

/* Adds one row to the sums; after the last row the means are stored. */
static void mean_row(const FLASH mean_t *layer, const int8_t *row, uint16_t y, int32_t *sums, int8_t *out)
{
    const size_t channels = layer->channels;
    const int8_t *const end = row + layer->width * channels;
    size_t channel = 0;
#if defined(WITH_HELIUM)
    for (; channel + 4U <= channels; channel += 4) {
        int32x4_t sum = y == 0U ? vdupq_n_s32(layer->to.bias[0]) : vldrwq_s32(sums + channel);
        const int8_t *bytes = row + channel;
        for (size_t left = layer->width; left != 0U; left--) {
            sum = vaddq_s32(sum, vldrbq_s32(bytes));
            bytes += channels;
        }
        vstrwq_s32(sums + channel, sum);
        if (y + 1U == layer->height) {
            vstrbq_s32(out + channel, rescale_lanes(&layer->to, 0, sum));
        }
    }
#elif defined(WITH_DSP)
    const size_t fours = add_fours(layer, row, y, sums);
    channel = y + 1U == layer->height ? 0U : fours;
    for (; channel < fours; channel++) {
        out[channel] = rescale(&layer->to, 0, sums[channel]);
    }
#endif
    for (; channel < channels; channel++) {
        int32_t sum = y == 0U ? layer->to.bias[0] : sums[channel];
        ROLLED
        for (const int8_t *byte = row + channel; byte < end; byte += channels) {
            sum += *byte;
        }
        sums[channel] = sum;
        if (y + 1U == layer->height) {
            out[channel] = rescale(&layer->to, 0, sum);
        }
    }
}
