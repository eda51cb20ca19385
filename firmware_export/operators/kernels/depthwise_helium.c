#include "helium.c"

#if defined(WITH_HELIUM)
/* ---- windows of 3x3, one or two columns apart, through a rectifier: four channels at a time ---- */
enum {
    STANDING = 16 /* columns */
};

/* Where the next planes lie in three rows. */
typedef struct {
    const int8_t *top;
    const int8_t *centre;
    const int8_t *bottom;
} planes_t;

/* Three rows of the next four planes as columns: a word for each, whose fourth byte is of no use, so that a window is
 * twelve neighbouring bytes. The predicate register is put back: no compiler knows that it changes. */
static inline void stand_up(planes_t *rows, size_t plane, size_t columns, int8_t *words)
{
    uint32_t predicate;
    __asm__ volatile("vmrs %[predicate], p0\n\t"
                     "vctp.8 %[columns]\n\t"
                     "dls lr, %[planes]\n"
                     "1:\n\t"
                     "vpsttt\n\t"
                     "vldrbt.u8 q0, [%[top]]\n\t"
                     "vldrbt.u8 q1, [%[centre]]\n\t"
                     "vldrbt.u8 q2, [%[bottom]]\n\t"
                     "add %[top], %[top], %[plane]\n\t"
                     "vst40.8 {q0, q1, q2, q3}, [%[words]]\n\t"
                     "add %[centre], %[centre], %[plane]\n\t"
                     "vst41.8 {q0, q1, q2, q3}, [%[words]]\n\t"
                     "add %[bottom], %[bottom], %[plane]\n\t"
                     "vst42.8 {q0, q1, q2, q3}, [%[words]]\n\t"
                     "vst43.8 {q0, q1, q2, q3}, [%[words]]!\n\t"
                     "le lr, 1b\n\t"
                     "vmsr p0, %[predicate]"
                     : [top] "+r"(rows->top), [centre] "+r"(rows->centre), [bottom] "+r"(rows->bottom),
                       [words] "+r"(words), [predicate] "=&r"(predicate)
                     : [columns] "r"(columns), [plane] "r"(plane), [planes] "r"(4)
                     : "q0", "q1", "q2", "q3", "lr", "cc", "memory");
}

/* Four neighbouring channels. */
typedef struct {
    int8x16_t a; /* weights as the columns stand, 0 where there is no tap */
    int8x16_t b;
    int8x16_t c;
    int8x16_t d;
    int32x4_t bias;
    int32x4_t multiplier;
    int32x4_t exponent;
} depthwise_group_t;

/* Their weights from nine bytes each. */
static inline void stand_weights_up(const int8_t *weights, depthwise_group_t *of)
{
    const uint8x16_t lanes = vidupq_n_u8(0, 1);
    const uint8x16_t taps = vaddq_u8(vmulq_n_u8(vandq_u8(lanes, vdupq_n_u8(3)), 3), vshrq_n_u8(lanes, 2));
    uint32_t predicate;
    __asm__ volatile("vmrs %[predicate], p0\n\t"
                     "vmsr p0, %[inside]\n\t"
                     "vpst\n\t"
                     "vldrbt.u8 %q[a], [%[weights], %q[taps]]\n\t"
                     "add %[weights], %[weights], #9\n\t"
                     "vpst\n\t"
                     "vldrbt.u8 %q[b], [%[weights], %q[taps]]\n\t"
                     "add %[weights], %[weights], #9\n\t"
                     "vpst\n\t"
                     "vldrbt.u8 %q[c], [%[weights], %q[taps]]\n\t"
                     "add %[weights], %[weights], #9\n\t"
                     "vpst\n\t"
                     "vldrbt.u8 %q[d], [%[weights], %q[taps]]\n\t"
                     "vmsr p0, %[predicate]"
                     : [weights] "+r"(weights), [predicate] "=&r"(predicate), [a] "=&w"(of->a), [b] "=&w"(of->b),
                       [c] "=&w"(of->c), [d] "=&w"(of->d)
                     : [inside] "r"(0x0777), [taps] "w"(taps)
                     : "memory");
}

/* For each of `count` pixels: four sums, rescaled, saturated at both ends by narrowing, and stored. In assembly since that
 * takes all eight vectors. `next` is how the address moves on to the next window. */
