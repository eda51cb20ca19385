#ifndef EDGEDIGITS_CONV_HELIUM_WINDOWS_C
#define EDGEDIGITS_CONV_HELIUM_WINDOWS_C

#include "helium.c"

#if defined(WITH_HELIUM)
/* Convolutions with windows of any length: four channels of two windows at a time. */

/* How to rescale four neighbouring channels. */
typedef struct {
    int32x4_t bias;
    int32x4_t multiplier;
    int32x4_t exponent;
} rescaling_four_t;

/* Sums of four channels to int8 in the lowest byte of each lane; see `multiply` for the arithmetic. */
static inline int32x4_t rescale_four(const rescaling_t *to, rescaling_four_t of, int32x4_t sums)
{
    const int32x4_t right = vminq_s32(of.exponent, vdupq_n_s32(0));
    sums = vshlq_s32(vaddq_s32(sums, of.bias), vmaxq_s32(of.exponent, vdupq_n_s32(0)));
    sums = vqrdmulhq_s32(sums, of.multiplier);
    /* Halves of negative numbers go down, where the shift would round them up. */
    sums = vaddq_s32(sums, vshrq_n_s32(vandq_s32(sums, right), 31));
    sums = vaddq_n_s32(vrshlq_s32(sums, right), to->zero);
    return vminq_s32(vmaxq_s32(sums, vdupq_n_s32(to->low)), vdupq_n_s32(to->high));
}

/* The same where the layer is `rectified`: what is below 0 need not be exact. */
static inline int32x4_t rectify_four(rescaling_four_t of, int32x4_t sums)
{
    sums = vrshlq_s32(vqrdmulhq_s32(vaddq_s32(sums, of.bias), of.multiplier), of.exponent);
    return vminq_s32(vmaxq_s32(vaddq_n_s32(sums, -128), vdupq_n_s32(-128)), vdupq_n_s32(127));
}

/* Where a window of `count` rows lies as consecutive bytes: in place where those are whole vectors, else copied, with zeros
 * behind. */
static const int8_t *gather(const conv_t *layer, const int8_t *const *rows, size_t count, size_t offset, int8_t *column)
{
    /* What is stored as bytes could be the layer, for all that a compiler knows: so nothing of it is read in the loop. */
    const size_t bytes = layer->segment;
    const size_t segments = layer->segments;
    const size_t apart = layer->apart;
    const size_t padding = (0U - layer->taps) % VECTOR;
    const int8_t *const *const end = rows + count;
    int8_t *to = column;
    if (count == 1U && segments == 1U && bytes % VECTOR == 0U) {
        return rows[0] + offset;
    }
    for (; rows != end; rows++) {
        const int8_t *from = *rows + offset;
        for (size_t left = segments; left != 0U; left--) {
            copy_bytes(from, bytes, to);
            to += (bytes + 1U) & ~(size_t)1;
            from += apart;
        }
    }
    if (padding != 0U) {
        vstrbq_p_s8(to, vdupq_n_s8(0), vctp8q(padding));
    }
    return column;
}

/* Sums of four channels for two windows, in the order that the assembly knows. */
typedef struct {
    const int8_t *weights[2]; /* of a channel pair each */
    const int8_t *windows[2];
    size_t vectors;  /* of a window */
    int32_t sums[8]; /* first those of the first window */
} four_by_two_t;

/* Sixteen taps: eight products of vectors for six loads. */
#define SIXTEEN_TAPS(multiply)    \
    "vldrb.u8 q2, [r5], #16\n\t"  \
    "vldrb.u8 q3, [r7], #16\n\t"  \
    "vld20.8 {q0, q1}, [r1]\n\t"  \
    "vld21.8 {q0, q1}, [r1]!\n\t" \
    multiply " r0, q2, q0\n\t"    \
    multiply " r2, q2, q1\n\t"    \
    multiply " r8, q3, q0\n\t"    \
    multiply " r10, q3, q1\n\t"   \
    "vld20.8 {q0, q1}, [r3]\n\t"  \
    "vld21.8 {q0, q1}, [r3]!\n\t" \
    multiply " r4, q2, q0\n\t"    \
    multiply " r6, q2, q1\n\t"    \
    multiply " r12, q3, q0\n\t"   \
    multiply " lr, q3, q1\n\t"
