"""Mutants that no test can notice, and why: they compute the same, or what they change is no promise."""

from __future__ import annotations

import re

EVERYWHERE = (
    ("frozen=True", "frozen=False", "nothing assigns to a field of a result"),
    ("strict=True", "strict=False", "an assertion of the code: no call gives it lists of different lengths"),
)
"""What stands in a line, what was put in its place, and the reason."""

EXPLAINED: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "the same for every number that can stand there": {
        "core/statistics/metrics.py": (
            (
                'order = np.argsort(-errors, axis=None, kind="stable")[:10]',
                'order = np.argsort(~errors, axis=None, kind="stable")[:10]',
            ),
            ("np.fill_diagonal(errors, 0)", "np.fill_diagonal(errors, -1)"),
        ),
        "core/statistics/outcome.py": (
            (
                "return outcome_of(100 * low, 100 * high, limit) != CANNOT_TELL",
                "return outcome_of(100 * low, 100 * high, limit) > CANNOT_TELL",
            ),
            ("if enough <= count or not tells(enough):", "if enough == count or not tells(enough):"),
            ("if enough <= count or not tells(enough):", "if enough < count or not tells(enough):"),
            ("while enough - too_few > 1:", "while enough - too_few != 1:"),
        ),
        "firmware_export/graph/arithmetic.py": (
            ("if multiplier == 1 << 31:", "if multiplier >= 1 << 31:"),
            (
                "power = np.float32(math.exp(min(-float(real), 88.0)))",
                "power = np.float32(math.exp(min(-float(real), 89.0)))",
            ),
            (  # other means of two million numbers and more alone
                "multipliers=np.array([(multiplier << shift) // count], np.int32),",
                "multipliers=np.array([(multiplier << shift) / count], np.int32),",
            ),
            ('if activation == "RELU_N1_TO_1":', 'if activation >= "RELU_N1_TO_1":'),
            (
                "return (value >> exponent) + ((value & mask) > (mask >> 1) + (value < 0))",
                "return (value >> exponent) + ((value & mask) > (mask >> 1) + (value < 1))",
            ),
            (
                "return (value >> exponent) + ((value & mask) > (mask >> 1) + (value < 0))",
                "return (value >> exponent) + ((value & mask) > (mask >> 1) + (value <= 0))",
            ),
        ),
        "firmware_export/graph/formulas.py": tuple(  # both sides of the nudge make 0 of 0 and of -1
            (
                "nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))",
                f"nudged = product + np.where(product {other}, 1 << 30, 1 - (1 << 30))",
            )
            for other in (">= 1", "> 0", ">= -1")
        ),
        "firmware_export/planning/arena.py": (
            (
                "return (alive & -alive).bit_length() - 2",
                "return (alive | -alive).bit_length() - 2",
            ),
            *(  # moments more, at which nothing lives
                (
                    "moments = np.zeros(-(-(steps + 2) // 8) * 8, np.int64)",
                    f"moments = np.zeros(-(-(steps {other}) * 8, np.int64)",
                )
                for other in ("+ 2) // 7", "+ 3) // 8", "+ 2) * 8")
            ),
            (
                "moments = np.zeros(-(-(steps + 2) // 8) * 8, np.int64)",
                "moments = np.zeros(-(~(steps + 2) // 8) * 8, np.int64)",
            ),
            (  # a stage that works in place reads row after row, so that none has died before
                "steps = sum(_span(time, time) for time, life in zip(times, lives, strict=False)"
                " if life.death == time)",
                "steps = sum(_span(time, time) for time, life in zip(times, lives, strict=False)"
                " if life.death <= time)",
            ),
        ),
        "firmware_export/graph/layers.py": (
            tuple(
                f'return "x".join(map(str, shape)) if 0 {sign} len(shape) <= LONGEST_SHAPE'
                ' else f"a tensor of {len(shape)} axes"'
                for sign in ("<", "!=")
            ),
            (
                "if min(shape, default=1) < 1 or math.prod(shape) > LARGEST_VALUE:",
                "if min(shape, default=2) < 1 or math.prod(shape) > LARGEST_VALUE:",
            ),
            ("if math.prod(batch) != 1:", "if math.prod(batch) > 1:"),  # lengths below 1 are refused before
            (  # no output has 0 channels, so that there is a scale
                "if len(tensor.scales) > 1 and tensor.axis != axis:",
                "if len(tensor.scales) != 1 and tensor.axis != axis:",
            ),
        ),
        "firmware_export/planning/plan.py": (
            ("if cost < best:", "if cost <= best:"),  # the number of whole values is another one each time
            ("if trials <= 0:", "if trials == 0:"),
        ),
        "core/contract/contract.py": (
            ("if self.polarity == DARK:", "if self.polarity >= DARK:"),  # there are two
            ("if self.output == PROBABILITIES:", "if self.output >= PROBABILITIES:"),
            ("if channels > 1:", "if channels > 2:"),  # one or three
            tuple(
                f"inside = scores.size {sign} 0 or (scores.min() >= -_SLACK and scores.max() <= 1 + _SLACK)"
                for sign in ("==", "<=")
            ),
            (  # three times each pixel, one after another, either way
                "values = np.repeat(values[..., np.newaxis], channels, axis=-1)",
                "values = np.repeat(values[..., np.newaxis], channels, axis=~1)",
            ),
            (  # of one number
                "if side > 1 and side * side * channels == shape[0]:",
                "if side > 1 and side * side * channels == shape[ -1]:",
            ),
            (  # a whole root is never too large
                "if side > 1 and side * side * channels == shape[0]:",
                "if side > 1 and side * side * channels >= shape[0]:",
            ),
            *(  # of one and three channels; each value once, in the same order
                ("if channels > 1:", f"if channels {other}:") for other in ("!= 1", ">= 1", "> 0")
            ),
            (
                "values = np.repeat(values[..., np.newaxis], channels, axis=-1)",
                "values = np.repeat(values[..., np.newaxis], channels, axis=- 2)",
            ),
            ("side = math.isqrt(shape[0] // channels)", "side = math.isqrt(shape[ -1] // channels)"),
            *(  # no deviation is refused whatever the mean
                ("mean, deviation = 0.0, 0.0", f"mean, deviation = {other}")
                for other in ("1.0, 0.0", "-1.0, 0.0", "0.0, -1.0")
            ),
        ),
        "core/contract/finding.py": (  # of assumed, card, measured and told; at least one contract is tried
            ("if self.how == ASSUMED:", "if self.how <= ASSUMED:"),
            (
                "contract = chosen.contract if how != ASSUMED else"
                " replace(contracts[0], output=chosen.contract.output)",
                "contract = chosen.contract if how > ASSUMED else replace(contracts[0], output=chosen.contract.output)",
            ),
            *(
                (f"{before}len({what}) > 1{after}", f"{before}len({what}) != 1{after}")
                for before, what, after in (
                    (
                        'others = f"; next {self.tried[1].contract}: {self.tried[1].accuracy:.1f} %" if ',
                        "self.tried",
                        ' else ""',
                    ),
                    ("if len(digits) > _FIRST_LOOK and ", "contracts", ":"),
                )
            ),
        ),
        "quantize/proof/causes.py": (
            (  # of ten there are no more than ten
                "if len(set(meant.tolist())) == CLASSES and not np.array_equal(meant, np.arange(CLASSES)):",
                "if len(set(meant.tolist())) >= CLASSES and not np.array_equal(meant, np.arange(CLASSES)):",
            ),
        ),
        "core/contract/quantized_input.py": (  # of int8, uint8 and int16
            ("if np.dtype(kind) == np.int16:", "if np.dtype(kind) >= np.int16:"),
        ),
        "quantize/proof/proving.py": (
            ("chance: float = 100 / CLASSES", "chance: float = 100 // CLASSES"),
            ("return self.verdict == PASSED", "return self.verdict >= PASSED"),  # of "passed" and what comes before it
        ),
        "firmware_export/planning/schedule.py": (
            (  # no row is born after its own death
                "for slots in range(1, len(rows)):",
                "for slots in range( 0, len(rows)):",
            ),
        ),
        "core/statistics/proportions.py": (
            (
                "return (0.0 if right == 0 else low), (1.0 if right == count else high)",
                "return (0.0 if right <= 0 else low), (1.0 if right == count else high)",
            ),
            (
                "return (0.0 if right == 0 else low), (1.0 if right == count else high)",
                "return (0.0 if right == 0 else low), (1.0 if right >= count else high)",
            ),
        ),
        "core/digit.py": (
            (
                "return min(max(round(SIDE / 2 - centre), 0), SIDE - length)",
                "return min(max(round(SIDE // 2 - centre), 0), SIDE - length)",
            ),
            (
                "small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)",
                "small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale <= 1 else cv2.INTER_LINEAR)",
            ),
            (
                "rounded = np.trunc(steps + np.copysign(np.float32(0.5), steps)) + zero_point",
                "rounded = np.trunc(steps + np.copysign(np.float32( -0.5), steps)) + zero_point",
            ),
        ),
        "core/files.py": (
            ("mask = os.umask(0)", "mask = os.umask( 1)"),
            ("mask = os.umask(0)", "mask = os.umask( -1)"),
        ),
    },
    "a model that runs once runs twice": {
        "quantize/proof/verdicts.py": (
            (
                "DigitModel(path, on=on, contract=contract).raw(np.zeros((1, SIDE, SIDE), np.uint8))",
                "DigitModel(path, on=on, contract=contract).raw(np.zeros(( 2, SIDE, SIDE), np.uint8))",
            ),
        )
    },
    "a limit that was chosen: whether what lies on it to the last bit is inside is no promise": {
        "core/contract/contract.py": tuple(
            (
                "inside = scores.size == 0 or (scores.min() >= -_SLACK and scores.max() <= 1 + _SLACK)",
                f"inside = scores.size == 0 or (scores.min() {low} -_SLACK and scores.max() {high} 1 + _SLACK)",
            )
            for low, high in ((">", "<="), (">=", "<"))
        ),
        "quantize/proof/proving.py": (
            tuple(f"if scores.size and not (scores.min() >= 0 and scores.max() {sign} 1.01):" for sign in ("<=", "<")),
        ),
        "core/contract/quantized_input.py": (
            *(
                (
                    "held = [name for name, (lowest, highest) in ends.items()"
                    " if lowest >= low - slack and highest <= high + slack]",
                    "held = [name for name, (lowest, highest) in ends.items()"
                    f" if lowest {signs[0]} low - slack and highest {signs[1]} high + slack]",
                )
                for signs in ((">", "<="), (">=", "<"))
            ),
            *(
                (
                    "filling = [name for name in held"
                    " if abs(ends[name][0] - low) <= slack and abs(ends[name][1] - high) <= slack]",
                    "filling = [name for name in held"
                    f" if abs(ends[name][0] - low) {signs[0]} slack and abs(ends[name][1] - high) {signs[1]} slack]",
                )
                for signs in (("<", "<="), ("<=", "<"))
            ),
        ),
    },
    "for the type checker alone": {"core/digit.py": (("@overload", ""),)},
    "another draw of as many digits, or all of them in another order": {
        module: (
            *(
                (
                    "digits = digits.take(stratified_sample(digits.labels, MOST_DIGITS, 0))",
                    f"digits = digits.take(stratified_sample(digits.labels, MOST_DIGITS, {seed}))",
                )
                for seed in ("1", " -1")
            ),
            ("if len(digits) > MOST_DIGITS:", "if len(digits) >= MOST_DIGITS:"),
        )
        for module in ("core/contract/finding.py", "quantize/proof/causes.py")
    },
    "a round number that was chosen": {
        "core/contract/finding.py": (
            *(
                (
                    "some = digits.take(stratified_sample(digits.labels, _FIRST_LOOK, 0))",
                    f"some = digits.take(stratified_sample(digits.labels, _FIRST_LOOK, {seed}))",
                )
                for seed in ("1", " -1")
            ),
            ("_DEVIATIONS_AT_FIRST = 5.0", "_DEVIATIONS_AT_FIRST = 6.0"),
            ("_DEVIATIONS_AT_FIRST = 5.0", "_DEVIATIONS_AT_FIRST = 4.0"),
        ),
        "firmware_export/planning/plan.py": (
            ("_EFFORT = 100_000", "_EFFORT = 100001"),
            ("_EFFORT = 100_000", "_EFFORT = 99999"),
        ),
        "firmware_export/graph/arithmetic.py": (
            (
                "return math.floor(min(quotient, 1e6) + 0.5)",
                "return math.floor(min(quotient, 1000001.0) + 0.5)",
            ),
            (
                "return math.floor(min(quotient, 1e6) + 0.5)",
                "return math.floor(min(quotient, 999999.0) + 0.5)",
            ),
        ),
        "core/statistics/outcome.py": (
            ("MOST_DIGITS = 100_000", "MOST_DIGITS = 100001"),
            ("MOST_DIGITS = 100_000", "MOST_DIGITS = 99999"),
        ),
    },
}
"""Reason to module to the lines as they stand and as they were changed."""


