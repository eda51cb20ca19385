#ifndef EDGEDIGITS_CONV_HELIUM_STRIP_C
#define EDGEDIGITS_CONV_HELIUM_STRIP_C

#include "conv_helium_vectors.c"
#include "conv_helium_halves.c"

#if defined(WITH_HELIUM)
/* Two channels at a time of a strip of pixels whose windows are two vectors each: the first half of the pixels and the last
 * one; of an odd number the middle one is in both. */
static void strip_of_twos(const conv_t *layer, const int8_t *const *rows, size_t x, size_t count, int8_t *out,
                          int8_t *scratch)
{
    const size_t half = (count + 1U) / 2U;
    spread_pixels(layer, rows, x, half, scratch, 4U * VECTOR);
    spread_pixels(layer, rows, x + count - half, half, scratch + 2U * VECTOR, 4U * VECTOR);
    strip_of_pairs(layer, scratch, half, count - half, out);
}

static void strip_row(const conv_t *layer, const int8_t *const *rows, int way, int8_t *out, int8_t *scratch)
{
    const size_t width = layer->width;
    const size_t most = layer->pooled != 0U ? STRIP / 4U : STRIP;
    const size_t slot = layer->taps <= VECTOR ? VECTOR : 2U * VECTOR;
    if (way == (HALVES & HELIUM_WAYS) && layer->rows == 1U && layer->segments == 1U &&
        (layer->segment > VECTOR || (layer->segment == VECTOR && layer->step == VECTOR))) {
        both_halves(layer, rows[0], layer->step, width, out);
        return;
    }
    for (size_t x = 0; x < width; x += most) {
        const size_t count = width - x < most ? width - x : most;
        if (way == (TWOS & HELIUM_WAYS)) {
            strip_of_twos(layer, rows, x, count, out, scratch);
        } else {
            spread_pixels(layer, rows, x, count, scratch, slot);
            if (way == (POOLED_FOURS & HELIUM_WAYS)) {
                pooled_strip_of_fours(layer, scratch, count, out);
            } else if (way == (HALVES & HELIUM_WAYS)) {
                both_halves(layer, scratch, slot, count, out);
            }
        }
        out += count * layer->beside;
    }
}
#endif

#endif
