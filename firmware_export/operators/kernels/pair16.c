#ifndef EDGEDIGITS_PAIR16_C
#define EDGEDIGITS_PAIR16_C

#include "wide.c"

typedef struct {
    int32_t first; /* multipliers and exponents of both sides and of the output */
    int8_t first_exponent;
    int32_t second;
    int8_t second_exponent;
    int32_t to;
    int8_t to_exponent;
    int8_t sign; /* of the second side */
    int16_t low;
    int16_t high;
    uint16_t count;
} pair16_t;

#endif
