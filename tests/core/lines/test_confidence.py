"""Temperatures, thresholds and what they promise, against SciPy and against sources whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta, binom

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.confidence import (
    RejectPoint,
    choose_threshold,
    fewest_lines,
    fit_temperature,
    prove_threshold,
    reject_curve,
)
from edgedigits.core.lines.ctc import paired_log_probabilities, text_log_probability
from edgedigits.core.lines.decoding import greedy, log_softmax
from edgedigits.core.statistics.proportions import binomial_tail, upper_bound


@pytest.mark.parametrize(("wrong", "count", "share"), [(0, 10, 0.1), (3, 200, 0.02), (50, 5000, 0.012), (7, 7, 0.5)])
def test_the_tail_is_that_of_the_binomial_distribution(wrong, count, share):
    assert binomial_tail(wrong, count, share) == pytest.approx(binom.cdf(wrong, count, share))


@pytest.mark.parametrize(("wrong", "count", "level"), [(0, 149, 0.95), (3, 200, 0.95), (40, 5000, 0.9), (9, 10, 0.99)])
def test_the_bound_is_clopper_and_pearsons(wrong, count, level):
    assert upper_bound(wrong, count, level) == pytest.approx(beta.ppf(level, wrong + 1, count - wrong))


def test_of_nothing_or_all_wrong_the_bound_is_one():
    assert upper_bound(0, 0) == upper_bound(5, 5) == 1.0


def said_by(generator, logits):
    """A text that a line says with the probability that its logits give it."""
    logp = log_softmax(logits)
    steps = np.eye(11)[[generator.choice(11, p=np.exp(one)) for one in logp]]
    return greedy(steps)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_the_temperature_undoes_what_logits_were_multiplied_by(factor):
    generator = np.random.default_rng(7)
    lines = [generator.normal(0, 3, (steps, 11)) for steps in (6, 9) for _ in range(150)]
    truths = [said_by(generator, one) for one in lines]
    fitted = fit_temperature([factor * one for one in lines], truths)
    assert fitted.temperature == pytest.approx(factor, rel=0.1)
    assert fitted.after < fitted.before
    assert (fitted.count, fitted.left_out) == (300, 0)
    assert fitted.before == pytest.approx(
        -np.mean([text_log_probability(log_softmax(factor * one), truth) for one, truth in zip(lines, truths)])
    )


def test_lines_too_short_for_their_text_are_left_out():
    lines = [np.eye(11)[[1, 10, 2]], np.eye(11)[[1, 10, 2]]]
    assert fit_temperature(lines, ["12", "1122"]).left_out == 1
    with pytest.raises(EdgedigitsError, match="no line to fit a temperature on"):
        fit_temperature(lines[:1], ["1122"])


def test_each_line_is_judged_by_its_own_text():
    logps = log_softmax(np.random.default_rng(2).normal(0, 2, (3, 7, 11)))
    texts = ["12", "", "909"]
    assert paired_log_probabilities(logps, texts) == pytest.approx(
        [text_log_probability(one, text) for one, text in zip(logps, texts)]
    )


@pytest.mark.parametrize(("target", "lines"), [(0.02, 149), (0.01, 299), (0.05, 59), (0.5, 5), (0.96, 1)])
def test_the_fewest_lines_that_prove_a_target(target, lines):
    assert fewest_lines(target) == lines
    assert upper_bound(0, lines) <= target


def test_the_threshold_goes_down_until_the_first_that_is_not_proved():
    confidences = np.linspace(1, 0, 400, endpoint=False)
    right = np.ones(400, bool)
    right[[300, 305]] = False
    found = choose_threshold(confidences, right, 0.02)
    # two wrong ones need 313 lines, and 306 are not as many
    assert (found.accepted, found.wrong, found.value) == (305, 1, confidences[304])
    assert found.bound == pytest.approx(upper_bound(1, 305))
    assert found.bound <= 0.02
    assert found.lines_needed == 0
    assert (
        "at most 2 % of the accepted lines are wrong, with 95 % certainty (1 of 305 lines wrong)" in found.explanation
    )


def test_where_no_line_is_wrong_all_are_accepted():
    found = choose_threshold(np.arange(200.0), np.ones(200, bool), 0.02)
    assert (found.accepted, found.value) == (200, 0.0)


def test_lines_of_equal_confidence_are_accepted_together_or_not():
    confidences = np.array([0.9] * 170 + [0.5] * 100)
    right = np.ones(270, bool)
    right[200:] = False
    found = choose_threshold(confidences, right, 0.02)
    assert (found.accepted, found.value) == (170, 0.9)
    confidences[:] = 0.9
    assert choose_threshold(confidences, right, 0.02).value is None


def test_too_few_lines_prove_nothing_and_it_is_said_how_many_are_missing():
    found = choose_threshold(np.arange(100.0), np.ones(100, bool), 0.02)
    assert (found.value, found.lines_needed, found.accepted) == (None, 49, 100)
    assert found.explanation == (
        "100 lines cannot prove that at most 2 % of the accepted lines are wrong (0 of 100 lines wrong among the "
        "surest); about 49 more labelled lines could"
    )
    assert choose_threshold(np.array([]), np.array([], bool), 0.02).lines_needed == 149


def test_a_wrong_line_among_the_surest_asks_for_more_lines():
    right = np.ones(300, bool)
    right[-10] = False
    found = choose_threshold(np.arange(300.0), right, 0.02)
    assert found.value is None
    assert found.lines_needed > 100


def test_where_the_surest_are_wrong_too_often_more_lines_do_not_help():
    right = np.arange(500) % 10 != 0
    found = choose_threshold(np.arange(500.0), right, 0.02)
    assert (found.value, found.lines_needed) == (None, None)
    assert found.explanation.startswith("no threshold makes sure that")


@pytest.mark.parametrize(("target", "level"), [(0.0, 0.95), (2.0, 0.95), (0.02, 1.0)])
def test_targets_that_are_no_shares_are_told(target, level):
    with pytest.raises(EdgedigitsError, match="is no share between 0 and 1"):
        choose_threshold(np.ones(3), np.ones(3, bool), target, level)


def test_what_is_promised_holds_as_often_as_promised():
    """Of lines with uniform confidences c, each wrong with probability (1 - c) / 2, (1 - t) / 4 are wrong above t."""
    generator = np.random.default_rng(11)
    broken, proved = 0, 0
    for _ in range(600):
        confidences = generator.random(300)
        right = generator.random(300) < (1 + confidences) / 2
        found = choose_threshold(confidences, right, 0.1, 0.9)
        proved += found.value is not None
        broken += found.value is not None and (1 - found.value) / 4 > 0.1
    assert proved > 300
    assert broken <= 0.1 * 600


def test_the_reject_curve_says_what_each_threshold_does():
    curve = reject_curve(np.array([0.2, 0.9, 0.5, 0.9]), np.array([False, True, True, False]))
    assert curve == (
        RejectPoint(0.9, 0.5, 0.5),
        RejectPoint(0.5, 0.25, pytest.approx(1 / 3)),
        RejectPoint(0.2, 0.0, 0.5),
    )
    assert reject_curve(np.array([]), np.array([], bool)) == ()


def test_one_wrong_line_among_the_surest_does_not_end_a_search_with_several_starts():
    right = np.ones(3000, bool)
    right[-10] = False  # of 3,000, the tenth surest
    confidences = np.arange(3000.0)
    assert choose_threshold(confidences, right, 0.005).value is None
    found = choose_threshold(confidences, right, 0.005, starts=(0.0, 0.5))
    assert (found.accepted, found.wrong) == (3000, 1)


def test_several_starts_err_no_more_often_than_one():
    draw = np.random.default_rng(0)
    confidences = np.arange(2000.0)
    exceeded = 0
    for _ in range(400):  # every threshold is wrong for 2.2 % of the accepted, and the target is 2 %
        right = draw.random(2000) >= 0.022
        exceeded += choose_threshold(confidences, right, 0.02, starts=(0.0, 0.5, 0.7, 0.8)).value is not None
    assert exceeded / 400 <= 0.05 + 0.03


def test_fewer_lines_than_any_proof_takes_are_called_too_few_and_not_too_often_wrong():
    right = np.ones(300, bool)
    right[-7:] = False
    chosen = choose_threshold(np.linspace(1, 0, 300), right, 0.005)
    assert chosen.lines_needed == math.ceil(fewest_lines(0.005) * 300 / 293) - 300  # of 293 none is wrong
    assert "300 lines cannot prove" in chosen.explanation


def test_where_all_are_wrong_too_often_and_the_surest_are_not_more_lines_are_asked_for():
    """700 lines of which 16 are wrong, none among the 350 surest: twice as many as prove the target would do."""
    right = np.ones(700, bool)
    right[350::22] = False
    chosen = choose_threshold(np.linspace(1, 0, 700), right, 0.005, starts=(0.0, 0.5))
    assert (chosen.value, chosen.wrong) == (None, 16)
    fewest = fewest_lines(0.005, 0.975)
    assert chosen.lines_needed == 2 * fewest - 700
    assert "pieces cannot prove" in chosen.explained("piece")


@pytest.mark.parametrize(("wrong", "target", "lines"), [(0, 0.05, 59), (1, 0.05, 93), (2, 0.05, 124), (1, 0.005, 947)])
def test_the_fewest_lines_of_which_some_are_wrong(wrong, target, lines):
    """Of Clopper and Pearson's bound, as tables of acceptance sampling have them."""
    assert fewest_lines(target, wrong=wrong) == lines
    assert binomial_tail(wrong, lines, target) <= 0.05 < binomial_tail(wrong, lines - 1, target)


def test_a_single_threshold_that_is_not_proved_says_how_many_right_lines_would_do():
    assert prove_threshold(0.85, 1, 30, 0.05).lines_needed == 63
    assert prove_threshold(0.85, 2, 70, 0.05).lines_needed == 54
    assert prove_threshold(0.85, 1, 93, 0.05).value == 0.85


@pytest.mark.parametrize(("count", "target"), [(20, 0.1), (45, 0.075), (300, 0.005)])
def test_as_many_more_right_lines_as_are_asked_for_prove_it(count, target):
    starts = (0.0, 0.5, 0.7, 0.8)
    few = choose_threshold(np.linspace(1, 0, count), np.ones(count, bool), target, starts=starts)
    assert few.value is None
    enough = count + (few.lines_needed or 0)
    for lines, is_proved in ((enough, True), (enough - 1, False)):
        chosen = choose_threshold(np.linspace(1, 0, lines), np.ones(lines, bool), target, starts=starts)
        assert (chosen.value is not None) == is_proved
