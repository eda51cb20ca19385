#include "types.h"

static void concat_row(const FLASH concat_t *layer, uint16_t y, const int8_t *first, const int8_t *second, int8_t *out)
{
    if (layer->height != 0U) {
        memcpy(out, y < layer->height ? first : second, layer->pixels);
        return;
    }
    for (uint16_t x = 0; x < layer->pixels; x++) {
        memcpy(out, first, layer->first);
        memcpy(out + layer->first, second, layer->second);
        first += layer->first;
        second += layer->second;
        out += layer->first + layer->second;
    }
}
