"""A line network running on the TFLite runtime of this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.cards import Card, card_of, is_line_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.strip import BLANK, HEIGHT, OUTPUTS, STRIDE, padded, width_of_network
from edgedigits.core.model_files.kinds import check_tflite_file
from edgedigits.core.paths import StrPath
from edgedigits.core.quiet import native_logs_hidden
from edgedigits.core.tflite.runtime import Refused, Runtime, runtime

LOWEST = -128
"""The int8 number of a strip's ground: a strip is fed as its pixels less 128."""

_REMEDY = "make it with `edgedigits quantize` of a network that `edgedigits train --model line` made"


class LineModel:
    """An int8 ``.tflite`` line network, built once for each width of strips and run many times.

    Attributes:
        path: of the model file.
        card: beside it.
        scale: real logits are ``(q - zero_point) * scale``.
        zero_point: of the logits.
        runtime: that runs it.

    Not safe to share between threads.
    """

    def __init__(self, path: StrPath, *, threads: int = 1, reference: bool = False, on: Runtime | None = None) -> None:
        """Load and check a model.

        Args:
            path: of the ``.tflite`` file, its card beside it.
            threads: that the runtime may use.
            reference: run TFLite's reference kernels, whose arithmetic microcontrollers have.
            on: another runtime than this machine's own.

        Raises:
            Refused: the runtime does not load it.
            EdgedigitsError: missing, changed or damaged, without the card of a line network, or of another form.
        """
        self.path = Path(path)
        check_tflite_file(self.path)
        card = card_of(self.path)
        if card is None or not is_line_card(card):
            raise EdgedigitsError(f"{self.path} has no card that says that it reads lines", _REMEDY)
        self.card: Card = card
        self.threads = threads
        self.runtime = on or runtime()
        self._options: dict[str, Any] = {"model_path": str(self.path), "num_threads": threads}
        if reference:
            self._options["experimental_op_resolver_type"] = self.runtime.module.OpResolverType.BUILTIN_REF
        self._interpreters: dict[int, Any] = {}
        interpreter = self._interpreter(width_of_network(1))
        source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        self._input, self._output = source["index"], result["index"]
        scale, zero_point = source["quantization"]
        fed = abs(scale - 1 / 255) < 1e-4 and zero_point == LOWEST and source["dtype"] is np.int8
        if not fed or result["dtype"] is not np.int8:
            raise EdgedigitsError(f"{self.path} is not fed strips as int8 by its input's scale", _REMEDY)
        self.scale, self.zero_point = float(result["quantization"][0]), int(result["quantization"][1])

    def _interpreter(self, width: int) -> Any:
        """The interpreter for strips of a width."""
        if width in self._interpreters:
            return self._interpreters[width]
        try:
            with native_logs_hidden():
                made = self.runtime.module.Interpreter(**self._options)
                made.resize_tensor_input(made.get_input_details()[0]["index"], (1, HEIGHT, width, 1), strict=False)
                made.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise Refused(self.runtime, self.path, str(error)) from error
        given = tuple(int(length) for length in made.get_output_details()[0]["shape"])
        if given != (1, 1, width // STRIDE, OUTPUTS):
            raise EdgedigitsError(f"{self.path} gives {given} for a strip of {width} columns", _REMEDY)
        self._interpreters[width] = made
        return made

    def raw(self, strip: NDArray[np.uint8]) -> NDArray[np.int8]:
        """Scores of a strip, uint8 of shape (32, width), as int8 of shape (steps, 11)."""
        filled = padded(strip)
        interpreter = self._interpreter(filled.shape[1])
        interpreter.set_tensor(self._input, (filled.astype(np.int16) + LOWEST).astype(np.int8)[None, ..., None])
        interpreter.invoke()
        scores: NDArray[np.int8] = interpreter.get_tensor(self._output).reshape(-1, BLANK + 1)
        return scores

    def logits(self, strip: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Real logits of a strip, float32 of shape (steps, 11)."""
        return self.real(self.raw(strip))

    def real(self, scores: NDArray[np.int8]) -> NDArray[np.float32]:
        """int8 scores as the real logits that they stand for."""
        return np.asarray((scores.astype(np.float32) - self.zero_point) * self.scale, np.float32)

    def all_logits(
        self, strips: Sequence[NDArray[np.uint8]], progress: Callable[[int], object] | None = None
    ) -> list[NDArray[np.float32]]:
        """Real logits of several strips; ``progress`` is told how many are done."""
        found = []
        for place, strip in enumerate(strips):
            found.append(self.logits(strip))
            if progress and (place % 50 == 49 or place + 1 == len(strips)):
                progress(place + 1)
        return found
