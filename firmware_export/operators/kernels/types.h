#ifndef EDGEDIGITS_TYPES_H
#define EDGEDIGITS_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Three variants of the kernels; the compiler's own macros choose. */
#if defined(__ARM_FEATURE_MVE)
#if (__ARM_FEATURE_MVE & 1)
#define WITH_HELIUM 1
#endif
#elif defined(__ARM_FEATURE_DSP) && !defined(NO_DSP)
#if __ARM_FEATURE_DSP
#define WITH_DSP 1
#endif
#endif
#if defined(WITH_HELIUM)
#include <arm_mve.h>
#elif defined(WITH_DSP)
#include <arm_acle.h>
#else
#define PLAIN 1
#endif

#if defined(__AVR__) && defined(__STRICT_ANSI__)
#error "compile with -std=gnu99: -std=c99 has no __flash, which keeps the weights out of the RAM"
#endif

/* An 8-bit AVR reads its flash with other instructions than its RAM. */
#if defined(__AVR__) && defined(__FLASH)
#define FLASH __flash
#else
#define FLASH
#endif

/* Where a convolution's kernel finds its layer and its weights: compact ones are unpacked into the RAM. */
#if defined(COMPACT_WEIGHTS)
#define CONV_MEMORY
#else
#define CONV_MEMORY FLASH
#endif

/* A helper that not every variant of the kernels calls. */
#if defined(__GNUC__)
#define MAYBE_UNUSED __attribute__((unused))
#else
#define MAYBE_UNUSED
#endif

/* A function that is to be called: its caller's variables would take registers. */
#if defined(__GNUC__)
#define OUTLINE __attribute__((noinline))
#else
#define OUTLINE
#endif

/* Of a few bytes: a load and a store, also where -ffreestanding or -fno-builtin makes memcpy an ordinary function. */
#if defined(__GNUC__)
#define COPY __builtin_memcpy
#else
#define COPY memcpy
#endif

/* Before a loop that clang at -O2 would make several times as long, though no quicker. */
#if defined(__clang__)
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define ROLLED
#endif

/* Of numbers for each variant the one of this; an AVR takes the plain kernels with less memory. */
#if defined(WITH_HELIUM)
#define ARENA(helium, dsp, plain, avr) (helium)
#elif defined(WITH_DSP)
#define ARENA(helium, dsp, plain, avr) (dsp)
#elif defined(__AVR__)
#define ARENA(helium, dsp, plain, avr) (avr)
#else
#define ARENA(helium, dsp, plain, avr) (plain)
#endif

/* The kernels read weights as words. */
#if defined(WITH_HELIUM) || defined(WITH_DSP)
#define ALIGNED __attribute__((aligned(4)))
#else
#define ALIGNED
#endif

/* Weights of two and of four taps of two channels, as each kernel takes them; TAIL fills up to four taps.
 * DSP: four taps in the order in which four bytes are widened, even ones first; each pair so that its word is 256 * b + a.
 * Plain: 128 higher, since small cores load unsigned bytes in one instruction; inputs lie higher, too, which the bias
 * makes up for. */
#if defined(WITH_DSP)
typedef int8_t weight_t;
#define W1(a, b) (a), (b) - ((a) < 0)
#define W2(a, b, c, d) W1(a, b), W1(c, d)
#define W4(a, b, c, d, e, f, g, h) W1(a, b), W1(e, f), W1(c, d), W1(g, h)
#define TAIL , 0, 0, 0, 0
#define TAPS(taps, padded) (padded)
#define BIAS(of_signed, of_unsigned) (of_signed)
#elif defined(WITH_HELIUM)
typedef int8_t weight_t;
#define W2(a, b, c, d) a, b, c, d
#define W4(a, b, c, d, e, f, g, h) a, b, c, d, e, f, g, h
#define TAIL
#define TAPS(taps, padded) (taps)
#define BIAS(of_signed, of_unsigned) (of_signed)
#else
typedef uint8_t weight_t;
#define W2(a, b, c, d) (a) + 128, (b) + 128, (c) + 128, (d) + 128
#define W4(a, b, c, d, e, f, g, h) W2(a, b, c, d), W2(e, f, g, h)
#define TAIL
#define TAPS(taps, padded) (taps)
#define BIAS(of_signed, of_unsigned) (of_unsigned)
#endif

