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
            ROLLED
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
            ROLLED
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
 * with the whole word and one with its low bytes give, for one unpacking, 256 * second + first and first.
 *
 * Twice the sums of two channels for groups of four windows: for each group four of the first channel, then four of the
 * second. */
#if defined(WITH_ASSEMBLY)
/* What the C below says, where compilers keep some of the eight sums in memory. A whole function, so that it has its
 * registers whatever the compiler's flags are; but r9 may be the platform's. */
#define TIMES_ONE(first, second)               \
    "ldmia r1!, {r2}\n\t"                      \
    "smlad " first ", r2, lr, " first "\n\t"   \
    "smlad " second ", r2, r3, " second "\n\t"
#define TIMES              \
    "ldmia r0!, {r3}\n\t"  \
    "sxtb16 lr, r3\n\t"    \
    TIMES_ONE("r8", "r4") TIMES_ONE("r10", "r5") TIMES_ONE("r11", "r6") TIMES_ONE("r12", "r7")
__attribute__((naked, noinline)) static void sum_groups(const pair_t *const weights MAYBE_UNUSED,
                                                        const pair_t *columns MAYBE_UNUSED,
                                                        const pair_t *const end MAYBE_UNUSED,
                                                        const int32_t *biases MAYBE_UNUSED, int32_t *sums MAYBE_UNUSED,
                                                        const int32_t *const stop MAYBE_UNUSED)
{
    __asm__(".syntax unified\n\t"
            "push {r4-r8, r10, r11, lr}\n\t"
            "ldrd r4, r3, [r3]\n\t"
            "add r3, r4, r3, lsl #8\n\t"
            "push {r0, r2, r3, r4}\n"
            "1:\n\t" /* the next group */
            "ldmia sp, {r0, r2, r4, r8}\n\t" /* weights, end, biases */
            "mov r5, r4\n\t"
            "mov r6, r4\n\t"
            "mov r7, r4\n\t"
            "mov r10, r8\n\t"
            "mov r11, r8\n\t"
            "mov r12, r8\n\t"
            "subs r2, r2, r0\n\t"
            "lsls r2, r2, #28\n\t" /* half a turn more? */
            "bmi 3f\n"
            "2:\n\t"
            TIMES TIMES
            "3:\n\t"
            TIMES TIMES
            "ldr r2, [sp, #4]\n\t"
            "cmp r0, r2\n\t"
            "bne 2b\n\t"
            "sub r4, r4, r8\n\t"
            "sub r5, r5, r10\n\t"
            "sub r6, r6, r11\n\t"
            "sub r7, r7, r12\n\t"
            "asrs r4, r4, #7\n\t"
            "asrs r5, r5, #7\n\t"
            "asrs r6, r6, #7\n\t"
            "asrs r7, r7, #7\n\t"
            "add r8, r8, r8\n\t"
            "add r10, r10, r10\n\t"
            "add r11, r11, r11\n\t"
            "add r12, r12, r12\n\t"
            "ldr r2, [sp, #48]\n\t" /* sums */
            "stmia r2!, {r8, r10-r12}\n\t"
            "stmia r2!, {r4-r7}\n\t"
            "str r2, [sp, #48]\n\t"
            "ldr r3, [sp, #52]\n\t" /* stop */
            "cmp r2, r3\n\t"
            "bne 1b\n\t"
            "add sp, sp, #16\n\t"
            "pop {r4-r8, r10, r11, pc}");
}
#undef TIMES_ONE
#undef TIMES
#else
#define TIMES_ONE(window)                   \
    v = *x++;                               \
    a##window = __smlad(v, low, a##window); \
    b##window = __smlad(v, both, b##window)
#define TIMES()                     \
    do {                            \
        both = *next++;             \
        low = even((uint32_t)both); \
        TIMES_ONE(0);               \
        TIMES_ONE(1);               \
        TIMES_ONE(2);               \
        TIMES_ONE(3);               \
    } while (0)
OUTLINE static void sum_groups(const pair_t *const weights, const pair_t *columns, const pair_t *const end,
                               const int32_t *biases, int32_t *sums, const int32_t *const stop)
{
    const int32_t bias = biases[0];
    const int32_t second_bias = biases[1] * 256 + bias;
    const pair_t *x = columns;
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
#endif

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
        ROLLED
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
        const pair_t *const end = weights + pairs;
        sum_groups(weights, columns, end, layer->to.bias + channel, sums, stop);
        weights = end;
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
