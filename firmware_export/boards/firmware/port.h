/* What a measuring program asks of the board it runs on; one port.c for each family of cores. */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

#ifdef __AVR__
#include <avr/io.h>
#include <avr/pgmspace.h>
#define PORT_TEXT(literal) PSTR(literal) /* stays in flash: RAM is for the library */
typedef uint8_t port_stack_word;
#define PORT_STACK_PATTERN 0xA5u
#else
#define PORT_TEXT(literal) (literal)
typedef uint32_t port_stack_word;
#define PORT_STACK_PATTERN 0x5AA5C33Cu
#endif

/* The time now; a difference is exact, in instructions (AVR: cycles) times a factor that the host knows. */
uint32_t port_count(void);

/* Copy so many bytes of the test images, from byte `first` on, to `to`. */
void port_image(int8_t *to, uint32_t first, uint32_t bytes);

/* The program that the startup code calls. */
int firmware(void);

/* Send one character to the host, or a PORT_TEXT. */
void port_char(char character);
void port_write(const char *text);

/* End the emulation. */
void port_exit(int code) __attribute__((noreturn));

/* Lowest address of the stack, known to the linker script. */
extern port_stack_word port_stack_limit[];

/* Lowest address that the caller's stack takes. */
static inline port_stack_word *port_stack_pointer(void)
{
    port_stack_word *here;
#if defined(__AVR__)
    here = (port_stack_word *)(SP + 1); /* an AVR's SP points to the next free byte */
#elif defined(__arm__)
    __asm__ volatile("mov %0, sp" : "=r"(here));
#else
    __asm__ volatile("mv %0, sp" : "=r"(here));
#endif
    return here;
}

#endif
