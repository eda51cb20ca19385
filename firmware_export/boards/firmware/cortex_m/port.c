/* Counting and semihosting on a Cortex-M; in Thumb-1, so that it also assembles for an M0. */
#include <string.h>

#include "port.h"

enum { SYS_WRITEC = 0x03, SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

/* The board's timer ticks once in COUNTER_SAMPLES / q instructions (q = COUNTER_SCALE, a fraction in lowest terms), so
 * one reading is coarse. Hermite's identity, sum over k < n of floor(x + k/n) = floor(n x), makes it exact: n readings
 * whose distances in time take every residue modulo n add up to q * instructions + constant. The loop below has 7
 * instructions, and 7 q is coprime to every n in use, so its n readings do that. */
__attribute__((naked, noinline)) uint32_t port_count(void)
{
    __asm__ volatile(".syntax unified\n"
                     "ldr r1, =%c0\n"
                     "movs r2, %1\n"
                     "movs r0, #0\n"
                     "1: ldr r3, [r1]\n"
                     "adds r0, r0, r3\n"
                     "nop\n"
                     "nop\n"
                     "nop\n"
                     "subs r2, r2, #1\n"
                     "bne 1b\n"
                     "bx lr\n"
                     ".ltorg" ::"i"(COUNTER_ADDRESS),
                     "i"(COUNTER_SAMPLES));
}

static void semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void port_char(char character)
{
    semihost(SYS_WRITEC, &character);
}

void port_write(const char *text)
{
    semihost(SYS_WRITE0, text);
}

void port_exit(int code)
{
    const uint32_t reason[2] = {APPLICATION_EXIT, (uint32_t)code};

    for (;;)
        semihost(SYS_EXIT_EXTENDED, reason);
}

void port_image(int8_t *to, uint32_t first, uint32_t bytes)
{
    extern const int8_t images[];

    memcpy(to, images + first, bytes);
}
