#include "wide.c"

typedef struct {
    const FLASH int32_t *axes; /* outside each block, from the inside: how long, and numbers from one to the next */
    uint16_t blocks;
    uint16_t first; /* number of the row */
    int32_t beside; /* numbers from one run to the next */
    int32_t deeper; /* numbers from one of a run to the next */
    uint16_t runs;  /* of a block */
    uint16_t count; /* numbers of a run */
    uint8_t levels; /* axes outside */
} rearrange16_t;

/* Numbers of a row in the order of other axes; steps backwards wrap around as size_t does. */
static void rearrange16_row(const FLASH rearrange16_t *layer, const int8_t *row, int8_t *out)
{
    const int16_t *const from = WIDE(row);
    int16_t *to = WIDE_OUT(out);
    const size_t deeper = (size_t)layer->deeper;
    for (uint16_t block = 0; block < layer->blocks; block++) {
        size_t run = layer->first;
        uint16_t rest = block;
        for (uint8_t level = 0; level < layer->levels; level++) {
            const uint16_t length = (uint16_t)layer->axes[2U * level];
            run += (size_t)(rest % length) * (size_t)layer->axes[2U * level + 1U];
            rest = (uint16_t)(rest / length);
        }
        for (uint16_t x = 0; x < layer->runs; x++) {
            size_t at = run;
            for (uint16_t number = 0; number < layer->count; number++) {
                *to++ = from[at];
                at += deeper;
            }
            run += (size_t)layer->beside;
        }
    }
}
