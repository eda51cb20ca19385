#ifndef EDGEDIGITS_CONV_HELIUM_VECTORS_C
#define EDGEDIGITS_CONV_HELIUM_VECTORS_C

#include "conv_helium_spread.c"

#if defined(WITH_HELIUM)
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
static inline void pooled_pixels_of_four(strip_t of, const int32_t *memory, const int8_t *column, size_t count, int8_t *out,
                                         size_t beside)
{
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
    int32x4_t sums;
    int32x4_t other;
    STORED(POOLED(WINDOW));
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

/* All channels of `count` pooled pixels whose windows are a vector each. */
static void pooled_strip_of_fours(const conv_t *layer, const int8_t *columns, size_t count, int8_t *out)
{
    const size_t pair = 2U * layer->taps;
    const int8x16_t taps = vpselq_s8(vdupq_n_s8(-1), vdupq_n_s8(0), vctp8q(layer->taps));
    const size_t beside = layer->beside;
    const size_t deeper = layer->deeper;
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
        pooled_pixels_of_four(of, memory, columns, count, out, beside);
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
#endif

#endif
