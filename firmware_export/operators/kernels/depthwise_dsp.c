#include "depthwise.c"
#include "dsp.c"

#if defined(WITH_DSP)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
/* Steps between the windows of planes: 1, 2 or, for both, 3. */
#if !defined(PLANE_STEPS)
#define PLANE_STEPS 3
#endif

#if PLANE_STEPS != 0
/* One channel of windows of 3x3 through a rectifier. Weights of the outer two columns of each row, and of the middle one
 * of the first two rows, are bytes from the lowest on. */
typedef struct {
    uint32_t upper; /* top left, centre left, top right, centre right */
    uint32_t lower; /* bottom left, top middle, bottom right, centre middle */
    int32_t last;   /* 2^17 * bottom middle + shift, see `channel_of` */
    int32_t bias;   /* twice */
    int32_t multiplier;
} plane_t;

/* A row of all channels. The assembly below copies the fields to its stack. */
typedef struct {
    const int8_t *const *rows;
    const plane_t *plane;
    int8_t *out;
    size_t channels;
    const int8_t *end;     /* behind the first byte of the last window, in the first row */
    ptrdiff_t to_next;     /* bytes from there to the next channel */
    ptrdiff_t out_to_next; /* and of the output */
    size_t plane_bytes;
    const plane_t *planes_end;
} planes_t;

#if defined(WITH_ASSEMBLY) && defined(__ARM_FEATURE_UNALIGNED)
/* What the C below says. A row of the windows that start at two inputs, or at one of them with a step of 2. */
#define LOAD(from)                 \
    "ldr r10, [" from "], #2\n\t"  \
    "sxtb16 r11, r10, ror #8\n\t"  \
    "sxtb16 r10, r10\n\t"
#define BOTH_ROWS(from, outer, middle, half)           \
    LOAD(from)                                         \
    "smlad r8, r10, " outer ", r8\n\t"                 \
    "smlab" half " r8, r11, " middle ", r8\n\t"        \
    "smlad r12, r11, " outer ", r12\n\t"               \
    "smlat" half " r12, r10, " middle ", r12\n\t"
#define ONE_ROW(from, outer, middle, half, sum)        \
    LOAD(from)                                         \
    "smlad " sum ", r10, " outer ", " sum "\n\t"       \
    "smlab" half " " sum ", r11, " middle ", " sum "\n\t"
#define ONE_WINDOW(sum)                   \
    ONE_ROW("r0", "r3", "r6", "b", sum)   \
    ONE_ROW("r1", "r4", "r6", "t", sum)   \
    ONE_ROW("r2", "r5", "r7", "t", sum)
#define RECTIFY(sum)                          \
    "smmlar " sum ", " sum ", r10, r11\n\t"   \
    "asr " sum ", " sum ", r7\n\t"            \
    "ssat " sum ", #8, " sum ", asr #1\n\t"
