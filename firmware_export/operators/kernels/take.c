#include "types.h"

typedef struct {
    uint16_t first; /* byte of the row */
    int32_t jump;   /* bytes further for each row that is made of the same one */
    int32_t beside; /* bytes from one pixel to the next */
    int32_t deeper; /* bytes from one channel to the next */
    uint16_t pixels;
    uint16_t channels;
} take_t;

/* Bytes of a row in equal steps; steps backwards wrap around as size_t does. */
static void take_row(const FLASH take_t *layer, uint16_t y, const int8_t *row, int8_t *out)
{
    const uint16_t channels = layer->channels;
    const size_t deeper = (size_t)layer->deeper;
    size_t pixel = layer->first + (size_t)y * (size_t)layer->jump;
    for (uint16_t x = 0; x < layer->pixels; x++) {
        size_t at = pixel;
        if (deeper == 1U) {
            memcpy(out, row + at, channels);
            out += channels;
        } else {
            for (uint16_t channel = 0; channel < channels; channel++) {
                *out++ = row[at];
                at += deeper;
            }
        }
        pixel += (size_t)layer->beside;
    }
}
