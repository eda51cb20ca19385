#include "dsp.c"
#include "helium.c"

/* Windows of one column: the greatest of whole rows. Rows outside the picture are NULL. */
#if defined(WITH_HELIUM)
static void pool_rows_row(const pool_t *layer, const int8_t *const *rows, int8_t *out)
{
    const int8_t *const *const end = rows + layer->rows;
    const size_t bytes = (size_t)layer->width * layer->channels;
    for (size_t at = 0; at < bytes; at += VECTOR) {
        const mve_pred16_t lanes = vctp8q((uint32_t)(bytes - at));
        int8x16_t best = vdupq_n_s8(-128);
        for (const int8_t *const *row = rows; row != end; row++) {
            if (*row != NULL) {
                best = vmaxq_s8(best, vldrbq_z_s8(*row + at, lanes));
            }
        }
        vstrbq_p_s8(out + at, best, lanes);
    }
}
#else
static void pool_rows_row(const FLASH pool_t *layer, const int8_t *const *rows, int8_t *out)
{
    const size_t bytes = (size_t)layer->width * layer->channels;
    uint8_t made = 0;
    for (uint8_t row = 0; row < layer->rows; row++) {
        const int8_t *from = rows[row];
        int8_t *best = out;
        size_t left = bytes;
        if (from == NULL) {
            continue;
        }
        if (made == 0U) {
            memcpy(out, from, bytes);
            made = 1;
            continue;
        }
#if defined(WITH_DSP)
        for (; left >= 4U; left -= 4U) {
            const uint32_t word = four_bytes(from);
            const uint32_t other = four_bytes(best);
            uint32_t greater;
            (void)__ssub8((int8x4_t)word, (int8x4_t)other); /* tells `sel` which bytes are at least as great */
            greater = __sel((uint8x4_t)word, (uint8x4_t)other);
            COPY(best, &greater, sizeof greater);
            from += 4;
            best += 4;
        }
#endif
        for (; left != 0U; left--) {
            *best = *from > *best ? *from : *best;
            from++;
            best++;
        }
    }
}
#endif