#define PIXELS(next)                                                                                         \
    __asm__ volatile("dls lr, %[count]\n"                                                                    \
                     "1:\n\t"                                                                                \
                     "vldrw.u32 %q[x], [%[words], #64]\n\t"                                                  \
                     "vmladav.s8 %[b], %q[x], %q[weights_b]\n\t"                                             \
                     "vldrw.u32 %q[x], [%[words], #128]\n\t"                                                 \
                     "vmladav.s8 %[c], %q[x], %q[weights_c]\n\t"                                             \
                     "vldrw.u32 %q[x], [%[words], #192]\n\t"                                                 \
                     "vmladav.s8 %[d], %q[x], %q[weights_d]\n\t"                                             \
                     "vldrw.u32 %q[x], [%[words]], #" next "\n\t"                                            \
                     "vmladav.s8 %[a], %q[x], %q[weights_a]\n\t"                                             \
                     "vmov %q[x][2], %q[x][0], %[a], %[c]\n\t"                                               \
                     "vmov %q[x][3], %q[x][1], %[b], %[d]\n\t"                                               \
                     "vadd.i32 %q[x], %q[x], %q[bias]\n\t"                                                   \
                     "vqrdmulh.s32 %q[x], %q[x], %q[multiplier]\n\t"                                         \
                     "vrshl.s32 %q[x], %q[x], %q[exponent]\n\t"                                              \
                     "vadd.i32 %q[x], %q[x], %[zero]\n\t"                                                    \
                     "vqmovnb.s32 %q[x], %q[x]\n\t"                                                          \
                     "vqmovnb.s16 %q[x], %q[x]\n\t"                                                          \
                     "vstrb.32 %q[x], [%[out]]\n\t"                                                          \
                     "add %[out], %[out], %[channels]\n\t"                                                   \
                     "le lr, 1b"                                                                             \
                     : [words] "+r"(words), [out] "+l"(out), [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c),    \
                       [d] "=&Te"(d), [x] "=&w"(x)                                                           \
                     : [count] "r"(count), [channels] "r"(channels), [zero] "r"(-128), [bias] "w"(of->bias), \
                       [multiplier] "w"(of->multiplier), [exponent] "w"(of->exponent),                       \
                       [weights_a] "w"(of->a), [weights_b] "w"(of->b), [weights_c] "w"(of->c),               \
                       [weights_d] "w"(of->d)                                                                \
                     : "lr", "cc", "memory")

static inline void rectified_pixels(const depthwise_group_t *of, const int8_t *words, size_t step, size_t count, int8_t *out,
                                    size_t channels)
{
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
    int32x4_t x;
    if (step == 1U) {
        PIXELS("4");
    } else {
        PIXELS("8");
    }
}
#undef PIXELS

/* Pixels whose windows fit into the columns that stand up at a time. */
static inline void rectified_pixels_of_all(const depthwise_t *layer, planes_t rows, size_t count, int8_t *out, int8_t *words)
{
    const size_t channels = layer->channels;
    const size_t plane = layer->plane;
    const size_t step = layer->step;
    const size_t columns = (count - 1U) * step + 3U;
    const int8_t *weights = layer->weights;
    const int32_t *bias = layer->to.bias;
    const int32_t *multiplier = layer->to.multiplier;
    const int8_t *exponent = layer->to.exponent;
    for (const int8_t *const end = exponent + channels; exponent != end; exponent += 4) {
        depthwise_group_t of;
        stand_up(&rows, plane, columns, words);
        stand_weights_up(weights, &of);
        of.bias = vldrwq_s32(bias);
        of.multiplier = vldrwq_s32(multiplier);
        of.exponent = vldrbq_s32(exponent);
        rectified_pixels(&of, words, step, count, out, channels);
        weights += 4 * 9;
        bias += 4;
        multiplier += 4;
        out += 4;
    }
}

static inline void rectified_row(const depthwise_t *layer, const int8_t *const *rows, int8_t *out, int8_t *words)
{
    const size_t most = layer->step == 1U ? STANDING - 2U : (STANDING - 2U) / 2U;
    const size_t width = layer->width;
    for (size_t x = 0; x < width; x += most) {
        const size_t offset = x * layer->step;
        const planes_t from = {rows[0] + offset, rows[1] + offset, rows[2] + offset};
        rectified_pixels_of_all(layer, from, width - x < most ? width - x : most, out + x * layer->channels, words);
    }
}

/* ---- any windows ---- */

/* One channel of a row, four pixels at a time. */
static void any_plane(const depthwise_t *layer, const int8_t *const *rows, uint16_t channel, size_t offset, int8_t *out)
{
    const uint32x4_t steps = vmulq_n_u32(vidupq_n_u32(0, 1), layer->step);
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), layer->channels);
    for (uint16_t x = 0; x < layer->width; x = (uint16_t)(x + 4U)) {
        const mve_pred16_t lanes = vctp32q((uint32_t)(layer->width - x));
        const int8_t *weight = layer->weights + (size_t)channel * layer->rows * layer->columns;
        int32x4_t sums = vdupq_n_s32(layer->to.bias[channel]);
        for (uint8_t row = 0; row < layer->rows; row++) {
            const int8_t *from = rows[row] + offset;
            for (uint8_t column = 0; column < layer->columns; column++) {
                sums = vmlaq_n_s32(sums, vldrbq_gather_offset_z_s32(from, steps, lanes), *weight++);
                from += layer->apart;
            }
        }
        vstrbq_scatter_offset_p_s32(out, places, rescale_lanes(&layer->to, channel, sums), lanes);
        offset += 4U * layer->step;
        out += 4U * layer->channels;
    }
}

/* One row of a depthwise convolution with as many output channels as input channels. */
static void depthwise_row(const depthwise_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    if (layer->rows == 3U && layer->columns == 3U && layer->apart == 1U && layer->step <= 2U &&
        layer->channels % 4U == 0U && layer->to.rectified != 0U) {
        rectified_row(layer, rows, out, scratch);
        return;
    }
    for (uint16_t channel = 0; channel < layer->channels; channel++) {
        any_plane(layer, rows, channel, (size_t)channel * layer->plane, out + channel);
    }
}
#endif
