#include "wide.c"

typedef struct {
    int32_t above; /* multiplier of numbers from 0 on */
    int32_t below; /* and of those below 0 */
    int8_t above_exponent;
    int8_t below_exponent;
    int16_t low;
    int16_t high;
    uint16_t count;
} each16_t;

static void each16_row(const FLASH each16_t *layer, const int8_t *row, int8_t *out)
{
    const int16_t *const from = WIDE(row);
    int16_t *const to = WIDE_OUT(out);
    for (uint16_t at = 0; at < layer->count; at++) {
        const int32_t value = from[at];
        const int32_t scaled = value < 0 ? multiply16(value, layer->below, layer->below_exponent)
                                         : multiply16(value, layer->above, layer->above_exponent);
        to[at] = clamp16(scaled, layer->low, layer->high);
    }
}
