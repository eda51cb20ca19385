/* The least that a Cortex-M needs before main: vector table, .data, .bss, and the FPU or Helium switched on. */
#include <stdint.h>

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
int main(void);
void reset(void);

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {stack_top, reset};

void reset(void)
{
    volatile uint32_t *to;
    const uint32_t *from = data_load;
    for (to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xE000ED88U |= 0xFU << 20; /* CPACR: access to coprocessors 10 and 11 */
#endif
    (void)main();
    for (;;) {
    }
}
