#include "clamp.c"

/* An average over a whole picture, one row of which is given a time. */
typedef struct {
    uint16_t height;
    uint16_t width;
    uint16_t channels;
    int8_t low;
    int8_t high;
} pool_total_t;

static void pool_total_row(const FLASH pool_total_t *layer, const int8_t *row, uint16_t y, int32_t *sums, int8_t *out)
{
    const size_t channels = layer->channels;
    const int8_t *const end = row + layer->width * channels;
    const int32_t count = (int32_t)layer->height * layer->width;
    for (size_t channel = 0; channel < channels; channel++) {
        int32_t sum = y == 0U ? 0 : sums[channel];
        ROLLED
        for (const int8_t *byte = row + channel; byte < end; byte += channels) {
            sum += *byte;
        }
        sums[channel] = sum;
        if (y + 1U == layer->height) {
            sum = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
            out[channel] = clamp(sum, layer->low, layer->high);
        }
    }
}
