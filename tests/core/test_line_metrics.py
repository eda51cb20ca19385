"""Figures of lines by hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.statistics.edits import edit_distance
from edgedigits.core.statistics.line_metrics import LengthMetrics, compare_lines, line_metrics
from edgedigits.core.statistics.metrics import mcnemar_p
from edgedigits.core.statistics.proportions import wilson_interval


@pytest.mark.parametrize(
    ("truth", "text", "edits"),
    [
        ("", "", 0),
        ("12", "12", 0),
        ("1234", "134", 1),
        ("100", "1000", 1),
        ("12", "21", 2),
        ("", "77", 2),
        ("123", "", 3),
    ],
)
def test_the_distance_is_the_number_of_fewest_edits(truth, text, edits):
    assert edit_distance(truth, text) == edits


def test_lines_are_counted_whole_by_digits_and_by_length():
    metrics = line_metrics(["12", "345", "678", "9012"], ["12", "34", "678", "9912"])
    assert (metrics.count, metrics.exact) == (4, 50.0)
    assert (metrics.exact_low, metrics.exact_high) == pytest.approx([100 * end for end in wilson_interval(2, 4)])
    assert (metrics.digits, metrics.edits) == (12, 2)
    assert metrics.character_error_rate == pytest.approx(100 * 2 / 12)
    assert metrics.by_length == (LengthMetrics(2, 1, 100.0), LengthMetrics(3, 2, 50.0), LengthMetrics(4, 1, 0.0))


def test_without_a_mistake_every_digit_counts():
    metrics = line_metrics(["123456"] * 50, ["123456"] * 50)
    assert metrics.error_low == 0.0
    assert metrics.error_high == pytest.approx(100 * wilson_interval(0, 300)[1])


def test_mistakes_that_go_together_make_the_interval_wider():
    truths = ["0" * 10] * 100
    together = line_metrics(truths, ["1" * 10] * 5 + ["0" * 10] * 95)
    apart = line_metrics(truths, ["1" + "0" * 9] * 50 + ["0" * 10] * 50)
    assert together.character_error_rate == apart.character_error_rate == 5.0
    assert together.error_high - together.error_low > 2.5 * (apart.error_high - apart.error_low)
    assert (apart.error_low, apart.error_high) == pytest.approx([100 * end for end in wilson_interval(50, 1000)])
    assert (together.error_low, together.error_high) == pytest.approx(
        [100 * end for end in wilson_interval(5, 100)], rel=0.02
    )


def test_the_interval_holds_the_rate_of_the_source_as_often_as_it_says():
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        hard = generator.random(120) < 0.2
        wrong = generator.binomial(6, np.where(hard, 0.4, 0.01))
        metrics = line_metrics(["000000"] * 120, ["1" * some + "0" * (6 - some) for some in wrong])
        held += metrics.error_low <= 100 * (0.2 * 0.4 + 0.8 * 0.01) <= metrics.error_high
    assert 0.91 <= held / 300 <= 0.99


def test_a_reader_that_makes_up_more_than_there_is_has_a_rate_above_100():
    metrics = line_metrics(["1", "2"], ["111", "2222"])
    assert metrics.character_error_rate == 250.0
    assert metrics.error_low <= 100.0
    assert metrics.error_high == 250.0


def test_lines_without_digits_have_no_rate():
    with pytest.raises(ValueError, match="no digits"):
        line_metrics(["", ""], ["", "1"])


def test_two_readers_are_compared_by_whole_lines():
    truths = ["12", "34", "56", "78", "90"]
    found = compare_lines(["12", "34", "56", "7", "9"], ["12", "3", "5", "78", "0"], truths)
    assert (found.before, found.after, found.lost, found.won) == (60.0, 40.0, 2, 1)
    assert found.flipped == (1, 2, 3, 4)
    assert found.p_value == mcnemar_p(2, 1)
