"""The frames between a computer and a board that runs the exported example.

A frame, in either direction:

    0xED, 0xD1 (to the board) or 0xD2 (from it), command, sequence, length (2), payload (length), crc (2)

Numbers of several bytes are little endian. The checksum covers everything between the two magic bytes and itself. A
board answers each frame with one whose command has its top bit set, whose sequence is that of the request, and whose
payload starts with a status. The C half of this is ``targets/templates/common/serial.c.j2``, which takes its numbers
from here.
"""

from __future__ import annotations

import binascii
import re
import struct
from dataclasses import dataclass

MAGIC = 0xED
TO_BOARD = 0xD1
FROM_BOARD = 0xD2
ANSWER = 0x80
"""Set in the command of an answer."""

HELLO = 0x01
"""Who are you: no payload."""
READ = 0x02
"""Read this digit or line: as many grey bytes as the model takes, ink bright on a dark ground, row by row."""

LAYERS = 0x03
"""Run on this int8 input and tell of the steps: the model's input, then the number of a step or :data:`EVERY_STEP` (2).
Only programs that were compiled with their library's ``LAYERS`` macro know it."""
EVERY_STEP = 0xFFFF
"""In the place of a step: the checksum of the row that each step makes, and its cycles, instead of one row's bytes."""

VERSION = 1
"""Of this protocol; a board names its own in its answer to HELLO."""

STATUS_OK = 0
STATUS_UNKNOWN_COMMAND = 1
STATUS_WRONG_LENGTH = 2
STATUS_WRONG_CHECKSUM = 3
STATUS_NOT_RUN = 4
STATUSES = {
    STATUS_UNKNOWN_COMMAND: "it does not know the command",
    STATUS_WRONG_LENGTH: "the frame has a wrong length",
    STATUS_WRONG_CHECKSUM: "the frame arrived damaged",
    STATUS_NOT_RUN: "the model did not run",
}

SHA_CHARACTERS = 64
PREFIX_CHARACTERS = 8
"""So many characters of the model's sha256 stand in every answer: a board may be flashed while one is asking it."""

LONGEST_PAYLOAD = 1024
"""A length beyond this is noise and not waited for. Longer than any answer of a board that reads digits."""

LONGEST_FRAME = 65_535
"""Bytes of a payload: its length has 16 bits."""

_HEAD = struct.Struct("<BBH")
_HELLO = struct.Struct(f"<BBHHI{SHA_CHARACTERS}s")
_STEP = struct.Struct("<HI")
_READING = struct.Struct(f"<BBHI{PREFIX_CHARACTERS}s")

READING_BYTES = _READING.size
"""Of the answer to READ, before the outputs."""


STEP_BYTES = _STEP.size
"""Of the answer to LAYERS for each step."""
LAYERS_HEAD_BYTES = 1 + PREFIX_CHARACTERS


class FrameError(Exception):
    """What a board sent follows the frame but not the protocol; the text says what is wrong."""


@dataclass(frozen=True)
class SerialFrame:
    """One frame: command (answers have their top bit set), sequence 0..255, payload."""

    command: int
    sequence: int
    payload: bytes


@dataclass(frozen=True)
class Board:
    """What a board says of itself.

    Attributes:
        protocol: version of the frames that it speaks.
        input_bytes: of the model's input.
        output_bytes: of the model's output.
        arena_bytes: working memory of the model on this board.
        sha256: of the model, lower-case hexadecimal.
        version: of the exported library.
    """

    protocol: int
    input_bytes: int
    output_bytes: int
    arena_bytes: int
    sha256: str
    version: str


@dataclass(frozen=True)
class BoardAnswer:
    """What a board read.

    Attributes:
        label: index of the best output; 0 of a line network.
        confidence: per mille; of a line network how many digits the text has.
        microseconds: that the model ran; 0 where the board has no clock.
        sha_prefix: the first characters of the model's sha256.
        outputs: the model's int8 or int16 outputs.
        text: what they say, of a line network.
    """

    label: int
    confidence: int
    microseconds: int
    sha_prefix: str
    outputs: tuple[int, ...]
    text: str = ""


@dataclass(frozen=True)
class StepAnswer:
    """What a board says of a step: the checksum of the row made, and cycles; 0 on a core without a counter."""

    checksum: int
    cycles: int


def checksum(data: bytes) -> int:
    """CRC-16 with polynomial 0x1021, start 0xFFFF, not reflected (CRC-16/IBM-3740 in Koopman's and Cook's lists)."""
    return binascii.crc_hqx(data, 0xFFFF)


def encode(command: int, sequence: int, payload: bytes = b"", direction: int = TO_BOARD) -> bytes:
    """The bytes of one frame, at most 65,535 of them payload."""
    body = _HEAD.pack(command, sequence, len(payload)) + payload
    return bytes((MAGIC, direction)) + body + struct.pack("<H", checksum(body))