#define TWICE(pair) "sadd16 " pair ", " pair ", " pair "\n\t"
#define PLANES(step, windows)                              \
    __asm__(".syntax unified\n\t"                          \
            "push {r4-r8, r10, r11, lr}\n\t"               \
            "adds r1, r0, #4\n\t"                           \
            "ldmia r1, {r1-r8}\n\t"                        \
            "push {r1-r8}\n\t"                             \
            "sub sp, sp, #12\n\t"                          \
            "ldr r2, [r0]\n\t"                             \
            "ldmia r2, {r0-r2}\n"                          \
            "1:\n\t" /* the next channel */                \
            "ldr lr, [sp, #12]\n\t"                        \
            "ldmia lr!, {r4, r6-r8, r10}\n\t"              \
            "str lr, [sp, #12]\n\t"                        \
            "sxtb16 r3, r4\n\t"                            \
            "sxtb16 r4, r4, ror #8\n\t"                    \
            "sxtb16 r5, r6\n\t"                            \
            "sxtb16 r6, r6, ror #8\n\t"                    \
            TWICE("r3") TWICE("r4") TWICE("r5") TWICE("r6") \
            "mvn r11, #254\n\t"                            \
            "lsl r11, r11, r7\n\t" /* by the lowest byte */ \
            "stmia sp, {r8, r10, r11}\n"                   \
            "2:\n\t" /* the next two windows */            \
            "ldr r8, [sp]\n\t"                             \
            "mov r12, r8\n\t"                              \
            windows                                        \
            "ldrd r10, r11, [sp, #4]\n\t"                  \
            RECTIFY("r8")                                  \
            RECTIFY("r12")                                 \
            "ldrd r10, r11, [sp, #16]\n\t"                 \
            "ldr lr, [sp, #24]\n\t"                        \
            "strb r8, [r10]\n\t"                           \
            "strb r12, [r10, r11]\n\t"                     \
            "add r10, r10, r11, lsl #1\n\t"                \
            "str r10, [sp, #16]\n\t"                       \
            "subs lr, lr, r0\n\t"                          \
            "cmp lr, #" step "\n\t"                        \
            "bhi 2b\n\t"                                   \
            "bne 3f\n\t"                                   \
            "subs r0, r0, #" step "\n\t" /* one is left: the last two once more */ \
            "subs r1, r1, #" step "\n\t"                   \
            "subs r2, r2, #" step "\n\t"                   \
            "sub r10, r10, r11\n\t"                        \
            "str r10, [sp, #16]\n\t"                       \
            "b 2b\n"                                       \
            "3:\n\t"                                       \
            "ldrd r3, r4, [sp, #28]\n\t"                   \
            "add r0, r0, r3\n\t"                           \
            "add r1, r1, r3\n\t"                           \
            "add r2, r2, r3\n\t"                           \
            "add r10, r10, r4\n\t"                         \
            "str r10, [sp, #16]\n\t"                       \
            "ldr r3, [sp, #24]\n\t"                        \
            "ldrd r4, r5, [sp, #36]\n\t"                   \
            "add r3, r3, r4\n\t"                           \
            "str r3, [sp, #24]\n\t"                        \
            "ldr r3, [sp, #12]\n\t"                        \
            "cmp r3, r5\n\t"                               \
            "bne 1b\n\t"                                   \
            "add sp, sp, #44\n\t"                          \
            "pop {r4-r8, r10, r11, pc}")

#if (PLANE_STEPS & 1) != 0
__attribute__((naked, noinline)) static void planes_by_one(MAYBE_UNUSED const planes_t *all)
{
    PLANES("1", BOTH_ROWS("r0", "r3", "r6", "b") BOTH_ROWS("r1", "r4", "r6", "t") BOTH_ROWS("r2", "r5", "r7", "t"));
}
#endif

#if (PLANE_STEPS & 2) != 0
__attribute__((naked, noinline)) static void planes_by_two(MAYBE_UNUSED const planes_t *all)
{
    PLANES("2", ONE_WINDOW("r8") ONE_WINDOW("r12"));
}
#endif
#undef LOAD
#undef BOTH_ROWS
#undef ONE_ROW
#undef ONE_WINDOW
#undef RECTIFY
#undef TWICE
#undef PLANES
#else
/* One row of a 3x3 window times four of its inputs: for the window that starts at the first input, and for the next. */
#define ROW(from, outer, middle, times_even, times_odd)     \
    do {                                                    \
        const uint32_t x = four_bytes(from);                \
        const int16x2_t x_even = even(x);                   \
        const int16x2_t x_odd = odd(x);                     \
        a = __smlad(x_even, outer, a);                      \
        a = times_odd(x_odd, middle, a);                    \
        b = __smlad(x_odd, outer, b);                       \
        b = times_even(x_even, middle, b);                  \
    } while (0)
#define NOTHING(x, w, sum) (sum)

static inline int16x2_t twice(int16x2_t pair)
{
    return __sadd16(pair, pair);
}

