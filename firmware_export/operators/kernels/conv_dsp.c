#include "dsp.c"
#include "rescale.c"

#if defined(WITH_DSP)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
/* Widens one window's bytes to pairs of 16 bits. Of four bytes the first pair is bytes 0 and 2, the second one bytes 1
 * and 3; the weights lie the same way. */
static void gather_one(const conv_t *layer, const int8_t *const *rows, size_t offset, pair_t *column)
{
    const size_t bytes = layer->segment;
    for (uint8_t row = 0; row < layer->rows; row++) {
        for (uint8_t segment = 0; segment < layer->segments; segment++) {
            const int8_t *from = rows[row] + offset + (size_t)segment * layer->apart;
            size_t left = bytes;
            for (; left >= 4U; left -= 4U) {
                const uint32_t word = four_bytes(from);
                *column++ = even(word);
                *column++ = odd(word);
                from += 4;
            }
            if (left >= 2U) {
                *column++ = lower_halves(from[0], from[1]);
                from += 2;
            }
            if ((left & 1U) != 0U) {
                *column++ = lower_halves(*from, 0);
            }
        }
    }
}

/* The same for four windows, whose pairs alternate: neighbours, or two and the two below them. */
OUTLINE static void gather_four(const conv_t *layer, const int8_t *const *rows, size_t offset, pair_t *columns)
{
    const size_t step = layer->step;
    const int8_t *const *const end = rows + layer->rows;
    for (; rows != end; rows++) {
        const int8_t *first = rows[0] + offset;
        const int8_t *third = layer->pooled != 0U ? rows[1] + offset : first + 2 * step;
        for (uint8_t segment = 0; segment < layer->segments; segment++) {
            const size_t bytes = layer->segment;
            const int8_t *from = first;
            const int8_t *below = third;
            const int8_t *const last = from + (bytes & ~(size_t)3);
#define FOUR(place, byte)                           \
    do {                                            \
        const uint32_t word = four_bytes(byte);     \
        columns[place] = even(word);                \
        columns[(place) + 4] = odd(word);           \
    } while (0)
            for (; from != last; from += 4) {
                FOUR(0, from);
                FOUR(1, from + step);
                FOUR(2, below);
                FOUR(3, below + step);
                below += 4;
                columns += 8;
            }
#undef FOUR
            if ((bytes & 3U) != 0U) {
                if ((bytes & 2U) != 0U) {
                    columns[0] = lower_halves(from[0], from[1]);
                    columns[1] = lower_halves(from[step], from[step + 1U]);
                    columns[2] = lower_halves(below[0], below[1]);
                    columns[3] = lower_halves(below[step], below[step + 1U]);
                    columns += 4;
                    from += 2;
                    below += 2;
                }
                if ((bytes & 1U) != 0U) {
                    columns[0] = lower_halves(from[0], 0);
                    columns[1] = lower_halves(from[step], 0);
                    columns[2] = lower_halves(below[0], 0);
                    columns[3] = lower_halves(below[step], 0);
                    columns += 4;
                }
            }
            first += layer->apart;
            third += layer->apart;
        }
    }
}

static inline int32_t greatest(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Two weights of two channels lie in a word as low byte and high byte of two numbers of 16 bits. One product of pairs
 * with the whole word and one with its low bytes give, for one unpacking, 256 * second + first and first. */
#if defined(WITH_ASSEMBLY)
/* What the intrinsics below say; GCC would keep two of the eight sums in memory. */
#define TIMES_ONE(window)                                                        \
    "ldr %[v], [%[x]], #4\n\t"                                                   \
    "smlad %[a" #window "], %[v], %[low], %[a" #window "]\n\t"                   \
    "smlad %[b" #window "], %[v], %[both], %[b" #window "]\n\t"
#define TIMES()                                                                  \
    __asm__("ldr %[both], [%[next]], #4\n\t"                                     \
            "sxtb16 %[low], %[both]\n\t"                                         \
            TIMES_ONE(0) TIMES_ONE(1) TIMES_ONE(2) TIMES_ONE(3)                  \
            : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3),        \
              [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3),        \
              [next] "+r"(next), [x] "+r"(x),                                    \
              [both] "=&r"(both), [low] "=&r"(low), [v] "=&r"(v)                 \
            :                                                                    \
            : "memory")
