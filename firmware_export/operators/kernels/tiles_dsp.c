#ifndef EDGEDIGITS_TILES_DSP_C
#define EDGEDIGITS_TILES_DSP_C

#include "dsp.c"

#if defined(WITH_DSP)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-schedule-insns")
#endif
/* Constants of two channels. The words hold 256 * bias + shift, see `channel_of`. */
typedef struct {
    int32_t second_multiplier;
    int32_t second;
    int32_t first;
    int32_t first_multiplier;
} scaling_t;

/* Channels of a tile, which is two or three windows whose pairs lie in turns. The assembly below copies the fields to
 * its stack. */
typedef struct {
    int32_t half;             /* 1 + 2 * zero point of the output */
    size_t deeper;            /* bytes from one channel to the next */
    int8_t *out;              /* of its second channel: the first one, written later, lies `deeper` in front of it */
    size_t beside;            /* bytes from one output to the next */
    const scaling_t *scaling; /* of the first pair of channels */
    const pair_t *columns;
    const pair_t *columns_end;
    const scaling_t *end;
    int8_t *sums; /* of pooled windows, plus KEEP and COMBINE; else NULL */
    const pair_t *weights;
} tile_t;

enum {
    COMBINE = 1, /* with the sums that are kept: the greatest count */
    KEEP = 2     /* the sums, in the place of storing outputs */
};

/* Two weights of two channels lie in a word as low byte and high byte of two numbers of 16 bits. One product of pairs
 * with the whole word and one with its low bytes give, for one unpacking, 256 * second + first and first. */
#if defined(WITH_ASSEMBLY)
/* What the C below says, where compilers keep some of the sums in memory. Whole functions, so that they have their
 * registers whatever the compiler's flags are; but r9 may be the platform's. Weights are read from r0 to r2 and r3,
 * inputs from r1 to r4 to r6. */
#define FIRSTS_OF_TWO(DO) DO("r7") DO("r8")
#define SECONDS_OF_TWO(DO) DO("r11") DO("r12")
#define FIRSTS_OF_THREE(DO) FIRSTS_OF_TWO(DO) DO("r10")
#define SECONDS_OF_THREE(DO) SECONDS_OF_TWO(DO) DO("lr")

#define TIMES(sum, input, weights, start) "smlad " sum ", " input ", " weights ", " start "\n\t"
#define HALVE(sum) "asr " sum ", " sum ", #7\n\t"
#define DOUBLE(sum) "lsl " sum ", " sum ", #1\n\t"
#define ROUND(sum) "smmlar " sum ", " sum ", r2, r3\n\t"
#define SHIFT(sum) "asr " sum ", " sum ", r4\n\tssat " sum ", #8, " sum ", asr #1\n\t"

#if defined(ONLY_RECTIFIED)
#define IF_LINEAR(instruction)
#define LINEAR(FIRSTS, SECONDS)
#else
#define IF_LINEAR(instruction) instruction "\n\t"
#define ROUND_LINEAR(sum)                  \
    "smmulr " sum ", " sum ", r2\n\t"      \
    "add " sum ", " sum ", " sum ", asr #31\n\t" \
    "add " sum ", " sum ", r3\n\t"
#define LINEAR(FIRSTS, SECONDS) "\n8:\n\t" SECONDS(ROUND_LINEAR) "b 9b\n10:\n\t" FIRSTS(ROUND_LINEAR) "b 11b"
#endif

#define GREATER(sum, other) "cmp " sum ", " other "\n\tit lt\n\tmovlt " sum ", " other "\n\t"
#if defined(NEVER_POOLED)
#define POOL(bytes, greatest, sums)
#else
#define POOL(bytes, greatest, sums)      \
    "ldr r2, [sp, #32]\n\t"              \
    "cbz r2, 6f\n\t"                     \
    "add r3, r2, #" bytes "\n\t"         \
    "str r3, [sp, #32]\n\t"              \
    "and r3, r2, #3\n\t"                 \
    "subs r2, r2, r3\n\t"                \
    "lsrs r3, r3, #1\n\t" /* COMBINE? */ \
    "bcc 5f\n\t"                         \
    greatest                             \
    "5:\n\t"                             \
    "cbz r3, 6f\n\t" /* KEEP? */         \
    "stmia r2, " sums "\n\t"             \
    "ldr r1, [sp, #16]\n\t"              \
    "adds r1, r1, #16\n\t"               \
    "b 7f\n"                             \
    "6:\n\t"
