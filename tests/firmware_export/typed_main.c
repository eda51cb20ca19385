/* Runs a library on inputs of the model's own type, which lie in the images, and prints for each input in hexadecimal
 *     inputs ALL-BYTES-OF-THE-INT8-INPUT
 *     outputs ALL-BYTES-OF-THE-MODELS-OWN-OUTPUT
 * and at last `exit`. Built with -DIMAGES=n -DGIVEN=type -DFROM=input_from_... -DMADE=type -DTO=output_to_..., without the
 * function of an end that is int8. */
#include <string.h>

#include "library/digits.h"
#include "port.h"

#define CALL_(name) digits_##name
#define CALL(name) CALL_(name)

static int8_t arena[DIGITS_ARENA_BYTES] __attribute__((aligned(4)));
static GIVEN given[DIGITS_INPUT_BYTES];
static MADE made[DIGITS_OUTPUT_BYTES];

static void put_bytes(const char *name, const void *from, uint16_t count)
{
    const uint8_t *byte = from;

    port_write(name);
    for (; count > 0; count--, byte++) {
        port_char("0123456789abcdef"[*byte >> 4]);
        port_char("0123456789abcdef"[*byte & 15u]);
    }
    port_char('\n');
}

int firmware(void)
{
    int8_t *const input = arena + DIGITS_INPUT_OFFSET, *const output = arena + DIGITS_OUTPUT_OFFSET;

    for (uint16_t i = 0; i < IMAGES; i++) {
        port_image((int8_t *)given, i * sizeof given, sizeof given);
#ifdef FROM
        CALL(FROM)(given, DIGITS_INPUT_BYTES, input);
#else
        memcpy(input, given, sizeof given);
#endif
        put_bytes(PORT_TEXT("inputs "), input, DIGITS_INPUT_BYTES);
        if (digits_run(arena, input, output) != 0)
            return 1;
#ifdef TO
        CALL(TO)(output, DIGITS_OUTPUT_BYTES, made);
#else
        memcpy(made, output, sizeof made);
#endif
        put_bytes(PORT_TEXT("outputs "), made, sizeof made);
    }
    return 0;
}
