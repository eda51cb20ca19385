#include "types.h"

typedef struct {
    const FLASH uint8_t *rows;     /* of each output row the input row */
    const FLASH uint16_t *columns; /* of each output column the input column */
    uint16_t width;
    uint16_t channels;
} pick_t;

static void pick_row(const FLASH pick_t *layer, uint16_t y, const int8_t *const *rows, int8_t *out)
{
    const int8_t *const row = rows[layer->rows[y]];
    const size_t channels = layer->channels;
    for (uint16_t column = 0; column < layer->width; column++) {
        memcpy(out, row + layer->columns[column] * channels, channels);
        out += channels;
    }
}
