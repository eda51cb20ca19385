#ifndef EDGEDIGITS_HELIUM_C
#define EDGEDIGITS_HELIUM_C

#include "types.h"

#if defined(WITH_HELIUM)
enum {
    VECTOR = 16 /* bytes */
};

/* Four numbers as a vector: two moves, where compilers spend four or go through memory. */
MAYBE_UNUSED static inline int32x4_t four(int32_t a, int32_t b, int32_t c, int32_t d)
{
    int32x4_t all;
    __asm__("vmov %q0[2], %q0[0], %1, %3\n\t"
            "vmov %q0[3], %q0[1], %2, %4"
            : "=&w"(all)
            : "r"(a), "r"(b), "r"(c), "r"(d));
    return all;
}

/* Copies one byte or more: the loop predicates its last round. */
MAYBE_UNUSED static inline void copy_bytes(const int8_t *from, size_t bytes, int8_t *to)
{
    int8x16_t run;
    __asm__ volatile("dlstp.8 lr, %[bytes]\n"
                     "1:\n\t"
                     "vldrb.u8 %q[run], [%[from]], #16\n\t"
                     "vstrb.8 %q[run], [%[to]], #16\n\t"
                     "letp lr, 1b"
                     : [from] "+r"(from), [to] "+r"(to), [run] "=&w"(run)
                     : [bytes] "r"(bytes)
                     : "lr", "cc", "memory");
}

/* Weights of 16 taps of two channels. The address is hidden from GCC 12, which else may move it on by a register: VLD2
 * has no such form. */
MAYBE_UNUSED static inline int8x16x2_t two_channels(const int8_t *weights)
{
    __asm__("" : "+r"(weights));
    return vld2q_s8(weights);
}

/* Four sums of one channel, bias included, to int8 in the lowest byte of each lane; see `multiply` for the arithmetic. */
MAYBE_UNUSED static int32x4_t rescale_lanes(const rescaling_t *to, uint16_t channel, int32x4_t sums)
{
    int32_t exponent = to->exponent[channel];
    if (exponent > 0) {
        sums = vshlq_r_s32(sums, exponent);
        exponent = 0;
    }
    sums = vqrdmulhq_n_s32(sums, to->multiplier[channel]);
    /* Halves of negative numbers go down, where the shift would round them up. */
    sums = vaddq_s32(sums, vshrq_n_s32(vandq_s32(sums, vdupq_n_s32(exponent)), 31));
    sums = vaddq_n_s32(vrshlq_n_s32(sums, exponent), to->zero);
    return vminq_s32(vmaxq_s32(sums, vdupq_n_s32(to->low)), vdupq_n_s32(to->high));
}
#endif

#endif
