/* avr-libc's own startup code copies .data, zeroes .bss and calls main. */
#ifdef BARE
int firmware(void);

int main(void)
{
    return firmware();
}
#else
#include "port.h"

#include <avr/interrupt.h>

int main(void)
{
    port_exit(firmware());
}

ISR(BADISR_vect)
{
    port_write(PORT_TEXT("fault vector 00000000 pc 00000000 from 00000000 status 00000000\n"));
    port_exit(1);
}
#endif
