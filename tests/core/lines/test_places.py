"""How sure each digit is by one pass ahead and one back, against every text written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedigits.core.lines.ctc import is_possible, log_probabilities_of_lines, text_log_probability
from edgedigits.core.lines.decoding import align, align_looks, log_softmax
from edgedigits.core.lines.places import digit_shares

texts = st.text("0127", min_size=1, max_size=9)


def lines(seed, *steps, spread=3.0):
    draw = np.random.default_rng(seed)
    return [log_softmax(draw.normal(0, spread, (count, 11))) for count in steps]


def shares_written_out(logp, text):
    """The share of a text among the eleven of each place, each text by itself."""
    shares = []
    for place in range(len(text)):
        others = [text[:place] + other + text[place + 1 :] for other in (*"0123456789", "")]
        values = np.array([text_log_probability(logp, other) for other in others])
        shares.append(np.exp(values - values.max())[int(text[place])] / np.exp(values - values.max()).sum())
    return shares


@given(st.integers(0, 2**32 - 1), texts, st.lists(st.integers(1, 40), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_one_pass_ahead_and_one_back_give_every_text_of_a_place(seed, text, steps):
    looks = [look for look in lines(seed, *steps) if is_possible(look, text)]
    if looks:
        written_out = [shares_written_out(look, text) for look in looks]
        assert digit_shares(looks, text) == pytest.approx(np.array(written_out), abs=1e-12)


def test_a_text_that_is_too_unlikely_for_floats_has_shares_all_the_same():
    logp = log_softmax(np.where(np.arange(11) == 3, 0.0, -np.arange(11.0)[None] - 60) * np.ones((48, 1)))
    assert digit_shares([logp], "12" * 6)[0] == pytest.approx(shares_written_out(logp, "12" * 6), abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.lists(st.tuples(st.integers(1, 30), st.lists(texts, max_size=4)), min_size=1))
@settings(max_examples=40, deadline=None)
def test_texts_of_several_lines_are_as_likely_as_each_alone(seed, asked):
    looks = lines(seed, *(steps for steps, _ in asked))
    found = log_probabilities_of_lines(looks, [some for _, some in asked])
    for look, (_, some), values in zip(looks, asked, found, strict=True):
        assert values.tolist() == [text_log_probability(look, text) for text in some]


def test_several_looks_place_digits_as_the_first_does_and_are_as_sure_as_they_are_on_the_average():
    first, second, short = lines(2, 20, 14, 3)
    spans = align_looks([first, second, short], "2207")
    alone = [align(look, "2207") for look in (first, second)]
    assert [(span.first, span.last) for span in spans] == [(span.first, span.last) for span in alone[0]]
    means = np.mean([[span.confidence for span in some] for some in alone], axis=0)
    assert [span.confidence for span in spans] == pytest.approx(means)
