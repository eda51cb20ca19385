/* Vector table, reset and fault handlers of a Cortex-M. Compiled with -DBARE it holds what a firmware needs, no more. */
#include <stdint.h>

#ifndef BARE
#include "port.h"
#endif

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
int firmware(void);

void reset(void) __attribute__((noreturn));
void fault(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {stack_top,
             {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault}};

void reset(void)
{
    /* volatile keeps the compiler from calling memcpy and memset, which may not be there yet or may use them */
    volatile uint32_t *to = data_start;
    const uint32_t *from = data_load;

    while (to < data_end)
        *to++ = *from++;
    for (to = bss_start; to < bss_end; to++)
        *to = 0;
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    /* CPACR: full access to coprocessors 10 and 11, which are the FPU and Helium (Armv8-M manual, D1.2.14). */
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
#if defined(__ARM_ARCH_6M__) && !defined(BARE)
    /* CCR.UNALIGN_TRP: the emulated core is an M4, which would forgive what an M0 does not: unaligned words. */
    *(volatile uint32_t *)0xE000ED14u |= 1u << 3;
#endif
#ifdef COUNTER_ENABLE
    *(volatile uint32_t *)COUNTER_ENABLE = 1;
#endif
#ifdef BARE
    (void)firmware();
    for (;;)
        ;
#else
    port_exit(firmware());
#endif
}

#ifdef BARE
void fault(void)
{
    for (;;)
        ;
}
#else
__attribute__((used, aligned(8))) static char spare_stack[256];

__attribute__((used, noreturn)) void report_fault(const uint32_t *frame)
{
    static char text[] = "fault vector ........ pc ........ from ........ status ........\n";
    static const uint8_t places[4] = {13, 25, 39, 55};
    const uint32_t values[4] = {
        *(volatile uint32_t *)0xE000ED04u & 0x1FFu, /* ICSR.VECTACTIVE */
        frame[6],
        frame[5],
        *(volatile uint32_t *)0xE000ED28u, /* CFSR */
    };

    for (int i = 0; i < 4; i++)
        for (int digit = 0; digit < 8; digit++)
            text[places[i] + digit] = "0123456789abcdef"[values[i] >> (28 - 4 * digit) & 15u];
    port_write(text);
    port_exit(1);
}

__attribute__((naked)) void fault(void)
{
    /* The stack may be full: report from another one. */
    __asm__ volatile(".syntax unified\n"
                     "mov r0, sp\n"
                     "ldr r1, =spare_stack + 256\n"
                     "mov sp, r1\n"
                     "bl report_fault\n"
                     ".ltorg");
}
#endif
