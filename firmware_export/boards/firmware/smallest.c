/* The smallest firmware around the library: what it weighs is what a user's flash must hold. Never run. */
#include LIBRARY_HEADER

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define LIB(name) PASTE(LIBRARY_PREFIX, name)
#define SIZE(name) PASTE(LIBRARY_CAPITALS, name)

static int8_t arena[SIZE(ARENA_BYTES)] __attribute__((aligned(4)));
volatile int answer;

int firmware(void);

int firmware(void)
{
    for (;;)
        answer = LIB(run)(arena, (void *)(arena + SIZE(INPUT_OFFSET)), (void *)(arena + SIZE(OUTPUT_OFFSET)));
}
