"""The C functions that follow a model's contract: from grey bytes to its input, and from its scores to a confidence."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.contract.contract import DARK, LOGITS, OUR_CONTRACT, InputContract
from edgedigits.core.digit import quantize
from edgedigits.firmware_export.c_source.text import wrapped
from edgedigits.firmware_export.graph.model import Value

_THOUSANDTHS = 16  # most bits behind the point of the factor from steps to thousandths
_LARGEST_FACTOR = 2**22  # 255 times it fits 32 bits
_LARGEST_WIDE_FACTOR = 2**15  # 32767 times it fits them
_ONE = 2**16 - 1


def grey_count(contract: InputContract, name: str) -> str:
    """C expression of how many grey bytes a picture has."""
    channels = contract.field[2]
    return f"{name.upper()}_INPUT_BYTES" + (f" / {channels}" if channels > 1 else "")


def grey_about(contract: InputContract) -> str:
    """What the header says beside, where the network sees something else than bright ink in one channel."""
    told = [f"is fed {contract.range}"] if contract.range != OUR_CONTRACT.range else []
    told += ["sees dark ink"] if contract.polarity == DARK else []
    told += [f"sees the grey in {contract.field[2]} channels"] if contract.field[2] > 1 else []
    return f" The network {' and '.join(told)}; this function sees to it." if told else ""


def steps_of_bytes(value: Value, contract: InputContract) -> NDArray[np.int_]:
    """What each byte of a picture becomes: the contract's value, quantized."""
    return quantize(contract.levels(), value.scale, value.zero_point, value.kind).astype(int)


_WITHOUT_STEPS = "    if (steps == NULL) { /* no weights yet */\n        return;\n    }\n"
_WITHOUT_POWERS = "    if (powers == NULL) { /* no weights yet */\n        return 0;\n    }\n"


def from_grey(value: Value, contract: InputContract, name: str, outside: bool = False) -> str:
    """Body of the function from grey bytes to the input; ``outside`` a table ``steps`` says what they become."""
    steps = steps_of_bytes(value, contract)
    count = grey_count(contract, name)
    channels = contract.field[2]
    counter = "uint16_t" if math.prod(value.shape) < 2**16 else "uint32_t"
    shifted = np.array_equal(steps, np.arange(256) - 128) and not outside
    table = _WITHOUT_STEPS if outside else "" if shifted else _table("int8_t steps", steps)
    if channels > 1:
        step = "(int8_t)(grey[pixel] - 128)" if shifted else "steps[grey[pixel]]"
        puts = "".join(f"        input[{channels} * pixel + {channel}] = step;\n" for channel in range(channels))
        return (
            f"{table}    for ({counter} pixel = {count}; pixel-- > 0;) {{ /* from the end: both may be one memory */\n"
            f"        const int8_t step = {step};\n{puts}    }}"
        )
    step = "(int8_t)(grey[byte] - 128)" if shifted else "steps[grey[byte]]"
    return f"{table}    for ({counter} byte = 0; byte < {count}; byte++) {{\n        input[byte] = {step};\n    }}"


def from_bytes(value: Value, contract: InputContract, count: str, outside: bool = False) -> str:
    """Body of the function from so many bytes of a picture to the input: each as the contract's value, quantized."""
    steps = steps_of_bytes(value, contract)
    if value.wide:
        return _wide_from_bytes(steps, count)
    shifted = np.array_equal(steps, np.arange(256) - 128) and not outside
    table = _WITHOUT_STEPS if outside else "" if shifted else _table("int8_t steps", steps)
    step = "(int8_t)(bytes[place] - 128)" if shifted else "steps[bytes[place]]"
    counter = "uint16_t" if math.prod(value.shape) < 2**16 else "uint32_t"
    return f"{table}    for ({counter} place = 0; place < {count}; place++) {{\n        input[place] = {step};\n    }}"


def _wide_from_bytes(steps: NDArray[np.int_], count: str) -> str:
    return (
        f"{_table('int16_t steps', steps)}"
        f"    for (uint32_t place = {count} / 2; place-- > 0;) {{ /* both may be one memory */\n"
        "        input[place] = steps[bytes[place]];\n    }"
    )


