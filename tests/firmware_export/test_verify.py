"""Asking a board over a real pseudo-terminal with the exported C at its other end, and all that can go wrong."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hand_made import hand_made_library, outputs_of, random_images
from serial_board import wire
from slow_cases import slow_but

from edgedigits.core.datasets.formats.idx import read_idx
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.library import export_library
from edgedigits.firmware_export.proof.reference import ReferenceKernels
from edgedigits.firmware_export.serial import protocol
from edgedigits.firmware_export.serial.link import BoardLink
from edgedigits.firmware_export.serial.protocol import Decoder, SerialFrame, encode
from edgedigits.firmware_export.serial.verify import verify
from edgedigits.firmware_export.targets import LibraryFiles, TestVector, write_target

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"


@dataclass(frozen=True)
class Machine:
    """A board of QEMU: its name, what the compiler is told, and the addresses of its UART and memories."""

    name: str
    flags: tuple[str, ...]
    uart: int
    code: int
    ram: int


BOARDS = {
    "m3": Machine("mps2-an385", ("-mcpu=cortex-m3",), 0x40004000, 0, 0x20000000),
    "m4": Machine("mps2-an386", ("-mcpu=cortex-m4",), 0x40004000, 0, 0x20000000),
    "m33": Machine("mps2-an505", ("-mcpu=cortex-m33",), 0x40200000, 0x10000000, 0x38000000),
    "m55": Machine("mps3-an547", ("-mcpu=cortex-m55", "-mfloat-abi=hard"), 0x49303000, 0, 0x20000000),
}
QUICK = {"timeout": 0.5, "patience": 0.5}


def build_board(library: LibraryFiles, folder: Path) -> Path:
    """The exported serial program as a process of this computer."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed (Debian: apt-get install gcc)")
    write_target("c", library, folder)
    sources = ["serial/read_digit.c", "serial/host_board.c", f"serial/{library.name}_serial.c", f"{library.name}.c"]
    command = ["gcc", "-std=c99", "-O2", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I."]
    subprocess.run([*command, *sources, "-o", "board"], cwd=folder, check=True)
    return folder / "board"


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board with the hand-made library."""
    return build_board(hand_made_library(), tmp_path_factory.mktemp("board") / "c")


@pytest.fixture(scope="session")
def exported() -> LibraryFiles:
    """The built-in model, exported."""
    if not SMALL.is_file():
        pytest.skip("core/pretrained/small/model.int8.tflite is not there")
    export = export_library(SMALL)
    image = random_images(1)
    output = tuple(int(value) for value in ReferenceKernels(SMALL).outputs(image)[0])
    return LibraryFiles(
        name="digits",
        header=export.header,
        source=export.source,
        sha256=export.sha256,
        version=export.recipe.software,
        input_bytes=784,
        output_bytes=10,
        labels=tuple("0123456789"),
        arena_bytes=export.arena_bytes,
        vectors=(TestVector(image.tobytes(), output),),
    )


@pytest.fixture(scope="session")
def model_board(exported: LibraryFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board with the built-in model."""
    return build_board(exported, tmp_path_factory.mktemp("model") / "c")


def once(at: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Apply ``change`` to the piece that holds byte number ``at`` of the stream, and to no other."""
    seen = 0

    def transform(data: bytes) -> bytes:
        nonlocal seen
        before, seen = seen, seen + len(data)
        return change(data) if before <= at < seen else data

    return transform


def lose_first(data: bytes) -> bytes:
    return data[1:]


def flip_last(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 4,))


class TestGoodBoard:
    def test_says_who_it_is(self, board: Path):
        with wire(board) as port, BoardLink(port.port) as link:
            found = link.board

        assert found.sha256 == hand_made_library().sha256
        assert (found.version, found.input_bytes, found.output_bytes, found.arena_bytes) == ("1.2.3", 784, 10, 794)

    def test_reads_images_with_every_byte_in_its_place(self, board: Path):
        images = random_images(20, seed=3)
        with wire(board) as port, BoardLink(port.port) as link:
            readings = [link.read(image.tobytes()) for image in images]

        assert [reading.outputs for reading in readings] == [outputs_of(image) for image in images]
        assert all(reading.outputs[reading.label] == max(reading.outputs) for reading in readings)

    def test_images_may_look_like_frames(self, board: Path):
        fake = encode(protocol.HELLO, 1) * 98
        image = np.frombuffer(fake[:784], np.uint8)
        with wire(board) as port, BoardLink(port.port) as link:
            assert link.read(image.tobytes()).outputs == outputs_of(image)
            assert link.repeated == 0

    def test_second_conversation_on_the_same_port(self, board: Path):
        with wire(board) as port:
            for _ in range(2):
                with BoardLink(port.port) as link:
                    link.read(bytes(784))


class TestBadWire:
    def test_a_lost_byte_costs_one_repetition(self, board: Path):
        image = random_images(1)[0]
        start = protocol.LONGEST_PAYLOAD + 8 + 100
        with wire(board, to_board=once(start, lose_first)) as port, BoardLink(port.port, timeout=0.5) as link:
            assert link.read(image.tobytes()).outputs == outputs_of(image)
            assert link.repeated == 1

    def test_a_flipped_bit_on_its_way_to_the_board_costs_one_repetition(self, board: Path):
        image = random_images(1)[0]
        start = protocol.LONGEST_PAYLOAD + 8 + 100
        with wire(board, to_board=once(start, flip_last)) as port, BoardLink(port.port, timeout=0.5) as link:
            assert link.read(image.tobytes()).outputs == outputs_of(image)
            assert link.repeated == 1

    def test_a_flipped_bit_on_its_way_back_costs_one_repetition(self, board: Path):
        image = random_images(1)[0]
        with wire(board, from_board=once(90, flip_last)) as port, BoardLink(port.port, timeout=0.5) as link:
            assert link.read(image.tobytes()).outputs == outputs_of(image)
            assert link.repeated == 1

    def test_text_between_answers_is_skipped(self, board: Path):
        image = random_images(1)[0]
        with (
            wire(board, from_board=per_frame(lambda frame: b"boot: \xed\xd2\xed rst 0x1\r\n" + whole(frame))) as port,
            BoardLink(port.port, timeout=2) as link,
        ):
            assert link.read(image.tobytes()).outputs == outputs_of(image)

    def test_a_late_answer_is_not_taken_for_that_to_the_next_image(self, board: Path):
        images = random_images(3)
        late = b""

        def new_and_old(frame: SerialFrame) -> bytes:
            nonlocal late
            both, late = whole(frame) + late, whole(frame)
            return both

        with wire(board, from_board=per_frame(new_and_old)) as port, BoardLink(port.port) as link:
            assert [link.read(image.tobytes()).outputs for image in images] == [outputs_of(image) for image in images]

    def test_a_program_that_died_in_the_middle_of_an_image_does_no_harm(self, board: Path):
        half = encode(protocol.READ, 9, bytes(784))[:400]
        with wire(board) as port:
            handle = os.open(port.port, os.O_RDWR | os.O_NOCTTY)
            os.write(handle, half)
            with BoardLink(port.port) as link:
                assert link.read(bytes(784)).outputs == outputs_of(np.zeros(784, np.uint8))
            os.close(handle)

    def test_a_board_that_restarts_when_its_port_is_opened_is_waited_for(self, board: Path):
        with wire(board, delay=1.2) as port, BoardLink(port.port, patience=10) as link:
            assert link.board.version == "1.2.3"


class TestDevice:
    """What the C code answers to frames that this program never sends."""

    @pytest.mark.parametrize(
        ("request_bytes", "status"),
        [
            (encode(0x55, 1), protocol.STATUS_UNKNOWN_COMMAND),
            (encode(protocol.READ, 1, bytes(783)), protocol.STATUS_WRONG_LENGTH),
            (encode(protocol.READ, 1, bytes(65535)), protocol.STATUS_WRONG_LENGTH),
            (encode(protocol.HELLO, 1, b"x"), protocol.STATUS_WRONG_LENGTH),
            (flip_last(encode(protocol.HELLO, 1)), protocol.STATUS_WRONG_CHECKSUM),
            (flip_last(encode(protocol.READ, 1, bytes(784))), protocol.STATUS_WRONG_CHECKSUM),
        ],
        ids=["unknown command", "short image", "longest image", "long hello", "hello crc", "image crc"],
    )
    def test_says_what_is_wrong_and_goes_on(self, board: Path, request_bytes: bytes, status: int):
        done = subprocess.run([board], input=request_bytes + encode(protocol.HELLO, 2), capture_output=True, check=True)

        first, second = Decoder().feed(done.stdout)
        assert (first.sequence, first.payload) == (1, bytes((status,)))
        assert (second.sequence, second.payload[0]) == (2, protocol.STATUS_OK)

    def test_a_frame_right_after_half_a_magic_number_is_answered(self, board: Path):
        done = subprocess.run([board], input=b"\xed" + encode(protocol.HELLO, 7), capture_output=True, check=True)

        assert [frame.sequence for frame in Decoder().feed(done.stdout)] == [7]

    def test_survives_noise(self, board: Path):
        noise = np.random.default_rng(0).choice([0xED, 0xD1, 1, 2, 3, 16, 0], 200_000).astype(np.uint8).tobytes()
        rest = bytes(protocol.LONGEST_PAYLOAD) + encode(protocol.HELLO, 200)

        done = subprocess.run([board], input=noise + rest, capture_output=True, check=True)

        last = Decoder().feed(done.stdout)[-1]
        assert (last.sequence, last.payload[0]) == (200, protocol.STATUS_OK)


class TestBadBoard:
    def trouble(self, port: str, **options: float) -> EdgedigitsError:
        with pytest.raises(EdgedigitsError) as caught, BoardLink(port, **(QUICK | options)) as link:
            for _ in range(3):
                link.read(bytes(784))
        return caught.value

    def test_missing_port(self):
        error = self.trouble("/dev/ttyNONE")

        assert error.what == "there is no port /dev/ttyNONE"
        assert "ports here:" in error.remedy

    def test_forbidden_port(self, tmp_path: Path):
        with wire("cat") as port:
            Path(port.port).chmod(0)
            with not_root():
                error = self.trouble(port.port)

        assert "may not open" in error.what
        assert "dialout" in error.remedy

    def test_busy_port(self, board: Path):
        with wire(board) as port, BoardLink(port.port):
            error = self.trouble(port.port)

        assert "is in use" in error.what

    def test_a_file_is_no_port(self, tmp_path: Path):
        (tmp_path / "port").write_text("")

        assert "cannot open the port" in self.trouble(str(tmp_path / "port")).what

    @pytest.mark.parametrize("port", ["nonsense://x", "socket://localhost", "socket://127.0.0.1:1"])
    def test_bad_url(self, port: str):
        assert "cannot open the port" in self.trouble(port).what

    def test_silent_board(self):
        with wire("sleep", "60") as port:
            error = self.trouble(port.port)

        assert "has not answered for 0.5 seconds" in error.what
        assert "115200 baud" in error.remedy

    def test_garbage_without_end(self):
        with wire("cat", "/dev/urandom") as port:
            error = self.trouble(port.port)

        assert "answers with something else" in error.what or "damaged answers" in error.what

    def test_a_terminal_that_echoes_is_no_board(self):
        with wire("cat") as port:
            error = self.trouble(port.port)

        assert "answers with something else" in error.what

    def test_every_answer_damaged(self, board: Path):
        with wire(board, from_board=per_frame(lambda frame: flip_last(whole(frame)))) as port:
            assert "damaged answers" in self.trouble(port.port).what

    def test_every_image_damaged(self, board: Path):
        def damage_images(frame: SerialFrame) -> bytes:
            sent = whole(frame, protocol.TO_BOARD)
            return flip_last(sent) if frame.command == protocol.READ else sent

        with wire(board, to_board=per_frame(damage_images, protocol.TO_BOARD)) as port:
            error = self.trouble(port.port)

        assert "arrived damaged" in error.what

    def test_stops_answering_midway(self, board: Path):
        with wire(board, from_board=after(2, lambda frame: b"")) as port:
            assert "has not answered" in self.trouble(port.port).what

    def test_stops_in_the_middle_of_an_answer(self, board: Path):
        with wire(board, from_board=after(2, lambda frame: whole(frame)[:9])) as port:
            assert "stopped after" in self.trouble(port.port).what

    def test_answers_garbage_midway(self, board: Path):
        with wire(board, from_board=after(2, lambda frame: b"Guru Meditation Error")) as port:
            assert "answers with something else" in self.trouble(port.port).what

    def test_unplugged_midway(self, board: Path):
        with wire(board) as port, BoardLink(port.port, **QUICK) as link:
            link.read(bytes(784))
            port.close()
            with pytest.raises(EdgedigitsError, match="closed from the other end"):
                link.read(bytes(784))

    def test_takes_no_bytes(self, board: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("edgedigits.firmware_export.serial.link._WRITE_SECONDS", 0.2)
        master, slave = os.openpty()
        try:
            fill(slave)
            error = self.trouble(os.ttyname(slave), patience=60)
        finally:
            os.close(master)
            os.close(slave)

        assert "takes no bytes" in error.what

    def test_model_that_does_not_run(self, tmp_path: Path):
        with wire(build_board(hand_made_library(runs=False), tmp_path / "c")) as port:
            assert "the model did not run" in self.trouble(port.port).what

    def test_other_version_of_the_protocol(self, board: Path):
        def version_9(payload: bytes) -> bytes:
            return payload[:1] + b"\x09" + payload[2:]

        with wire(board, from_board=rewritten(protocol.HELLO, version_9)) as port:
            error = self.trouble(port.port)

        assert "speaks version 9 of the protocol, this program 1" in error.what

    def test_flashed_with_another_model_meanwhile(self, board: Path):
        def other_sha(payload: bytes) -> bytes:
            return payload[:8] + b"00000000" + payload[16:]

        with wire(board, from_board=rewritten(protocol.READ, other_sha)) as port:
            assert "answers with model 00000000..." in self.trouble(port.port).what

    def test_answer_of_another_length(self, board: Path):
        with wire(board, from_board=rewritten(protocol.READ, lambda payload: payload + b"x")) as port:
            assert "bytes about an image instead of" in self.trouble(port.port).what


class TestVerify:
    def test_exported_model_passes_its_own_self_test(self, exported: LibraryFiles, model_board: Path):
        command = ["gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"]
        subprocess.run([*command, "main.c", "digits.c", "-o", "selftest"], cwd=model_board.parent, check=True)

        assert subprocess.run([model_board.parent / "selftest"], check=False, capture_output=True).returncode == 0

    def test_exported_model_answers_as_the_reference_kernels(self, model_board: Path, data_folder: Path):
        images = read_idx(data_folder / "mnist" / "t10k-images-idx3-ubyte.gz")[:50]
        done: list[int] = []
        with wire(model_board) as port:
            result = verify(port.port, SMALL, images, progress=done.append)

        assert result.equal
        assert (result.images, result.outputs, result.differing_outputs, result.repeated) == (50, 500, 0, 0)
        assert result.first_difference is None
        assert len(result.seconds) == len(result.microseconds) == 50
        assert result.median_microseconds is not None
        assert 0 < result.median_microseconds < 1e6 * result.median_seconds
        assert done == list(range(1, 51))

    def test_differences_are_counted_and_the_first_is_named(self, model_board: Path):
        images = random_images(4)
        expected = ReferenceKernels(SMALL).outputs(images)
        seen = 0

        def change_image_2(payload: bytes) -> bytes:
            nonlocal seen
            seen += 1
            changed = bytearray(payload)
            if seen == 3:
                for output in (5, 7):
                    changed[16 + output] ^= 1
            return bytes(changed)

        with wire(model_board, from_board=rewritten(protocol.READ, change_image_2)) as port:
            result = verify(port.port, SMALL, images)

        assert not result.equal
        assert (result.differing_outputs, result.differing_images) == (2, 1)
        first = result.first_difference
        assert first is not None
        assert (first.image, first.output, first.expected) == (2, 5, int(expected[2, 5]))
        assert first.found == int(expected[2, 5]) ^ 1

    def test_a_label_that_is_not_the_first_best_is_wrong(self, model_board: Path):
        def next_label(payload: bytes) -> bytes:
            return payload[:1] + bytes(((payload[1] + 1) % 10,)) + payload[2:]

        with wire(model_board, from_board=rewritten(protocol.READ, next_label)) as port:
            result = verify(port.port, SMALL, random_images(2))

        assert (result.wrong_labels, result.differing_outputs, result.equal) == (2, 0, False)

    def test_another_model_on_the_board_is_named_with_ours(self, board: Path, exported: LibraryFiles):
        with wire(board) as port, pytest.raises(EdgedigitsError) as caught:
            verify(port.port, SMALL, random_images(1))

        assert hand_made_library().sha256[:12] in caught.value.what
        assert exported.sha256[:12] in caught.value.what

    def test_no_images(self):
        with pytest.raises(EdgedigitsError, match="no images"):
            verify("/dev/null", SMALL, random_images(0))

    def test_missing_model_is_told_before_the_port_is_opened(self, tmp_path: Path):
        with pytest.raises(EdgedigitsError, match="no model at"):
            verify("/dev/ttyNONE", tmp_path / "model.tflite", random_images(1))


class TestEmulatedBoard:
    """The same program on a bare Cortex-M in QEMU, whose UART is this end of the conversation."""

    @pytest.fixture(params=slow_but(BOARDS, ["m4", "m55"]))
    def command(self, request: pytest.FixtureRequest, exported: LibraryFiles, tmp_path: Path) -> list[str]:
        for program in ("arm-none-eabi-gcc", "qemu-system-arm"):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed (Debian: apt-get install gcc-arm-none-eabi qemu-system-arm)")
        machine = BOARDS[request.param]
        write_target("c", exported, tmp_path / "c")
        own = ["digits.c", "serial/digits_serial.c", "serial/read_digit.c", "serial/mps2_board.c"]
        here = Path(__file__).parent
        subprocess.run(
            [
                *("arm-none-eabi-gcc", "-mthumb", "-std=c99", "-O2", "-I.", *machine.flags),
                *(
                    f"-DBOARD_UART={machine.uart:#x}U",
                    f"-Wl,--defsym=code={machine.code}",
                    f"-Wl,--defsym=ram={machine.ram}",
                ),
                *("-nostartfiles", "-T", here / "cortex_m.ld", *own, here / "cortex_m_startup.c"),
                *("-o", "board.elf"),
            ],
            cwd=tmp_path / "c",
            check=True,
        )
        quiet = ["-display", "none", "-monitor", "none"]
        return ["qemu-system-arm", "-machine", machine.name, *quiet, "-kernel", str(tmp_path / "c" / "board.elf")]

    def test_over_its_serial_port(self, command: list[str], exported: LibraryFiles):
        with subprocess.Popen([*command, "-serial", "pty"], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                port = process.stdout.readline().split("redirected to ")[1].split()[0]
                result = verify(port, SMALL, random_images(5), timeout=30)
            finally:
                process.kill()

        assert result.equal
        assert result.microseconds == ()

    @pytest.mark.parametrize("command", ["m4"], indirect=True)
    def test_over_a_socket(self, command: list[str], exported: LibraryFiles):
        with socket.create_server(("127.0.0.1", 0)) as server:
            free = server.getsockname()[1]
        serial = f"tcp:127.0.0.1:{free},server=on,wait=on"
        with subprocess.Popen(
            [*command, "-serial", serial], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            try:
                assert process.stdout
                assert b"waiting for connection" in process.stdout.readline()
                assert verify(f"socket://127.0.0.1:{free}", SMALL, random_images(2), timeout=30).equal
            finally:
                process.kill()


def after(count: int, change: Callable[[SerialFrame], bytes]) -> Callable[[bytes], bytes]:
    """Let so many frames pass, then replace every one."""
    left = count

    def pass_or_change(frame: SerialFrame) -> bytes:
        nonlocal left
        left -= 1
        return whole(frame) if left >= 0 else change(frame)

    return per_frame(pass_or_change)


def per_frame(change: Callable[[SerialFrame], bytes], direction: int = protocol.FROM_BOARD) -> Callable[[bytes], bytes]:
    """Replace every frame of a stream, and drop what stands between them."""
    decoder = Decoder(direction)

    def transform(data: bytes) -> bytes:
        return b"".join(change(frame) for frame in decoder.feed(data))

    return transform


def whole(frame: SerialFrame, direction: int = protocol.FROM_BOARD) -> bytes:
    return encode(frame.command, frame.sequence, frame.payload, direction)


def rewritten(command: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Apply ``change`` to the payload of every answer to ``command`` and give it a right checksum."""
    return per_frame(
        lambda frame: (
            whole(replace(frame, payload=change(frame.payload)))
            if frame.command == command | protocol.ANSWER
            else whole(frame)
        )
    )


def fill(slave: int) -> None:
    """Fill a terminal that nobody reads."""
    os.set_blocking(slave, False)
    try:
        while True:
            os.write(slave, bytes(4096))
    except BlockingIOError:
        os.set_blocking(slave, True)


@contextmanager
def not_root() -> Iterator[None]:
    """Root may open everything: be somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
