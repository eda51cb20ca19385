/* An Arduino Uno by simavr whose serial port is this process's standard input and output: simavr_uno SKETCH.elf */
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

static int ready; /* the receiver takes bytes */

static void say_nothing(avr_t *avr, const int level, const char *format, va_list arguments)
{
    (void)avr;
    (void)level;
    (void)format;
    (void)arguments;
}

static void on_output(avr_irq_t *irq, uint32_t value, void *parameter)
{
    const uint8_t byte = (uint8_t)value;
    (void)irq;
    (void)parameter;
    if (write(STDOUT_FILENO, &byte, 1) != 1) {
        exit(1);
    }
}

static void on_ready(avr_irq_t *irq, uint32_t value, void *parameter)
{
    (void)irq;
    (void)value;
    (void)parameter;
    ready = 1;
}

static void on_full(avr_irq_t *irq, uint32_t value, void *parameter)
{
    (void)irq;
    (void)value;
    (void)parameter;
    ready = 0;
}

static avr_irq_t *port(avr_t *avr, int which)
{
    return avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), which);
}

static void deliver(avr_t *avr)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    uint8_t byte;
    while (ready && poll(&input, 1, 0) == 1) {
        if (read(STDIN_FILENO, &byte, 1) != 1) {
            exit(0);
        }
        avr_raise_irq(port(avr, UART_IRQ_INPUT), byte);
    }
}

int main(int count, char **words)
{
    elf_firmware_t firmware = {{0}};
    uint32_t flags = 0;
    avr_t *avr;
    unsigned step;
    int state = cpu_Running;
    avr_global_logger_set(say_nothing);
    if (count != 2 || elf_read_firmware(words[1], &firmware) != 0) {
        return 2;
    }
    avr = avr_make_mcu_by_name("atmega328p");
    if (avr == NULL || avr_init(avr) != 0) {
        return 3;
    }
    firmware.frequency = 16000000;
    avr_load_firmware(avr, &firmware);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags); /* no echo to the console, no sleep while polling */
    avr_irq_register_notify(port(avr, UART_IRQ_OUTPUT), on_output, NULL);
    avr_irq_register_notify(port(avr, UART_IRQ_OUT_XON), on_ready, NULL);
    avr_irq_register_notify(port(avr, UART_IRQ_OUT_XOFF), on_full, NULL);
    for (step = 0; state != cpu_Done && state != cpu_Crashed; step++) {
        if (step % 256 == 0) {
            deliver(avr);
        }
        state = avr_run(avr);
    }
    return 4;
}
