"""Simulated mail as a source of frames."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.source import MailAtItsPace, SimulatedMail
from edgedigits.edge.sources.registry import open_source


class Clock:
    """A clock that moves only while somebody waits, or is told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def at_its_pace(clock: Clock) -> MailAtItsPace:
    return MailAtItsPace(BeltPlan("easy", pieces=1), clock=clock, sleep=clock.sleep)


def test_a_word_names_mail_and_what_it_shall_be(tmp_path):
    (tmp_path / "codes.csv").write_text("code,bin\n80331,M\n10115,B\n")
    word = f"mail:hard,seed=3,pieces=50,hand=slanted,form=4,frames=8,codes={tmp_path / 'codes.csv'}"

    source = open_source(word)

    assert isinstance(source, SimulatedMail) and not source.live and source.name == word
    assert source.belt.plan == BeltPlan("hard", 3, 50, "slanted", "4", ("10115", "80331"), 8)


def test_without_settings_it_is_ordinary_mail():
    assert open_source("mail:").belt.plan == open_source("mail:ordinary").belt.plan == BeltPlan()


def test_mail_at_its_own_pace_is_live_and_never_ends():
    source = open_source("mail:easy,pace=real")

    assert source.live and source.belt.plan.pieces is None


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("mail:ordinry", "did you mean ordinary"),
        ("mail:easy,speed=3", "no setting of simulated mail is called 'speed'"),
        ("mail:easy,seed", '"seed" says nothing'),
        ("mail:easy,seed=", '"seed=" says nothing'),
        ("mail:easy,seed=1,seed=2", '"seed=2" says nothing'),
        ("mail:easy,seed=-1", "seed=-1"),
        ("mail:easy,pieces=many", "pieces=many"),
        ("mail:easy,pace=slow", "no pace is called 'slow'"),
        ("mail:easy,codes=/nowhere/codes.csv", "no file /nowhere/codes.csv"),
    ],
)
def test_a_word_that_says_something_else_is_refused(word, words):
    with pytest.raises(EdgedigitsError, match=words):
        open_source(word)


def test_it_is_read_to_its_end_and_tells_the_pieces_that_have_come():
    source = SimulatedMail(BeltPlan("easy", pieces=2, frames_in_view=4))
    with source:
        frames = sum(1 for _ in source)
        assert source.read() is None
        assert source.position == pytest.approx((frames - 1) / 30)

    assert tuple(source.passed) == source.belt.truth()
    assert frames > source.passed[-1].last


def test_opened_again_it_starts_anew():
    source = SimulatedMail(BeltPlan(pieces=1))
    runs = []
    for _ in range(2):
        with source:
            runs.append(list(islice(source, 3)))

    assert np.array_equal(runs[0][2], runs[1][2])


def test_a_closed_source_gives_nothing():
    source = SimulatedMail(BeltPlan(pieces=1))

    assert source.read() is None
    with source:
        assert source.read() is not None
    assert source.read() is None


def test_digits_of_another_set_are_written():
    images = np.zeros((10, 28, 28), np.uint8)
    images[:, 4:24, 13:16] = 255
    plan = BeltPlan("easy", pieces=1, frames_in_view=10)

    with SimulatedMail(plan, (images, np.arange(10))) as strokes, SimulatedMail(plan) as usual:
        frames = [next(islice(source, 24, None)) for source in (strokes, usual)]

    assert not np.array_equal(*frames)


def test_at_its_pace_each_frame_comes_when_it_is_due():
    clock = Clock()
    with at_its_pace(clock) as source:
        for _ in range(4):
            source.read()

    assert clock.waits == pytest.approx([1 / 30] * 3)


def test_a_frame_that_is_late_is_followed_by_the_next_sooner():
    clock = Clock()
    with at_its_pace(clock) as source:
        source.read()
        clock.now += 0.05
        source.read()
        source.read()

    assert clock.waits == pytest.approx([2 / 30 - 0.05])


def test_what_was_slept_through_is_not_made_up_for():
    clock = Clock()
    with at_its_pace(clock) as source:
        source.read()
        clock.now += 60
        source.read()
        source.read()

    assert clock.waits == pytest.approx([1 / 30])


def test_mail_at_its_own_pace_keeps_no_list_of_what_has_passed():
    clock = Clock()
    with at_its_pace(clock) as source:
        assert sum(1 for _ in islice(source, 40)) == 40
        assert source.passed == []


def test_a_belt_with_so_many_pieces_ends_and_is_not_lost():
    clock = Clock()
    plan = BeltPlan("easy", pieces=1, frames_in_view=3)
    with MailAtItsPace(plan, clock=clock, sleep=clock.sleep) as source:
        assert source.read() is not None and not source.ended
        for _ in source:
            pass
        assert source.ended
