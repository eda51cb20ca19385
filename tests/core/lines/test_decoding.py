"""Searching, judging and aligning texts, against every alignment of a few steps written out."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedigits.core.digit import CLASSES
from edgedigits.core.lines.allowed import ANY_TEXTS, LineTexts, from_forms
from edgedigits.core.lines.automaton import automaton_of
from edgedigits.core.lines.ctc import best_steps, text_log_probabilities, text_log_probability
from edgedigits.core.lines.decoding import Hypothesis, align, beam, greedy, log_softmax, without_idle_steps

BLANK = 10


def said(alignment):
    return "".join(str(one) for one, _ in itertools.groupby(alignment) if one != BLANK)


def probabilities(logp, classes):
    """The probability of every text of some classes, and of its best alignment, by all alignments."""
    sums, best = defaultdict(float), {}
    for alignment in itertools.product(classes, repeat=len(logp)):
        chance = float(np.exp(sum(logp[step, one] for step, one in enumerate(alignment))))
        text = said(alignment)
        sums[text] += chance
        if chance > best.get(text, (-1.0, ()))[0]:
            best[text] = chance, alignment
    return sums, best


def scores(seed, steps, classes=(1, 2, 7, BLANK), spread=2.0):
    """Log-probabilities of shape (steps, 11) that are spread over some classes alone."""
    logits = np.full((steps, 11), -80.0)
    logits[:, classes] = np.random.default_rng(seed).normal(0, spread, (steps, len(classes)))
    return log_softmax(logits)


def codes(*texts):
    return LineTexts(automaton_of(texts, 1000), "codes")


def test_log_softmax_sums_to_one_and_divides_by_the_temperature():
    logits = np.array([[1000.0, 1002.0, 996.0]])
    shares = np.exp(np.array([[0.0, 1.0, -2.0]]))
    assert np.exp(log_softmax(logits, 2.0)) == pytest.approx(shares / shares.sum())


def test_greedy_drops_repeats_before_blanks():
    assert greedy(np.eye(11)[[10, 3, 3, 10, 3, 0, 0, 7, 10]]) == "3307"


def test_greedy_of_blanks_alone_is_empty():
    assert greedy(np.eye(11, dtype=np.int8)[[10, 10]]) == ""


def test_of_equal_scores_greedy_takes_the_smallest_class():
    assert greedy(np.zeros((3, 11), np.int8)) == "0"
    assert greedy(np.array([[0] * 9 + [5, 5]], np.int8)) == "9"


@given(st.integers(0, 2**32 - 1), st.floats(0.001, 10), st.integers(-128, 127))
@settings(max_examples=60, deadline=None)
def test_greedy_is_the_same_on_int8_and_on_what_it_is_dequantized_to(seed, scale, zero_point):
    raw = np.random.default_rng(seed).integers(-3, 3, (40, 11)).astype(np.int8)
    assert greedy(raw) == greedy((raw.astype(np.float32) - zero_point) * np.float32(scale))


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_a_text_is_as_likely_as_all_its_alignments_together(seed, steps):
    logp = scores(seed, steps)
    sums, _ = probabilities(logp, (1, 2, 7, BLANK))
    texts = list(sums)
    assert np.exp(text_log_probabilities(logp, texts)) == pytest.approx([sums[text] for text in texts])
    assert text_log_probability(logp, texts[-1]) == pytest.approx(np.log(sums[texts[-1]]))


def test_a_text_that_the_steps_cannot_say_has_no_probability():
    assert text_log_probability(scores(0, 2), "11") == -np.inf
    assert text_log_probability(scores(0, 1), "12") == -np.inf


def test_very_unlikely_texts_keep_their_order():
    logp = log_softmax(np.where(np.arange(11) == BLANK, 0.0, -np.arange(11) - 60.0) * np.ones((72, 1)))
    values = text_log_probabilities(logp, ["1" * 12, "2" * 12, "9" * 36])
    assert np.isfinite(values).all()
    assert values[0] - values[1] == pytest.approx(12.0)
    assert values[2] < -2000


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_a_beam_as_wide_as_all_texts_finds_them_in_their_order(seed, steps):
    logp = scores(seed, steps)
    sums, _ = probabilities(logp, (1, 2, 7, BLANK))
    found = beam(logp, ANY_TEXTS, 12_000)[: len(sums)]
    assert [one.probability for one in found] == pytest.approx(sorted(sums.values(), reverse=True))
    assert all(one.probability == pytest.approx(sums[one.text]) for one in found)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.sampled_from([r"\d{2}", r"1\d*7", r"[27]{1,3}", r"1?2?"]))
@settings(max_examples=40, deadline=None)
def test_a_beam_finds_the_likeliest_text_of_a_form(seed, steps, form):
    logp = scores(seed, steps)
    allowed = from_forms([form])
    sums, _ = probabilities(logp, (1, 2, 7, BLANK))
    likeliest = max((text for text in sums if allowed.accepts(text)), key=sums.__getitem__)
    found = beam(logp, allowed, 40)
    assert found[0].text == likeliest
    assert found[0].probability == pytest.approx(sums[likeliest])
    assert all(allowed.accepts(one.text) for one in found)


def test_pruning_by_the_beam_loses_little_of_what_is_likeliest():
    right = 0
    for seed in range(40):
        logp = scores(seed, 6)
        sums, _ = probabilities(logp, (1, 2, 7, BLANK))
        right += beam(logp)[0].text == max(sums, key=sums.__getitem__)
    assert right >= 39


def test_a_line_without_writing_says_nothing():
    found = beam(log_softmax(20 * np.eye(11)[[BLANK] * 24]))
    assert found[0].text == ""
    assert found[0].probability > 0.99


def test_a_code_far_from_what_the_line_shows_is_found_by_a_wider_search():
    logp = log_softmax(9 * np.eye(11)[[10, 1, 10, 2, 10, 3, 10, 4, 10, 5, 10, 10]])
    assert [one.text for one in beam(logp, codes("67890"), 2)] == ["67890"]


def test_a_form_that_wants_more_digits_than_there_are_steps_finds_nothing():
    assert beam(scores(0, 3), from_forms([r"\d{4}"])) == ()


def test_a_beam_gives_no_more_texts_than_it_is_wide():
    assert len(beam(scores(0, 8), ANY_TEXTS, 3)) == 3


def test_of_two_codes_the_likelier_one_comes_first():
    logp = np.log(np.full((3, 11), 1e-9))
    logp[[0, 1, 2], [1, BLANK, 2]] = np.log([1.0, 1.0, 0.7])
    logp[2, 7] = np.log(0.3)
    found = beam(logp, codes("17", "12"))
    assert [one.text for one in found] == ["12", "17"]
    assert isinstance(found[0], Hypothesis)
    assert found[0].probability == pytest.approx(0.7, abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
@settings(max_examples=30, deadline=None)
def test_digits_stand_where_the_likeliest_alignment_has_them(seed, steps):
    logp = scores(seed, steps)
    _, best = probabilities(logp, (1, 2, 7, BLANK))
    for text, (_, alignment) in best.items():
        runs, step = [], 0
        for one, group in itertools.groupby(alignment):
            length = len(list(group))
            if one != BLANK:
                runs.append((step, step + length - 1))
            step += length
        assert best_steps(logp, text) == tuple(runs)


def test_the_confidence_of_a_digit_is_its_share_among_what_else_could_stand_there():
    logp = scores(3, 5)
    sums, _ = probabilities(logp, (1, 2, 7, BLANK))
    text = "127"
    spans = align(logp, text)
    for place, span in enumerate(spans):
        others = [text[:place] + other + text[place + 1 :] for other in ("1", "2", "7", "")]
        assert span.confidence == pytest.approx(sums[text] / sum(sums[other] for other in others))


def test_a_doubtful_digit_has_less_confidence_than_a_sure_one():
    logits = 12 * np.eye(11)[[10, 4, 10, 8, 10, 10]]
    logits[3, 3] = 11.0
    sure, doubtful = align(log_softmax(logits), "48")
    assert (sure.first, sure.last, doubtful.first, doubtful.last) == (1, 1, 3, 3)
    assert sure.confidence > 0.99
    assert doubtful.confidence == pytest.approx(1 / (1 + np.exp(-1)), abs=0.01)


def test_nothing_aligns_with_nothing():
    assert align(scores(0, 3), "") == ()


def test_steps_that_cannot_say_a_text_are_told():
    with pytest.raises(ValueError, match="2 steps cannot say 11"):
        align(scores(0, 2), "11")


def spoken(runs, unsure=1e-9):
    """A line that says digits, and blanks in between, each for so many steps."""
    chances = np.full((sum(steps for _, steps in runs), CLASSES + 1), unsure)
    at = 0
    for label, steps in runs:
        chances[at : at + steps, label] = 1 - CLASSES * unsure
        at += steps
    return np.log(chances)


def test_of_steps_that_say_nothing_one_of_each_run_is_left():
    logp = spoken([(BLANK, 20), (1, 2), (BLANK, 9), (1, 1), (7, 3), (BLANK, 30)])
    steps, _ = without_idle_steps(logp)
    assert len(steps) == 1 + 2 + 1 + 1 + 3 + 1
    assert greedy(steps) == greedy(logp) == "117"


def test_what_a_line_says_is_as_likely_without_idle_steps():
    logp = spoken([(BLANK, 20), (1, 2), (BLANK, 9), (1, 1), (7, 3), (BLANK, 30)], unsure=1e-7)
    logp[21] = np.log(np.full(CLASSES + 1, 1 / (CLASSES + 1)))
    steps, idle = without_idle_steps(logp)
    assert text_log_probability(steps, "117") + idle == pytest.approx(text_log_probability(logp, "117"), abs=1e-4)


def test_steps_that_may_say_something_are_all_left():
    logp = spoken([(BLANK, 12), (1, 2), (BLANK, 12)], unsure=1e-4)
    assert without_idle_steps(logp)[0].shape == logp.shape
