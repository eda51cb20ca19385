"""A digit model running on the TFLite runtime of this machine."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import Card, card_of, refuse_line_network
from edgedigits.core.contract.card_contract import card_contract
from edgedigits.core.contract.contract import RANGES, InputContract
from edgedigits.core.contract.finding import NOTHING_TOLD, TOLD, FoundContract, Told, TrialDigits, find_contract
from edgedigits.core.contract.quantized_input import likely_ranges
from edgedigits.core.datasets.digits import Digits
from edgedigits.core.datasets.sample_digits import SAMPLES, load_samples
from edgedigits.core.datasets.splits import stratified_sample
from edgedigits.core.digit import CLASSES, dequantize, quantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.model_files.kinds import check_tflite_file
from edgedigits.core.paths import StrPath
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.tflite.digit_tensors import check_digit_tensors
from edgedigits.core.tflite.file import read_tflite
from edgedigits.core.tflite.runtime import Refused, Runtime, delegate_of, runtime
from edgedigits.core.tflite.schema import model_arguments
from edgedigits.core.tflite.trial import TRIAL_SECONDS, try_model

_TRIED = ((100_000, 500), (1_000_000, 200))
"""Digits on which contracts are tried with models of at most so many bytes: the larger, the slower."""

_FEWEST_TRIED = 60


@dataclass(frozen=True)
class Quantization:
    """``real = (q - zero_point) * scale``; a scale of 0 marks a tensor of floats."""

    scale: float
    zero_point: int


class DigitModel:
    """A ``.tflite`` model that takes 28x28 grey digits and gives ten scores, built once and run many times.

    Attributes:
        path: of the model file.
        card: the model's card, None where none lies beside it.
        found: the contract and how it is known.
        input: quantization of the input tensor.
        output: quantization of the output tensor.
        output_type: NumPy's type of the output tensor: int8, uint8, int16 or float32.
        threads: that the interpreter may use.
        runtime: that runs it.

    Not safe to share between threads: each call writes into the interpreter's own tensors.
    """

    def __init__(
        self,
        path: StrPath,
        *,
        threads: int = 1,
        reference: bool = False,
        own_kernels: bool = False,
        on: Runtime | None = None,
        contract: InputContract | None = None,
        told: Told = NOTHING_TOLD,
        tried_on: TrialDigits | None = None,
    ) -> None:
        """Load, check and prepare a model.

        Args:
            path: of the ``.tflite`` file.
            threads: that the runtime may use.
            reference: run TFLite's reference kernels, whose arithmetic is that of microcontroller runtimes, and
                not the default ones (XNNPACK).
            own_kernels: run the runtime's own optimised kernels, without the delegate that it takes by default.
            on: another runtime than :func:`runtime`. The file has to be one of the caller's own making then: it is
                not tried in a process of its own first.
            contract: of the model where it is known. None takes the card's, and tries the usual ones on digits that
                ship where there is no card.
            told: parts of the contract that are known better than by the card.
            tried_on: digits by which the contract is found; None: those that ship.

        Raises:
            Refused: the runtime has no kernel for an operator, or does not read the file.
            EdgedigitsError: missing, damaged or foreign file, a card that does not match, or a model that is no digit
                reader.
        """
        self.path = Path(path)
        self.card: Card | None = card_of(self.path)
        refuse_line_network(self.path, self.card)
        self.threads = threads
        check_tflite_file(self.path)
        self.runtime = on or runtime()
        if self.card is None and find_spec("tflite"):
            read_tflite(self.path)  # finds references past the end of the file, which crash the runtime at times
        if self.card is None and on is None:
            check_in_a_child(self.path, sha256_of(self.path))
        self._interpreter = interpreter_of(self.path, self.runtime, threads, _kernels(reference, own_kernels))
        source = self._interpreter.get_input_details()
        result = self._interpreter.get_output_details()
        check_digit_tensors(self.path, source, result)
        self.input = Quantization(float(source[0]["quantization"][0]), int(source[0]["quantization"][1]))
        self.output = Quantization(float(result[0]["quantization"][0]), int(result[0]["quantization"][1]))
        self._input_index, self._input_type = source[0]["index"], source[0]["dtype"]
        self._output_index, self.output_type = result[0]["index"], result[0]["dtype"]
        self._input_shape = tuple(int(length) for length in source[0]["shape"])
        self.found = self._find_contract(contract, told, tried_on)

    @property
    def contract(self) -> InputContract:
        """What the model is fed and what it gives."""
        return self.found.contract

    def _find_contract(self, given: InputContract | None, told: Told, tried_on: TrialDigits | None) -> FoundContract:
        """The contract that is given, or the card's where the user tells no other, or the one that reads best."""
        shape = self._input_shape[1:]
        if given:
            return FoundContract(replace(given, shape=shape), TOLD)
        if self.card:
            return card_contract(self.card, told, shape)
        return self.measured_contract(told, tried_on) if tried_on else _found(sha256_of(self.path), told, self)

    def measured_contract(
        self, told: Told, tried_on: TrialDigits | None = None, likely: tuple[str, ...] | None = None
    ) -> FoundContract:
        """The contract by which the model reads some digits best; large models are shown fewer of those that ship.

        Args:
            told: what is known already.
            tried_on: digits to try it on; None takes those that ship.
            likely: ranges, the likeliest first; None takes what the scale of the input tells, of floats the usual ones.
        """
        if likely is None:
            likely = RANGES
            if self._input_type is not np.float32:
                likely = likely_ranges(self._input_type, self.input.scale, self.input.zero_point)
        digits, source = tried_on or (self._some_samples(), SAMPLES)
        return find_contract(self._scores, self._input_shape[1:], digits, source, told=told, likely=likely)

    def _some_samples(self) -> Digits:
        size = self.path.stat().st_size
        count = next((tried for most, tried in _TRIED if size <= most), _FEWEST_TRIED)
        whole = load_samples().pool
        return whole.take(stratified_sample(whole.labels, min(count, len(whole)), 0))

    def _scores(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the model makes of real values, float32 of shape (count, ...), without softmax where it has none."""
        given = self._quantized(values)
        return self._real(np.stack([self.run(one) for one in given]))

    @property
    def is_int8(self) -> bool:
        """Whether input and output are int8."""
        return self._input_type is np.int8 and self.output_type is np.int8

    @property
    def delegate(self) -> str:
        """What runs the operators: ``XNNPACK``, ``XNNPACK in part`` or ``none`` (the runtime's own kernels)."""
        return delegate_of(self._interpreter)

    def raw(self, images: NDArray[np.uint8], progress: Callable[[int], object] | None = None) -> NDArray[Any]:
        """The model's output tensor for each image, in the output's own type.

        Args:
            images: uint8 of shape (count, 28, 28), normalised digits.
            progress: called with the number of images done so far, about a hundred times.

        Returns:
            int8, uint8 or int16 (float32 for a model with float output) of shape (count, 10).
        """
        values: Any = self.inputs(images)
        results = np.empty((len(images), CLASSES), self.output_type)
        every = max(1, len(images) // 100)
        for position in range(len(images)):
            results[position] = self.run(values[position])
            if progress and ((position + 1) % every == 0 or position + 1 == len(images)):
                progress(position + 1)
        return results

    def inputs(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """What the model is fed: uint8 images of shape (count, 28, 28) in the input's own type and shape, each."""
        return self._quantized(self.contract.values(images))

    def _quantized(self, values: NDArray[np.float32]) -> NDArray[Any]:
        given: Any = values
        if self._input_type is not np.float32:
            given = quantize(values, self.input.scale, self.input.zero_point, self._input_type)
        shaped: NDArray[Any] = given.reshape(len(values), *self._input_shape)
        return shaped

    def _real(self, results: Any) -> NDArray[np.float32]:
        if self.output_type is not np.float32:
            return dequantize(results, self.output.scale, self.output.zero_point)
        floats: NDArray[np.float32] = results
        return floats

    def run(self, value: NDArray[Any]) -> NDArray[Any]:
        """One inference: one of :meth:`inputs` to ten outputs in the output's own type, of shape (10,).

        Raises:
            Refused: the runtime cannot compute an operator, or not of such numbers.
        """
        self._interpreter.reset_all_variables()  # a recurrent network would go on from the digit before
        self._interpreter.set_tensor(self._input_index, value)
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise Refused(self.runtime, self.path, str(error)) from error
        scores: NDArray[Any] = self._interpreter.get_tensor(self._output_index)[0]
        return scores

    def probabilities(
        self, images: NDArray[np.uint8], progress: Callable[[int], object] | None = None
    ) -> NDArray[np.float32]:
        """Probabilities of the ten digits, float32 of shape (count, 10), for uint8 (count, 28, 28).

        Softmax of an int8 model ends in steps of 1/256, so its best score is at most 255/256; that of a model which
        gives logits is computed here. The label is ``argmax`` of a row; of equal scores the smallest digit wins.
        """
        return self.contract.probabilities(self._real(self.raw(images, progress)))


_CONTRACTS: dict[tuple[str, Told], FoundContract] = {}


def _found(sha256: str, told: Told, model: DigitModel) -> FoundContract:
    """The contract of a model without a card, tried once a process."""
    if (sha256, told) not in _CONTRACTS:
        _CONTRACTS[sha256, told] = model.measured_contract(told)
    return _CONTRACTS[sha256, told]


@cache
def check_in_a_child(path: Path, sha256: str) -> None:  # noqa: ARG001 - a changed file must be tried anew
    """Run a model once in a process of its own.

    Args:
        path: of a ``.tflite`` file of any kind.
        sha256: of the file.

    Raises:
        Refused: the runtime does not load it.
        EdgedigitsError: it makes the runtime crash or run without end, or there is no runtime.
    """
    trial = try_model(path, runtime().module.__name__)
    if trial.outcome == "refused":
        raise Refused(runtime(), path, trial.reason)
    if trial.outcome == "broken":
        raise _broken(runtime(), trial.reason)
    if trial.outcome == "endless":
        raise EdgedigitsError(
            f"{path} took more than {TRIAL_SECONDS} seconds of processor time",
            "take a smaller model; where it is small, copy or make it again",
        )
    if trial.outcome == "crashed":
        raise EdgedigitsError(f"{path} crashes {runtime()}", "copy it again, or make it again")


def _broken(on: Runtime, reason: str) -> EdgedigitsError:
    """What to raise of a runtime that runs no model at all, such as tflite-runtime 2.14 beside NumPy 2."""
    return EdgedigitsError(f"{on} does not run here ({reason})", 'pip install --force-reinstall "edgedigits[edge]"')


def _kernels(reference: bool, own_kernels: bool) -> str:
    """The name of the runtime's ``OpResolverType``; empty for its default."""
    return "BUILTIN_REF" if reference else "BUILTIN_WITHOUT_DEFAULT_DELEGATES" if own_kernels else ""


def interpreter_of(path: Path, on: Runtime, threads: int, kernels: str) -> Any:
    """An interpreter that is ready to run; ``kernels`` names its runtime's ``OpResolverType``, empty for the default.

    Raises:
        Refused: the runtime does not load the model.
        EdgedigitsError: the runtime itself does not work.
    """
    options: dict[str, Any] = {}
    if kernels:
        options["experimental_op_resolver_type"] = on.module.OpResolverType[kernels]
    try:
        with native_logs_hidden(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TensorFlow announces that its interpreter moves to LiteRT
            interpreter = on.module.Interpreter(**model_arguments(path), num_threads=threads, **options)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise Refused(on, path, str(error)) from error
    except (SystemError, AttributeError, ImportError) as error:
        raise _broken(on, str(error)) from error
    return interpreter