/* Constants of a convolution's channels: as the DSP kernels read them, or biases, multipliers and exponents. And the
 * weights of a depthwise one, which stand there among them. */
#if defined(WITH_DSP)
#define CHANNELS(scaling, bias, multiplier, exponent) scaling, NULL, NULL
#define WEIGHTS_APART(weights) NULL
#else
#define CHANNELS(scaling, bias, multiplier, exponent) bias, multiplier, exponent
#define WEIGHTS_APART(weights) weights
#endif

/* What a network may have, but need not. */
#if defined(NEVER_POOLED)
#define IS_POOLED(layer) 0U
#else
#define IS_POOLED(layer) ((layer)->pooled)
#endif
#if defined(NEVER_FILLED)
#define FILLER(stage) NO_FILLER
#else
#define FILLER(stage) ((stage)->filler)
#endif
#if defined(NEVER_PADDED)
#define IS_PADDED(value) 0
#else
#define IS_PADDED(value) ((value)->padded != 0U)
#endif
#if defined(NEVER_DILATED)
#define SEGMENTS(layer) 1U
#else
#define SEGMENTS(layer) ((layer)->segments)
#endif

/* A place for a row. */
#if defined(MANY_SLOTS)
typedef uint16_t slot_t;
#else
typedef uint8_t slot_t;
#endif

/* A value: rows in a ring. Row y lies in slot y % slots. */
typedef struct {
    uint32_t offset;    /* in the arena, of the first slot */
    uint16_t row_bytes; /* of a slot, with the columns of padding */
    uint16_t slots;
    uint16_t height;
    uint16_t first;  /* bytes of padding in front of the first pixel */
    int8_t zero;     /* what stands for 0 */
    uint8_t padded;  /* 1: a row is filled with that before it is made */
} value_t;

/* A stage makes one row of its value a time: step y reads the input rows y * step - above + k * apart. */
typedef struct {
    const FLASH void *layer;
    uint32_t scratch; /* offset in the arena */
    uint16_t filler;  /* bytes from there to a row of padding */
    uint16_t start;   /* bytes from the start of an input row to the first one that is read */
    int16_t above;
    uint16_t lag;   /* rows by which the second input starts later */
    slot_t phase;   /* slot of input row -above */
    uint8_t kind;
    uint8_t input;
    uint8_t second;
    uint8_t output;
    uint8_t rows; /* input rows that a step reads */
    uint8_t step;
    uint8_t apart;
    uint8_t onward; /* the last two modulo the slots of the input */
    uint8_t across;
} stage_t;

/* From a sum to int8: clamp(zero + sum * multiplier * 2^(exponent - 31), low, high), rounded as TFLite does. */
typedef struct {
    const FLASH int32_t *bias;
    const FLASH int32_t *multiplier;
    const FLASH int8_t *exponent; /* of 2; below 0 to the right */
    int8_t zero;
    int8_t low;
    int8_t high;
    uint8_t rectified; /* zero = low = -128, high = 127, every exponent from -23 to -2 */
#if defined(SHORT_CONSTANTS)
    uint8_t one_scale;  /* 1: all channels have the multiplier and the exponent of the first one */
    uint8_t short_bias; /* what plain kernels read as biases: 0: int32_t, 1: int16_t, 2 + k: int8_t, in steps of 2^k */
#endif
} rescaling_t;
#if defined(SHORT_CONSTANTS)

/* A channel's bias, and where its multiplier and its exponent stand. */
#if defined(BYTE_BIASES)
#define BIAS_OF(to, channel)                                                                                       \
    ((to)->short_bias > 1U    ? ((const FLASH int8_t *)(const FLASH void *)(to)->bias)[channel] *                  \
                                 (INT32_C(1) << ((to)->short_bias - 2U))                                           \
     : (to)->short_bias != 0U ? ((const FLASH int16_t *)(const FLASH void *)(to)->bias)[channel]                   \
                              : (to)->bias[channel])
