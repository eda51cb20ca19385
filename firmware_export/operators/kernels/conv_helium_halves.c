#ifndef EDGEDIGITS_CONV_HELIUM_HALVES_C
#define EDGEDIGITS_CONV_HELIUM_HALVES_C

#include "conv_helium_spread.c"

#if defined(WITH_HELIUM)
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
#endif

#endif
