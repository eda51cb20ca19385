#include "conv_pairs.c"

#if defined(PLAIN)
/* Copies what one window covers, 128 higher, and returns -128 times the sum of the copy, for raised weights add as
 * much. */
static int32_t raise(const CONV_MEMORY conv_t *layer, const int8_t *const *rows, size_t offset, uint8_t *column)
{
    int32_t sum = 0;
    for (uint8_t row = 0; row < layer->rows; row++) {
        const int8_t *from = rows[row] + offset;
        for (uint8_t segment = 0; segment < SEGMENTS(layer); segment++) {
            const uint16_t bytes = layer->segment;
            ROLLED
            for (const int8_t *byte = from; byte != from + bytes; byte++) {
                const uint8_t raised = (uint8_t)(*byte + 128);
                sum -= raised;
                *column++ = raised;
            }
            if ((bytes & 1U) != 0U) {
                *column++ = 0;
            }
            from += layer->apart;
        }
    }
    return sum * 128;
}

#if defined(EIGHT_REGISTERS) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options /* loads moved up, pointers worked out anew behind a loop would take more */
#pragma GCC optimize("no-schedule-insns", "no-tree-scev-cprop")
#endif
/* Sums of two output channels for one window, kept where they are the greatest. Signed sums keep compilers from
 * regrouping them, which takes registers; products are unsigned for an int of 16 bits. */
OUTLINE static void sum_window(const CONV_MEMORY weight_t *weights, const uint8_t *column, uint16_t taps, int32_t start,
                               int32_t greatest[2])
{
    const uint8_t *const end = column + taps;
    int32_t first = start;
    int32_t second = start;
#define TAP(tap)                                         \
    do {                                                 \
        const unsigned x = column[tap];                  \
        first += (int32_t)(x * weights[2 * (tap)]);      \
        KEEP2(first, second);                            \
        second += (int32_t)(x * weights[2 * (tap) + 1]); \
        KEEP2(first, second);                            \
    } while (0)
#if defined(WITH_LONG_LOOPS)
    const uint8_t *const whole = column + (taps & ~7U);
    ROLLED
    while (column != whole) {
        TAP(0);
        TAP(1);
        TAP(2);
        TAP(3);
        TAP(4);
        TAP(5);
        TAP(6);
        TAP(7);
        column += 8;
        weights += 16;
    }
#endif
    while (column != end) {
        TAP(0);
        TAP(1);
        column += 2;
        weights += 4;
    }
#undef TAP
    greatest[0] = first > greatest[0] ? first : greatest[0];
    greatest[1] = second > greatest[1] ? second : greatest[1];
}
#if defined(EIGHT_REGISTERS) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif

/* `rescale` of a layer that an AVR finds in its RAM. */
#if defined(COMPACT_WEIGHTS) && defined(__AVR__)
static int8_t rescale_conv(const rescaling_t *to, uint16_t channel, int32_t sum)
{
    if (to->rectified != 0U && sum <= 0) {
        return -128;
    }
#if defined(SHORT_CONSTANTS)
    channel = SCALE_OF(to, channel);
#endif
    return clamp(to->zero + multiply(sum, to->multiplier[channel], to->exponent[channel]), to->low, to->high);
}
OUTLINE static void conv_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch);
#else
#define rescale_conv rescale
#endif

/* `width` outputs, each the greatest of some windows. */
static inline void pixels_row(const CONV_MEMORY conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch,
                              const uint16_t width, const uint8_t windows)
{
    const uint16_t taps = layer->taps;
    uint8_t *const columns = (uint8_t *)scratch;
    size_t offset = 0;
    for (uint16_t x = 0; x < width; x++) {
        const CONV_MEMORY weight_t *weights = layer->weights;
        int8_t *to = out;
        int32_t starts[4];
        int32_t greatest[2];
        uint8_t *column = columns;
        ROLLED
        for (uint8_t window = 0; window < windows; window++) {
            starts[window] = raise(layer, rows + (window >> 1), offset + (window & 1U) * layer->step, column);
            column += taps;
        }
        offset += (windows == 1 ? 1U : 2U) * layer->step;
        for (uint16_t channel = 0; channel < layer->stored; channel++) {
            if ((channel & 1U) == 0U) {
                column = columns;
                greatest[0] = INT32_MIN;
                greatest[1] = INT32_MIN;
                for (uint8_t window = 0; window < windows; window++) {
                    sum_window(weights, column, taps, starts[window], greatest);
                    column += taps;
                }
                weights += 2U * taps;
            }
#if defined(SHORT_CONSTANTS)
            *to = rescale_conv(&layer->to, channel, BIAS_OF(&layer->to, channel) + greatest[channel & 1U]);
#else
            *to = rescale_conv(&layer->to, channel, layer->to.bias[channel] + greatest[channel & 1U]);
#endif
            to += layer->deeper;
        }
        out += layer->beside;
    }
}

static void conv_row(const CONV_MEMORY conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
#if defined(WITH_PAIRS) && defined(LITTLE_MEMORY)
    if (layer->groups != 0U) {
        pairs_row(layer, rows, out, scratch);
    } else {
        pixels_row(layer, rows, out, scratch, layer->width, IS_POOLED(layer) != 0U ? 4 : 1);
    }
#elif defined(WITH_PAIRS)
    if (layer->width > 1U || IS_POOLED(layer) != 0U) {
        pairs_row(layer, rows, out, scratch);
    } else {
        pixels_row(layer, rows, out, scratch, 1, 1);
    }
#else
    pixels_row(layer, rows, out, scratch, layer->width, IS_POOLED(layer) != 0U ? 4 : 1);
#endif
}
#endif
