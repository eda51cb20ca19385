/* The smallest firmware around the library: what it weighs is what a user's flash must hold. Never run. */
#include LIBRARY_HEADER

#include "ends.h"

static int8_t arena[SIZE(ARENA_BYTES)] __attribute__((aligned(4)));
volatile int answer;

int firmware(void);

int firmware(void)
{
    for (;;)
        answer = run_inside(arena);
}
