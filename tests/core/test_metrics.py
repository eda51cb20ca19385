"""Metrics against scikit-learn's and SciPy's, comparisons against hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from edgedigits.core.metrics import compare, evaluate_scores, mcnemar_p, paired_interval, pool


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


def test_tie_goes_to_the_smallest_digit():
    scores = np.zeros((1, 10))
    scores[0, [4, 7]] = 0.5
    assert evaluate_scores(scores, np.array([4], np.uint8)).accuracy == 100.0


def test_class_that_never_occurs_has_zeros_not_errors():
    metrics = evaluate_scores(np.eye(10)[[1, 1]], np.array([1, 1], np.uint8))
    assert metrics.classes[0].f1 == metrics.classes[0].precision == 0.0


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (1, 0), (5, 5), (10, 2), (3, 17), (200, 160)])
def test_mcnemar_equals_scipys_binomial_test(lost, won):
    expected = binomtest(lost, lost + won).pvalue if lost + won else 1.0
    assert mcnemar_p(lost, won) == pytest.approx(expected)


def test_comparison_counts_what_was_lost_and_won():
    labels = np.array([0, 1, 2, 3, 4, 5], np.uint8)
    before = np.array([0, 1, 2, 9, 9, 9])
    after = np.array([0, 1, 8, 3, 8, 9])
    found = compare(before, after, labels)
    assert (found.lost, found.won, found.flipped) == (1, 1, (2, 3, 4))
    assert found.agreement == 50.0
    assert found.drop == 0.0
    assert found.drop_low < 0 < found.drop_high


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
