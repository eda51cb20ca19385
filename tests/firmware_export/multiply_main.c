/* Multiplies what it reads: sum, multiplier and exponent as int32 of this computer, one product for each. */
#include <stdint.h>
#include <stdio.h>

#include KERNEL

int main(void)
{
    int32_t numbers[3];
    while (fread(numbers, sizeof numbers, 1, stdin) == 1) {
        const int32_t product = multiply(numbers[0], numbers[1], numbers[2]);
        if (fwrite(&product, sizeof product, 1, stdout) != 1) {
            return 1;
        }
    }
    return 0;
}
