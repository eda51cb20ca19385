#include "types.h"

typedef struct {
    uint16_t rows; /* that are compared; 0: each row makes one */
    uint16_t outputs;
    uint16_t beside; /* bytes from the first one of an output to that of the next */
    uint16_t count;  /* bytes of a row for each output */
    uint16_t apart;  /* from one of them to the next */
    uint8_t greater; /* 1: the greatest, 0: the least */
} reduce_t;

/* The greatest or the least of some bytes of a row, and of those of the rows before. */
static void reduce_row(const FLASH reduce_t *layer, const int8_t *row, uint16_t y, int8_t *found, int8_t *out)
{
    const uint16_t rows = layer->rows;
    const uint16_t apart = layer->apart;
    for (uint16_t output = 0; output < layer->outputs; output++) {
        const int8_t *byte = row + (size_t)output * layer->beside;
        int8_t most = rows == 0U || y == 0U ? *byte : found[output];
        for (uint16_t left = layer->count; left != 0U; left--) {
            if (layer->greater != 0U ? *byte > most : *byte < most) {
                most = *byte;
            }
            byte += apart;
        }
        if (rows != 0U) {
            found[output] = most;
        }
        if (rows == 0U || y + 1U == rows) {
            out[output] = most;
        }
    }
}