#else
#define TIMES_ONE(window)                                                        \
    v = *x++;                                                                    \
    a##window = __smlad(v, low, a##window);                                      \
    b##window = __smlad(v, both, b##window)
#define TIMES()                                                                  \
    do {                                                                         \
        both = *next++;                                                          \
        low = even((uint32_t)both);                                              \
        TIMES_ONE(0);                                                            \
        TIMES_ONE(1);                                                            \
        TIMES_ONE(2);                                                            \
        TIMES_ONE(3);                                                            \
    } while (0)
#endif

/* Twice the sums of two channels for groups of four windows: for each group four of the first channel, then four of the
 * second. */
OUTLINE static void sum_groups(const pair_t *const weights, const pair_t *const end, const pair_t *columns, int32_t bias,
                               int32_t second_bias, int32_t *sums, const int32_t *const stop)
{
    const pair_t *x = columns;
    second_bias = second_bias * 256 + bias;
    do {
        const pair_t *next = weights;
        int16x2_t both;
        int16x2_t low;
        int16x2_t v;
        int32_t a0 = bias;
        int32_t a1 = bias;
        int32_t a2 = bias;
        int32_t a3 = bias;
        int32_t b0 = second_bias;
        int32_t b1 = second_bias;
        int32_t b2 = second_bias;
        int32_t b3 = second_bias;
        do {
            TIMES();
            TIMES();
        } while (next != end);
        sums[0] = a0 * 2;
        sums[1] = a1 * 2;
        sums[2] = a2 * 2;
        sums[3] = a3 * 2;
        sums[4] = (b0 - a0) >> 7;
        sums[5] = (b1 - a1) >> 7;
        sums[6] = (b2 - a2) >> 7;
        sums[7] = (b3 - a3) >> 7;
        sums += 8;
    } while (sums != stop);
}
#undef TIMES_ONE
#undef TIMES

/* Rescales one channel of groups of four windows, the last of which starts at `last`, and stores it. */
OUTLINE static void store_channel(const conv_t *layer, uint16_t channel, const int32_t *sums, const int32_t *stop,
                                  int8_t *out, int8_t *last)
{
    const size_t beside = layer->beside;
    const uint8_t pooled = layer->pooled;
#if !defined(ONLY_RECTIFIED)
    if (layer->to.rectified == 0U) {
        for (; sums < stop; sums += 8) {
            int8_t *at = out < last ? out : last;
            if (pooled != 0U) {
                const int32_t sum = greatest(greatest(sums[0], sums[1]), greatest(sums[2], sums[3]));
                *at = rescale(&layer->to, channel, sum / 2);
            } else {
                for (uint8_t window = 0; window < 4U; window++) {
                    *at = rescale(&layer->to, channel, sums[window] / 2);
                    at += beside;
                }
                at -= beside;
            }
            out = at + beside;
        }
        return;
    }
#endif
    {
        const channel_t to = channel_of(&layer->to, channel);
        if (pooled != 0U) {
            for (; sums < stop; sums += 8) {
                *out = rectify(greatest(greatest(sums[0], sums[1]), greatest(sums[2], sums[3])), to);
                out += beside;
            }
            return;
        }
        for (; sums < stop; sums += 8) {
            int8_t *at = out < last ? out : last;
            *at = rectify(sums[0], to);
            at += beside;
            *at = rectify(sums[1], to);
            at += beside;
            *at = rectify(sums[2], to);
            at += beside;
            *at = rectify(sums[3], to);
            out = at + beside;
        }
    }
}

