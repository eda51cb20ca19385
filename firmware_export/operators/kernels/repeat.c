#include "types.h"

/* Each channel several times, so that a depthwise convolution with a multiplier becomes one without. */
static void repeat_row(const FLASH repeat_t *layer, const int8_t *row, int8_t *out)
{
    const int8_t *const end = row + (size_t)layer->pixels * layer->channels;
    for (; row != end; row++) {
        for (uint16_t time = 0; time < layer->times; time++) {
            *out++ = *row;
        }
    }
}
