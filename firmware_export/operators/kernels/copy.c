#include "helium.c"

/* A row of pixels, in another order where the channels are to lie in planes. */
static void copy_row(const FLASH copy_t *layer, const int8_t *row, int8_t *out)
{
    const size_t channels = layer->channels;
    const int8_t *const end = row + layer->pixels * channels;
    if (layer->deeper == 1U || channels == 1U) {
#if defined(WITH_HELIUM)
        copy_bytes(row, (size_t)(end - row), out);
#else
        memcpy(out, row, (size_t)(end - row));
#endif
        return;
    }
    while (row != end) {
        int8_t *to = out;
        ROLLED
        for (size_t channel = 0; channel < channels; channel++) {
            *to = *row++;
            to += layer->deeper;
        }
        out += layer->beside;
    }
}