#endif

#define PAIRS(times, bytes, greatest, sums, FIRSTS, SECONDS, third_first, third_second) \
    __asm__(".syntax unified\n\t"                                                     \
            "push {r4-r8, r10, r11, lr}\n\t"                                          \
            "ldmia r0, {r1-r8, r10, r12}\n\t"                                         \
            "push {r1-r8, r10}\n\t"                                                   \
            "mov r0, r12\n\t"                                                         \
            "mov r1, r5\n"                                                            \
            "1:\n\t" /* the next two channels: sums start at 256 * second bias + shift + first bias, and first bias */ \
            "ldrd r11, r7, [r1, #4]\n\t"                                              \
            "str r1, [sp, #16]\n\t"                                                   \
            "add r11, r11, r7, asr #8\n\t"                                            \
            "asr r7, r7, #8\n\t"                                                      \
            times                                                                     \
            POOL(bytes, greatest, sums)                                               \
            SECONDS(HALVE)                                                            \
            FIRSTS(DOUBLE)                                                            \
            "ldr r1, [sp, #16]\n\t"                                                   \
            "ldmia sp, {r3-r6}\n\t"                                                   \
            IF_LINEAR("cmn r3, #255")                                                 \
            "ldmia r1!, {r2, r4}\n\t"                                                 \
            "lsl r3, r3, r4\n\t" /* by the lowest byte */                             \
            IF_LINEAR("bne 8f")                                                       \
            SECONDS(ROUND)                                                            \
            "9:\n\t"                                                                  \
            SECONDS(SHIFT)                                                            \
            "strb r11, [r5]\n\t"                                                      \
            "strb r12, [r5, r6]\n\t"                                                  \
            third_second                                                              \
            "ldrd r3, r11, [sp]\n\t"                                                  \
            "sub r12, r5, r11\n\t"                                                    \
            "add r5, r5, r11, lsl #1\n\t"                                             \
            "str r5, [sp, #8]\n\t"                                                    \
            "ldrd r4, r2, [r1], #8\n\t"                                               \
            "lsl r3, r3, r4\n\t"                                                      \
            IF_LINEAR("bne 10f")                                                      \
            FIRSTS(ROUND)                                                             \
            "11:\n\t"                                                                 \
            FIRSTS(SHIFT)                                                             \
            "strb r7, [r12]\n\t"                                                      \
            "strb r8, [r12, r6]\n\t"                                                  \
            third_first                                                               \
            "7:\n\t"                                                                  \
            "ldr r2, [sp, #28]\n\t"                                                   \
            "cmp r1, r2\n\t"                                                          \
            "bne 1b\n\t"                                                              \
            "add sp, sp, #36\n\t"                                                     \
            "pop {r4-r8, r10, r11, pc}" LINEAR(FIRSTS, SECONDS))

#define THREE(weights)                   \
    "ldmia r1!, {r4-r6}\n\t"             \
    TIMES("r11", "r4", weights, "r11")   \
    TIMES("r12", "r5", weights, "r12")   \
    TIMES("lr", "r6", weights, "lr")     \
    "sxtb16 " weights ", " weights "\n\t" \
    TIMES("r7", "r4", weights, "r7")     \
    TIMES("r8", "r5", weights, "r8")     \
    TIMES("r10", "r6", weights, "r10")
