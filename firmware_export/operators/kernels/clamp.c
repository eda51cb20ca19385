#ifndef EDGEDIGITS_CLAMP_C
#define EDGEDIGITS_CLAMP_C

#include "types.h"

MAYBE_UNUSED static int8_t clamp(int32_t value, int8_t low, int8_t high)
{
    return (int8_t)(value < low ? low : value > high ? high : value);
}

#endif
