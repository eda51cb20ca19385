#include "clamp.c"

/* Rows outside the picture are NULL; the divisor is the number of inputs inside. */
static void pool_average_row(const FLASH pool_t *layer, const int8_t *const *rows, int8_t *out)
{
    for (uint16_t x = 0; x < layer->width; x++) {
        for (uint16_t channel = 0; channel < layer->channels; channel++) {
            int32_t sum = 0;
            int32_t count = 0;
            for (uint8_t column = 0; column < layer->columns; column++) {
                const int32_t at = (int32_t)x * layer->step + column - layer->left;
                if (at < 0 || at >= layer->input_width) {
                    continue;
                }
                for (uint8_t row = 0; row < layer->rows; row++) {
                    if (rows[row] != NULL) {
                        sum += rows[row][(size_t)at * layer->channels + channel];
                        count++;
                    }
                }
            }
            sum = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
            *out++ = clamp(sum, layer->low, layer->high);
        }
    }
}
