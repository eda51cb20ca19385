#include "types.h"

/* Constants that take the place of an input. */
static void constant_row(const FLASH constant_t *layer, uint16_t y, int8_t *out)
{
    const FLASH int8_t *values = layer->values + (size_t)y * layer->next;
    for (uint16_t byte = 0; byte < layer->bytes; byte++) {
        out[byte] = values[byte];
    }
}