#define FIRST_TAPS SIXTEEN_TAPS("vmladav.s8")
#define MORE_TAPS SIXTEEN_TAPS("vmladava.s8")

/* Eight sums fill the eight registers that VMLADAVA can add to, which leaves none for a compiler. */
__attribute__((naked, noinline)) static void sum_two_windows(MAYBE_UNUSED four_by_two_t *task)
{
    __asm__ volatile("push {r0, r4-r11, lr}\n\t"
                     "ldm r0, {r1, r3, r5, r7, r9}\n\t" FIRST_TAPS
                     "subs r9, r9, #1\n\t"
                     "lsrs r9, r9, #1\n\t"
                     "bcc 1f\n\t" MORE_TAPS
                     "1:\n\t"
                     "beq 3f\n"
                     "2:\n\t" MORE_TAPS MORE_TAPS
                     "subs r9, r9, #1\n\t"
                     "bne 2b\n"
                     "3:\n\t"
                     "ldr r1, [sp]\n\t"
                     "strd r0, r2, [r1, #20]\n\t"
                     "strd r4, r6, [r1, #28]\n\t"
                     "strd r8, r10, [r1, #36]\n\t"
                     "strd r12, lr, [r1, #44]\n\t"
                     "pop {r0, r4-r11, pc}");
}
#undef MORE_TAPS
#undef FIRST_TAPS
#undef SIXTEEN_TAPS

/* The same for one window. */
static inline int32x4_t sum_window(const four_by_two_t *task)
{
    const int8_t *first = task->weights[0];
    const int8_t *second = task->weights[1];
    const int8_t *x = task->windows[0];
    int32_t a = 0;
    int32_t b = 0;
    int32_t c = 0;
    int32_t d = 0;
    for (size_t vectors = task->vectors; vectors != 0U; vectors--) {
        const int8x16_t taps = vldrbq_s8(x);
        const int8x16x2_t both = vld2q_s8(first);
        const int8x16x2_t more = vld2q_s8(second);
        a = vmladavaq_s8(a, taps, both.val[0]);
        b = vmladavaq_s8(b, taps, both.val[1]);
        c = vmladavaq_s8(c, taps, more.val[0]);
        d = vmladavaq_s8(d, taps, more.val[1]);
        x += VECTOR;
        first += 2 * VECTOR;
        second += 2 * VECTOR;
    }
    return four(a, b, c, d);
}

/* Sums of four channels for two neighbours, or, as the first of the two, the greatest ones of four. */
static inline int32x4x2_t sum_windows(four_by_two_t *task, const int8_t *const *windows, uint8_t pooled)
{
    int32x4x2_t sums;
    sum_two_windows(task);
    sums.val[0] = vldrwq_s32(task->sums);
    sums.val[1] = vldrwq_s32(task->sums + 4);
    if (pooled != 0U) {
        const int32x4_t above = vmaxq_s32(sums.val[0], sums.val[1]);
        task->windows[0] = windows[2];
        task->windows[1] = windows[3];
        sum_two_windows(task);
        sums.val[0] = vmaxq_s32(above, vmaxq_s32(vldrwq_s32(task->sums), vldrwq_s32(task->sums + 4)));
        task->windows[0] = windows[0];
        task->windows[1] = windows[1];
    }
    return sums;
}

/* All channels of two windows or of the greatest of four, through a rectifier; the channels are a multiple of four. */
static void rectified_windows(const conv_t *layer, const int8_t *const *windows, int8_t *out)
{
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), layer->deeper);
    const size_t pair = 2U * layer->taps;
    const size_t beside = layer->beside;
    const size_t deeper = 4U * layer->deeper;
    const uint8_t pooled = layer->pooled;
    const int32_t *bias = layer->to.bias;
    const int32_t *multiplier = layer->to.multiplier;
    const int8_t *exponent = layer->to.exponent;
    const int8_t *const end = exponent + layer->channels;
    four_by_two_t task;
    task.weights[0] = layer->weights;
    task.weights[1] = layer->weights + pair;
    task.windows[0] = windows[0];
    task.windows[1] = windows[1];
    task.vectors = (layer->taps + VECTOR - 1U) / VECTOR;
    for (; exponent != end; exponent += 4) {
        const int32x4x2_t sums = sum_windows(&task, windows, pooled);
        const rescaling_four_t of = {vldrwq_s32(bias), vldrwq_s32(multiplier), vldrbq_s32(exponent)};
        vstrbq_scatter_offset_s32(out, places, rectify_four(of, sums.val[0]));
        if (pooled == 0U) {
            vstrbq_scatter_offset_s32(out + beside, places, rectify_four(of, sums.val[1]));
        }
        bias += 4;
        multiplier += 4;
        task.weights[0] += 2U * pair;
        task.weights[1] += 2U * pair;
        out += deeper;
    }
}