TASTE: dict[str, tuple[str, ...]] = {
    "quantize/proof/proving.py": (
        "_CELL = 96",
        "_TEXT = 34",
        "draw_text(sheet, title, (4, 17), 0.45)",
        "return (0, 128, 0) if after == truth else (0, 0, 200) if before == truth else (110, 110, 110)",
        "cv2.rectangle(sheet, (left + 1, top + 1), (left + _CELL - 2, top + _CELL + _TEXT - 3), colour, 1)",
        "place = (left + 6, top + _CELL + 10 + 15 * number)",
        "draw_text(sheet, text, place, 0.4, colour)",
    ),
}
"""Lines whose numbers are sizes, places and shades of a picture; tests hold what can be seen to be wrong of them."""

_NUMBER = re.compile(r" ?-?\b\d[\d_.]*")


def reason_of(module: str, line: str, change: str) -> str:
    """Why nothing can notice this mutant; empty where nothing is known."""
    for old, new, reason in EVERYWHERE:
        if old in line and line.replace(old, new) == change:
            return reason
    if line in TASTE.get(module, ()) and _NUMBER.sub("", line) == _NUMBER.sub("", change):
        return "a size, a place or a shade of a picture, one step beside the one that was chosen"
    return next((reason for reason, where in EXPLAINED.items() if (line, change) in where.get(module, ())), "")