def confidence_note(value: Value, contract: InputContract | None) -> str:
    """What the header says of thousandths that are none of certainty."""
    return "" if _is_probability(value) or _gives_logits(contract) else " (no softmax: only its scale)"


def confidence(value: Value, contract: InputContract | None, name: str, outside: bool = False) -> str:
    """Body of the function that tells the thousandths of certainty of the greatest score, half-way cases upwards."""
    if _gives_logits(contract):
        return _softmax(value, name, outside)
    if outside:
        return f"    return certainties == NULL ? 0 : (int)certainties[output[{name}_top1(output)] + 128];"
    return (
        f"    const int32_t steps = (int32_t)output[{name}_top1(output)] - ({value.zero_point});\n"
        f"    return (int){_thousandths(value)};"
    )


def _gives_logits(contract: InputContract | None) -> bool:
    return contract is not None and contract.output == LOGITS


def certainties(value: Value, contract: InputContract | None) -> tuple[str, str, NDArray[np.int_]]:
    """C type, name and numbers of the table that tells the certainty ``outside``: see :func:`confidence`."""
    if _gives_logits(contract):
        return "uint16_t", "powers", _powers(value)
    steps = np.arange(-128, 128) - value.zero_point
    factor, bits = (1000, 8) if _is_probability(value) else _factor(value)
    return "int32_t", "certainties", np.where(steps <= 0, 0, (steps * factor + 2**bits // 2) >> bits)


def _powers(value: Value, many: int = 1) -> NDArray[np.int_]:
    found: NDArray[np.int_] = np.rint(_ONE * np.exp(-np.arange(256) * value.scale * many)).astype(int)
    return found


def _softmax(value: Value, name: str, outside: bool) -> str:
    """One over the sum of the powers of e, by which the other scores lie below the greatest."""
    many = 256 if value.wide else 1  # steps of int16 that count as one
    table = _WITHOUT_POWERS if outside else _table("uint16_t powers", _powers(value, many))
    count, kind = (" / 2", "int16_t") if value.wide else ("", "int8_t")
    place = "(best - output[place])" + f" / {many}" if value.wide else "best - output[place]"
    return (
        f"{table}"
        f"    const {kind} best = output[{name}_top1(output)];\n"
        "    uint32_t sum = 0;\n"
        f"    for (int place = 0; place < {name.upper()}_OUTPUT_BYTES{count}; place++) {{\n"
        f"        sum += powers[{place}];\n    }}\n"
        f"    return (int)(({1000 * _ONE}u + sum / 2) / sum);"
    )


def _is_probability(value: Value) -> bool:
    return (value.zero_point, value.scale) == ((0, 1 / 32768) if value.wide else (-128, 1 / 256))


def _thousandths(value: Value) -> str:
    """C expression of the thousandths that ``steps`` above zero stand for, half-way cases upwards."""
    if _is_probability(value):
        return "((steps * 1000 + 16384) / 32768)" if value.wide else "((steps * 1000 + 128) / 256)"
    factor, bits = _factor(value)
    return f"(steps <= 0 ? 0 : ((steps * {factor} + {2**bits // 2}) >> {bits}))"


def _factor(value: Value) -> tuple[int, int]:
    """From steps to thousandths: a factor and the bits behind its point."""
    thousandths = value.scale * 1000
    largest = _LARGEST_WIDE_FACTOR if value.wide else _LARGEST_FACTOR
    bits = next((bits for bits in range(_THOUSANDTHS, 0, -1) if thousandths * 2**bits < largest), 0)
    return min(round(thousandths * 2**bits), largest), bits


def _table(declared: str, numbers: NDArray[np.int_]) -> str:
    """A table of 256 numbers inside of a function."""
    kind, _, array = declared.partition(" ")
    lines = "\n".join(f"        {line}" for line in wrapped(", ".join(str(number) for number in numbers)))
    return f"    static const FLASH {kind} {array}[{len(numbers)}] = {{\n{lines}}};\n"