/* All channels of one window, of two neighbours, or of the greatest of four. */
static void any_windows(const conv_t *layer, const int8_t *const *windows, size_t count, int8_t *out)
{
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), layer->deeper);
    four_by_two_t task;
    task.weights[0] = layer->weights;
    task.windows[0] = windows[0];
    task.windows[1] = windows[1];
    task.vectors = (layer->taps + VECTOR - 1U) / VECTOR;
    for (uint16_t channel = 0; channel < layer->channels; channel = (uint16_t)(channel + 4U)) {
        const mve_pred16_t lanes = vctp32q((uint32_t)(layer->stored - channel));
        const rescaling_four_t of = {vldrwq_z_s32(layer->to.bias + channel, lanes),
                                     vldrwq_z_s32(layer->to.multiplier + channel, lanes),
                                     vldrbq_z_s32(layer->to.exponent + channel, lanes)};
        int32x4x2_t sums;
        task.weights[1] = task.weights[0] + (channel + 2U < layer->channels ? 2U * layer->taps : 0U);
        if (count == 1U) {
            sums.val[0] = sum_window(&task);
        } else {
            sums = sum_windows(&task, windows, layer->pooled);
        }
        vstrbq_scatter_offset_p_s32(out, places, rescale_four(&layer->to, of, sums.val[0]), lanes);
        if (count == 2U) {
            vstrbq_scatter_offset_p_s32(out + layer->beside, places, rescale_four(&layer->to, of, sums.val[1]), lanes);
        }
        task.weights[0] = task.weights[1] + 2U * layer->taps;
        out += 4 * layer->deeper;
    }
}

/* The four windows of a pooled pixel. */
static inline void gather_pooled(const conv_t *layer, const int8_t *const *rows, size_t x, int8_t *column,
                                 const int8_t **windows)
{
    const size_t taps = layer->taps;
    const size_t count = layer->rows;
    const size_t step = layer->step;
    const size_t next = (taps + VECTOR - 1U) & ~(size_t)(VECTOR - 1U);
    if (count > 1U && taps % VECTOR == 0U) {
        /* One row more makes the window below, which starts a row later. */
        const size_t run = taps / count;
        windows[0] = gather(layer, rows, count + 1U, 2U * x * step, column);
        windows[1] = gather(layer, rows, count + 1U, (2U * x + 1U) * step, column + taps + run);
        windows[2] = windows[0] + run;
        windows[3] = windows[1] + run;
        return;
    }
    for (size_t window = 0; window < 4U; window++) {
        windows[window] = gather(layer, rows + window / 2U, count, (2U * x + window % 2U) * step, column);
        column += next;
    }
}

static void long_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    const size_t step = layer->step;
    const size_t width = layer->width;
    const size_t beside = layer->beside;
    const size_t column = (layer->taps + VECTOR - 1U) & ~(size_t)(VECTOR - 1U);
    const uint8_t pooled = layer->pooled;
    const uint8_t rectified = layer->to.rectified != 0U && layer->stored % 4U == 0U;
    for (size_t x = 0; x < width; x++) {
        const int8_t *windows[4] = {NULL, NULL, NULL, NULL};
        size_t count = 4;
        if (pooled != 0U) {
            gather_pooled(layer, rows, x, scratch, windows);
        } else {
            windows[0] = gather(layer, rows, layer->rows, x * step, scratch);
            count = 1;
            if (x + 1U < width) {
                windows[1] = gather(layer, rows, layer->rows, (x + 1U) * step, scratch + column);
                count = 2;
                x++;
            }
        }
        if (rectified != 0U && count > 1U) {
            rectified_windows(layer, windows, out);
        } else {
            any_windows(layer, windows, count, out);
        }
        out += count == 2U ? 2U * beside : beside;
    }
}
#endif

#endif