/* Two windows; the second one, with a step of 2, is made for nothing. */
static inline void sum_planes(const planes_t *all, const size_t step)
{
    const int8_t *from[3] = {all->rows[0], all->rows[1], all->rows[2]};
    const int8_t *end = all->end;
    int8_t *out = all->out;
    for (const plane_t *plane = all->plane; plane != all->planes_end; plane++) {
        const channel_t to = channel_of(plane->multiplier, plane->last, RECTIFIED);
        const int16x2_t upper = twice(even(plane->upper));
        const int16x2_t centre_outer = twice(odd(plane->upper));
        const int16x2_t lower = twice(even(plane->lower));
        const int16x2_t middles = twice(odd(plane->lower));
        const int8_t *top = from[0];
        const int8_t *centre = from[1];
        const int8_t *bottom = from[2];
        do {
            int32_t a = plane->bias;
            int32_t b = a;
            if (step == 1U) {
                if (end - top == 1) {
                    top--;
                    centre--;
                    bottom--;
                    out -= all->channels;
                }
                ROW(top, upper, middles, __smlatb, __smlabb);
                ROW(centre, centre_outer, middles, __smlatt, __smlabt);
                ROW(bottom, lower, plane->last, __smlatt, __smlabt);
            } else {
                ROW(top, upper, middles, NOTHING, __smlabb);
                ROW(centre, centre_outer, middles, NOTHING, __smlabt);
                ROW(bottom, lower, plane->last, NOTHING, __smlabt);
            }
            *out = rectify(a, to);
            out += all->channels;
            if (step == 1U) {
                *out = rectify(b, to);
                out += all->channels;
            }
            top += 2;
            centre += 2;
            bottom += 2;
        } while (top != end);
        out += all->out_to_next;
        end += all->plane_bytes;
        for (size_t row = 0; row < 3U; row++) {
            from[row] += all->plane_bytes;
        }
    }
}
#undef ROW
#undef NOTHING

#if (PLANE_STEPS & 1) != 0
OUTLINE static void planes_by_one(const planes_t *all)
{
    sum_planes(all, 1U);
}
#endif

#if (PLANE_STEPS & 2) != 0
OUTLINE static void planes_by_two(const planes_t *all)
{
    sum_planes(all, 2U);
}
#endif
#endif

#if PLANE_STEPS == 1
#define SUM_PLANES(step) planes_by_one
#elif PLANE_STEPS == 2
#define SUM_PLANES(step) planes_by_two
#else
#define SUM_PLANES(step) ((step) == 1U ? planes_by_one : planes_by_two)
#endif
#endif

#if !defined(ONLY_RECTIFIED_PLANES)
/* One channel of a row, whatever its window. */
OUTLINE static void depthwise_plane(const depthwise_t *layer, const int8_t *const *rows, uint16_t channel, size_t offset,
                                    const int8_t *weights, int8_t *out)
{
    const int32_t bias = layer->to.bias[channel];
    for (uint16_t x = 0; x < layer->width; x++) {
        *out = rescale(&layer->to, channel, bias + depthwise_sum(layer, rows, offset, weights));
        out += layer->channels;
        offset += layer->step;
    }
}
#endif

/* One row of a depthwise convolution with as many output channels as input channels. */
static void depthwise_row(const depthwise_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    const uint16_t channels = layer->channels;
    (void)scratch;
#if !defined(ONLY_RECTIFIED_PLANES)
#if PLANE_STEPS != 0
    if (layer->weights != NULL)
#endif
    {
        const int8_t *weights = layer->weights;
        size_t offset = 0;
        for (uint16_t channel = 0; channel < channels; channel++) {
            depthwise_plane(layer, rows, channel, offset, weights, out);
            out++;
            weights += (size_t)layer->rows * layer->columns;
            offset += layer->plane;
        }
        return;
    }
#endif
#if PLANE_STEPS != 0
    {
        const plane_t *const planes = (const plane_t *)(const void *)layer->to.bias;
        const ptrdiff_t width = layer->width;
        const ptrdiff_t bytes = width * layer->step;
        const planes_t all = {rows, planes, out, channels, rows[0] + bytes, layer->plane - bytes, 1 - width * channels,
                              layer->plane, planes + channels};
        SUM_PLANES(layer->step)(&all);
    }
#endif
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif
