"""Metrics against scikit-learn's and SciPy's, comparisons against hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from edgedigits.core.statistics.metrics import (
    ClassMetrics,
    Confusion,
    WrongDigit,
    compare,
    evaluate_scores,
    mcnemar_p,
    paired_interval,
    pool,
    wrong_digits,
)


@pytest.fixture(scope="module")
def judged():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 500).astype(np.uint8)
    scores = generator.random((500, 10))
    scores[np.arange(500), labels] += 0.6
    return scores, labels


def test_figures_equal_scikit_learns(judged):
    scores, labels = judged
    metrics = evaluate_scores(scores, labels)
    read = scores.argmax(1)
    assert metrics.count == 500
    assert metrics.accuracy == pytest.approx(100 * accuracy_score(labels, read))
    assert np.array(metrics.confusion).tolist() == confusion_matrix(labels, read).tolist()
    precision, recall, f1, support = precision_recall_fscore_support(labels, read)
    assert [c.precision for c in metrics.classes] == pytest.approx(precision)
    assert [c.recall for c in metrics.classes] == pytest.approx(recall)
    assert [c.f1 for c in metrics.classes] == pytest.approx(f1)
    assert [c.support for c in metrics.classes] == support.tolist()


def test_worst_confusions_come_first(judged):
    scores, labels = judged
    worst = evaluate_scores(scores, labels).worst
    assert [item.count for item in worst] == sorted((item.count for item in worst), reverse=True)
    table = confusion_matrix(labels, scores.argmax(1))
    assert worst[0].count == (table - np.diag(table.diagonal())).max() == table[worst[0].truth, worst[0].read]


def test_the_ten_most_frequent_confusions_are_told_and_of_equal_ones_those_of_smaller_digits():
    truths = np.repeat(np.arange(10), 3).astype(np.uint8)
    read = (truths + np.tile([1, 1, 2], 10)) % 10
    worst = evaluate_scores(np.eye(10)[read], truths).worst
    assert worst == tuple(Confusion(truth, (truth + 1) % 10, 2) for truth in range(10))


def test_what_was_read_rightly_is_no_confusion():
    worst = evaluate_scores(np.eye(10)[[3, 5, 5, 0]], np.array([3, 5, 2, 0], np.uint8)).worst
    assert worst == (Confusion(2, 5, 1),)


def test_digits_that_were_read_wrongly_are_told_in_their_order_with_the_score_of_what_was_read():
    scores = np.zeros((4, 10), np.float32)
    scores[[0, 1, 2, 3], [4, 7, 2, 9]] = [0.5, 0.25, 0.75, 1.0]
    found = wrong_digits(scores, np.array([6, 7, 1, 9], np.uint8))
    assert found == (WrongDigit(0, 6, 4, 0.5), WrongDigit(2, 1, 2, 0.75))


def test_tie_goes_to_the_smallest_digit():
    scores = np.zeros((1, 10))
    scores[0, [4, 7]] = 0.5
    assert evaluate_scores(scores, np.array([4], np.uint8)).accuracy == 100.0


def test_class_that_never_occurs_has_zeros_not_errors():
    metrics = evaluate_scores(np.eye(10)[[1, 1]], np.array([1, 1], np.uint8))
    assert metrics.classes[0] == ClassMetrics(0, 0.0, 0.0, 0.0, 0)
    assert metrics.classes[1] == ClassMetrics(1, 1.0, 1.0, 1.0, 2)


def test_class_that_is_never_read_or_never_meant_has_zeros():
    metrics = evaluate_scores(np.eye(10)[[2, 2, 2]], np.array([1, 2, 2], np.uint8))
    assert metrics.classes[1] == ClassMetrics(1, 0.0, 0.0, 0.0, 1)
    assert metrics.classes[2] == ClassMetrics(2, pytest.approx(2 / 3), 1.0, pytest.approx(0.8), 2)


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (1, 0), (5, 5), (10, 2), (3, 17), (200, 160)])
def test_mcnemar_equals_scipys_binomial_test(lost, won):
    expected = binomtest(lost, lost + won).pvalue if lost + won else 1.0
    assert mcnemar_p(lost, won) == pytest.approx(expected)


def test_comparison_counts_what_was_lost_and_won():
    labels = np.array([0, 1, 2, 3, 4, 5, 6, 7], np.uint8)
    before = np.array([0, 1, 2, 3, 3, 9, 6, 4])
    after = np.array([0, 1, 8, 0, 4, 8, 3, 4])
    found = compare(before, after, labels)
    assert (found.lost, found.won, found.flipped) == (3, 1, (2, 3, 4, 5, 6))
    assert (found.count, found.before, found.after, found.drop, found.agreement) == (8, 62.5, 37.5, 25.0, 37.5)
    assert (found.drop_low, found.drop_high) == pytest.approx([100 * end for end in paired_interval(3, 1, 8)])
    assert found.p_value == mcnemar_p(3, 1) == 0.625
    assert compare(before[:7], after[:7], labels[:7]).drop == pytest.approx(200 / 7)


def test_interval_covers_the_true_drop_about_95_times_in_100():
    generator = np.random.default_rng(1)
    lose, win, covered = 0.02, 0.01, 0
    labels = np.zeros(2000, np.uint8)
    for _ in range(400):
        fate = generator.random(2000)
        before = np.where(fate < lose, 0, np.where(fate < lose + win, 1, 0))
        after = np.where(fate < lose, 1, 0)
        found = compare(before, after, labels)
        covered += found.drop_low <= 100 * (lose - win) <= found.drop_high
    assert 0.92 <= covered / 400 <= 0.98


@pytest.mark.parametrize(
    ("lost", "won", "count", "low", "high"),
    [
        # What the R package PropCIs 0.3-0 prints for diffpropci.mp(b=40, c=20, n=160), of which the first is ours.
        (20, 40, 160, -0.21601726, -0.03089632),
        (40, 20, 160, 0.03089632, 0.21601726),
        # By the paper's formula, on paper: half a digit in each of the two cells, and two digits more.
        (0, 0, 98, -0.0196, 0.0196),
        (1, 0, 1, -0.5101, 1.0),
        (0, 1, 1, -1.0, 0.5101),
    ],
)
def test_interval_of_a_drop_is_the_one_of_agresti_and_min(lost, won, count, low, high):
    assert paired_interval(lost, won, count) == pytest.approx((low, high), abs=5e-5)


def test_parts_together_are_compared_as_all_their_digits_are():
    generator = np.random.default_rng(2)
    labels = generator.integers(0, 10, 250).astype(np.uint8)
    before = np.where(generator.random(250) < 0.9, labels, 0)
    after = np.where(generator.random(250) < 0.8, before, 1)
    cuts = (slice(0, 60), slice(60, 61), slice(61, 250))
    together = pool([compare(before[cut], after[cut], labels[cut]) for cut in cuts])
    assert together == compare(before, after, labels)
    assert together.lost != together.won


def test_what_was_read_rightly_is_counted_again_however_its_percentage_is_rounded():
    """5 of 19 are 26.31578947368421 %, and that of 19 is 4.999999999999999."""
    for count in range(1, 80):
        labels, zeros = np.zeros(count, np.uint8), np.zeros(count, np.intp)
        for right in range(count + 1):
            read = np.where(np.arange(count) < right, 0, 1)
            found = compare(read, zeros, labels)
            assert pool([found]) == found
