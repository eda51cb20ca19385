#include "plain.c"

#if defined(WITH_PAIRS)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options /* sums regrouped, loads moved up, pointers worked out anew behind a loop take registers */
#pragma GCC optimize("no-tree-reassoc", "no-schedule-insns", "no-tree-scev-cprop")
#endif

/* Two neighbouring windows. The unsigned bytes that they cover lie in the two halves of words, so that multiplying by
 * an unsigned weight gives two products of 16 bits at once. */
typedef struct {
    uint32_t low;  /* where the sums start: of the first window and, from bit 16 on, of the second one, */
    uint32_t high; /* and of the second one */
    uint32_t at;   /* its first word */
} window_pair_t;

/* Packs neighbouring bytes of two windows, 128 higher, and adds them up. */
OUTLINE static uint32_t *pack(const uint8_t *first, const uint8_t *second, size_t bytes, uint32_t *words,
                              window_pair_t *sum)
{
    uint32_t low = sum->low;
    uint32_t high = sum->high;
    const uint8_t *const end = first + bytes;
#define PACK(place)                                                                                  \
    do {                                                                                             \
        const uint32_t both = (first[place] | (uint32_t)second[place] << 16) ^ UINT32_C(0x00800080); \
        words[place] = both;                                                                         \
        low += both;                                                                                 \
        high += both >> 16;                                                                          \
    } while (0)
#if defined(WITH_LONG_LOOPS)
    const uint8_t *const whole = first + (bytes & ~(size_t)3);
    ROLLED
    while (first != whole) {
        PACK(0);
        PACK(1);
        PACK(2);
        PACK(3);
        first += 4;
        second += 4;
        words += 4;
    }
#endif
    ROLLED
    while (first != end) {
        PACK(0);
        first++;
        second++;
        words++;
    }
#undef PACK
    if ((bytes & 1U) != 0U) {
        *words++ = 0;
    }
    sum->low = low;
    sum->high = high;
    return words;
}

/* Packs what two windows `apart` bytes apart cover of one row. */
static uint32_t *pack_row(const FLASH conv_t *layer, const int8_t *row, size_t apart, uint32_t *words,
                          window_pair_t *sum)
{
    for (uint8_t segment = 0; segment < SEGMENTS(layer); segment++) {
        const uint8_t *const first = (const uint8_t *)row;
        words = pack(first, first + apart, layer->segment, words, sum);
        row += layer->apart;
    }
    return words;
}

/* Raised weights would add 128 times the inputs to a sum: it starts that much lower. */
static void start_below(window_pair_t *pair, uint32_t low, uint32_t high)
{
    pair->low = 0U - (low << 7);
    pair->high = 0U - (high << 7);
}

/* Packs one pair of windows; of 2x2 windows that are pooled two pairs, which share all rows but one. */
static uint32_t *gather(const FLASH conv_t *layer, const int8_t *const *rows, size_t offset, size_t apart,
                        uint32_t *words, window_pair_t *pair)
{
    window_pair_t sum = {0, 0, 0};
    const uint32_t *const start = words;
    const int8_t *const *const end = rows + layer->rows;
    words = pack_row(layer, *rows++ + offset, apart, words, &sum);
    const window_pair_t top = sum;
    const uint32_t row_words = (uint32_t)(words - start);
    while (rows != end) {
        words = pack_row(layer, *rows++ + offset, apart, words, &sum);
    }
    start_below(pair, sum.low, sum.high);
    if (IS_POOLED(layer) != 0U) {
        words = pack_row(layer, *rows + offset, apart, words, &sum);
        start_below(pair + 1, sum.low - top.low, sum.high - top.high);
        pair[1].at = pair->at + row_words;
    }
    return words;
}

/* Sums of two channels for pairs of windows. */
OUTLINE static void sum_pairs(const FLASH weight_t *const weights, size_t taps, const uint32_t *words,
                              const window_pair_t *pair, int32_t *first, int32_t *second, const int32_t *const stop)
{
    do {
        const FLASH weight_t *w = weights;
        const uint32_t *x = words + pair->at;
        const uint32_t *const end = x + taps;
        uint32_t low = pair->low;
        uint32_t high = pair->high;
        uint32_t other_low = low;
        uint32_t other_high = high;
        pair++;
#define TAP(tap)                                 \
    do {                                         \
        const uint32_t both = x[tap];            \
        uint32_t products = both * w[2 * (tap)]; \
        low += products;                         \
        high += products >> 16;                  \
        KEEP(low, high, other_low, other_high);  \
        products = both * w[2 * (tap) + 1];      \
        other_low += products;                   \
        other_high += products >> 16;            \
        KEEP(low, high, other_low, other_high);  \
    } while (0)
#if defined(WITH_LONG_LOOPS)
        const uint32_t *const whole = x + (taps & ~(size_t)7);
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
            w += 16;
        }
#endif
        while (x != end) {
            TAP(0);
            TAP(1);
            x += 2;
            w += 4;
        }
#undef TAP
        first[0] = (int32_t)(low - (high << 16));
        first[1] = (int32_t)high;
        first += 2;
        second[0] = (int32_t)(other_low - (other_high << 16));
        second[1] = (int32_t)other_high;
        second += 2;
    } while (first != stop);
}

static int32_t greatest(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Of every four sums the greatest. */
static void pool(int32_t *sums, size_t count)
{
    const int32_t *four = sums;
    ROLLED
    for (int32_t *const end = sums + count; sums != end; sums++) {
        *sums = greatest(greatest(four[0], four[1]), greatest(four[2], four[3]));
        four += 4;
    }
}

/* `count` outputs of all channels. */
static void all_channels(const FLASH conv_t *layer, size_t count, const uint32_t *words, const window_pair_t *pairs,
                         int32_t *sums, int8_t *out)
{
    const size_t windows = IS_POOLED(layer) != 0U ? 4U * count : count + (count & 1U);
    const size_t taps = layer->taps;
    const FLASH weight_t *weights = layer->weights;
    int32_t *const second = sums + windows;
    for (uint16_t channel = 0; channel < layer->stored; channel++) {
        int32_t *of_channel = second;
        if ((channel & 1U) == 0U) {
            sum_pairs(weights, taps, words, pairs, sums, second, second);
            weights += 2U * taps;
            of_channel = sums;
        }
        if (IS_POOLED(layer) != 0U) {
            pool(of_channel, count);
        }
        store_sums(&layer->to, channel, of_channel, of_channel + count, out, layer->beside);
        out += layer->deeper;
    }
}

/* A row of several windows. */
static void pairs_row(const FLASH conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    const size_t most = IS_POOLED(layer) != 0U ? layer->groups : 4U * layer->groups;
    int32_t *const sums = (int32_t *)(void *)scratch;
    window_pair_t *const pairs = (window_pair_t *)(void *)(sums + 8U * layer->groups);
    uint32_t *const words = (uint32_t *)(void *)(pairs + 2U * layer->groups);
    size_t left = layer->width;
    size_t offset = 0;
    while (left != 0U) {
        const size_t count = left < most ? left : most;
        uint32_t *next = words;
        window_pair_t *pair = pairs;
        for (size_t windows = IS_POOLED(layer) != 0U ? 2U * count : count; windows != 0U;) {
            const size_t both = windows > 1U ? 2U : 1U;
            pair->at = (uint32_t)(next - words);
            next = gather(layer, rows, offset, (both - 1U) * layer->step, next, pair);
            pair += 1U + IS_POOLED(layer);
            offset += both * layer->step;
            windows -= both;
        }
        all_channels(layer, count, words, pairs, sums, out);
        out += count * layer->beside;
        left -= count;
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif
