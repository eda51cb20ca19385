#ifndef EDGEDIGITS_CONV_HELIUM_STRIP_C
#define EDGEDIGITS_CONV_HELIUM_STRIP_C

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

/* Words from `step` bytes apart to `apart` bytes apart. */
static void spread_words(const int8_t *from, size_t step, int8_t *to, size_t apart, size_t count)
{
    const uint8x16_t lanes = vidupq_n_u8(0, 1);
    const uint8x16_t bytes = vaddq_u8(vandq_u8(lanes, vdupq_n_u8(3)), vmulq_n_u8(vshrq_n_u8(lanes, 2), (uint8_t)step));
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), apart);
    for (size_t fours = count / 4U; fours != 0U; fours--) {
        const int8x16_t words = vldrbq_gather_offset_s8(from, bytes);
        vstrwq_scatter_offset_s32((int32_t *)(void *)to, places, vreinterpretq_s32_s8(words));
        from += 4 * step;
        to += 4 * apart;
    }
    if (count % 4U != 0U) {
        const int8x16_t words = vldrbq_gather_offset_z_s8(from, bytes, vctp8q(4U * (count % 4U)));
        vstrwq_scatter_offset_p_s32((int32_t *)(void *)to, places, vreinterpretq_s32_s8(words), vctp32q(count % 4U));
    }
}

/* Runs of up to 32 bytes from `step` bytes apart to `apart` bytes apart. */
static void spread_runs(const int8_t *from, size_t step, int8_t *to, size_t apart, size_t count, size_t bytes)
{
    mve_pred16_t lanes;
    if (bytes > VECTOR) {
        const int8_t *byte = from;
        int8_t *place = to;
        for (size_t left = count; left != 0U; left--) {
            vstrbq_s8(place, vldrbq_s8(byte));
            byte += step;
            place += apart;
        }
        from += VECTOR;
        to += VECTOR;
        bytes -= VECTOR;
    }
    lanes = vctp8q(bytes);
    for (; count != 0U; count--) {
        vstrbq_p_s8(to, vldrbq_z_s8(from, lanes), lanes);
        from += step;
        to += apart;
    }
}

/* Copies windows that lie `step` bytes apart to places `apart` bytes apart. */
static void spread(const conv_t *layer, const int8_t *const *rows, size_t offset, size_t step, int8_t *to, size_t apart,
                   size_t count)
{
    const size_t bytes = layer->segment;
    const size_t segments = layer->segments;
    const size_t next = layer->apart;
    const int8_t *const *const end = rows + layer->rows;
    const uint8_t words = bytes == 4U && 3U * step + 3U <= FAR;
    for (; rows != end; rows++) {
        const int8_t *from = *rows + offset;
        for (size_t left = segments; left != 0U; left--) {
            if (words != 0U) {
                spread_words(from, step, to, apart, count);
            } else {
                spread_runs(from, step, to, apart, count, bytes);
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
    if (layer->pooled == 0U) {
        spread(layer, rows, x * step, step, to, slot, count);
        return;
    }
    for (size_t window = 0; window < 4U; window++) {
        spread(layer, rows + window / 2U, (2U * x + window % 2U) * step, 2U * step, to + window * slot, 4U * slot, count);
    }
}

/* What the assembly needs of four channels (a to d), or of two (a and c, b and d: first and second vector). */
typedef struct {
    int8x16_t a; /* weights, 0 behind the last tap */
    int8x16_t b;
    int8x16_t c;
    int8x16_t d;
    int32x4_t multiplier;
    int32x4_t exponent;
} strip_t;

/* Four sums of the next window as a vector, which first holds the window. */
#define WINDOW(sums)                                        \
    "vldrb.u8 %q[" sums "], [%[column]], #16\n\t"           \
    "vmladav.s8 %[a], %q[" sums "], %q[weights_a]\n\t"      \
    "vmladav.s8 %[b], %q[" sums "], %q[weights_b]\n\t"      \
    "vmladav.s8 %[c], %q[" sums "], %q[weights_c]\n\t"      \
    "vmladav.s8 %[d], %q[" sums "], %q[weights_d]\n\t"      \
    "vmov %q[" sums "][2], %q[" sums "][0], %[a], %[c]\n\t" \
    "vmov %q[" sums "][3], %q[" sums "][1], %[b], %[d]\n\t"

/* Two sums of each of the next two windows. */
#define WINDOWS(sums)                                       \
    "vldrb.u8 %q[" sums "], [%[column]], #16\n\t"           \
    "vmladav.s8 %[a], %q[" sums "], %q[weights_a]\n\t"      \
    "vmladav.s8 %[b], %q[" sums "], %q[weights_b]\n\t"      \
    "vldrb.u8 %q[" sums "], [%[column]], #16\n\t"           \
    "vmladava.s8 %[a], %q[" sums "], %q[weights_c]\n\t"     \
    "vmladava.s8 %[b], %q[" sums "], %q[weights_d]\n\t"     \
    "vldrb.u8 %q[" sums "], [%[column]], #16\n\t"           \
    "vmladav.s8 %[c], %q[" sums "], %q[weights_a]\n\t"      \
    "vmladav.s8 %[d], %q[" sums "], %q[weights_b]\n\t"      \
    "vldrb.u8 %q[" sums "], [%[column]], #16\n\t"           \
    "vmladava.s8 %[c], %q[" sums "], %q[weights_c]\n\t"     \
    "vmladava.s8 %[d], %q[" sums "], %q[weights_d]\n\t"     \
    "vmov %q[" sums "][2], %q[" sums "][0], %[a], %[c]\n\t" \
    "vmov %q[" sums "][3], %q[" sums "][1], %[b], %[d]\n\t"

/* The greatest of four. */
#define POOLED(next)                                                        \
    next("sums") next("other") "vmax.s32 %q[sums], %q[sums], %q[other]\n\t" \
    next("other") "vmax.s32 %q[sums], %q[sums], %q[other]\n\t"              \
    next("other") "vmax.s32 %q[sums], %q[sums], %q[other]\n\t"

/* `count` times four sums, rescaled as a rectifier does (what is below 0 need not be exact, and narrowing saturates at both
 * ends), and stored. */
#define STORED(count_of_sums)                                                                               \
    __asm__ volatile("dls lr, %[count]\n"                                                                   \
                     "1:\n\t" count_of_sums                                                                 \
                     "vldrw.u32 %q[other], [%[memory]]\n\t"                                                 \
                     "vadd.i32 %q[sums], %q[sums], %q[other]\n\t"                                           \
                     "vqrdmulh.s32 %q[sums], %q[sums], %q[multiplier]\n\t"                                  \
                     "vrshl.s32 %q[sums], %q[sums], %q[exponent]\n\t"                                       \
                     "vadd.i32 %q[sums], %q[sums], %[zero]\n\t"                                             \
                     "vqmovnb.s32 %q[sums], %q[sums]\n\t"                                                   \
                     "vqmovnb.s16 %q[sums], %q[sums]\n\t"                                                   \
                     "vldrw.u32 %q[other], [%[memory], #16]\n\t"                                            \
                     "vstrb.32 %q[sums], [%[out], %q[other]]\n\t"                                           \
                     "add %[out], %[out], %[beside]\n\t"                                                    \
                     "le lr, 1b"                                                                            \
                     : [column] "+r"(column), [out] "+r"(out), [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), \
                       [d] "=&Te"(d), [sums] "=&w"(sums), [other] "=&w"(other)                              \
                     : [count] "r"(count), [beside] "r"(beside), [zero] "r"(-128), [memory] "r"(memory),    \
                       [multiplier] "w"(of.multiplier), [exponent] "w"(of.exponent), [weights_a] "w"(of.a), \
                       [weights_b] "w"(of.b), [weights_c] "w"(of.c), [weights_d] "w"(of.d)                  \
                     : "lr", "cc", "memory")

/* Four channels of `count` pixels. `memory` holds the biases of the four sums and then the places of the outputs: there are
 * not enough registers. */
static inline void pixels_of_four(strip_t of, const int32_t *memory, const int8_t *column, size_t count, int8_t *out,
                                  size_t beside, uint8_t pooled)
{
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
    int32x4_t sums;
    int32x4_t other;
    if (pooled != 0U) {
        STORED(POOLED(WINDOW));
    } else {
        STORED(WINDOW("sums"));
    }
}

/* Two channels of `count` pairs of pixels. */
static inline void pixels_of_two(strip_t of, const int32_t *memory, const int8_t *column, size_t count, int8_t *out,
                                 size_t beside, uint8_t pooled)
{
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
    int32x4_t sums;
    int32x4_t other;
    if (pooled != 0U) {
        STORED(POOLED(WINDOWS));
    } else {
        STORED(WINDOWS("sums"));
    }
}
#undef STORED
#undef POOLED
#undef WINDOWS
#undef WINDOW

/* All channels of `count` pixels whose windows are a vector each. */
static void strip_of_fours(const conv_t *layer, const int8_t *columns, size_t count, int8_t *out)
{
    const size_t pair = 2U * layer->taps;
    const int8x16_t taps = vpselq_s8(vdupq_n_s8(-1), vdupq_n_s8(0), vctp8q(layer->taps));
    const size_t beside = layer->beside;
    const size_t deeper = layer->deeper;
    const uint8_t pooled = layer->pooled;
    const int8_t *weights = layer->weights;
    const int32_t *bias = layer->to.bias;
    const int32_t *multiplier = layer->to.multiplier;
    const int8_t *exponent = layer->to.exponent;
    const int8_t *const end = exponent + layer->channels;
    int32_t memory[8];
    vstrwq_s32(memory + 4, vreinterpretq_s32_u32(vmulq_n_u32(vidupq_n_u32(0, 1), deeper)));
    for (; exponent != end; exponent += 4) {
        const int8x16x2_t first = two_channels(weights);
        const int8x16x2_t second = two_channels(weights + pair);
        const strip_t of = {vandq_s8(first.val[0], taps),  vandq_s8(first.val[1], taps), vandq_s8(second.val[0], taps),
                            vandq_s8(second.val[1], taps), vldrwq_s32(multiplier),       vldrbq_s32(exponent)};
        vstrwq_s32(memory, vldrwq_s32(bias));
        pixels_of_four(of, memory, columns, count, out, beside, pooled);
        weights += 2U * pair;
        bias += 4;
        multiplier += 4;
        out += 4U * deeper;
    }
}

/* All channels of `count` pairs of pixels, `away` pixels apart, whose windows are two vectors each. */
static void strip_of_pairs(const conv_t *layer, const int8_t *columns, size_t count, size_t away, int8_t *out)
{
    const size_t pair = 2U * layer->taps;
    const int8x16_t taps = vpselq_s8(vdupq_n_s8(-1), vdupq_n_s8(0), vctp8q(layer->taps - (uint32_t)VECTOR));
    const size_t beside = layer->beside;
    const size_t deeper = layer->deeper;
    const uint8_t pooled = layer->pooled;
    const int8_t *weights = layer->weights;
    const int32_t *bias = layer->to.bias;
    const int32_t *multiplier = layer->to.multiplier;
    const int8_t *exponent = layer->to.exponent;
    const int8_t *const end = exponent + layer->channels;
    int32_t memory[8];
    memory[4] = 0;
    memory[5] = (int32_t)deeper;
    memory[6] = (int32_t)(away * beside);
    memory[7] = (int32_t)(away * beside + deeper);
    for (; exponent != end; exponent += 2) {
        const int8x16x2_t first = two_channels(weights);
        const int8x16x2_t second = two_channels(weights + 2 * VECTOR);
        const strip_t of = {first.val[0],
                            first.val[1],
                            vandq_s8(second.val[0], taps),
                            vandq_s8(second.val[1], taps),
                            four(multiplier[0], multiplier[1], multiplier[0], multiplier[1]),
                            four(exponent[0], exponent[1], exponent[0], exponent[1])};
        memory[0] = bias[0];
        memory[1] = bias[1];
        memory[2] = bias[0];
        memory[3] = bias[1];
        pixels_of_two(of, memory, columns, count, out, beside, pooled);
        weights += pair;
        bias += 2;
        multiplier += 2;
        out += 2U * deeper;
    }
}

/* Whether `strip_row` can do a layer. */
static inline uint8_t fits_strips(const conv_t *layer)
{
    return layer->to.rectified != 0U && (layer->taps <= VECTOR ? layer->stored % 4U == 0U
                                         : layer->taps <= 2U * VECTOR && layer->stored % 2U == 0U && layer->width > 1U);
}

static void strip_row(const conv_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    const size_t width = layer->width;
    const size_t most = layer->pooled != 0U ? STRIP / 4U : STRIP;
    if (layer->pooled == 0U && layer->rows == 1U && layer->segment == VECTOR && layer->step == VECTOR) {
        strip_of_fours(layer, rows[0], width, out);
        return;
    }
    for (size_t x = 0; x < width; x += most) {
        const size_t count = width - x < most ? width - x : most;
        if (layer->taps <= VECTOR) {
            spread_pixels(layer, rows, x, count, scratch, VECTOR);
            strip_of_fours(layer, scratch, count, out);
        } else {
            /* The first half of the pixels and the last one; of an odd number the middle one is in both. */
            const size_t half = (count + 1U) / 2U;
            spread_pixels(layer, rows, x, half, scratch, 4U * VECTOR);
            spread_pixels(layer, rows, x + count - half, half, scratch + 2U * VECTOR, 4U * VECTOR);
            strip_of_pairs(layer, scratch, half, count - half, out);
        }
        out += count * layer->beside;
    }
}
#endif

#endif