__attribute__((naked, noinline)) static void three_windows(MAYBE_UNUSED const tile_t *tile)
{
    PAIRS("ldrd r1, r6, [sp, #20]\n\t"
          "subs r6, r6, r1\n\t"
          "lsls r6, r6, #28\n\t" /* of four taps an odd number? */
          "ldmia r0!, {r2, r3}\n\t"
          "ldmia r1!, {r4-r6}\n\t"
          TIMES("r12", "r5", "r2", "r11")
          TIMES("lr", "r6", "r2", "r11")
          TIMES("r11", "r4", "r2", "r11")
          "sxtb16 r2, r2\n\t"
          TIMES("r8", "r5", "r2", "r7")
          TIMES("r10", "r6", "r2", "r7")
          TIMES("r7", "r4", "r2", "r7")
          "bmi 4f\n\t"
          "b 3f\n"
          "2:\n\t"
          "ldmia r0!, {r2, r3}\n\t"
          THREE("r2")
          "3:\n\t"
          THREE("r3")
          "ldmia r0!, {r2, r3}\n\t"
          THREE("r2")
          "4:\n\t"
          THREE("r3")
          "ldr r2, [sp, #24]\n\t"
          "cmp r1, r2\n\t"
          "bne 2b\n\t"
          "sub r11, r11, r7\n\t"
          "sub r12, r12, r8\n\t"
          "sub lr, lr, r10\n\t",
          "24",
          "ldmia r2!, {r4-r6}\n\t"
          GREATER("r7", "r4") GREATER("r8", "r5") GREATER("r10", "r6")
          "ldmia r2, {r4-r6}\n\t"
          GREATER("r11", "r4") GREATER("r12", "r5") GREATER("lr", "r6")
          "subs r2, r2, #12\n",
          "{r7, r8, r10, r11, r12, lr}", FIRSTS_OF_THREE, SECONDS_OF_THREE,
          "strb r10, [r12, r6, lsl #1]\n", "strb lr, [r5, r6, lsl #1]\n\t");
}

#define TWO(weights)                      \
    "ldmia r1!, {r4, r5}\n\t"             \
    TIMES("r11", "r4", weights, "r11")    \
    TIMES("r12", "r5", weights, "r12")    \
    "sxtb16 " weights ", " weights "\n\t" \
    TIMES("r7", "r4", weights, "r7")      \
    TIMES("r8", "r5", weights, "r8")
__attribute__((naked, noinline)) static void two_windows(MAYBE_UNUSED const tile_t *tile)
{
    PAIRS("ldrd r1, r6, [sp, #20]\n\t"
          "mov r8, r7\n\t"
          "mov r12, r11\n"
          "2:\n\t"
          "ldmia r0!, {r2, r3}\n\t"
          TWO("r2")
          TWO("r3")
          "cmp r1, r6\n\t"
          "bne 2b\n\t"
          "sub r11, r11, r7\n\t"
          "sub r12, r12, r8\n\t",
          "16",
          "ldmia r2!, {r4, r5}\n\t"
          GREATER("r7", "r4") GREATER("r8", "r5")
          "ldmia r2, {r4, r5}\n\t"
          GREATER("r11", "r4") GREATER("r12", "r5")
          "subs r2, r2, #8\n",
          "{r7, r8, r11, r12}", FIRSTS_OF_TWO, SECONDS_OF_TWO, "", "");
}
#undef THREE
#undef TWO
#undef PAIRS
#undef POOL
#undef GREATER
#undef LINEAR
#undef IF_LINEAR
#undef SHIFT
#undef ROUND
#undef DOUBLE
#undef HALVE
#undef TIMES

/* Adds the products of one window with two channels to sums[0] and sums[1]. */
#define ONE(x, weights)                   \
    "smlad lr, " x ", " weights ", lr\n\t" \
    "sxtb16 " weights ", " weights "\n\t" \
    "smlad r3, " x ", " weights ", r3\n\t"
__attribute__((naked, noinline)) static void sum_one(MAYBE_UNUSED const pair_t *weights, MAYBE_UNUSED const pair_t *x,
                                                     MAYBE_UNUSED size_t pairs, MAYBE_UNUSED int32_t *sums)
{
    __asm__(".syntax unified\n\t"
            "push {r3-r8, r10, r11, lr}\n\t"
            "movs r3, #0\n\t"
            "mov lr, #0\n\t"
            "lsls r4, r2, #30\n\t"
            "add r2, r1, r2, lsl #2\n\t"
            "bpl 2f\n\t"
            "ldmia r0!, {r4, r5}\n\t"
            "ldmia r1!, {r6, r7}\n\t"
            ONE("r6", "r4")
            ONE("r7", "r5")
            "b 2f\n"
            "1:\n\t"
            "ldmia r0!, {r4-r7}\n\t"
            "ldmia r1!, {r8, r10, r11, r12}\n\t"
            ONE("r8", "r4")
            ONE("r10", "r5")
            ONE("r11", "r6")
            ONE("r12", "r7")
            "2:\n\t"
            "cmp r1, r2\n\t"
            "bne 1b\n\t"
            "sub lr, lr, r3\n\t"
            "asr lr, lr, #8\n\t"
            "ldr r0, [sp]\n\t"
            "ldrd r1, r2, [r0]\n\t"
            "add r1, r1, r3\n\t"
            "add r2, r2, lr\n\t"
            "strd r1, r2, [r0]\n\t"
            "pop {r3-r8, r10, r11, pc}");
}
#undef ONE
#else
static inline int8_t end_sum(int32_t twice, channel_t to, int32_t half)
{
    return half != RECTIFIED ? rescale_linear(twice, to) : rectify(twice, to);
}

