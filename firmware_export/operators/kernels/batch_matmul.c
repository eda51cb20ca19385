#include "clamp.c"
#include "multiply.c"

typedef struct {
    operand_t first; /* zero points of both sides */
    operand_t second;
    operand_t to;
    uint16_t rows; /* of the product */
    uint16_t columns;
    uint16_t depth;
    uint16_t down;         /* bytes from one row of the first side to the next */
    uint16_t along;        /* along such a row */
    uint16_t beside;       /* bytes from one column of the second side to the next */
    uint16_t along_second; /* along such a column */
} batch_matmul_t;

static void batch_matmul_row(const FLASH batch_matmul_t *layer, const int8_t *first, const int8_t *second, int8_t *out)
{
    for (uint16_t row = 0; row < layer->rows; row++) {
        for (uint16_t column = 0; column < layer->columns; column++) {
            const int8_t *a = first + (size_t)row * layer->down;
            const int8_t *b = second + (size_t)column * layer->beside;
            int32_t sum = 0;
            for (uint16_t left = layer->depth; left != 0U; left--) {
                sum += (int32_t)(*a - layer->first.zero) * (*b - layer->second.zero);
                a += layer->along;
                b += layer->along_second;
            }
            *out++ = clamp(layer->to.zero + multiply(sum, layer->to.multiplier, layer->to.exponent), -128, 127);
        }
    }
}
