#include "clamp.c"
#include "product.c"
#include "reciprocal.c"

typedef struct {
    const FLASH int32_t *exponentials;
    int32_t multiplier; /* from a difference to 26 bits behind the point */
    int32_t reverse;    /* from there to a difference */
    uint16_t entries;
    uint16_t reach; /* differences beyond it are the least output */
    uint16_t width;
    uint16_t channels;
    int8_t exponent;
    uint8_t back; /* bits to the right */
} log_softmax_t;

/* The natural logarithm of 1 or more, from 19 to 26 bits behind the point, as TFLite computes it. */
static int32_t log_of(int32_t x)
{
    const int32_t root = 1805811301;      /* of a root of a half */
    const int32_t half_root = 1518500250; /* the root of a half */
    const uint8_t zeros = leading_zeros((uint32_t)x);
    const uint8_t zeros_below = (uint8_t)(leading_zeros((uint32_t)product(x, half_root)) - 1U);
    const int32_t a = product((int32_t)((uint32_t)x << (zeros - 1)), half_root);
    const int32_t r_a = a > INT32_MAX / 2 ? INT32_MAX : a * 2;
    const int32_t r_b = x > (INT32_MAX >> zeros_below) ? INT32_MAX : (int32_t)((uint32_t)x << zeros_below);
    const int32_t r = r_a < r_b ? r_a : r_b;
    const int32_t power_a = (12 - zeros) * (INT32_C(1) << 25) + (INT32_C(1) << 23);
    const int32_t power_b = (12 - zeros_below) * (INT32_C(1) << 25) - (INT32_C(1) << 23);
    const int32_t power = power_a > power_b ? power_a : power_b;
    const int32_t p = (int32_t)(((uint32_t)r + (uint32_t)root + 1U) >> 1);
    const int32_t q = (r - root) * 2;
    const int32_t square = product(q, q);
    const int32_t above = product(q, r) + product(product(q, square), 117049297);
    const int32_t below = product(p, 1057819769 + q + product(127690142, square)) + product(638450708, q);
    const int32_t sum = product(power, 1488522236) + product(rounded_shift(above, 6), reciprocal(below));
    return sum > INT32_MAX / 2 ? INT32_MAX : sum * 2;
}

static void log_softmax_row(const FLASH log_softmax_t *layer, const int8_t *row, int8_t *out)
{
    const uint16_t channels = layer->channels;
    for (uint16_t x = 0; x < layer->width; x++) {
        int8_t greatest = -128;
        int32_t sum = 0;
        int32_t logarithm;
        int32_t furthest;
        for (uint16_t channel = 0; channel < channels; channel++) {
            greatest = row[channel] > greatest ? row[channel] : greatest;
        }
        for (uint16_t channel = 0; channel < channels; channel++) {
            const uint16_t under = (uint16_t)(greatest - row[channel]);
            if (under < layer->entries) {
                sum += (int32_t)(((uint32_t)layer->exponentials[under] + 0x800U) >> 12);
            }
        }
        logarithm = log_of(sum);
        furthest = rounded_shift(product(logarithm + INT32_MIN, layer->reverse), layer->back);
        for (uint16_t channel = 0; channel < channels; channel++) {
            const int32_t under = greatest - row[channel];
            if (under <= layer->reach && -under > furthest) {
                const int32_t real = product(-(under * (INT32_C(1) << layer->exponent)), layer->multiplier) - logarithm;
                out[channel] = clamp(rounded_shift(real, 22) + 127, -128, 127);
            } else {
                out[channel] = -128;
            }
        }
        row += channels;
        out += channels;
    }
}
