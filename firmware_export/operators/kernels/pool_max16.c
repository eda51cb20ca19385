#include "pool16.c"

/* Rows outside the picture are NULL. */
static void pool_max16_row(const FLASH pool16_t *layer, const int8_t *const *rows, int8_t *out)
{
    int16_t *to = WIDE_OUT(out);
    for (uint16_t x = 0; x < layer->width; x++) {
        for (uint16_t channel = 0; channel < layer->channels; channel++) {
            int16_t best = INT16_MIN;
            for (uint8_t column = 0; column < layer->columns; column++) {
                const int32_t at = (int32_t)x * layer->step + column - layer->left;
                if (at < 0 || at >= layer->input_width) {
                    continue;
                }
                for (uint8_t row = 0; row < layer->rows; row++) {
                    if (rows[row] != NULL) {
                        const int16_t value = WIDE(rows[row])[(size_t)at * layer->channels + channel];
                        best = value > best ? value : best;
                    }
                }
            }
            *to++ = clamp16(best, layer->low, layer->high);
        }
    }
}
