/* Counting and output on an ATmega328P; register addresses from its data sheet (DS40002061, chapter 36). */
#include "port.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>

/* Timer 1 ticks once in 1024 cycles. As on Cortex-M, 1024 readings whose distances take every residue modulo 1024 (the
 * loop takes 11 cycles) add up to cycles + constant, here modulo 2^16; the first reading gives the upper bits. Exact up
 * to 2^26 cycles. */
uint32_t port_count(void)
{
    uint16_t first, sum = 0, left = 1024;

    TCCR1A = 0;
    TCCR1B = _BV(CS12) | _BV(CS10);
    first = TCNT1;
    __asm__ volatile("1: lds r24, %[low]\n"
                     "lds r25, %[high]\n"
                     "add %A[sum], r24\n"
                     "adc %B[sum], r25\n"
                     "nop\n"
                     "sbiw %[left], 1\n"
                     "brne 1b\n"
                     : [sum] "+r"(sum), [left] "+w"(left)
                     : [low] "n"(_SFR_MEM_ADDR(TCNT1L)), [high] "n"(_SFR_MEM_ADDR(TCNT1H))
                     : "r24", "r25");
    return ((uint32_t)first << 10) + (uint16_t)(sum - (uint16_t)(first << 10));
}

void port_image(int8_t *to, uint32_t first, uint32_t bytes)
{
    extern const int8_t images[];

    memcpy_P(to, images + (uint16_t)first, (uint16_t)bytes);
}

void port_char(char character)
{
    UCSR0B = _BV(TXEN0);
    while ((UCSR0A & _BV(UDRE0)) == 0)
        ;
    UDR0 = (uint8_t)character;
}

void port_write(const char *text)
{
    for (char character; (character = (char)pgm_read_byte(text)) != '\0'; text++)
        port_char(character);
}

/* Sleeping with interrupts off is how a firmware ends simavr; it knows no exit code. */
void port_exit(int code)
{
    port_write(code == 0 ? PSTR("exit 0\n") : PSTR("exit 1\n"));
    while ((UCSR0A & _BV(UDRE0)) == 0)
        ;
    cli();
    for (;;)
        sleep_mode();
}
