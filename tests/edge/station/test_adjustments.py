"""Region and threshold that are changed while the station runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.edge.station.configuration.adjustments import FILE, Adjusted, Adjustments

CONFIGURED = Adjusted((10, 20, 300, 200), 0.97)


def test_what_is_configured_holds_until_something_is_changed(tmp_path: Path):
    adjustments = Adjustments(tmp_path, CONFIGURED)
    assert adjustments.current == CONFIGURED and adjustments.changed == ()
    assert not (tmp_path / FILE).exists()


def test_what_is_changed_holds_after_a_restart_and_the_rest_stays_configured(tmp_path: Path):
    Adjustments(tmp_path, CONFIGURED).change(threshold=0.9)
    again = Adjustments(tmp_path, Adjusted((0, 0, 50, 50), 0.5))
    assert again.current == Adjusted((0, 0, 50, 50), 0.9) and again.changed == ("threshold",)


def test_a_region_can_be_taken_back_to_the_whole_picture(tmp_path: Path):
    Adjustments(tmp_path, CONFIGURED).change(region=None)
    assert Adjustments(tmp_path, CONFIGURED).current == Adjusted(None, 0.97)


def test_a_reset_goes_back_to_what_is_configured(tmp_path: Path):
    adjustments = Adjustments(tmp_path, CONFIGURED)
    adjustments.change(region=(1, 2, 30, 40), threshold=0.5)
    adjustments.reset()
    assert adjustments.current == Adjustments(tmp_path, CONFIGURED).current == CONFIGURED


@pytest.mark.parametrize(
    "change",
    [
        *({"threshold": 1.01}, {"threshold": float("nan")}, {"threshold": "1"}, {"threshold": True}),
        *({"region": (0, 0, 15, 100)}, {"region": (0, 0, 100.0, 100)}, {"region": (-1, 0, 50, 50)}, {"region": 3}),
        {"region": (1, 2, 300, 400), "threshold": -1},
    ],
)
def test_a_value_that_is_none_changes_nothing(tmp_path: Path, change: dict[str, object]):
    adjustments = Adjustments(tmp_path, CONFIGURED)
    with pytest.raises(EdgedigitsError):
        adjustments.change(**change)  # type: ignore[arg-type]
    assert adjustments.current == CONFIGURED and not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"region": [1]}', b'{"treshold": 1}', b'{"threshold": 2}', b"\xff", b"[" * 100_000]
)
def test_a_damaged_file_is_warned_of_and_what_is_configured_holds(tmp_path: Path, content: bytes):
    (tmp_path / FILE).write_bytes(content)
    with pytest.warns(EdgedigitsWarning, match=FILE):
        adjustments = Adjustments(tmp_path, CONFIGURED)
    assert adjustments.current == CONFIGURED
    assert (tmp_path / FILE).read_bytes() == content


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path):
    (tmp_path / "journal").write_text("a file")
    adjustments = Adjustments(tmp_path / "journal", CONFIGURED)
    with pytest.raises(EdgedigitsError):
        adjustments.change(threshold=0.5)
    assert adjustments.current == CONFIGURED