#else
#define BIAS_OF(to, channel)                                                                                   \
    ((to)->short_bias != 0U ? ((const FLASH int16_t *)(const FLASH void *)(to)->bias)[channel] : (to)->bias[channel])
#endif
#define SCALE_OF(to, channel) ((uint16_t)((to)->one_scale != 0U ? 0U : (channel)))
#endif

typedef struct {
    rescaling_t to;
    const CONV_MEMORY weight_t *weights; /* [channel pair][tap][2], taps even */
    uint16_t width;                /* output pixels a row */
    uint16_t channels;             /* output channels, even; the last one may be padding */
    uint16_t stored;               /* output channels that are stored */
    uint16_t beside;               /* bytes from one stored pixel to the next */
    uint16_t deeper;               /* bytes from one stored channel to the next */
    uint16_t taps;                 /* of a window, each segment rounded up to even */
    uint16_t block;                /* pairs of taps that the DSP kernel may add before it must split its sums */
    uint16_t step;                 /* bytes between neighbouring windows */
    uint16_t segment;              /* bytes of the input that lie together */
    uint16_t apart;                /* bytes between segments of a row */
    uint8_t segments;              /* a row */
    uint8_t rows;                  /* of a window */
    uint8_t pooled;                /* 1: the greatest of 2x2 neighbours is stored */
    uint8_t groups;                /* of four windows that the plain kernels gather at a time; DSP: 0 without tiles */
} conv_t;

/* Its input lies channel by channel: a row is a plane for each. */
typedef struct {
    rescaling_t to;
    const FLASH int8_t *weights; /* [channel][row][column] */
    uint16_t width;
    uint16_t channels;
    uint16_t plane;  /* bytes from one channel of the input to the next */
    uint8_t step;    /* between neighbouring windows */
    uint8_t apart;   /* between the columns of a window */
    uint8_t columns; /* of a window */
    uint8_t rows;
} depthwise_t;

typedef struct {
    uint16_t width;
    uint16_t channels;
    uint16_t input_width;
    uint8_t rows; /* of the window, and its steps; an input outside the picture takes no part */
    uint8_t columns;
    uint8_t step;
    uint8_t left;
    int8_t low;
    int8_t high;
} pool_t;

typedef struct {
    rescaling_t to;
    uint16_t width;
    uint16_t height;
    uint16_t channels;
} mean_t;

typedef struct {
    const FLASH int32_t *exponentials;
    uint16_t entries;
    uint16_t width;
    uint16_t channels;
} softmax_t;

typedef struct {
    const FLASH int8_t *outputs; /* of the inputs -128 to 127 */
    uint16_t bytes;
} table_t;

typedef struct {
    int32_t multiplier;
    int8_t exponent;
    int8_t zero;
} operand_t;

typedef struct {
    operand_t first;
    operand_t second;
    operand_t to;
    uint16_t bytes;
    uint8_t left; /* bits that sums are shifted to the left before they are rounded */
    int8_t low;
    int8_t high;
} pairwise_t;

typedef struct {
    uint16_t pixels;
    uint16_t first; /* bytes a pixel of the first input */
    uint16_t second;
    uint16_t height; /* rows of the first input where rows follow rows; else 0 */
} concat_t;

typedef struct {
    uint16_t before;
    uint16_t bytes;
    uint16_t after;
    uint16_t above;
    uint16_t height;
    int8_t value;
} pad_t;

typedef struct {
    const FLASH int8_t *values;
    uint16_t bytes; /* of a row */
    uint16_t next;  /* bytes from one row to the next */
} constant_t;

typedef struct {
    uint16_t channels;
    uint16_t pixels;
    uint16_t times;
} repeat_t;

typedef struct {
    uint16_t pixels;
    uint16_t channels;
    uint16_t beside; /* bytes from one stored pixel to the next */
    uint16_t deeper; /* bytes from one stored channel to the next */
} copy_t;

#endif
