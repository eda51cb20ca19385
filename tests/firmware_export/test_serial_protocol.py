"""Frames: found in any stream, refused when damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedigits.firmware_export.serial import protocol
from edgedigits.firmware_export.serial.protocol import (
    FROM_BOARD,
    LONGEST_PAYLOAD,
    Decoder,
    FrameError,
    SerialFrame,
    board_of,
    checksum,
    encode,
    reading_of,
    status_of,
)

frames = st.builds(SerialFrame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=60))


def bytes_of(frame: SerialFrame) -> bytes:
    return encode(frame.command, frame.sequence, frame.payload, FROM_BOARD)


def test_checksum_has_the_check_value_of_its_catalogue_entry():
    assert checksum(b"123456789") == 0x29B1


@given(st.lists(frames, max_size=4), st.integers(1, 50))
def test_frames_come_out_of_pieces_of_any_length(sent: list[SerialFrame], piece: int):
    stream = b"".join(bytes_of(frame) for frame in sent)
    decoder = Decoder()

    found = [frame for start in range(0, len(stream), piece) for frame in decoder.feed(stream[start : start + piece])]

    assert found == sent
    assert (decoder.noise, decoder.damaged, decoder.pending) == (0, 0, 0)


@given(st.binary(max_size=80).filter(lambda noise: bytes((protocol.MAGIC,)) not in noise), frames)
def test_noise_before_a_frame_is_counted_and_skipped(noise: bytes, frame: SerialFrame):
    decoder = Decoder()

    assert decoder.feed(noise + bytes_of(frame)) == [frame]
    assert decoder.noise == len(noise)


@given(st.binary(max_size=4000))
def test_any_bytes_are_digested_and_never_hoarded(noise: bytes):
    decoder = Decoder()

    decoder.feed(noise)

    assert decoder.pending <= LONGEST_PAYLOAD + 8


@given(frames, st.data())
def test_a_flipped_bit_is_found(frame: SerialFrame, data: st.DataObject):
    stream = bytearray(bytes_of(frame))
    stream[data.draw(st.integers(2, len(stream) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    assert frame not in Decoder().feed(bytes(stream) + bytes(2 * LONGEST_PAYLOAD))


def test_a_frame_that_starts_inside_a_false_one_is_found():
    frame = SerialFrame(0x81, 7, b"\x00answer")
    false_start = bytes((protocol.MAGIC, FROM_BOARD, 1, 2, 4, 0))

    assert Decoder().feed(false_start + bytes_of(frame)) == [frame]


class TestPayloads:
    hello = bytes((0, 1)) + b"\x10\x03\x0a\x00\x20\x03\x00\x00" + b"5" * 64 + b"0.1.0"

    def test_hello(self):
        board = board_of(self.hello)

        assert (board.protocol, board.input_bytes, board.output_bytes, board.arena_bytes) == (1, 784, 10, 800)
        assert (board.sha256, board.version) == ("5" * 64, "0.1.0")

    @pytest.mark.parametrize(
        "payload",
        [hello[:70], hello[:10] + b"Z" * 64, hello + b"\n", hello + b"\x1b[2J", hello + b"x" * 100],
        ids=["short", "no sha256", "newline", "escape", "endless version"],
    )
    def test_hello_that_is_none(self, payload: bytes):
        with pytest.raises(FrameError):
            board_of(payload)

    def test_reading(self):
        reading = reading_of(b"\x00\x02\xe7\x03\x10\x27\x00\x00deadbeef\x80\xff\x7f", size=3)

        assert (reading.label, reading.confidence, reading.microseconds) == (2, 999, 10000)
        assert (reading.sha_prefix, reading.outputs) == ("deadbeef", (-128, -1, 127))

    def test_reading_of_int16(self):
        head = b"\x00\x01\xe7\x03\x10\x27\x00\x00deadbeef"

        assert reading_of(head + b"\x00\x80\xff\x7f", size=4, wide=True).outputs == (-32768, 32767)
        for payload in (head + bytes(5), head + b"\x00\x80"):
            with pytest.raises(FrameError):
                reading_of(payload, size=len(payload) - len(head) + 1, wide=True)
        with pytest.raises(FrameError):
            reading_of(head + bytes(5), size=5, wide=True)

    @pytest.mark.parametrize("payload", [b"", b"\x00\x03" + bytes(17), bytes(20)], ids=["empty", "label", "long"])
    def test_reading_that_is_none(self, payload: bytes):
        with pytest.raises(FrameError):
            reading_of(payload, size=3)

    def test_an_answer_has_a_status(self):
        with pytest.raises(FrameError, match="without a status"):
            status_of(SerialFrame(0x81, 0, b""))
