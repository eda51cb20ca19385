#include "types.h"

typedef struct {
    const FLASH uint16_t *rows;    /* of each output row the upper row, the lower one and its share of 1024 */
    const FLASH uint16_t *columns; /* of each output column the left one, the right one and its share */
    uint16_t width;
    uint16_t channels;
} bilinear_t;

/* Between four neighbours, in 1024ths, rounded half away from zero. */
static void bilinear_row(const FLASH bilinear_t *layer, uint16_t y, const int8_t *const *rows, int8_t *out)
{
    const FLASH uint16_t *const line = layer->rows + 3U * (size_t)y;
    const FLASH uint16_t *column = layer->columns;
    const int8_t *const upper = rows[line[0]];
    const int8_t *const lower = rows[line[1]];
    const int32_t down = line[2];
    const size_t channels = layer->channels;
    for (uint16_t x = 0; x < layer->width; x++) {
        const size_t left = column[0] * channels;
        const size_t right = column[1] * channels;
        const int32_t aside = column[2];
        for (size_t channel = 0; channel < channels; channel++) {
            const int32_t a = upper[left + channel] * (1024 - down) + lower[left + channel] * down;
            const int32_t b = upper[right + channel] * (1024 - down) + lower[right + channel] * down;
            const int32_t sum = a * (1024 - aside) + b * aside;
            *out++ = (int8_t)((sum > 0 ? sum + (INT32_C(1) << 19) : sum - (INT32_C(1) << 19)) / (INT32_C(1) << 20));
        }
        column += 3;
    }
}
