#ifndef EDGEDIGITS_DEPTHWISE_C
#define EDGEDIGITS_DEPTHWISE_C

#include "rescale.c"

#if !defined(WITH_HELIUM)
/* The sum of one channel of one window; `from` is its start in the first row of that channel. */
MAYBE_UNUSED static int32_t depthwise_sum(const FLASH depthwise_t *layer, const int8_t *const *rows, size_t offset,
                                          const FLASH int8_t *weights)
{
    int32_t sum = 0;
    for (uint8_t row = 0; row < layer->rows; row++) {
        const int8_t *from = rows[row] + offset;
        const FLASH int8_t *const end = weights + layer->columns;
        do {
            sum += *from * *weights++;
            from += layer->apart;
        } while (weights != end);
    }
    return sum;
}
#endif

#endif
