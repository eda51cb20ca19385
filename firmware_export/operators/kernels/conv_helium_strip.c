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

/* How the kernels compute a layer, and what no layer of this network needs. */
enum {
    LONG = 1,         /* any window */
    POOLED_FOURS = 2, /* windows of one vector, four channels of one pooled pixel at a time */
    TWOS = 4,         /* windows of two vectors, two channels of two pixels */
    HALVES = 8        /* four channels of two pixels */
};
#if !defined(HELIUM_WAYS)
#define HELIUM_WAYS 15
#endif

static inline int way_of(const conv_t *layer)
{
    const size_t taps = layer->taps;
    const size_t fours = layer->stored % 4U == 0U;
    if (layer->to.rectified == 0U || taps > 2U * VECTOR || (taps <= VECTOR && fours == 0U) || layer->stored % 2U != 0U ||
        (taps > VECTOR && layer->width == 1U)) {
        return LONG;
    }
    if (layer->pooled != 0U) {
        return taps <= VECTOR ? POOLED_FOURS : TWOS;
    }
    return fours != 0U ? HALVES : TWOS;
}

/* Where four words lie `step` bytes apart, byte by byte, and where they go. */
typedef struct {
    uint8x16_t from;
    uint32x4_t to;
    size_t step; /* bytes from four words to the next four */
    size_t apart;
} word_places_t;

/* `count` words. The loop predicates its last round. */
static inline void spread_words(word_places_t places, const int8_t *from, int8_t *to, size_t count)
{
    int8x16_t words;
    __asm__ volatile("dlstp.8 lr, %[bytes]\n"
                     "1:\n\t"
                     "vldrb.u8 %q[words], [%[from], %q[bytes_from]]\n\t"
                     "add %[from], %[from], %[step]\n\t"
                     "vstrw.32 %q[words], [%[to], %q[words_to]]\n\t"
                     "add %[to], %[to], %[apart]\n\t"
                     "letp lr, 1b"
                     : [from] "+r"(from), [to] "+r"(to), [words] "=&w"(words)
                     : [bytes] "r"(4U * count), [step] "r"(places.step), [apart] "r"(places.apart),
                       [bytes_from] "w"(places.from), [words_to] "w"(places.to)
                     : "lr", "cc", "memory");
}

/* Runs of up to 16 bytes from `step` bytes apart to `apart` bytes apart. The predicate register is put back: no compiler knows
 * that it changes. */
static inline void spread_runs(const int8_t *from, size_t step, int8_t *to, size_t apart, size_t count, size_t bytes)
{
    uint32_t predicate;
    int8x16_t run;
    __asm__ volatile("vmrs %[predicate], p0\n\t"
                     "vctp.8 %[bytes]\n\t"
                     "dls lr, %[count]\n"
                     "1:\n\t"
                     "vpstt\n\t"
                     "vldrbt.u8 %q[run], [%[from]]\n\t"
                     "vstrbt.8 %q[run], [%[to]]\n\t"
                     "add %[from], %[from], %[step]\n\t"
                     "add %[to], %[to], %[apart]\n\t"
                     "le lr, 1b\n\t"
                     "vmsr p0, %[predicate]"
                     : [from] "+r"(from), [to] "+r"(to), [run] "=&w"(run), [predicate] "=&r"(predicate)
                     : [bytes] "r"(bytes), [step] "r"(step), [apart] "r"(apart), [count] "r"(count)
                     : "lr", "cc", "memory");
}

