"""Forms of lines against Python's own regular expressions, and what is said of those that cannot be used."""

from __future__ import annotations

import itertools
import re
import time

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.forms import automaton_of_form

EVERY = ["".join(some) for length in range(5) for some in itertools.product("0159", repeat=length)]


@pytest.mark.parametrize(
    "form",
    [
        r"\d{3}",
        "[0-5]{2,3}",
        "0|1{2}|5(9|15)?",
        "(1|5)*9{2,}",
        r"\d*1\d{2}",
        "([15]0?)+",
        "1+?9*?",
        "(?:10){1,2}",
        "[^1-9]{1,2}",
        "(a|5)+",
        "|11",
        "(1?){3}",
        "((1|)*5){0,2}",
        r".\w[\d]",
        "^[15]9$",
        "^15|9$",
        "(^0|1$)",
        r"\x31[5]",
    ],
)
def test_a_form_accepts_the_texts_that_it_matches_as_a_whole(form):
    automaton = automaton_of_form(form)
    assert [text for text in EVERY if automaton.accepts(text)] == [text for text in EVERY if re.fullmatch(form, text)]
    assert (automaton.distances >= 0).all()


@pytest.mark.parametrize(
    ("form", "what"),
    [
        ("", "a form is empty"),
        ("  ", "a form is empty"),
        ("[0-9", r'the form "\[0-9" is no regular expression \(unterminated character set'),
        ("(1", "is no regular expression"),
        (r"\d{99999999999999}", "is no regular expression"),
        ("[a-z]+", "matches no text of digits alone"),
        ("a1", "matches no text of digits alone"),
        ("1^1", "matches no text of digits alone"),
        ("a?", "matches the empty text and no other"),
        ("(){0,100000000}", "matches the empty text and no other"),
        ("(?=1)1", "has something that forms do not know"),
        (r"(\d)\1", "has something that forms do not know"),
        (r"1{,3}", "has something that forms do not know"),
        (r"\d{5000}", "takes too many states"),
        (r"\d*1\d{20}", "takes too many states"),
        (r"((\d{0,99}){0,99}){99}", "takes too many states"),
        (r"\d{145}", "wants 145 digits or more, and a line holds 144 at most"),
        ("1" * 2001, "a form has 2,001 characters"),
        ("(" * 600 + "1" + ")" * 600, "forms do not know|no regular expression|too many states"),
    ],
)
def test_forms_that_cannot_be_used_are_told_at_once(form, what):
    start = time.perf_counter()
    with pytest.raises(EdgedigitsError, match=what):
        automaton_of_form(form)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("form", [r"\d{6}", r"0\d{9}|1\d{5}", r"\d{2,12}", "1{0,3}"])
def test_what_remedies_name_works(form):
    assert len(automaton_of_form(form)) > 1


def test_a_long_form_does_not_drown_its_message():
    with pytest.raises(EdgedigitsError) as told:
        automaton_of_form("a" * 500)
    assert len(str(told.value)) < 200
