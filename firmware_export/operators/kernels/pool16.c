#ifndef EDGEDIGITS_POOL16_C
#define EDGEDIGITS_POOL16_C

#include "wide.c"

typedef struct {
    uint16_t width;
    uint16_t channels;
    uint16_t input_width;
    uint8_t rows; /* of the window, and its steps; an input outside the picture takes no part */
    uint8_t columns;
    uint8_t step;
    uint8_t left;
    int16_t low;
    int16_t high;
} pool16_t;

#endif
