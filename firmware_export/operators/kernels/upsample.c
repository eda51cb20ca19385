#include "types.h"

typedef struct {
    uint16_t pixels; /* of an input row */
    uint16_t channels;
    uint16_t apart; /* bytes from one pixel to the next */
    uint16_t bytes; /* of an output row */
    uint16_t step;  /* output rows for each input row */
    int8_t zero;
} upsample_t;

/* Pixels of a row with zeros between them; between rows that have pixels lie some of zeros. */
static void upsample_row(const FLASH upsample_t *layer, uint16_t y, const int8_t *const *rows, int8_t *out)
{
    memset(out, layer->zero, layer->bytes);
    if (y % layer->step == 0U) {
        const int8_t *row = rows[y / layer->step];
        for (uint16_t pixel = 0; pixel < layer->pixels; pixel++) {
            memcpy(out, row, layer->channels);
            row += layer->channels;
            out += layer->apart;
        }
    }
}