/* One sum of each channel for one window: combined with what is kept, then kept or stored. */
static inline void end_sums(const tile_t *tile, const scaling_t *to, int32_t a, int32_t b, int32_t *kept, size_t windows,
                            int8_t *out)
{
    const uint32_t tasks = (uint32_t)((uintptr_t)tile->sums & 3U);
    b = (int32_t)((uint32_t)b - (uint32_t)a);
    if ((tasks & COMBINE) != 0U) {
        a = kept[0] > a ? kept[0] : a;
        b = kept[windows] > b ? kept[windows] : b;
    }
    if ((tasks & KEEP) != 0U) {
        kept[0] = a;
        kept[windows] = b;
        return;
    }
    *out = end_sum(b >> 7, channel_of(to->second_multiplier, to->second, tile->half), tile->half);
    *(out - tile->deeper) = end_sum(2 * a, channel_of(to->first_multiplier, to->first, tile->half), tile->half);
}

static inline void sum_tile(const tile_t *tile, size_t windows)
{
    const pair_t *next = tile->weights;
    const pair_t *const end = tile->columns_end;
    int8_t *out = tile->out;
    int32_t *kept = (int32_t *)(void *)(tile->sums - ((uintptr_t)tile->sums & 3U));
    for (const scaling_t *to = tile->scaling; to != tile->end; to++) {
        const pair_t *x = tile->columns;
        int32_t a0 = to->first >> 8;
        int32_t a1 = a0;
        int32_t a2 = a0;
        int32_t b0 = (int32_t)((uint32_t)to->second + (uint32_t)a0);
        int32_t b1 = b0;
        int32_t b2 = b0;
#define TIMES()                                 \
    do {                                        \
        const int16x2_t both = *next++;         \
        const int16x2_t low = even((uint32_t)both); \
        int16x2_t v = *x++;                     \
        b0 = __smlad(v, both, b0);              \
        a0 = __smlad(v, low, a0);               \
        v = *x++;                               \
        b1 = __smlad(v, both, b1);              \
        a1 = __smlad(v, low, a1);               \
        if (windows == 3U) {                    \
            v = *x++;                           \
            b2 = __smlad(v, both, b2);          \
            a2 = __smlad(v, low, a2);           \
        }                                       \
    } while (0)
        ROLLED
        do {
            TIMES();
            TIMES();
        } while (x != end);
#undef TIMES
        end_sums(tile, to, a0, b0, kept, windows, out);
        end_sums(tile, to, a1, b1, kept + 1, windows, out + tile->beside);
        if (windows == 3U) {
            end_sums(tile, to, a2, b2, kept + 2, windows, out + 2U * tile->beside);
        }
        out += 2U * tile->deeper;
        kept += tile->sums != NULL ? 2U * windows : 0U;
    }
}

OUTLINE static void three_windows(const tile_t *tile)
{
    sum_tile(tile, 3U);
}

OUTLINE static void two_windows(const tile_t *tile)
{
    sum_tile(tile, 2U);
}

/* Adds the products of one window with two channels to sums[0] and sums[1]. */
OUTLINE static void sum_one(const pair_t *weights, const pair_t *x, size_t pairs, int32_t *sums)
{
    const pair_t *const end = x + pairs;
    int32_t first = 0;
    int32_t both = 0;
#define TIMES(place)                                                        \
    do {                                                                    \
        both = __smlad(x[place], weights[place], both);                     \
        first = __smlad(x[place], even((uint32_t)weights[place]), first);   \
    } while (0)
    ROLLED
    do {
        TIMES(0);
        TIMES(1);
        x += 2;
        weights += 2;
    } while (x != end);
#undef TIMES
    sums[0] += first;
    sums[1] += (both - first) >> 8;
}
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#endif

#endif
