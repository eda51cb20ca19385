#include "types.h"

typedef struct {
    uint16_t width;
    uint16_t height;
    uint16_t channels;
} reduce_max_t;

/* Compares one row with the greatest so far; after the last row they are stored. */
static void reduce_max_row(const FLASH reduce_max_t *layer, const int8_t *row, uint16_t y, int8_t *greatest, int8_t *out)
{
    const size_t channels = layer->channels;
    const int8_t *const end = row + layer->width * channels;
    for (size_t channel = 0; channel < channels; channel++) {
        int8_t most = y == 0U ? row[channel] : greatest[channel];
        for (const int8_t *byte = row + channel; byte < end; byte += channels) {
            if (*byte > most) {
                most = *byte;
            }
        }
        greatest[channel] = most;
        if (y + 1U == layer->height) {
            out[channel] = most;
        }
    }
}
