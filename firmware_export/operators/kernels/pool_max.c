#include "clamp.c"

/* Rows outside the picture are NULL. */
static void pool_max_row(const FLASH pool_t *layer, const int8_t *const *rows, int8_t *out)
{
    for (uint16_t x = 0; x < layer->width; x++) {
        for (uint16_t channel = 0; channel < layer->channels; channel++) {
            int8_t best = -128;
            for (uint8_t column = 0; column < layer->columns; column++) {
                const int32_t at = (int32_t)x * layer->step + column - layer->left;
                if (at < 0 || at >= layer->input_width) {
                    continue;
                }
                for (uint8_t row = 0; row < layer->rows; row++) {
                    if (rows[row] != NULL) {
                        const int8_t value = rows[row][(size_t)at * layer->channels + channel];
                        best = value > best ? value : best;
                    }
                }
            }
            *out++ = clamp(best, layer->low, layer->high);
        }
    }
}
