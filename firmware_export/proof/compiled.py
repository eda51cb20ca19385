"""An exported C library, compiled for this computer and called from Python."""

from __future__ import annotations

import ctypes
import math
import tempfile
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.shapes import LineShape
from edgedigits.core.lines.strip import HEIGHT
from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.library.export import LibraryExport, export_library
from edgedigits.firmware_export.proof.compiler import STANDARD, find_compiler, run_command
from edgedigits.firmware_export.variants import PLAIN

_HOW_TO_MAKE_INPUTS = "`input_from_grey` makes them of grey pictures"
_ALIGNMENT = 4  # of the arena, as the header wants it
_LONGEST_TEXT = 100
_OF_SCORES = ("top1", "confidence", "label")
_OF_DIGITS = ("input_from_grey", *_OF_SCORES)
_OF_LINES = ("read_line", "text")

_SIZES = """\
#include "{name}.h"
#include <stddef.h>
extern const size_t {name}_sizes[];
const size_t {name}_sizes[] = {{{NAME}_ARENA_BYTES, {NAME}_INPUT_BYTES, {NAME}_OUTPUT_BYTES}};
"""
"""The header's macros as numbers: the size of the arena depends on the kernels, and those on the compiler."""


class CompiledLibrary:
    """An exported library, compiled and loaded.

    Threads may share it: each call has an arena of its own. It is a context manager; :meth:`close` unloads it.

    Attributes:
        export: the library.
        compiler: command that compiled it.
        functions: the loaded library, for what has no method here; not to be called after :meth:`close`.
        arena_bytes: working memory of one inference with the kernels that this computer's compiler chose.
        input_bytes: of the model's input.
        output_bytes: of the model's output.
        input_kind: NumPy's type of the numbers that :meth:`run` takes: int8, or int16 of a 16x8 model.
        output_kind: of those that it gives.
    """

    def __init__(self, library: LibraryExport | StrPath, *, flags: Sequence[str] = ("-O2",)) -> None:
        """Compile a library with what ``$CC`` names, else cc, gcc or clang, and load it.

        Args:
            library: what ``export_library`` makes, or the path of the ``.tflite`` model to make it from.
            flags: for the compiler, behind ``-std=c99``.

        Raises:
            EdgedigitsError: as ``export_library``; there is no C compiler, it refuses the library, or what it makes
                cannot be loaded here.
        """
        self.export = library if isinstance(library, LibraryExport) else export_library(library)
        self._name = self.export.recipe.name
        self._line = self.export.line or LineShape(0, 0)
        graph = self.export.graph
        self.input_kind, self.output_kind = graph.input_values[0].kind, graph.output_values[0].kind
        self.compiler = find_compiler()
        if not self.compiler:
            raise EdgedigitsError(
                "no C compiler found",
                "install one (Debian: sudo apt install gcc libc6-dev), or name yours in the variable CC",
            )
        # What is loaded needs its file no longer, so that nothing is left behind however the program ends.
        with tempfile.TemporaryDirectory(prefix="edgedigits-") as folder:
            self.functions = self._loaded(self._compiled(Path(folder), flags))
        self._open = True
        sizes = (ctypes.c_size_t * 3).in_dll(self.functions, f"{self._name}_sizes")
        self.arena_bytes, self.input_bytes, self.output_bytes = sizes
        self._weights: ctypes.Array[ctypes.c_char] | None = None
        if self.export.blobs:
            self.use_weights(self.export.blobs[PLAIN.name])
        if self.export.labels:
            getattr(self.functions, f"{self._name}_label").restype = ctypes.c_char_p

    def _compiled(self, folder: Path, flags: Sequence[str]) -> Path:
        name = self._name
        own = folder / "library"  # apart, so that no name of a library is that of the file beside it
        source = self.export.text.write(own)
        (folder / "sizes.c").write_text(_SIZES.format(name=name, NAME=name.upper()), encoding="utf-8")
        made = folder / "library.so"
        # -iquote, so that a library called `string` hides no header of C.
        sources = ("-iquote", str(own), str(source), str(folder / "sizes.c"))
        code, said = run_command((*self.compiler, STANDARD, *flags, "-shared", "-fPIC", *sources, "-o", str(made)))
        if code != 0:
            raise EdgedigitsError(
                f"the C compiler ({' '.join(self.compiler)}) refuses the library: {said or f'it ended with {code}'}",
                "name another compiler in the variable CC, such as CC=gcc",
            )
        return made

    def _loaded(self, made: Path) -> ctypes.CDLL:
        try:
            return ctypes.CDLL(str(made))
        except OSError as error:
            raise EdgedigitsError(
                f"what the C compiler ({' '.join(self.compiler)}) made cannot be loaded here ({error})",
                "name a compiler for this computer in the variable CC, such as CC=gcc, and in TMPDIR a folder from "
                "which programs may be loaded",
            ) from error

    def use_weights(self, blob: bytes) -> int:
        """Have a library whose weights lie outside take those of a blob, of the plain kernels on most computers.

        Returns:
            0; or what the C returns where it refuses them, and the former ones stay in use.
        """
        held = ctypes.create_string_buffer(blob, len(blob))
        told: int = self._function("use_weights")(held, ctypes.c_size_t(len(blob)))
        if told == 0:
            self._weights = held  # in use as long as the library is
        return told

    def run(self, images: NDArray[Any]) -> NDArray[Any]:
        """The model's output for each image.

        Args:
            images: int8 (int16 of a 16x8 model) of shape (count, ...), quantized as the model wants them,
                ``input_bytes`` each; of several inputs all of them one behind the other.

        Returns:
            int8 (or int16) of shape (count, numbers), the same bytes as of TFLite's reference kernels; of several
            outputs all of them one behind the other.

        Raises:
            EdgedigitsError: another type or size.
        """
        how = "as many numbers as the model takes" if self.input_kind is np.int16 else _HOW_TO_MAKE_INPUTS
        given = self._rows(images, self.input_kind, self.input_bytes, how)
        made = self._empty(len(given), self.output_kind, self.output_bytes)
        arena = self._arena()
        run = self._function("run")
        for image, output in zip(given, made, strict=True):
            if run(arena, self._handed(image, "input"), self._handed(output, "output")) != 0:
                raise RuntimeError("the library refuses its arena")
        return made

    def _handed(self, row: NDArray[np.generic], side: str) -> ctypes.c_void_p | ctypes.Array[ctypes.c_void_p]:
        """All inputs or outputs of one inference as C wants them: a pointer, or of several a struct of pointers."""
        graph = self.export.graph
        if graph.is_plain:
            return _pointer(row)
        values = graph.input_values if side == "input" else graph.output_values
        starts = accumulate((value.size for value in values[:-1]), initial=row.ctypes.data)
        return (ctypes.c_void_p * len(values))(*starts)

    def input_from_grey(self, grey: NDArray[np.uint8]) -> NDArray[np.int8]:
        """Grey pictures as the model's input: what :meth:`run` takes.

        Args:
            grey: uint8 of shape (count, ...), a byte a pixel; for digits (count, 28, 28), 0 ground, 255 full ink.

        Returns:
            int8 of shape (count, ``input_bytes``).

        Raises:
            EdgedigitsError: another type or size.
        """
        convert = self._function("input_from_grey")
        channels = self.export.contract.field[2] if self.export.contract else 1
        pixels = self.input_bytes // channels
        given = self._rows(grey, np.uint8, pixels, "`edgedigits.core.normalise` makes it of any picture")
        made = np.empty((len(given), self.input_bytes), np.int8)
        for picture, image in zip(given, made, strict=True):
            convert(_pointer(picture), _pointer(image))
        return made

    def input_from_bytes(self, pictures: NDArray[np.uint8]) -> NDArray[Any]:
        """Bytes of pictures as the input of a model that reads no digits: what :meth:`run` takes.

        Args:
            pictures: uint8 of shape (count, ...), a byte for each number of the input.

        Returns:
            int8 (int16 of a 16x8 model) of shape (count, numbers).

        Raises:
            EdgedigitsError: another type or size, or nothing tells what the model is fed of a picture.
        """
        convert = self._function("input_from_bytes")
        made = self._empty(len(pictures), self.input_kind, self.input_bytes)
        given = self._rows(pictures, np.uint8, made[:1].size, "a byte for each channel of a pixel")
        for picture, image in zip(given, made, strict=True):
            convert(_pointer(picture), _pointer(image))
        return made

    def top1(self, outputs: NDArray[Any]) -> NDArray[np.intp]:
        """Place of the greatest score of each output of :meth:`run`, of equal ones the lowest: (count,)."""
        return np.array(self._each("top1", outputs), np.intp)

    def confidence(self, outputs: NDArray[Any]) -> NDArray[np.intp]:
        """The greatest score of each output of :meth:`run` in thousandths: (count,)."""
        return np.array(self._each("confidence", outputs), np.intp)

    def read_lines(self, strips: NDArray[np.uint8]) -> list[str]:
        """What a line network reads in each strip.

        Args:
            strips: uint8 of shape (count, 32, columns), 0 ground, 255 full ink; of at most as many columns as the
                network was exported for, ground fills them up.

        Raises:
            EdgedigitsError: another type or shape, or a library that reads single digits.
        """
        read = self._function("read_line")
        widest = self._line.width
        if strips.dtype != np.uint8 or strips.ndim != 3 or strips.shape[1] != HEIGHT or strips.shape[2] > widest:
            raise EdgedigitsError(
                f"an array has shape {strips.shape} and type {strips.dtype}",
                f"give uint8 of shape (count, {HEIGHT}, at most {widest}); `edgedigits.core.lines.strip` makes strips",
            )
        arena = self._arena()
        columns = ctypes.c_uint16(strips.shape[2])
        return [
            self._said(lambda *text, strip=strip: read(arena, _pointer(strip), columns, *text))
            for strip in np.ascontiguousarray(strips)
        ]

    def texts(self, outputs: NDArray[np.int8]) -> list[str]:
        """What the scores of a line network say, of each output (count, ``output_bytes``)."""
        text = self._function("text")
        rows = self._rows(outputs, np.int8, self.output_bytes, "`run` gives them")
        return [self._said(lambda *to, output=output: text(_pointer(output), *to)) for output in rows]

    def _said(self, call: Callable[..., int]) -> str:
        """The text that a function of the library writes."""
        memory = ctypes.create_string_buffer(self._line.steps + 1)
        digits = call(memory, ctypes.c_size_t(len(memory)))
        if digits != len(memory.value):
            raise RuntimeError(f"the library ends with {digits}")
        return memory.value.decode("ascii")

    def _arena(self) -> ctypes.Array[ctypes.c_int32]:
        return (ctypes.c_int32 * -(-self.arena_bytes // _ALIGNMENT))()

    def label(self, place: int) -> str:
        """What the score in this place stands for; empty where there is none."""
        said: bytes = self._function("label")(ctypes.c_int(place))
        return said.decode("ascii")

    @property
    def version(self) -> str:
        """Of the toolkit that made the library, as the library tells it."""
        return self._text("version")

    @property
    def model_sha256(self) -> str:
        """Of the model, as the library tells it."""
        return self._text("model_sha256")

    def close(self) -> None:
        """Unload the library, once the last call has ended; a second time nothing happens."""
        if self._open:
            from _ctypes import dlclose  # ctypes itself never unloads

            dlclose(self.functions._handle)
        self._open = False

    def __enter__(self) -> CompiledLibrary:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unload the library."""
        self.close()

    def _each(self, function: str, outputs: NDArray[Any]) -> list[int]:
        call = self._function(function)
        rows = self._rows(outputs, self.output_kind, self.output_bytes, "`run` gives them")
        return [call(_pointer(output)) for output in rows]

    def _function(self, name: str) -> Callable[..., Any]:
        self._check_open()
        if name in _OF_DIGITS and self.export.line is not None:
            raise EdgedigitsError(f"the library reads lines and has no `{name}`", "call `read_lines` or `texts`")
        if name in _OF_LINES and self.export.line is None:
            kind = "single digits" if self.export.contract else "no lines"
            raise EdgedigitsError(
                f"the library reads {kind} and has no `{name}`", "call `run`, and see what its header declares"
            )
        if name == "input_from_grey" and self.export.contract is None:
            raise EdgedigitsError(
                f"the library reads no digits and has no `{name}`", "give `run` the model's int8 input"
            )
        if name == "input_from_bytes" and self.export.picture is None:
            raise EdgedigitsError(f"nothing tells what the model is fed of a picture: no `{name}`", "give `told`")
        if name in _OF_SCORES and not self.export.labels:
            raise EdgedigitsError(
                f"the library's outputs have no names, and it has no `{name}`",
                "name them: `export_library(labels=...)`",
            )
        function: Callable[..., Any] = getattr(self.functions, f"{self._name}_{name}")
        return function

    def _text(self, name: str) -> str:
        self._check_open()
        return (ctypes.c_char * _LONGEST_TEXT).in_dll(self.functions, f"{self._name}_{name}").value.decode("ascii")

    def _check_open(self) -> None:
        if not self._open:
            raise EdgedigitsError("the compiled library is closed", "call it before `close`, inside of its `with`")

    @staticmethod
    def _empty(count: int, kind: type[Any], size: int) -> NDArray[Any]:
        """Room for rows of so many bytes."""
        return np.empty((count, size // np.dtype(kind).itemsize), kind)

    def _rows(self, given: NDArray[np.generic], kind: type[np.generic], size: int, how: str) -> NDArray[np.generic]:
        """Arrays one after the other, each as one row of ``size`` bytes."""
        size //= np.dtype(kind).itemsize
        if given.dtype != kind or given.ndim < 2 or math.prod(given.shape[1:]) != size:
            raise EdgedigitsError(
                f"an array has shape {given.shape} and type {given.dtype}",
                f"give {np.dtype(kind).name} of shape (count, {size}); {how}",
            )
        return np.ascontiguousarray(given).reshape(len(given), size)


def _pointer(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
