/* Counting and semihosting on RISC-V. */
#include <string.h>

#include "port.h"

enum { SYS_WRITEC = 0x03, SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

__attribute__((naked, noinline)) uint32_t port_count(void)
{
    __asm__ volatile("rdinstret a0\n"
                     "ret");
}

/* The three instructions that mark a semihosting call must be uncompressed and lie in one page
 * (RISC-V Semihosting, version 1.0, chapter 2). */
__attribute__((naked, noinline, aligned(16))) static void semihost(uint32_t operation, const void *argument)
{
    (void)operation;
    (void)argument;
    __asm__ volatile(".option push\n"
                     ".option norvc\n"
                     "slli zero, zero, 0x1f\n"
                     "ebreak\n"
                     "srai zero, zero, 7\n"
                     "ret\n"
                     ".option pop" ::: "memory");
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
