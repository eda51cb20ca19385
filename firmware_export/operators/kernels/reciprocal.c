#ifndef EDGEDIGITS_RECIPROCAL_C
#define EDGEDIGITS_RECIPROCAL_C

#include "multiply.c"

/* 1 / (1 + x) of x in [0, 1), both with 31 bits behind the point: three of Newton's steps, as gemmlowp does. */
static int32_t reciprocal(int32_t x)
{
    const int32_t half = (int32_t)(((uint32_t)x + UINT32_C(0x80000000)) >> 1);
    int32_t guess = 1515870810 + multiply(-1010580540, half, 0);
    ROLLED
    for (uint8_t step = 0; step < 3U; step++) {
        const int32_t error = (INT32_C(1) << 29) - multiply(guess, half, 0);
        guess += multiply(error, guess, 0) * 4;
    }
    return guess > INT32_MAX / 2 ? INT32_MAX : guess * 2;
}

#endif
