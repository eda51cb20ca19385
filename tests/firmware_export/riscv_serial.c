/* QEMU's RISC-V board `virt` as a board of the exported serial program: start-up code and its UART, an NS16550A. */
#include <stdint.h>

#include "board.h"

#define UART_DATA (*(volatile uint8_t *)0x10000000U)
#define UART_STATUS (*(volatile uint8_t *)0x10000005U)

extern uint32_t bss_start[], bss_end[];
int main(void);

__attribute__((section(".start"), naked, used)) void reset(void)
{
    __asm__ volatile("la sp, stack_top\n"
                     "j begin");
}

__attribute__((used, noreturn)) void begin(void)
{
    volatile uint32_t *word; /* volatile keeps the compiler from calling memset */
    for (word = bss_start; word < bss_end; word++) {
        *word = 0;
    }
    (void)main();
    for (;;) {
    }
}

int board_read(void)
{
    return (UART_STATUS & 1U) != 0U ? UART_DATA : -1;
}

void board_write(uint8_t byte)
{
    while ((UART_STATUS & 0x20U) == 0U) {
    }
    UART_DATA = byte;
}

uint32_t board_micros(void)
{
    return 0;
}
