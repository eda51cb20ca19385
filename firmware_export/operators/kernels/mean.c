#include "helium.c"
#include "rescale.c"

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
