/* Runs the library on every input that stands on standard input and writes every output to standard output.
 * First argument: `apart`, input and output lie outside the arena; `inside`, in it.
 * Exit codes: 2 the library refuses, 3 a byte around the arena, the input or the output is overwritten, 4 the input is.
 * Built with -DPREFIX=digits_ -DCAPITALS=DIGITS_ -DHEADER='"digits.h"'. */
#include HEADER

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define LIB(name) PASTE(PREFIX, name)
#define SIZE(name) PASTE(CAPITALS, name)

enum { GUARD = 64, PATTERN = 0x5c };

/* Memory of exactly this many bytes between two guards; under a sanitizer the guards are its own. */
static int8_t *guarded(size_t bytes)
{
#ifdef SANITIZED
    int8_t *start = malloc(bytes);
#else
    int8_t *start = malloc(bytes + 2 * GUARD);
    if (start != NULL) {
        memset(start, PATTERN, bytes + 2 * GUARD);
        start += GUARD;
    }
#endif
    if (start == NULL) {
        abort();
    }
    return start;
}

static int is_whole(const int8_t *start, size_t bytes)
{
#ifdef SANITIZED
    (void)start;
    (void)bytes;
#else
    for (size_t i = 0; i < GUARD; i++) {
        if ((start - GUARD)[i] != PATTERN || start[bytes + i] != PATTERN) {
            return 0;
        }
    }
#endif
    return 1;
}

int main(int count, char **words)
{
    int8_t *const arena = guarded(SIZE(ARENA_BYTES));
    int8_t *const input = guarded(SIZE(INPUT_BYTES));
    int8_t *const output = guarded(SIZE(OUTPUT_BYTES));
    int8_t *const before = guarded(SIZE(INPUT_BYTES));
    const int inside = count > 1 && strcmp(words[1], "inside") == 0;
    int8_t *const from = inside ? arena + SIZE(INPUT_OFFSET) : input;
    int8_t *const to = inside ? arena + SIZE(OUTPUT_OFFSET) : output;
    unsigned garbage = 1;

    while (fread(before, 1, SIZE(INPUT_BYTES), stdin) == SIZE(INPUT_BYTES)) {
        for (size_t i = 0; i < SIZE(ARENA_BYTES); i++) { /* what the arena held before must not matter */
            garbage = garbage * 1103515245u + 12345u;
            arena[i] = (int8_t)(garbage >> 24);
        }
        memset(output, (int)(garbage & 0x7f), SIZE(OUTPUT_BYTES));
        memcpy(from, before, SIZE(INPUT_BYTES));
        if (LIB(run)(arena, (void *)from, (void *)to) != 0) {
            return 2;
        }
        if (!is_whole(arena, SIZE(ARENA_BYTES)) || !is_whole(input, SIZE(INPUT_BYTES)) ||
            !is_whole(output, SIZE(OUTPUT_BYTES))) {
            return 3;
        }
        if (!inside && memcmp(input, before, SIZE(INPUT_BYTES)) != 0) {
            return 4;
        }
        fwrite(to, 1, SIZE(OUTPUT_BYTES), stdout);
    }
    return 0;
}
