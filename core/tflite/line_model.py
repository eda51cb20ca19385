"""A line network running on the TFLite runtime of this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import Card, card_of, is_line_card
from edgedigits.core.digit import dequantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.strip import BLANK, HEIGHT, OUTPUTS, STRIDE, WIDTHS, padded, width_of_network
from edgedigits.core.model_files.kinds import check_tflite_file
from edgedigits.core.paths import StrPath
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.tflite.runtime import Refused, Runtime, delegate_of, runtime

LOWEST = -128
"""The int8 number of a strip's ground: a strip is fed as its pixels less 128."""

_REMEDY = "make it with `edgedigits quantize` of a network that `edgedigits train --model line` made"


class LineModel:
    """A ``.tflite`` line network of int8 or float32, built once for each width of strips and run many times.

    Attributes:
        path: of the model file.
        card: the model's card.
        threads: that the runtime may use.
        runtime: that runs it.
        is_int8: whether it takes and gives int8; else float32.
        scale: real logits are ``(q - zero_point) * scale``; 0 where the model gives floats.
        zero_point: of the logits.

    Not safe to share between threads.
    """

    def __init__(self, path: StrPath, *, threads: int = 1, on: Runtime | None = None, card: Card | None = None) -> None:
        """Load and check a model.

        Args:
            path: of the ``.tflite`` file.
            threads: that the runtime may use.
            on: another runtime than this machine's own.
            card: of the model where it is known and not written yet; None: the card beside the file.

        Raises:
            Refused: the runtime does not load it.
            EdgedigitsError: missing, changed or damaged, without the card of a line network, or of another form.
        """
        self.path = Path(path)
        check_tflite_file(self.path)
        known = card or card_of(self.path)
        if known is None or not is_line_card(known):
            raise EdgedigitsError(f"{self.path} has no card that says that it reads lines", _REMEDY)
        self.card: Card = known
        self.threads = threads
        self.runtime = on or runtime()
        self._interpreters: dict[int, Any] = {}
        interpreter = self._interpreter(width_of_network(1))
        source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        self._input, self._output = source["index"], result["index"]
        if source["dtype"] is not result["dtype"] or not _takes_strips(source):
            raise EdgedigitsError(
                f"{self.path} is fed strips neither as int8 by its input's scale nor as floats", _REMEDY
            )
        self.is_int8 = source["dtype"] is np.int8
        self.scale, self.zero_point = float(result["quantization"][0]), int(result["quantization"][1])

    def _interpreter(self, width: int) -> Any:
        """The interpreter for strips of a width."""
        if width in self._interpreters:
            return self._interpreters[width]
        try:
            with native_logs_hidden():
                made = self.runtime.module.Interpreter(model_path=str(self.path), num_threads=self.threads)
                made.resize_tensor_input(made.get_input_details()[0]["index"], (1, HEIGHT, width, 1), strict=False)
                made.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise Refused(self.runtime, self.path, str(error)) from error
        given = tuple(int(length) for length in made.get_output_details()[0]["shape"])
        if given != (1, 1, width // STRIDE, OUTPUTS):
            raise EdgedigitsError(f"{self.path} gives {given} for a strip of {width} columns", _REMEDY)
        self._interpreters[width] = made
        return made

    def prepare(self) -> None:
        """Build the interpreters of all widths now, for who may not wait for one later."""
        for width in WIDTHS:
            self._interpreter(width)

    @property
    def delegate(self) -> str:
        """What runs the operators: ``XNNPACK``, ``XNNPACK in part`` or ``none`` (the runtime's own kernels)."""
        return delegate_of(self._interpreter(width_of_network(1)))

    def tensor(self, strip: NDArray[np.uint8]) -> NDArray[Any]:
        """What the model is fed of a strip, uint8 of shape (32, width): shape (1, 32, one of the widths, 1)."""
        filled = padded(strip)[None, ..., None]
        if self.is_int8:
            return (filled.astype(np.int16) + LOWEST).astype(np.int8)
        return filled.astype(np.float32) / 255

    def run(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """One inference: a :meth:`tensor` to scores of shape (steps, 11) in the output's own type."""
        interpreter = self._interpreter(tensor.shape[2])
        interpreter.set_tensor(self._input, tensor)
        interpreter.invoke()
        scores: NDArray[Any] = interpreter.get_tensor(self._output).reshape(-1, BLANK + 1)
        return scores

    def logits(self, strip: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Real logits of a strip, float32 of shape (steps, 11)."""
        scores = self.run(self.tensor(strip))
        return dequantize(scores, self.scale, self.zero_point) if self.is_int8 else scores

    def all_logits(
        self, strips: Sequence[NDArray[np.uint8]], progress: Callable[[int], object] | None = None
    ) -> list[NDArray[np.float32]]:
        """Real logits of several strips; ``progress`` is told how many are done."""
        found = []
        for place, strip in enumerate(strips, start=1):
            found.append(self.logits(strip))
            if progress and (place % 50 == 0 or place == len(strips)):
                progress(place)
        return found


def _takes_strips(source: Any) -> bool:
    """Whether an input tensor holds pixels of a strip, 0 to 255, as they are less 128, or 0 to 1 as floats."""
    scale, zero_point = source["quantization"]
    return source["dtype"] is np.float32 or (
        source["dtype"] is np.int8 and abs(scale - 1 / 255) < 1e-4 and zero_point == LOWEST
    )
