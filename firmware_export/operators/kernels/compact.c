#include "conv_dsp.c"
#include "conv_helium.c"
#include "conv_plain.c"

#if defined(COMPACT_WEIGHTS)
/* An AVR's code is shorter where one function has not all variables at a time. */
#if defined(__AVR__)
#define APART OUTLINE
#else
#define APART
#endif

/* Convolutions whose weights lie in flash in fewer bytes than one each: a few channels' are unpacked at a time, then the
 * ordinary kernel makes a row of these channels. */
typedef struct {
    conv_t of; /* without its weights */
    const FLASH void *codes; /* of all pairs of channels; or the weights as they are */
    const FLASH int8_t *values; /* that the codes stand for */
    uint32_t table;   /* bytes from the scratch memory on to a table of what pairs of codes stand for */
    uint32_t weights; /* to unpacked weights, */
    uint32_t scales;  /* and to constants of channels */
    uint16_t block;   /* channels made at a time */
    uint8_t count;    /* of values */
    uint8_t bits;     /* of a code; 8: a byte is a weight */
    uint8_t zeros;    /* 1: zeros are left out; of codes, pairs of zeros */
    uint8_t one_scale; /* 1: all channels have the multiplier and the exponent of the first one */
} compact_t;

/* Plain kernels read weights 128 higher. */
#if defined(PLAIN)
#define RAISED 0x80U
#else
#define RAISED 0U
#endif

/* The weights of two channels as they lie in memory, and as the kernels read them: see W1. */
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BOTH(first, second) (uint16_t)((first) << 8 | (second))
#else
#define BOTH(first, second) (uint16_t)((first) | (second) << 8)
#endif
#if defined(WITH_DSP)
#define JOINED(first, second) (uint16_t)((unsigned)(int8_t)(first) + ((unsigned)(second) << 8))
#else
#define JOINED(first, second) BOTH((unsigned)(first), (unsigned)(second))
#endif

/* Places of the second and third tap of four. */
#if defined(WITH_DSP)
#define SECOND_TAP 2U
#else
#define SECOND_TAP 1U
#endif
#define THIRD_TAP (3U - SECOND_TAP)

/* Codes are looked up one by one where there is no room for all pairs: an AVR has the values in its RAM, plain kernels
 * with little memory look into flash. */
#if defined(__AVR__)
#define ONE_BY_ONE 1
typedef uint8_t meaning_t;
#elif defined(LITTLE_MEMORY) && defined(PLAIN)
#define ONE_BY_ONE 1
#define WITHOUT_TABLE 1
typedef int8_t meaning_t;
#else
typedef uint16_t meaning_t;
#endif

#if defined(WITH_CODES)
/* What a pair of codes stands for. */
#if defined(WITHOUT_TABLE)
#define MEANING(code) \
    BOTH((uint8_t)table[(code) & mask] ^ RAISED, (uint8_t)table[(code) >> bits] ^ RAISED)
#elif defined(ONE_BY_ONE)
#define MEANING(code) BOTH((unsigned)table[(code) & mask], (unsigned)table[(code) >> bits])
#else
#define MEANING(code) table[code]
#endif

#if !defined(WITHOUT_TABLE)
static void make_table(const FLASH compact_t *layer, meaning_t *table)
{
    const uint8_t count = layer->count;
#if defined(__AVR__)
    for (uint8_t code = 0; code < count; code++) {
        table[code] = (uint8_t)((uint8_t)layer->values[code] ^ RAISED);
    }
#elif defined(WITH_HELIUM)
    const mve_pred16_t lower = vctp16q(count);
    const uint8_t half = count > 8U ? 8U : count;
    const mve_pred16_t upper = vctp16q((uint32_t)(count - half));
    const uint16x8_t first = vreinterpretq_u16_s16(vldrbq_z_s16(layer->values, lower));
    const uint16x8_t behind = vreinterpretq_u16_s16(vldrbq_z_s16(layer->values + half, upper));
    for (uint8_t high = 0; high < count; high++) {
        const uint16_t second = (uint16_t)((uint8_t)layer->values[high] << 8);
        uint16_t *const to = table + ((size_t)high << layer->bits);
        vst1q_p_u16(to, vorrq_u16(vandq_u16(first, vdupq_n_u16(0xff)), vdupq_n_u16(second)), lower);
        vst1q_p_u16(to + 8, vorrq_u16(vandq_u16(behind, vdupq_n_u16(0xff)), vdupq_n_u16(second)), upper);
    }
#else
    for (uint8_t high = 0; high < count; high++) {
        const uint8_t second = (uint8_t)((uint8_t)layer->values[high] ^ RAISED);
        uint16_t *to = table + ((size_t)high << layer->bits);
        ROLLED
        for (uint8_t low = 0; low < count; low++) {
            const uint8_t first = (uint8_t)((uint8_t)layer->values[low] ^ RAISED);
            *to++ = JOINED(first, second);
        }
    }
#endif
}
#endif

