#include "types.h"

typedef struct {
    uint16_t bytes;
    uint8_t greater; /* 1: the greater of both, else the lesser one */
} extreme_t;

static void extreme_row(const FLASH extreme_t *layer, const int8_t *first, const int8_t *second, int8_t *out)
{
    const uint8_t greater = layer->greater;
    for (uint16_t byte = 0; byte < layer->bytes; byte++) {
        const int8_t a = first[byte];
        const int8_t b = second[byte];
        out[byte] = (a > b) == (greater != 0U) ? a : b;
    }
}
