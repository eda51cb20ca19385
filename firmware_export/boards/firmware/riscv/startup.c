/* Reset and trap handlers of a RISC-V hart. Compiled with -DBARE they hold what a firmware needs, no more. */
#include <stdint.h>

#ifndef BARE
#include "port.h"
#endif

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[];
int firmware(void);

void start(void) __attribute__((noreturn, used)); /* named in assembly alone */

__attribute__((section(".vectors"), naked, used)) void reset(void)
{
    __asm__ volatile("la sp, stack_top\n"
                     "la t0, fault\n"
                     "csrw mtvec, t0\n"
                     "j start");
}

void start(void)
{
    /* volatile keeps the compiler from calling memcpy and memset */
    volatile uint32_t *to = data_start;
    const uint32_t *from = data_load;

    while (to < data_end)
        *to++ = *from++;
    for (to = bss_start; to < bss_end; to++)
        *to = 0;
#ifdef BARE
    (void)firmware();
    for (;;)
        ;
#else
    port_exit(firmware());
#endif
}

#ifdef BARE
__attribute__((aligned(4), used)) void fault(void)
{
    for (;;)
        ;
}
#else
__attribute__((used, noreturn)) void report_fault(uint32_t from)
{
    static char text[] = "fault vector ........ pc ........ from ........ status ........\n";
    static const uint8_t places[4] = {13, 25, 39, 55};
    uint32_t values[4] = {0, 0, from, 0};

    __asm__ volatile("csrr %0, mcause\n csrr %1, mepc\n csrr %2, mtval"
                     : "=r"(values[0]), "=r"(values[1]), "=r"(values[3]));
    for (int i = 0; i < 4; i++)
        for (int digit = 0; digit < 8; digit++)
            text[places[i] + digit] = "0123456789abcdef"[values[i] >> (28 - 4 * digit) & 15u];
    port_write(text);
    port_exit(1);
}

__attribute__((naked, aligned(4), used)) void fault(void)
{
    /* The broken program may have left the stack pointer anywhere: report from a fresh stack. */
    __asm__ volatile("mv a0, ra\n"
                     "la sp, stack_top\n"
                     "j report_fault");
}
#endif
