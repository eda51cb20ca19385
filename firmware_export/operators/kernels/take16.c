#include "wide.c"

typedef struct {
    uint16_t first; /* number of the row */
    int32_t jump;   /* numbers further for each row that is made of the same one */
    int32_t beside; /* numbers from one pixel to the next */
    int32_t deeper; /* numbers from one channel to the next */
    uint16_t pixels;
    uint16_t channels;
} take16_t;

/* Numbers of a row in equal steps; steps backwards wrap around as size_t does. */
static void take16_row(const FLASH take16_t *layer, uint16_t y, const int8_t *row, int8_t *out)
{
    int16_t *to = WIDE_OUT(out);
    size_t pixel = layer->first + (size_t)y * (size_t)layer->jump;
    for (uint16_t x = 0; x < layer->pixels; x++) {
        size_t at = pixel;
        for (uint16_t channel = 0; channel < layer->channels; channel++) {
            *to++ = WIDE(row)[at];
            at += (size_t)layer->deeper;
        }
        pixel += (size_t)layer->beside;
    }
}
