"""A conversation with a board over a serial port: opened, resynchronised, repeated where an answer gets lost."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import serial
from serial.tools.list_ports import comports

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.serial import protocol
from edgedigits.firmware_export.serial.protocol import Board, BoardAnswer, Decoder, FrameError, SerialFrame, StepAnswer

BAUD = 115200
_ATTEMPTS = 3
_POLL_SECONDS = 0.05
_WRITE_SECONDS = 5.0
_BITS_A_BYTE = 10
_HELLO_SECONDS = 1.0


class BoardLink:
    """An open port with a board behind it; use it with ``with``.

    Attributes:
        port: as the user named it.
        board: what the board said of itself.
        repeated: requests that were sent again because no usable answer came.
    """

    def __init__(
        self,
        port: str,
        *,
        baud: int = BAUD,
        timeout: float = 10.0,
        patience: float = 10.0,
        longest: int = protocol.LONGEST_PAYLOAD,
        line: bool = False,
        wide: bool = False,
    ) -> None:
        """Open the port and wait until the board says who it is.

        Args:
            port: device such as ``/dev/ttyACM0`` or ``COM3``, or a URL of pyserial such as ``socket://host:port``.
            baud: bits per second.
            timeout: seconds to wait for the answer to one image, the time of the model included.
            patience: seconds to wait for the first answer; many boards restart when their port is opened.
            longest: bytes of the longest payload that either side sends.
            line: whether a line network is asked.
            wide: whether the model gives int16.

        Raises:
            EdgedigitsError: the port is missing, forbidden, busy or no port; the board is silent, answers with
                something else, or speaks another version of the protocol.
        """
        self.port = port
        self.repeated = 0
        self._baud = baud
        self._timeout = timeout
        self._sequence = 0
        self._longest = longest
        self._line, self._wide = line, wide
        self._serial = _open(port, baud, _WRITE_SECONDS + _BITS_A_BYTE * longest / baud)
        try:
            self.board = self._greet(patience)
        except BaseException:
            self._serial.close()
            raise

    def __enter__(self) -> BoardLink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serial.close()

    def read(self, grey: bytes) -> BoardAnswer:
        """Have the board read the grey bytes of a digit, or of a strip.

        Raises:
            EdgedigitsError: it stopped answering, answers with something else or damaged frames, the model does not
                run, or the board meanwhile holds another model.
        """
        frame = self._repeated(protocol.READ, grey)
        with self._protocol_errors():
            reading = protocol.reading_of(frame.payload, self.board.output_bytes, self._line, self._wide)
        self._check_model(reading.sha_prefix)
        return reading

    def steps(self, given: bytes, count: int) -> tuple[StepAnswer, ...]:
        """Have the board tell of each of its steps.

        Args:
            given: the model's int8 or int16 input.
            count: steps of the model's plan.

        Raises:
            EdgedigitsError: as :meth:`read`, or the program on the board tells nothing of its layers.
        """
        payload = self._layers(given, protocol.EVERY_STEP)
        with self._protocol_errors():
            return protocol.steps_of(payload, count)

    def row(self, given: bytes, step: int, length: int) -> bytes:
        """Have the board send the row of so many bytes that a step makes; the arguments and errors of :meth:`steps`."""
        payload = self._layers(given, step)
        with self._protocol_errors():
            return protocol.row_of(payload, length)

    def _layers(self, given: bytes, step: int) -> bytes:
        payload = self._repeated(protocol.LAYERS, given + step.to_bytes(2, "little")).payload
        self._check_model(protocol.prefix_of(payload))
        return payload

    def _repeated(self, command: int, payload: bytes) -> SerialFrame:
        """The answer to a request, which is sent again where it gets lost."""
        seen = _Seen()
        for attempt in range(_ATTEMPTS):
            if attempt:
                self.repeated += 1
                self._resynchronise()
            frame = self._ask(command, payload, self._timeout, seen)
            if frame is not None:
                return frame
            if command == protocol.LAYERS and seen.refused == protocol.STATUSES[protocol.STATUS_UNKNOWN_COMMAND]:
                raise EdgedigitsError(
                    f"the program on the board at {self.port} does not tell of its layers",
                    "compile all its files with -DNAME_LAYERS, NAME being the library's in capitals such as "
                    "DIGITS_LAYERS, and flash it",
                )
        raise EdgedigitsError(f"the board at {self.port} {seen.trouble(self._timeout)}", seen.remedy(self._baud))

    def _check_model(self, prefix: str) -> None:
        if not self.board.sha256.startswith(prefix):
            raise EdgedigitsError(
                f"the board at {self.port} answers with model {prefix}..., it began with "
                f"{self.board.sha256[: protocol.PREFIX_CHARACTERS]}...",
                "it was flashed meanwhile: run again",
            )

    def _greet(self, patience: float) -> Board:
        seen = _Seen()
        end = time.monotonic() + patience
        wait = min(_HELLO_SECONDS, patience)
        while True:
            self._resynchronise()
            frame = self._ask(protocol.HELLO, b"", wait, seen)
            if frame is not None:
                break
            # Twice as long each time: a slow board is still at the bytes before, and asking adds more of them.
            wait = min(2 * wait, max(end - time.monotonic(), wait))
            if time.monotonic() >= end:
                raise EdgedigitsError(f"the board at {self.port} {seen.trouble(patience)}", seen.remedy(self._baud))
        with self._protocol_errors():
            board = protocol.board_of(frame.payload)
        if board.protocol != protocol.VERSION:
            raise EdgedigitsError(
                f"the board at {self.port} speaks version {board.protocol} of the protocol, this program "
                f"{protocol.VERSION}",
                "export the model again with this version of edgedigits and flash the example",
            )
        return board

    def _ask(self, command: int, payload: bytes, timeout: float, seen: _Seen) -> SerialFrame | None:
        """Send one request; None where no usable answer came in time. What did come is noted in ``seen``."""
        self._sequence = (self._sequence + 1) % 256
        self._write(protocol.encode(command, self._sequence, payload))
        decoder = Decoder(longest=self._longest)
        end = time.monotonic() + timeout
        answer = None
        while answer is None and time.monotonic() < end:
            for frame in decoder.feed(self._read()):
                if frame.sequence == self._sequence and frame.command == command | protocol.ANSWER:
                    answer = frame
        seen.noise += decoder.noise
        seen.damaged += decoder.damaged
        seen.cut_short = decoder.pending
        if answer is None:
            return None
        with self._protocol_errors():
            status = protocol.status_of(answer)
        if status == protocol.STATUS_NOT_RUN or status not in {protocol.STATUS_OK, *protocol.STATUSES}:
            trouble = protocol.STATUSES.get(status, f"status {status}")
            raise EdgedigitsError(
                f"the board at {self.port} refuses an image: {trouble}",
                "export the model again, build the example as it is and flash it",
            )
        if status != protocol.STATUS_OK:
            seen.refused = protocol.STATUSES[status]
            return None
        return answer

    def _resynchronise(self) -> None:
        """Complete whatever frame the board waits for, and drop what it says to that.

        A board that lost a byte waits for the rest of a frame: as many zeros complete the longest, and start none.
        """
        self._write(bytes(self._longest))
        end = time.monotonic() + _HELLO_SECONDS  # a board may never fall silent
        while self._read() and time.monotonic() < end:
            continue

    def _write(self, data: bytes) -> None:
        with self._gone():
            self._serial.write(data)

    def _read(self) -> bytes:
        """What has arrived; empty where nothing does for a moment."""
        with self._gone():
            first: bytes = self._serial.read(1)
            rest: bytes = self._serial.read(self._serial.in_waiting) if first else b""
            return first + rest

    @contextmanager
    def _gone(self) -> Iterator[None]:
        """A port that stops working: unplugged, the other end closed, or a board that takes no bytes."""
        try:
            yield
        except serial.SerialTimeoutException as error:
            raise EdgedigitsError(
                f"the board at {self.port} takes no bytes", "reset the board, check its cable and run again"
            ) from error
        except OSError as error:
            raise EdgedigitsError(
                f"the port {self.port} was closed from the other end ({error})",
                "see that the board is still plugged in and runs, then run again",
            ) from error

    @contextmanager
    def _protocol_errors(self) -> Iterator[None]:
        try:
            yield
        except FrameError as error:
            raise EdgedigitsError(
                f"the board at {self.port} sent {error}",
                "flash the example that this version of edgedigits exports",
            ) from error


class _Seen:
    """What came instead of an answer: it decides what the user is told."""

    def __init__(self) -> None:
        self.noise = 0
        self.damaged = 0
        self.cut_short = 0
        self.refused = ""

    def trouble(self, seconds: float) -> str:
        """What is wrong, as the end of a sentence that starts with the board."""
        if self.refused:
            return f"refuses what it is sent: {self.refused}"
        if self.damaged:
            return f"sends damaged answers ({self.damaged} with a wrong checksum)"
        if self.noise:
            return f"answers with something else ({counted(self.noise, 'byte')} of no frame)"
        if self.cut_short:
            return f"stopped after {counted(self.cut_short, 'byte')} of an answer"
        return f"has not answered for {seconds:g} seconds"

    def remedy(self, baud: int) -> str:
        """What to do about it."""
        if self.refused or self.damaged:
            return "use a shorter cable or a lower baud rate on both sides"
        if self.noise:
            return f"see that it runs the exported example, at {baud} baud, and that this is its port"
        return f"see that it runs the exported example at {baud} baud, reset it, or wait longer with --timeout"


def _open(port: str, baud: int, write_seconds: float) -> Any:
    try:
        return serial.serial_for_url(
            port, baudrate=baud, timeout=_POLL_SECONDS, write_timeout=write_seconds, exclusive=True
        )
    except ValueError as error:  # unknown URL, or a baud rate that cannot be
        raise EdgedigitsError(f"cannot open the port {port} ({error})", _ports_now()) from error
    except OSError as error:
        raise EdgedigitsError(*_why_not_open(port, error)) from error


def _why_not_open(port: str, error: OSError) -> tuple[str, str]:
    if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
        return f"there is no port {port}", _ports_now()
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"may not open the port {port}",
            "on Linux run `sudo usermod -a -G dialout $USER` and log in again; elsewhere close what uses the port",
        )
    if error.errno in {errno.EBUSY, errno.EAGAIN}:
        return f"the port {port} is in use", "close the serial monitor or the program that has it open"
    return f"cannot open the port {port} ({error})", _ports_now()


def _ports_now() -> str:
    ports = ", ".join(sorted(port.device for port in comports()))
    return f"connect the board and name its port; ports here: {ports or 'none'}"