class Decoder:
    """Finds the frames of one direction in a stream that may hold anything between them.

    Attributes:
        noise: bytes that were part of no frame.
        damaged: frames whose checksum was wrong.
    """

    def __init__(self, direction: int = FROM_BOARD, longest: int = LONGEST_PAYLOAD) -> None:
        self._longest = longest
        self.noise = 0
        self.damaged = 0
        self._start = bytes((MAGIC, direction))
        self._pending = b""

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete."""
        return len(self._pending)

    def feed(self, data: bytes) -> list[SerialFrame]:
        """The frames that ``data`` completes, in order; never keeps more than one frame of the longest kind."""
        self._pending += data
        frames = []
        while self._skip_noise():
            length = self._length()
            if length is None:
                break
            frame = self._frame(length)
            if frame is not None:
                frames.append(frame)
        return frames

    def _skip_noise(self) -> bool:
        """Drop what cannot start a frame; whether a start is there."""
        place = self._pending.find(self._start)
        if place < 0:
            place = len(self._pending) - self._pending.endswith(self._start[:1])
        self.noise += place
        self._pending = self._pending[place:]
        return self._pending.startswith(self._start)

    def _length(self) -> int | None:
        """Bytes of the frame at the start of what is pending; None while it is not all there."""
        body = len(self._start) + _HEAD.size
        if len(self._pending) < body:
            return None
        _, _, payload = _HEAD.unpack_from(self._pending, len(self._start))
        if payload > self._longest:
            return 0
        length: int = body + payload + 2
        return length if len(self._pending) >= length else None

    def _frame(self, length: int) -> SerialFrame | None:
        body = self._pending[len(self._start) : length - 2]
        found = self._pending[length - 2 : length]
        if length == 0 or struct.pack("<H", checksum(body)) != found:
            self.damaged += 1
            self.noise += 1
            self._pending = self._pending[1:]  # the next frame may start inside what looked like this one
            return None
        self._pending = self._pending[length:]
        command, sequence, _ = _HEAD.unpack_from(body)
        return SerialFrame(command, sequence, body[_HEAD.size :])


def status_of(frame: SerialFrame) -> int:
    """The status that every answer starts with.

    Raises:
        FrameError: the answer is empty.
    """
    if not frame.payload:
        raise FrameError("an answer without a status")
    return frame.payload[0]


def board_of(payload: bytes) -> Board:
    """Read the answer to HELLO.

    Raises:
        FrameError: too short, or its sha256 or version are no such text.
    """
    if len(payload) < _HELLO.size:
        raise FrameError(f"{len(payload)} bytes about itself instead of {_HELLO.size} or more")
    _, protocol, inputs, outputs, arena, sha = _HELLO.unpack_from(payload)
    sha256, version = sha.decode("latin-1"), payload[_HELLO.size :].decode("latin-1")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not re.fullmatch(r"[ -~]{0,64}", version):
        raise FrameError("something that is no sha256 and version")
    return Board(protocol, inputs, outputs, arena, sha256, version)


def reading_of(payload: bytes, size: int, line: bool = False, wide: bool = False) -> BoardAnswer:
    """Read the answer to READ of a model whose output has so many bytes: of a line network, or of int16, where told.

    Raises:
        FrameError: another length, a label that no output has, or a text that is none.
    """
    if line:
        return _line_of(payload, size)
    if len(payload) != _READING.size + size or (wide and size % 2):
        raise FrameError(f"{len(payload)} bytes about an image instead of {_READING.size + size}")
    _, label, confidence, microseconds, prefix = _READING.unpack_from(payload)
    values = tuple(number for (number,) in struct.iter_unpack("<h" if wide else "b", payload[_READING.size :]))
    if label >= len(values):
        raise FrameError(f"label {label} of {len(values)}")
    return BoardAnswer(label, confidence, microseconds, prefix.decode("latin-1"), values)


def _line_of(payload: bytes, outputs: int) -> BoardAnswer:
    behind = _READING.size + outputs
    if len(payload) < behind:
        raise FrameError(f"{len(payload)} bytes about a line instead of {behind} or more")
    _, label, digits, microseconds, prefix = _READING.unpack_from(payload)
    text = payload[behind:].decode("latin-1")
    if len(text) != digits or not re.fullmatch(r"[0-9]*", text):
        raise FrameError(f"something that is no text of {digits} digits")
    values = struct.unpack(f"{outputs}b", payload[_READING.size : behind])
    return BoardAnswer(label, digits, microseconds, prefix.decode("latin-1"), values, text)


def steps_of(payload: bytes, count: int) -> tuple[StepAnswer, ...]:
    """Read the answer to LAYERS about every step of a model of so many.

    Raises:
        FrameError: another length.
    """
    wanted = LAYERS_HEAD_BYTES + count * _STEP.size
    if len(payload) != wanted:
        raise FrameError(f"{len(payload)} bytes about the steps of another plan instead of {wanted}")
    return tuple(StepAnswer(*pair) for pair in _STEP.iter_unpack(payload[LAYERS_HEAD_BYTES:]))


def row_of(payload: bytes, length: int) -> bytes:
    """Read the answer to LAYERS about one step whose row has so many bytes.

    Raises:
        FrameError: another length.
    """
    if len(payload) != LAYERS_HEAD_BYTES + length:
        raise FrameError(f"{len(payload)} bytes about a row instead of {LAYERS_HEAD_BYTES + length}")
    return payload[LAYERS_HEAD_BYTES:]


def prefix_of(payload: bytes) -> str:
    """The first characters of the model's sha256 in an answer to LAYERS; fewer where it is too short."""
    return payload[1:LAYERS_HEAD_BYTES].decode("latin-1")