/* Unpacks the codes of an even number of taps; of a multiple of four where it takes four in another order. */
static const FLASH uint8_t *unpack(const FLASH uint8_t *codes, const meaning_t *table, uint8_t bits, uint16_t *to,
                                   size_t taps)
{
#if defined(ONE_BY_ONE)
    const uint8_t mask = (uint8_t)((1U << bits) - 1U);
#endif
    const uint16_t *const end = to + taps;
    (void)bits;
#if defined(WITH_SHORT_CODES)
    if (bits != 4U) {
        const uint8_t all = (uint8_t)((1U << 2U * bits) - 1U);
        for (; to != end; to += 4) {
            uint32_t word = 0;
            for (uint8_t shift = 0; shift != 8U * bits; shift = (uint8_t)(shift + 8U)) {
                word |= (uint32_t)*codes++ << shift;
            }
            to[0] = MEANING(word & all);
            to[SECOND_TAP] = MEANING(word >> 2U * bits & all);
            to[THIRD_TAP] = MEANING(word >> 4U * bits & all);
            to[3] = MEANING(word >> 6U * bits & all);
        }
        return codes;
    }
#endif
#if defined(WITH_HELIUM)
    for (; taps > 7U; taps -= 8U) {
        vst1q_u16(to, vldrhq_gather_shifted_offset_u16(table, vldrbq_u16(codes)));
        to += 8;
        codes += 8;
    }
#endif
#if defined(ONE_BY_ONE)
    while (to != end) {
        const uint8_t code = *codes++;
        *to++ = MEANING(code);
    }
#else
#if defined(WITH_ODD_RUNS)
    for (; end - to > 3; to += 4) {
#else
    for (; to != end; to += 4) {
#endif
        to[0] = MEANING(codes[0]);
        to[SECOND_TAP] = MEANING(codes[1]);
        to[THIRD_TAP] = MEANING(codes[2]);
        to[3] = MEANING(codes[3]);
        codes += 4;
    }
#if defined(WITH_ODD_RUNS)
    if (to != end) {
        to[0] = MEANING(codes[0]);
        to[1] = MEANING(codes[1]);
        codes += 2;
    }
#endif
#endif
    return codes;
}

#if defined(WITH_ODD_RUNS) && defined(WITH_DSP)
/* Unpacks pairs of channels whose runs are no whole fours: what a run leaves behind lies in its own order, and behind all
 * runs zeros fill up to four taps. */
static const uint8_t *unpack_runs(const compact_t *layer, const uint8_t *codes, const meaning_t *table, uint16_t *to,
                                  size_t pairs)
{
    const size_t fours = layer->of.segment & ~(size_t)3;
    for (const uint16_t *const all = to + pairs * layer->of.taps; to != all;) {
        const uint16_t *const end = to + layer->of.taps;
        for (size_t left = (size_t)layer->of.rows * SEGMENTS(&layer->of); left != 0U; left--) {
            codes = unpack(codes, table, layer->bits, to, fours);
            to += fours;
            for (size_t rest = fours; rest < layer->of.segment; rest += 2U) {
                to[0] = MEANING(codes[0]);
                to[1] = MEANING(codes[1]);
                codes += 2;
                to += 2;
            }
        }
        while (to != end) {
            *to++ = 0;
        }
    }
    return codes;
}
#endif
#endif

#if defined(WITHOUT_ZERO_PAIRS)
/* Unpacks the weights of a pair of channels: a bit for each of eight taps says whether it has a code. Code 0 is that of
 * two zeros. */
static const FLASH uint8_t *unpack_present(const FLASH uint8_t *codes, const meaning_t *table, uint8_t bits, uint16_t *to,
                                           size_t taps)
{
#if defined(ONE_BY_ONE)
    const uint8_t mask = (uint8_t)((1U << bits) - 1U);
#else
    (void)bits;
#endif
    const uint16_t *const end = to + taps;
    while (to != end) {
        unsigned present = *codes++;
#define PRESENT(tap, place)                  \
    if ((present & 1U << (tap)) != 0U) {     \
        const uint8_t code = *codes++;       \
        to[place] = MEANING(code);           \
    }
        ROLLED
        for (uint8_t half = 0; half < 2U && to != end; half++) {
            to[0] = JOINED(RAISED, RAISED);
            to[1] = JOINED(RAISED, RAISED);
            to[2] = JOINED(RAISED, RAISED);
            to[3] = JOINED(RAISED, RAISED);
            PRESENT(0, 0)
            PRESENT(1, SECOND_TAP)
            PRESENT(2, THIRD_TAP)
            PRESENT(3, 3)
            present >>= 4;
            to += 4;
        }
#undef PRESENT
    }
    return codes;
}
#endif

#if defined(WITHOUT_ZEROS)
/* Unpacks weights that are bytes: a bit for each of eight weights says whether it is not zero. */
static const FLASH uint8_t *unpack_bytes(const FLASH uint8_t *codes, uint16_t *to, size_t fours)
{
    for (; fours != 0U; fours--) {
        unsigned present = *codes++;
#define BYTES(place)                           \
    do {                                        \
        uint8_t first = RAISED;                 \
        uint8_t second = RAISED;                \
        if ((present & 1U) != 0U) {             \
            first = (uint8_t)(*codes++ ^ RAISED);  \
        }                                       \
        if ((present & 2U) != 0U) {             \
            second = (uint8_t)(*codes++ ^ RAISED); \
        }                                       \
        present >>= 2;                          \
        to[place] = JOINED(first, second);      \
    } while (0)
        BYTES(0);
        BYTES(SECOND_TAP);
        BYTES(THIRD_TAP);
        BYTES(3);
#undef BYTES
        to += 4;
    }
    return codes;
}
#endif

/* Unpacks the weights of some pairs of channels and returns where those of the next one start. */
APART static const FLASH uint8_t *unpack_pairs(const FLASH compact_t *layer, const FLASH uint8_t *codes, const meaning_t *table,
                                         size_t pairs, uint8_t *weights)
{
    const size_t taps = layer->of.taps;
    uint16_t *to = (uint16_t *)(void *)weights;
#if defined(__AVR__)
    if (layer->bits == 8U && layer->zeros == 0U) {
        for (size_t left = 2U * taps * pairs; left != 0U; left--) {
            *weights++ = *codes++;
        }
        return codes;
    }
#endif
#if defined(WITHOUT_ZEROS)
    if (layer->bits == 8U) {
        return unpack_bytes(codes, to, taps * pairs / 4U);
    }
#endif
#if defined(WITHOUT_ZERO_PAIRS)
    if (layer->zeros != 0U) {
        for (; pairs != 0U; pairs--) {
            codes = unpack_present(codes, table, layer->bits, to, taps);
            to += taps;
        }
        return codes;
    }
#endif
#if defined(WITH_ODD_RUNS) && defined(WITH_DSP)
    if ((layer->of.segment & 3U) != 0U) {
        return unpack_runs(layer, codes, table, to, pairs);
    }
#endif
#if defined(WITH_ODD_RUNS) && defined(WITH_HELIUM)
    if ((layer->of.segment & 1U) != 0U) {
        codes = unpack(codes, table, layer->bits, to, taps * pairs);
        for (size_t last = layer->of.segment; last < taps * pairs; last += layer->of.segment + 1U) {
            to[last] = 0; /* beside an input that fills up an odd run with whatever stands there */
        }
        return codes;
    }
#endif
#if defined(WITH_CODES)
    return unpack(codes, table, layer->bits, to, taps * pairs);
#else
    (void)table;
    return codes;
#endif
}

/* Constants of `count` channels from the `done`th on. */
static void scale_channels(const FLASH compact_t *layer, rescaling_t *to, size_t done, size_t count, int8_t *scratch)
{
#if defined(WITH_DSP)
    if (layer->of.groups != 0U) {
#if defined(ONE_SCALE)
        if (layer->one_scale != 0U) {
            const int32_t multiplier = layer->of.to.bias[0];
            const int32_t *words = layer->of.to.bias + 1 + done;
            scaling_t *pair = (scaling_t *)(void *)(scratch + layer->scales);
            const scaling_t *const end = pair + (count + 1U) / 2U;
            to->bias = &pair->second_multiplier;
            for (; pair != end; pair++) {
                pair->second_multiplier = multiplier;
                pair->second = words[0];
                pair->first = words[1];
                pair->first_multiplier = multiplier;
                words += 2;
            }
            return;
        }
#endif
        to->bias = layer->of.to.bias + 2U * done; /* four numbers for two channels */
        return;
    }
#endif
    (void)count;
    (void)scratch;
#if defined(PLAIN)
#if defined(BYTE_BIASES)
    if (to->short_bias > 1U) {
        const FLASH int8_t *const biases = (const FLASH int8_t *)(const FLASH void *)layer->of.to.bias;
        to->bias = (const FLASH int32_t *)(const FLASH void *)(biases + done);
    } else
#endif
    if (to->short_bias != 0U) {
        const FLASH int16_t *const biases = (const FLASH int16_t *)(const FLASH void *)layer->of.to.bias;
        to->bias = (const FLASH int32_t *)(const FLASH void *)(biases + done);
    } else {
        to->bias = layer->of.to.bias + done;
    }
    if (to->one_scale == 0U) {
        to->multiplier = layer->of.to.multiplier + done;
        to->exponent = layer->of.to.exponent + done;
    }
#else
    to->bias = layer->of.to.bias + done;
#if defined(ONE_SCALE)
    if (layer->one_scale != 0U) {
        int32_t *const multipliers = (int32_t *)(void *)(scratch + layer->scales);
        int8_t *const exponents = (int8_t *)(multipliers + layer->block);
        for (size_t channel = 0; channel < count; channel++) {
            multipliers[channel] = *layer->of.to.multiplier;
        }
        memset(exponents, *layer->of.to.exponent, count);
        to->multiplier = multipliers;
        to->exponent = exponents;
        return;
    }
#endif
    to->multiplier = layer->of.to.multiplier + done;
    to->exponent = layer->of.to.exponent + done;
#endif
}

APART static void compact_row(const FLASH compact_t *layer, const int8_t *const *rows, int8_t *out, int8_t *scratch)
{
    conv_t part = layer->of;
#if defined(WITHOUT_TABLE)
    const meaning_t *const table = layer->values;
#else
    meaning_t *const table = (meaning_t *)(void *)(scratch + layer->table);
#endif
    uint8_t *const weights = (uint8_t *)scratch + layer->weights;
    const FLASH uint8_t *codes = layer->codes;
    const uint16_t stored = part.stored;
    uint16_t count;
#if defined(WITH_CODES) && !defined(WITHOUT_TABLE)
    make_table(layer, table);
#endif
    for (uint16_t done = 0; done < stored; done = (uint16_t)(done + count)) {
        const uint16_t left = (uint16_t)(stored - done);
        count = left < layer->block ? left : layer->block;
        part.stored = count;
        part.channels = (uint16_t)((count + 1U) & ~1U);
        scale_channels(layer, &part.to, done, count, scratch);
#if !defined(__AVR__)
        part.weights = layer->codes;
        if (layer->bits != 8U || layer->zeros != 0U)
#endif
        {
            codes = unpack_pairs(layer, codes, table, part.channels / 2U, weights);
            part.weights = (const weight_t *)weights;
        }
        conv_row(&part, rows, out, scratch);
        out += (size_t)count * part.deeper;
    }
}
#endif
