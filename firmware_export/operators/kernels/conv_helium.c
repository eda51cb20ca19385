#include "conv_helium_strip.c"
#include "conv_helium_windows.c"

#if defined(WITH_HELIUM)
static void conv_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    const int way = way_of(layer);
    if (HELIUM_WAYS != LONG && way != LONG) {
        strip_row(layer, rows, way, out, scratch);
    } else if ((HELIUM_WAYS & LONG) != 0) {
        long_row(layer, rows, out, scratch);
    }
}
#endif
