"""The search by lists side by side, against the same search written down plainly, beginning by beginning."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.lines.allowed import ANY_TEXTS, LineTexts, from_forms
from edgedigits.core.lines.automaton import NOWHERE, automaton_of
from edgedigits.core.lines.decoding import log_softmax
from edgedigits.core.lines.searching import search

BLANK = 10

ALLOWED = {
    "any": ANY_TEXTS,
    "form": from_forms([r"\d{2,4}"]),
    "forms": from_forms([r"1?2?3?7*", r"\d{3}0"]),
    "codes": LineTexts(automaton_of(["12", "121", "7007", "33", "3"], 1000), "codes"),
}


def plain_search(steps, automaton, width, least):
    """Every beginning at every step, each made longer by every digit: the likeliest stay, the hopeless fall out."""
    start = 0 if automaton is None else automaton.start
    hopeless = least if automaton is None else 0.0
    here = {"": (start, 1.0, 0.0)}
    for number, step in enumerate(steps.tolist()):
        left = len(steps) - number - 1
        there = {}
        for text, (state, blank, digit) in here.items():
            ends = 0.0
            if text:
                before = here.get(text[:-1])
                same = text[-1] == text[-2:-1]
                ends = digit + (0.0 if before is None else before[1] if same else before[1] + before[2])
                ends *= step[int(text[-1])]
            there[text] = (state, (blank + digit) * step[BLANK], ends)
        for text, (state, blank, digit) in here.items():
            for added in range(10):
                weight = (blank if text.endswith(str(added)) else blank + digit) * step[added]
                after = 0 if automaton is None else int(automaton.transitions[state, added])
                if text + str(added) not in here and weight > 0 and after != NOWHERE:
                    there[text + str(added)] = (after, 0.0, weight)
        if automaton is not None:
            there = {text: one for text, one in there.items() if automaton.distances[one[0]] <= left}
        ranked = sorted(there.items(), key=lambda item: -(item[1][1] + item[1][2]))[:width]
        most = max((blank + digit for _, (_, blank, digit) in ranked), default=0.0)
        here = {text: one for text, one in ranked if one[1] + one[2] >= hopeless * most}
    return {
        text: blank + digit
        for text, (state, blank, digit) in here.items()
        if automaton is None or automaton.distances[state] == 0
    }


@pytest.mark.parametrize("allowed", ALLOWED.values(), ids=ALLOWED)
@pytest.mark.parametrize("least", [0.0, 1e-4, 0.01])
def test_a_search_finds_what_the_plain_one_finds(allowed, least):
    draw = np.random.default_rng(5)
    for _ in range(60):
        silence = draw.uniform(0, 7) * (np.arange(11) == BLANK)
        logits = draw.normal(0, draw.uniform(0.5, 7), (int(draw.integers(1, 45)), 11)) + silence
        steps = np.exp(log_softmax(logits))
        steps /= steps.max(axis=1, keepdims=True)
        width = int(draw.integers(1, 16))

        found = search(steps, allowed.automaton, width, least)

        assert dict(found) == plain_search(steps, allowed.automaton, width, least)


def test_steps_at_which_nothing_is_said_leave_what_was_found():
    steps = np.full((40, 11), 1e-9)
    steps[:, BLANK] = 1.0
    steps[3, 4], steps[3, BLANK] = 1.0, 0.5
    assert dict(search(steps, None, 12, 1e-4)) == pytest.approx({"4": 1.0, "": 0.5}, rel=1e-6)
