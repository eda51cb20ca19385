#include "types.h"

static void pad_row(const FLASH pad_t *layer, uint16_t y, const int8_t *row, int8_t *out)
{
    memset(out, layer->value, (size_t)layer->before + layer->bytes + layer->after);
    if (y >= layer->above && y - layer->above < layer->height) {
        memcpy(out + layer->before, row, layer->bytes);
    }
}
