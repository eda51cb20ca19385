"""How a data set is named: ``KIND:PATH[,PATH]``, and after it words that say how it is to be taken.

``csv:digits.csv+transposed+inverted`` is the table ``digits.csv`` with each picture transposed and inverted. Cards keep
this one string, so that whoever loads the data of a model later sees the same digits.
"""

from __future__ import annotations

from collections.abc import Iterable

AS_IS = "as-is"

ORIENTATIONS = {
    AS_IS: "right as they are, whatever the built-in model reads",
    "transposed": "rows and columns exchanged, as EMNIST stores them",
    "rot90": "turned by 90 degrees counter-clockwise",
    "rot180": "turned upside down",
    "rot270": "turned by 90 degrees clockwise",
    "mirrored": "left and right exchanged",
    "flipped": "top and bottom exchanged",
    "transverse": "rows and columns exchanged, then turned upside down",
}
"""What is done to each stored picture to have it upright."""

INVERTED = "inverted"
SKIP_BAD = "skip-bad"
LABEL_FIRST, LABEL_LAST = "label-first", "label-last"

WORDS = (*ORIENTATIONS, INVERTED, SKIP_BAD, LABEL_FIRST, LABEL_LAST)
"""What may stand after a plus sign."""

_EXCLUSIVE = (tuple(ORIENTATIONS), (LABEL_FIRST, LABEL_LAST))


def split_spec(spec: str) -> tuple[str, tuple[str, ...]]:
    """A spec without its words, and the words, each once, in the order of :data:`WORDS`."""
    words = []
    head, plus, word = spec.rpartition("+")
    while plus and word in WORDS:
        words.append(word)
        spec = head
        head, plus, word = spec.rpartition("+")
    return spec, tuple(word for word in WORDS if word in words)


def spec_with(spec: str, words: Iterable[str]) -> str:
    """A spec with more words; one orientation takes the place of another."""
    plain, taken = split_spec(spec)
    for word in words:
        rivals = next((group for group in _EXCLUSIVE if word in group), ())
        taken = (*(one for one in taken if one not in rivals), word)
    return "+".join((plain, *(word for word in WORDS if word in taken)))


def options_of(words: Iterable[str]) -> list[str]:
    """The options of a command that stand for words, those that have none of their own left out."""
    options = []
    for word in words:
        if word in ORIENTATIONS:
            options.append(f"--orientation {word}")
        elif word == INVERTED:
            options.append("--invert")
        elif word == SKIP_BAD:
            options.append("--skip-bad")
    return options