/* Copies windows that lie `step` bytes apart to places `apart` bytes apart. */
static void spread(const conv_t *layer, const int8_t *const *rows, size_t offset, size_t step, int8_t *to, size_t apart,
                   size_t count)
{
    const size_t bytes = layer->segment;
    const size_t segments = layer->segments;
    const size_t next = layer->apart;
    const int8_t *const *const end = rows + layer->rows;
    const uint8_t words = bytes % 4U == 0U && 3U * step + 3U <= FAR;
    const uint8x16_t lanes = vidupq_n_u8(0, 1);
    const word_places_t places = {
        vaddq_u8(vandq_u8(lanes, vdupq_n_u8(3)), vmulq_n_u8(vshrq_n_u8(lanes, 2), (uint8_t)step)),
        vmulq_n_u32(vidupq_n_u32(0, 1), apart), 4U * step, 4U * apart};
    for (; rows != end; rows++) {
        const int8_t *from = *rows + offset;
        for (size_t left = segments; left != 0U; left--) {
            if (words != 0U) {
                for (size_t byte = 0; byte != bytes; byte += 4U) {
                    spread_words(places, from + byte, to + byte, count);
                }
            } else {
                spread_runs(from, step, to, apart, count, bytes);
                if (bytes > VECTOR) {
                    spread_runs(from + VECTOR, step, to + VECTOR, apart, count, bytes - VECTOR);
                }
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
    if ((HELIUM_WAYS & (POOLED_FOURS | TWOS)) == 0 || layer->pooled == 0U) {
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

/* What `sum_strip` and `sum_pairs` know, which know the order: all channels of windows that are pairs of two. */
typedef struct {
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *exponent;
    int8_t *out;
    const int8_t *first; /* window of the first pair */
    const int8_t *second;
    size_t pairs;
    size_t fours;       /* of channels */
    size_t beside;      /* bytes from an output to the next */
    size_t deeper;      /* bytes from four channels to the next four */
    size_t pair;        /* bytes from the weights of two channels to the next, or from the last 32 of two */
    size_t step;        /* bytes from a window to the next */
    size_t rest;        /* predicate of its second vector */
    uint32_t places[4]; /* of four channels of both windows, in halves */
    int8_t taps[16];    /* -1 where the only vector of a window has taps, else 0 */
} windows_t;

/* Windows of one vector: the weights of four channels stay in registers for all of them. r7 is not told to the compiler,
 * which may keep its frame there. */
OUTLINE static void sum_strip(windows_t *windows)
{
    register windows_t *task __asm__("r0") = windows;
    __asm__ volatile("push {r7}\n\t"
                     "mov r12, r0\n\t"
                     "ldr r10, [r12, #4]\n\t"
                     "ldr r7, [r12, #12]\n\t"
                     "ldr r11, [r12, #36]\n\t"
                     "movs r8, #128\n"
                     "1:\n\t"
                     "ldr r1, [r12]\n\t"
                     "ldr r3, [r12, #44]\n\t"
                     "vldrb.u8 q4, [r12, #72]\n\t"
                     "vld20.8 {q0, q1}, [r1]\n\t"
                     "vld21.8 {q0, q1}, [r1]\n\t"
                     "add r1, r1, r3\n\t"
                     "vld20.8 {q2, q3}, [r1]\n\t"
                     "vld21.8 {q2, q3}, [r1]\n\t"
                     "add r1, r1, r3\n\t"
                     "vand q0, q0, q4\n\t"
                     "vand q1, q1, q4\n\t"
                     "vand q2, q2, q4\n\t"
                     "vand q3, q3, q4\n\t"
                     "str r1, [r12]\n\t"
                     "ldr r3, [r12, #8]\n\t"
                     "ldr r5, [r12, #16]\n\t"
                     "vldrw.u32 q4, [r3], #16\n\t"
                     "ldr r0, [r12, #28]\n\t"
                     "str r3, [r12, #8]\n\t"
                     "ldrd r1, r3, [r12, #20]\n\t"
                     "dls lr, r0\n"
                     "2:\n\t"
                     "vldrb.u8 q5, [r1], #16\n\t"
                     "vmladav.s8 r0, q5, q0\n\t"
                     "vmladav.s8 r2, q5, q1\n\t"
                     "vmladav.s8 r4, q5, q2\n\t"
                     "vmladav.s8 r6, q5, q3\n\t"
                     "vmov q5[2], q5[0], r0, r4\n\t"
                     "vmov q5[3], q5[1], r2, r6\n\t"
                     "vldrb.u8 q6, [r3], #16\n\t"
                     "vmladav.s8 r0, q6, q0\n\t"
                     "vmladav.s8 r2, q6, q1\n\t"
                     "vmladav.s8 r4, q6, q2\n\t"
                     "vmladav.s8 r6, q6, q3\n\t"
                     "vmov q6[2], q6[0], r0, r4\n\t"
                     "vmov q6[3], q6[1], r2, r6\n\t"
                     "vldrw.u32 q7, [r10]\n\t"
                     "vadd.i32 q5, q5, q7\n\t"
                     "vadd.i32 q6, q6, q7\n\t"
                     "vqrdmulh.s32 q5, q5, q4\n\t"
                     "vqrdmulh.s32 q6, q6, q4\n\t"
                     "vldrb.s32 q7, [r7]\n\t"
                     "vrshl.s32 q5, q5, q7\n\t"
                     "vrshl.s32 q6, q6, q7\n\t"
                     "vqmovnb.s32 q5, q5\n\t"
                     "vqmovnt.s32 q5, q6\n\t"
                     "vqmovunb.s16 q5, q5\n\t"
                     "vldrw.u32 q7, [r12, #56]\n\t"
                     "vadd.i8 q5, q5, r8\n\t"
                     "vstrb.16 q5, [r5, q7]\n\t"
                     "add r5, r5, r11\n\t"
                     "le lr, 2b\n\t"
                     "ldr r0, [r12, #40]\n\t"
                     "ldr r5, [r12, #16]\n\t"
                     "add r10, r10, #16\n\t"
                     "add r5, r5, r0\n\t"
                     "ldr r1, [r12, #32]\n\t"
                     "str r5, [r12, #16]\n\t"
                     "adds r7, r7, #4\n\t"
                     "subs r1, r1, #1\n\t"
                     "str r1, [r12, #32]\n\t"
                     "bne 1b\n\t"
                     "pop {r7}"
                     : "+r"(task)
                     :
                     : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r10", "r11", "r12", "lr", "q0", "q1", "q2", "q3",
                       "q4", "q5", "q6", "q7", "cc", "memory");
}

/* Windows of two vectors: two of them stay in registers for all channels. The predicate register is put back: no compiler
 * knows that it changes. */
OUTLINE static void sum_pairs(windows_t *windows)
{
    register windows_t *task __asm__("r0") = windows;
    __asm__ volatile("vmrs r1, p0\n\t"
                     "push {r1, r7}\n\t"
                     "ldr r1, [r0, #52]\n\t"
                     "vmsr p0, r1\n\t"
                     "vldrw.u32 q0, [r0, #56]\n\t"
                     "ldr r3, [r0, #40]\n\t"
                     "movs r1, #128\n\t"
                     "sub sp, sp, #32\n\t"
                     "vstrw.32 q0, [sp, #16]\n\t"
                     "strd r1, r3, [sp]\n\t"
                     "str r0, [sp, #8]\n"
                     "1:\n\t"
                     "ldrd r1, r3, [r0, #20]\n\t"
                     "ldr r5, [r0, #48]\n\t"
                     "vldrb.u8 q0, [r1]\n\t"
                     "vldrb.u8 q1, [r3]\n\t"
                     "vpstt\n\t"
                     "vldrbt.u8 q2, [r1, #16]\n\t"
                     "vldrbt.u8 q3, [r3, #16]\n\t"
                     "add r1, r1, r5\n\t"
                     "add r3, r3, r5\n\t"
                     "strd r1, r3, [r0, #20]\n\t"
                     "ldr r11, [r0, #16]\n\t"
                     "ldrd r2, r4, [r0, #32]\n\t"
                     "ldr r12, [r0, #44]\n\t"
                     "add r4, r4, r11\n\t"
                     "str r4, [r0, #16]\n\t"
                     "ldm r0, {r1, r3, r5, r7}\n\t"
                     "dls lr, r2\n"
                     "2:\n\t"
                     "vld20.8 {q4, q5}, [r1]\n\t"
                     "vld21.8 {q4, q5}, [r1]!\n\t"
                     "vmladav.s8 r0, q0, q4\n\t"
                     "vmladav.s8 r2, q0, q5\n\t"
                     "vmladav.s8 r4, q1, q4\n\t"
                     "vmladav.s8 r6, q1, q5\n\t"
                     "vld20.8 {q6, q7}, [r1]\n\t"
                     "vld21.8 {q6, q7}, [r1]\n\t"
                     "add r1, r1, r12\n\t"
                     "vmladava.s8 r0, q2, q6\n\t"
                     "vmladava.s8 r2, q2, q7\n\t"
                     "vmladava.s8 r4, q3, q6\n\t"
                     "vmladava.s8 r6, q3, q7\n\t"
                     "vld20.8 {q4, q5}, [r1]\n\t"
                     "vld21.8 {q4, q5}, [r1]!\n\t"
                     "vmladav.s8 r8, q0, q4\n\t"
                     "vmladav.s8 r10, q1, q4\n\t"
                     "vld20.8 {q6, q7}, [r1]\n\t"
                     "vld21.8 {q6, q7}, [r1]\n\t"
                     "add r1, r1, r12\n\t"
                     "vmladava.s8 r8, q2, q6\n\t"
                     "vmladava.s8 r10, q3, q6\n\t"
                     "vmov q4[2], q4[0], r0, r8\n\t"
                     "vmov q6[2], q6[0], r4, r10\n\t"
                     "vmladav.s8 r0, q0, q5\n\t"
                     "vmladav.s8 r4, q1, q5\n\t"
                     "vldrw.u32 q5, [r3], #16\n\t"
                     "vmladava.s8 r0, q2, q7\n\t"
                     "vmladava.s8 r4, q3, q7\n\t"
                     "vldrw.u32 q7, [r5], #16\n\t"
                     "vmov q4[3], q4[1], r2, r0\n\t"
                     "vmov q6[3], q6[1], r6, r4\n\t"
                     "vadd.i32 q4, q4, q5\n\t"
                     "vadd.i32 q6, q6, q5\n\t"
                     "vldrb.s32 q5, [r7], #4\n\t"
                     "vqrdmulh.s32 q4, q4, q7\n\t"
                     "vqrdmulh.s32 q6, q6, q7\n\t"
                     "vrshl.s32 q4, q4, q5\n\t"
                     "vrshl.s32 q6, q6, q5\n\t"
                     "vldrw.u32 q7, [sp, #16]\n\t"
                     "ldrd r0, r2, [sp]\n\t"
                     "vqmovnb.s32 q4, q4\n\t"
                     "vqmovnt.s32 q4, q6\n\t"
                     "vqmovunb.s16 q4, q4\n\t"
                     "vadd.i8 q4, q4, r0\n\t"
                     "vstrb.16 q4, [r11, q7]\n\t"
                     "add r11, r11, r2\n\t"
                     "le lr, 2b\n\t"
                     "ldr r0, [sp, #8]\n\t"
                     "ldr r1, [r0, #28]\n\t"
                     "subs r1, r1, #1\n\t"
                     "str r1, [r0, #28]\n\t"
                     "bne 1b\n\t"
                     "add sp, sp, #32\n\t"
                     "pop {r1, r7}\n\t"
                     "vmsr p0, r1"
                     : "+r"(task)
                     :
                     : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r10", "r11", "r12", "lr", "q0", "q1", "q2", "q3",
                       "q4", "q5", "q6", "q7", "cc", "memory");
}

/* All channels of `count` neighbours whose windows lie `step` bytes apart: the first half and the last one; of an odd
 * number the middle one is in both. */
static void both_halves(const conv_t *layer, const int8_t *columns, size_t step, size_t count, int8_t *out)
{
    const size_t half = (count + 1U) / 2U;
    const size_t taps = layer->taps;
    const size_t deeper = layer->deeper;
    windows_t windows = {layer->weights,
                         layer->to.bias,
                         layer->to.multiplier,
                         layer->to.exponent,
                         out,
                         columns,
                         columns + (count - half) * step,
                         half,
                         layer->channels / 4U,
                         layer->beside,
                         4U * deeper,
                         2U * taps,
                         step,
                         0,
                         {0, 0, 0, 0},
                         {0}};
    const uint32_t away = (uint32_t)((count - half) * layer->beside);
    vstrwq_u32(windows.places, vaddq_n_u32(vmulq_n_u32(vidupq_n_u32(0, 1), deeper * 0x10001U), away << 16));
    if (taps <= VECTOR) {
        vstrbq_s8(windows.taps, vpselq_s8(vdupq_n_s8(-1), vdupq_n_s8(0), vctp8q(taps)));
        sum_strip(&windows);
    } else {
        windows.pair -= 2U * VECTOR;
        windows.rest = vctp8q(taps - (uint32_t)VECTOR);
        sum_pairs(&windows);
    }
}

/* Two channels at a time of a strip of pixels whose windows are two vectors each: the first half of the pixels and the last
 * one; of an odd number the middle one is in both. */
static void strip_of_twos(const conv_t *layer, const int8_t *const *rows, size_t x, size_t count, int8_t *out,
                          int8_t *scratch)
{
    const size_t half = (count + 1U) / 2U;
    spread_pixels(layer, rows, x, half, scratch, 4U * VECTOR);
    spread_pixels(layer, rows, x + count - half, half, scratch + 2U * VECTOR, 4U * VECTOR);
    strip_of_pairs(layer, scratch, half, count - half, out);
}

static void strip_row(const conv_t *layer, const int8_t *const *rows, int way, int8_t *out, int8_t *scratch)
{
    const size_t width = layer->width;
    const size_t most = layer->pooled != 0U ? STRIP / 4U : STRIP;
    const size_t slot = layer->taps <= VECTOR ? VECTOR : 2U * VECTOR;
    if (way == (HALVES & HELIUM_WAYS) && layer->rows == 1U && layer->segments == 1U &&
        (layer->segment > VECTOR || (layer->segment == VECTOR && layer->step == VECTOR))) {
        both_halves(layer, rows[0], layer->step, width, out);
        return;
    }
    for (size_t x = 0; x < width; x += most) {
        const size_t count = width - x < most ? width - x : most;
        if (way == (TWOS & HELIUM_WAYS)) {
            strip_of_twos(layer, rows, x, count, out, scratch);
        } else {
            spread_pixels(layer, rows, x, count, scratch, slot);
            if (way == (POOLED_FOURS & HELIUM_WAYS)) {
                pooled_strip_of_fours(layer, scratch, count, out);
            } else if (way == (HALVES & HELIUM_WAYS)) {
                both_halves(layer, scratch, slot, count, out);
            }
        }
        out += count * layer->beside;
    }
}
#endif

#endif
