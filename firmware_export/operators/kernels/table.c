#include "types.h"

static void table_row(const FLASH table_t *layer, const int8_t *row, int8_t *out)
{
    for (uint16_t byte = 0; byte < layer->bytes; byte++) {
        out[byte] = layer->outputs[row[byte] + 128];
    }
}
