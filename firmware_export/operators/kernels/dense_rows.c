#include "dsp.c"
#include "helium.c"
#include "plain.c"

/* A dense layer over a picture, one row of which is given a time. */
typedef struct {
    rescaling_t to;
    const FLASH weight_t *weights; /* [row][channel pair][tap][2], taps even */
    uint16_t height;
    uint16_t bytes;  /* of a row of the picture */
    uint16_t taps;   /* of a row of weights */
    uint16_t stored; /* output channels */
} dense_rows_t;

#if defined(WITH_DSP)
enum {
    MOST_TAPS = 504 /* whose sum stays within 24 bits, also of weights of -128 */
};

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
/* Adds to the sums of four channels: of two from `weights`, of two from `more`. See conv_dsp.c for two sums in one. */
OUTLINE static void dense_four(const pair_t *weights, const pair_t *more, const int8_t *x, size_t bytes, int32_t *sums)
{
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;
    uint32_t word;
#define TIMES_PAIR(pair, place)                            \
    do {                                                   \
        const int16x2_t both = pair(word);                 \
        const int16x2_t first = weights[place];            \
        const int16x2_t second = more[place];              \
        a = __smlad(both, even((uint32_t)first), a);       \
        b = __smlad(both, first, b);                       \
        c = __smlad(both, even((uint32_t)second), c);      \
        d = __smlad(both, second, d);                      \
    } while (0)
    ROLLED
    for (; bytes >= 4U; bytes -= 4U) {
        word = four_bytes(x);
        TIMES_PAIR(even, 0);
        TIMES_PAIR(odd, 1);
        x += 4;
        weights += 2;
        more += 2;
    }
    if (bytes != 0U) { /* the weights of what is left lie in their order */
        word = (uint8_t)x[0];
        word |= bytes > 1U ? (uint32_t)(uint8_t)x[1] << 16 : 0U;
        word |= bytes > 2U ? (uint32_t)(uint8_t)x[2] << 8 : 0U;
        TIMES_PAIR(even, 0);
        TIMES_PAIR(odd, 1);
    }
#undef TIMES_PAIR
    sums[0] += a;
    sums[1] += (b - a) >> 8;
    sums[2] += c;
    sums[3] += (d - c) >> 8;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#elif defined(WITH_HELIUM)
/* Adds to the sums of four channels: of two from `weights`, of two from `more`. */
static inline void dense_four(const int8_t *weights, const int8_t *more, const int8_t *x, size_t bytes, int32_t *sums)
{
    int32_t a = sums[0];
    int32_t b = sums[1];
    int32_t c = sums[2];
    int32_t d = sums[3];
#define TIMES(taps, load)                               \
    do {                                                \
        const int8x16_t x_taps = taps;                  \
        const int8x16x2_t both = load(weights);         \
        const int8x16x2_t others = load(more);          \
        a = vmladavaq_s8(a, x_taps, both.val[0]);       \
        b = vmladavaq_s8(b, x_taps, both.val[1]);       \
        c = vmladavaq_s8(c, x_taps, others.val[0]);     \
        d = vmladavaq_s8(d, x_taps, others.val[1]);     \
    } while (0)
    for (size_t vectors = bytes / VECTOR; vectors != 0U; vectors--) {
        TIMES(vldrbq_s8(x), vld2q_s8);
        x += VECTOR;
        weights += 2 * VECTOR;
        more += 2 * VECTOR;
    }
    if (bytes % VECTOR != 0U) {
        TIMES(vldrbq_z_s8(x, vctp8q(bytes % VECTOR)), two_channels);
    }
#undef TIMES
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}
#else
#if defined(EIGHT_REGISTERS) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options /* sums regrouped, loads moved up, pointers worked out anew behind a loop would take more */
#pragma GCC optimize("no-tree-reassoc", "no-schedule-insns", "no-tree-scev-cprop", "no-tree-ter")
#endif
static int32_t total(const int8_t *x, uint16_t bytes)
{
    const int8_t *const end = x + bytes;
    int32_t sum = 0;
#if defined(WITH_LONG_LOOPS)
    const int8_t *const whole = x + (bytes & ~7U);
    ROLLED
    for (; x != whole; x += 8) {
        sum += x[0];
        sum += x[1];
        sum += x[2];
        sum += x[3];
        sum += x[4];
        sum += x[5];
        sum += x[6];
        sum += x[7];
    }
#endif
    ROLLED
    while (x != end) {
        sum += *x++;
    }
    return sum;
}

/* Adds to the sums of two channels. Raised weights would add 128 times the inputs: `more` makes up for it. */
OUTLINE static void dense_two(const FLASH weight_t *weights, const int8_t *x, uint16_t bytes, int32_t more, int32_t *sums)
{
    const int8_t *const end = x + bytes;
    int32_t first = sums[0] + more;
    int32_t second = sums[1] + more;
#define TAP(tap)                                   \
    do {                                           \
        const int value = x[tap];                  \
        first += value * weights[2 * (tap)];       \
        second += value * weights[2 * (tap) + 1];  \
    } while (0)
#if defined(WITH_LONG_LOOPS)
    const int8_t *const whole = x + (bytes & ~7U);
    ROLLED
    while (x != whole) {
        TAP(0);
        TAP(1);
        TAP(2);
        TAP(3);
        TAP(4);
        TAP(5);
        TAP(6);
        TAP(7);
        x += 8;
        weights += 16;
    }
#endif
    ROLLED
    while (x != end) {
        TAP(0);
        x++;
        weights += 2;
    }
#undef TAP
    sums[0] = first;
    sums[1] = second;
}
#if defined(EIGHT_REGISTERS) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif

/* Adds what one row gives to the sums, of which there are a multiple of four; after the last row they are stored. */
static void dense_rows_row(const FLASH dense_rows_t *layer, const int8_t *row, uint16_t y, int32_t *sums, int8_t *out)
{
    const uint16_t stored = layer->stored;
    const uint16_t bytes = layer->bytes;
    const size_t pair = 2U * layer->taps;
    const FLASH weight_t *weights = layer->weights + (size_t)y * ((stored + 1U) / 2U) * pair;
    if (y == 0U) {
        for (uint16_t channel = 0; channel < ((stored + 3U) & ~3U); channel++) {
            sums[channel] = channel < stored ? layer->to.bias[channel] : 0;
        }
    }
#if defined(WITH_DSP) || defined(WITH_HELIUM)
    for (uint16_t channel = 0; channel < stored; channel = (uint16_t)(channel + 4U)) {
        const int8_t *const more = stored - channel > 2 ? weights + pair : weights;
#if defined(WITH_DSP)
        for (size_t done = 0; done < bytes; done += MOST_TAPS) {
            const size_t count = bytes - done < MOST_TAPS ? bytes - done : MOST_TAPS;
            dense_four((const pair_t *)(const void *)(weights + 2U * done), (const pair_t *)(const void *)(more + 2U * done),
                       row + done, count, sums + channel);
        }
#else
        dense_four(weights, more, row, bytes, sums + channel);
#endif
        weights += 2U * pair;
    }
#else
    const int32_t more = total(row, bytes) * -128;
    for (uint16_t channel = 0; channel < stored; channel = (uint16_t)(channel + 2U)) {
        dense_two(weights, row, bytes, more, sums + channel);
        weights += pair;
    }
#endif
    if (y + 1U == layer->height) {
        for (uint16_t channel = 0; channel < stored; channel++) {
            out[channel] = rescale(&layer->to, channel, sums[channel]);
        }
    }
}