/* Sums of four channels for one window: of two from `weights`, of two from `more`. */
OUTLINE static void sum_one(const pair_t *weights, const pair_t *more, const pair_t *x, size_t pairs, int32_t *sums)
{
    const pair_t *const end = x + pairs;
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;
#define TIMES(place)                                       \
    do {                                                   \
        const int16x2_t both = x[place];                   \
        const int16x2_t first = weights[place];            \
        const int16x2_t second = more[place];              \
        a = __smlad(both, even((uint32_t)first), a);       \
        b = __smlad(both, first, b);                       \
        c = __smlad(both, even((uint32_t)second), c);      \
        d = __smlad(both, second, d);                      \
    } while (0)
    if ((pairs & 2U) != 0U) {
        TIMES(0);
        TIMES(1);
        x += 2;
        weights += 2;
        more += 2;
    }
    while (x != end) {
        TIMES(0);
        TIMES(1);
        TIMES(2);
        TIMES(3);
        x += 4;
        weights += 4;
        more += 4;
    }
#undef TIMES
    sums[0] += a;
    sums[1] += (b - a) >> 8;
    sums[2] += c;
    sums[3] += (d - c) >> 8;
}

/* All channels of one window. */
static void one_window(const conv_t *layer, const pair_t *column, int8_t *out)
{
    const pair_t *weights = (const pair_t *)(const void *)layer->weights;
    const size_t pairs = layer->taps / 2U;
    for (uint16_t channel = 0; channel < layer->stored; channel = (uint16_t)(channel + 4U)) {
        int32_t sums[4] = {0, 0, 0, 0};
        const uint16_t left = (uint16_t)(layer->stored - channel);
        const pair_t *const more = left > 2U ? weights + pairs : weights;
        for (size_t done = 0; done < pairs; done += layer->block) {
            const size_t count = pairs - done < layer->block ? pairs - done : layer->block;
            sum_one(weights + done, more + done, column + done, count, sums);
        }
        weights += 2 * pairs;
        for (uint8_t next = 0; next < (left < 4U ? left : 4U); next++) {
            const uint16_t place = (uint16_t)(channel + next);
            *out = rescale(&layer->to, place, sums[next] + layer->to.bias[place]);
            out += layer->deeper;
        }
    }
}

/* All channels of several groups. */
static void all_channels(const conv_t *layer, const pair_t *columns, int32_t *sums, size_t groups, int8_t *out, int8_t *last)
{
    const pair_t *weights = (const pair_t *)(const void *)layer->weights;
    const size_t pairs = layer->taps / 2U;
    const int32_t *const stop = sums + 8U * groups;
    for (uint16_t channel = 0; channel < layer->stored; channel = (uint16_t)(channel + 2U)) {
        sum_groups(weights, weights + pairs, columns, layer->to.bias[channel], layer->to.bias[channel + 1U], sums, stop);
        weights += pairs;
        store_channel(layer, channel, sums, stop, out, last);
        out += layer->deeper;
        last += layer->deeper;
        if (channel + 1U < layer->stored) {
            store_channel(layer, (uint16_t)(channel + 1U), sums + 4, stop, out, last);
            out += layer->deeper;
            last += layer->deeper;
        }
    }
}

static void conv_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    pair_t *const columns = (pair_t *)(void *)scratch;
    int32_t *const sums = (int32_t *)(void *)(columns + 2U * layer->taps * layer->groups);
    const size_t width = layer->width;
    const size_t step = layer->step;
    const size_t across = layer->pooled != 0U ? 1U : 4U;
    const size_t last = width - across; /* the last group may cover pixels once more, with the same result */
    if (width < across || layer->block < layer->taps / 2U) {
        for (size_t x = 0; x < width; x++) {
            gather_one(layer, rows, x * step, columns);
            one_window(layer, columns, out + x * layer->beside);
        }
        return;
    }
    for (size_t x = 0; x < width;) {
        int8_t *const to = out + x * layer->beside;
        pair_t *column = columns;
        size_t groups = 0;
        for (; groups < layer->groups && x < width; groups++) {
            const size_t window = layer->pooled != 0U ? 2U * x : x < last ? x : last;
            gather_four(layer, rows, window * step, column);
            column += 2U * layer->taps;
            x += across;
        }
        all_channels(layer, columns, sums, groups, to, out + last * layer->beside);
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif
