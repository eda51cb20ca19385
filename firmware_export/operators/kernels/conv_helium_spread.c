#ifndef EDGEDIGITS_CONV_HELIUM_SPREAD_C
#define EDGEDIGITS_CONV_HELIUM_SPREAD_C

#include "helium.c"

#if defined(WITH_HELIUM)
/* Convolutions whose window fits into two vectors, through a rectifier: a strip of windows is copied to where each starts
 * at a vector, then weights stay in registers for the whole strip. With windows of one vector those are of four channels,
 * with windows of two vectors of two channels, and pixels are taken in pairs.
 * The innermost loop is in assembly: it needs all eight vectors at once, where compilers spill. */
enum {
    STRIP = 32, /* windows */
    FAR = 255   /* bytes that an 8-bit offset reaches */
};

/* How the kernels compute a layer, and what no layer of this network needs. */
enum {
    LONG = 1,         /* any window */
    POOLED_FOURS = 2, /* windows of one vector, four channels of one pooled pixel at a time */
    TWOS = 4,         /* windows of two vectors, two channels of two pixels */
    HALVES = 8        /* four channels of two pixels */
};
#if !defined(HELIUM_WAYS)
#define HELIUM_WAYS 15
#endif

static inline int way_of(const conv_t *layer)
{
    const size_t taps = layer->taps;
    const size_t fours = layer->stored % 4U == 0U;
    if (layer->to.rectified == 0U || taps > 2U * VECTOR || (taps <= VECTOR && fours == 0U) || layer->stored % 2U != 0U ||
        (taps > VECTOR && layer->width == 1U)) {
        return LONG;
    }
    if (layer->pooled != 0U) {
        return taps <= VECTOR ? POOLED_FOURS : TWOS;
    }
    return fours != 0U ? HALVES : TWOS;
}

/* Where four words lie `step` bytes apart, byte by byte, and where they go. */
typedef struct {
    uint8x16_t from;
    uint32x4_t to;
    size_t step; /* bytes from four words to the next four */
    size_t apart;
} word_places_t;

/* `count` words. The loop predicates its last round. */
static inline void spread_words(word_places_t places, const int8_t *from, int8_t *to, size_t count)
{
    int8x16_t words;
    __asm__ volatile("dlstp.8 lr, %[bytes]\n"
                     "1:\n\t"
                     "vldrb.u8 %q[words], [%[from], %q[bytes_from]]\n\t"
                     "add %[from], %[from], %[step]\n\t"
                     "vstrw.32 %q[words], [%[to], %q[words_to]]\n\t"
                     "add %[to], %[to], %[apart]\n\t"
                     "letp lr, 1b"
                     : [from] "+r"(from), [to] "+r"(to), [words] "=&w"(words)
                     : [bytes] "r"(4U * count), [step] "r"(places.step), [apart] "r"(places.apart),
                       [bytes_from] "w"(places.from), [words_to] "w"(places.to)
                     : "lr", "cc", "memory");
}

/* Runs of up to 16 bytes from `step` bytes apart to `apart` bytes apart. The predicate register is put back: no compiler knows
 * that it changes. */
static inline void spread_runs(const int8_t *from, size_t step, int8_t *to, size_t apart, size_t count, size_t bytes)
{
    uint32_t predicate;
    int8x16_t run;
    __asm__ volatile("vmrs %[predicate], p0\n\t"
                     "vctp.8 %[bytes]\n\t"
                     "dls lr, %[count]\n"
                     "1:\n\t"
                     "vpstt\n\t"
                     "vldrbt.u8 %q[run], [%[from]]\n\t"
                     "vstrbt.8 %q[run], [%[to]]\n\t"
                     "add %[from], %[from], %[step]\n\t"
                     "add %[to], %[to], %[apart]\n\t"
                     "le lr, 1b\n\t"
                     "vmsr p0, %[predicate]"
                     : [from] "+r"(from), [to] "+r"(to), [run] "=&w"(run), [predicate] "=&r"(predicate)
                     : [bytes] "r"(bytes), [step] "r"(step), [apart] "r"(apart), [count] "r"(count)
                     : "lr", "cc", "memory");
}

/* Copies windows that lie `step` bytes apart to places `apart` bytes apart. */
static void spread(const conv_t *layer, const int8_t *const *rows, size_t offset, size_t step, int8_t *to, size_t apart,
                   size_t count)
{
    const size_t bytes = layer->segment;
    const size_t segments = layer->segments;
    const size_t next = layer->apart;
    const int8_t *const *const end = rows + layer->rows;
    const uint8_t words = bytes % 4U == 0U && 3U * step + 3U <= FAR;
    const uint8x16_t lanes = vidupq_n_u8(0, 1);
    const word_places_t places = {
        vaddq_u8(vandq_u8(lanes, vdupq_n_u8(3)), vmulq_n_u8(vshrq_n_u8(lanes, 2), (uint8_t)step)),
        vmulq_n_u32(vidupq_n_u32(0, 1), apart), 4U * step, 4U * apart};
    for (; rows != end; rows++) {
        const int8_t *from = *rows + offset;
        for (size_t left = segments; left != 0U; left--) {
            if (words != 0U) {
                for (size_t byte = 0; byte != bytes; byte += 4U) {
                    spread_words(places, from + byte, to + byte, count);
                }
            } else {
                spread_runs(from, step, to, apart, count, bytes);
                if (bytes > VECTOR) {
                    spread_runs(from + VECTOR, step, to + VECTOR, apart, count, bytes - VECTOR);
                }
            }
            from += next;
            to += (bytes + 1U) & ~(size_t)1;
        }
    }
}

/* Copies the windows of `count` pixels from x on to places of `slot` bytes, four to a pooled pixel. */
static void spread_pixels(const conv_t *layer, const int8_t *const *rows, size_t x, size_t count, int8_t *to, size_t slot)
{
    const size_t step = layer->step;
    if ((HELIUM_WAYS & (POOLED_FOURS | TWOS)) == 0 || layer->pooled == 0U) {
        spread(layer, rows, x * step, step, to, slot, count);
        return;
    }
    for (size_t window = 0; window < 4U; window++) {
        spread(layer, rows + window / 2U, (2U * x + window % 2U) * step, 2U * step, to + window * slot, 4U * slot, count);
    }
}
#endif

#endif
