"""One row of the accuracy/size table: a model made in one way, and everything that was measured of it."""

from __future__ import annotations

import math
import types
import typing
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from edgedigits.core.statistics.proportions import wilson_interval
from edgedigits.results.figures import figure, is_later, later

Content = TypeVar("Content")

DIGIT_TASK = "digit"
"""The task of a row of a network that reads single digits."""

NOT_MADE = "not made"
"""How the failure of a row begins whose model was not begun or finished for want of time."""


@dataclass(frozen=True)
class Accuracy:
    """What a model reads right of a set of test digits; of a line network, what lines it reads without a mistake.

    Attributes:
        digits: which digits these are, for people, such as ``mnist, its own test digits``.
        digits_sha256: of their pixels and labels (:meth:`edgedigits.core.datasets.Digits.sha256`, or that of
            :class:`edgedigits.core.lines.labelled.Lines`); only rows with the same one may be compared.
        count: how many they are.
        percent: top-1 accuracy, percent.
        runtime: name and version of what computed it, such as ``tflite-runtime 2.14.0``.
    """

    digits: str
    digits_sha256: str
    count: int
    percent: float
    runtime: str

    @property
    def right(self) -> int:
        """Digits that are read right."""
        return round(self.percent * self.count / 100)

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval, percent (:func:`edgedigits.core.statistics.proportions.wilson_interval`)."""
        low, high = wilson_interval(self.right, max(self.count, 1))
        return 100 * low, 100 * high


@dataclass(frozen=True)
class Drop:
    """What was lost against the float network on the same digits, as the Comparison of core/statistics/metrics.py says.

    Attributes:
        points: float minus this, percentage points; negative where this one is better.
        low: lower end of its 95 % interval.
        high: upper end.
        p_value: of McNemar's exact test.
        agreement: share of digits that both read the same, percent.
    """

    points: float
    low: float
    high: float
    p_value: float
    agreement: float


@dataclass(frozen=True)
class Latency:
    """How long one digit, or one line, takes on this machine, or why a runtime does not load the model.

    Attributes:
        runtime: name and version, such as ``tflite-runtime 2.14.0`` or ``scikit-learn 1.9.1``.
        threads: that it may use.
        delegate: what runs the operators, such as ``XNNPACK`` or ``none``.
        batch: digits a call.
        median_us: microseconds a digit (or a line), median over the calls; None where it does not load.
        p95_us: the 95th percentile.
        refused: the reason why it does not load; empty where it does.
        load: share of the cores, 0 to 1, that other programs took while it was timed; None where it is not known.
    """

    runtime: str
    threads: int
    delegate: str
    batch: int
    median_us: float | None
    p95_us: float | None
    refused: str = ""
    load: float | None = later(None)


@dataclass(frozen=True)
class CoreFigures:
    """What the model costs as C on an emulated microcontroller, from its ``firmware.json``.

    Attributes:
        core: such as ``m4``.
        flash_bytes: code, tables and weights.
        ram_bytes: arena, static data and stack.
        instructions: of one inference, mean over the digits of the report; cycles where ``unit`` says so.
        unit: ``instructions`` or ``cycles``.
        equal: whether every output was that of TFLite's reference kernels.
    """

    core: str
    flash_bytes: int
    ram_bytes: int
    instructions: float
    unit: str
    equal: bool


@dataclass(frozen=True)
class Row:
    """A row of the table. What was not or cannot be measured is None or empty.

    Attributes:
        model: network of the zoo, baseline or study.
        recipe: how it was made: a recipe of ``edgedigits quantize``, ``scikit-learn``, ``trial 17``...
        about: what the recipe is, in a line.
        failure: why there is no model; empty where there is one.
        file: name of the model file beside ``row.json``; empty where none is kept.
        sha256: of that file.
        accuracy: on the data set's own test digits, the same for every row of a table.
        split_accuracy: on the test part of the split that it was trained on, where that is another set of digits.
        validation: on the validation digits of that split: what rows are chosen by, as test digits only report.
        drop: against the float network that it was made from.
        character_error_rate: of a line network on the lines of ``accuracy``: digits that were missed, made up or taken
            for others, for each digit of the truth, percent.
        bytes: size of the model file.
        gzip_bytes: the same after ``gzip -9``.
        parameters: weights and biases that stand in the file: fewer than the card's ``parameters``, which are those of
            the float network, where batch normalization was folded into them.
        macs: multiply-accumulates of one inference.
        arena_bytes: memory of the activations, as TFLite lays them out.
        parameter_bytes: what the parameters of a full int8 model take in flash as exported C, with the kernels of plain
            C: weights or their codes, tables of these, biases, scales.
        latencies: on each runtime that was tried.
        cores: figures of the firmware report that lies beside the model.
        seconds: that making it took (training, fine-tuning, fitting), without what was there before.
        checks: what shows that the model is what its recipe says (sparsity, weights a layer...), as JSON takes it.
        settings: the recipe in full, with its budget, as JSON takes it.
        notes: what a reader of the table has to know.
        task: what the model reads: ``digit``, or ``line`` for a line network, whose ``accuracy``, ``validation`` and
            ``drop`` count whole lines, greedily decoded, and whose latencies are those of a line. Rows of two tasks are
            never in one table.
    """

    model: str
    recipe: str
    about: str
    failure: str = ""
    file: str = ""
    sha256: str = ""
    accuracy: Accuracy | None = None
    split_accuracy: Accuracy | None = None
    validation: Accuracy | None = None
    drop: Drop | None = None
    character_error_rate: float | None = figure(
        *("character errors %", "%"),
        later=True,
        brief="errors %",
        decimals=2,
        note="digits that were missed, made up or taken for others, for each digit that stands on the lines",
    )
    bytes: int | None = figure("bytes", "bytes", brief="bytes", cost="bytes", label="size of the model file")
    gzip_bytes: int | None = figure("gzip bytes", "bytes", brief="gzip", cost="gzip", label="size after gzip")
    parameters: int | None = figure(
        *("weights in the file", "weights"),
        note="weights and biases that stand in the model file; a network's parameters, as `models` and the card count "
        "them, are more where it has batch normalization, which is folded into them",
    )
    macs: int | None = figure("MACs", "MACs", brief="MACs", cost="MACs", label="multiply-accumulates of one inference")
    arena_bytes: int | None = figure("arena bytes", "bytes", brief="arena", cost="arena", label="arena")
    parameter_bytes: int | None = figure(
        *("bytes of parameters", "bytes"),
        later=True,
        brief="parameters",
        cost="parameters",
        label="bytes of parameters in flash",
        note="weights (or their codes and what these stand for), biases and scales in the flash of the C that "
        "`edgedigits export` makes of a full int8 model, with the kernels of plain C; code comes on top",
    )
    latencies: tuple[Latency, ...] = ()
    cores: tuple[CoreFigures, ...] = ()
    seconds: float | None = figure("made in s", "s", decimals=1)
    checks: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    task: str = later(DIGIT_TASK)

    @property
    def name(self) -> str:
        """Model and recipe, which tell a row from the others."""
        return f"{self.model} {self.recipe}"

    @property
    def not_made(self) -> bool:
        """Whether there is no model for want of time, and nothing has failed."""
        return self.failure.startswith(f"{NOT_MADE}:")

    @property
    def latency(self) -> Latency | None:
        """The first runtime that loads the model: that of the Raspberry Pi where it does."""
        return next((one for one in self.latencies if not one.refused), None)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return asdict(self)


def row_from(content: Any) -> Row:
    """The row that :meth:`Row.as_dict` made this of.

    Raises:
        ValueError: a field is missing, unknown, of the wrong type or no finite number; the message names it.
    """
    return dataclass_from(content, Row, "row")


def dataclass_from(content: Any, wanted: type[Content], place: str) -> Content:
    """The dataclass that :func:`dataclasses.asdict` made this of, as JSON gave it back.

    Args:
        content: what was read.
        wanted: a dataclass of texts, numbers, truths, dicts, tuples and dataclasses.
        place: what the message calls it.

    Raises:
        ValueError: a field is missing, unknown, of the wrong type or no finite number; the message names it.
    """
    found: Content = _dataclass(content, wanted, place)
    return found


def _value(content: Any, wanted: Any, place: str) -> Any:
    if is_dataclass(wanted):
        return _dataclass(content, typing.cast(type, wanted), place)
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (types.UnionType, typing.Union):
        if content is None:
            return None
        return _value(content, next(one for one in arguments if one is not type(None)), place)
    if origin is tuple:
        if not isinstance(content, list):
            raise ValueError(f"{place} is no list")
        return tuple(_value(item, arguments[0], f"{place}[{index}]") for index, item in enumerate(content))
    plain = origin or wanted
    if plain is float and type(content) is int:
        return float(content)
    if type(content) is not plain:
        raise ValueError(f"{place} is {type(content).__name__}, not {plain.__name__}")
    if plain is float and not math.isfinite(content):
        raise ValueError(f"{place} is {content}")
    return content


def _dataclass(content: Any, wanted: type, place: str) -> Any:
    if not isinstance(content, dict):
        raise ValueError(f"{place} is no object")
    hints = typing.get_type_hints(wanted)
    names = {item.name for item in fields(wanted)}
    needed = {item.name for item in fields(wanted) if not is_later(item)}
    missing, unknown = sorted(needed - set(content)), sorted(set(content) - names)
    if missing or unknown:
        raise ValueError(f"{place} lacks {', '.join(missing)}" if missing else f"{place} has {', '.join(unknown)}")
    return wanted(**{name: _value(content[name], hints[name], f"{place}.{name}") for name in content})
