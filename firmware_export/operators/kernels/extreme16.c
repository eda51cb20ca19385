#include "wide.c"

typedef struct {
    uint16_t count;
    uint8_t greater; /* 1: the greater of both, else the lesser one */
} extreme16_t;

static void extreme16_row(const FLASH extreme16_t *layer, const int8_t *first, const int8_t *second, int8_t *out)
{
    int16_t *const to = WIDE_OUT(out);
    for (uint16_t at = 0; at < layer->count; at++) {
        const int16_t a = WIDE(first)[at];
        const int16_t b = WIDE(second)[at];
        to[at] = (a > b) == (layer->greater != 0U) ? a : b;
    }
}
