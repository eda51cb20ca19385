#include "conv_helium_strip.c"
#include "conv_helium_windows.c"

#if defined(WITH_HELIUM)
static void conv_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    if (fits_strips(layer) != 0U) {
        strip_row(layer, rows, out, scratch);
    } else {
        long_row(layer, rows, out, scratch);
    }
}
#endif
