"""Automata of texts against the texts themselves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgedigits.core.lines.automaton import TooManyStates, automaton_of, intersection, union

EVERY = ["".join(some) for length in range(5) for some in itertools.product("029", repeat=length)]
TEXTS = st.lists(st.sampled_from(EVERY), min_size=1, max_size=12)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_an_automaton_accepts_the_texts_it_was_made_of_and_no_other(texts):
    automaton = automaton_of(texts, 1000)
    assert {text for text in EVERY if automaton.accepts(text)} == set(texts)


@given(TEXTS, TEXTS)
@settings(max_examples=60, deadline=None)
def test_unions_and_intersections_are_those_of_the_sets(some, others):
    one, other = automaton_of(some, 1000), automaton_of(others, 1000)
    either, shared = union(one, other, 1000), intersection(one, other, 1000)
    assert {text for text in EVERY if either.accepts(text)} == set(some) | set(others)
    assert {text for text in EVERY if shared.accepts(text)} == set(some) & set(others)
    assert shared.empty == (not set(some) & set(others))


@given(TEXTS)
@settings(max_examples=30, deadline=None)
def test_every_state_leads_to_a_text(texts):
    shared = intersection(automaton_of(texts, 1000), automaton_of(["0", "29", "2902", *texts[:3]], 1000), 1000)
    assert (shared.distances >= 0).all()
    assert shared.least_digits == min(map(len, {"0", "29", "2902", *texts[:3]} & set(texts)))


def test_texts_that_end_alike_share_their_states():
    assert len(automaton_of([f"{number:06}" for number in range(0, 10**6, 7)], 10**6)) < 3000


def test_states_are_int32_and_a_text_that_is_too_long_is_none():
    automaton = automaton_of(["07"], 10)
    assert automaton.transitions.dtype == np.int32
    assert automaton.transitions.shape == (3, 10)
    assert not automaton.accepts("070")
    assert automaton.distances.tolist() == [0, 1, 2]


def test_more_states_than_allowed_are_refused():
    with pytest.raises(TooManyStates):
        automaton_of(["1234567"], 5)
    with pytest.raises(TooManyStates):
        union(automaton_of(["1234"], 10), automaton_of(["4321"], 10), 5)
