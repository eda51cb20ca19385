"""Figures that others have published, as reference points beside the rows that are measured here.

They take no part in a front: nobody measured them here, and what their bytes count differs in what is said of each.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.results.front import Cost
from edgedigits.results.row import DIGIT_TASK, Accuracy
from edgedigits.results.table import Table

MNIST_TEST = "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b"
"""Sha256 of MNIST's 10,000 test digits, as :meth:`edgedigits.core.datasets.Digits.sha256` tells it."""

_COUNT = 10_000


@dataclass(frozen=True)
class Published:
    """A network of others.

    Attributes:
        name: what its point is called.
        system: what it is, for people.
        percent: of MNIST's 10,000 test digits that it reads right, as its source says.
        bytes: that ``what`` takes in flash.
        what: that is counted.
        source: where that stands.
        remark: what a reader has to know of it, above all where it differs from what is counted of rows.
    """

    name: str
    system: str
    percent: float
    bytes: int
    what: str
    source: str
    remark: str

    @property
    def accuracy(self) -> Accuracy:
        """Its accuracy as a row would have it."""
        return Accuracy("MNIST's test digits", MNIST_TEST, _COUNT, self.percent, "as published")

    def words(self) -> str:
        """All of it in a line."""
        figures = f"{self.percent:.2f} %, {self.bytes:,} bytes of {self.what}"
        return f"{self.system}: {figures}; {self.source}; {self.remark}"


_BITNET = "github.com/cpldcpu/BitNetMCU, docs/documentation_cnn.md"
_BITNET_WHAT = "weights (these networks have neither biases nor scales)"
_BITNET_REMARK = (
    "digits of 16 x 16 pixels; convolutions of 8 bits, dense layers of 2 and 4; its author compares widths, weights "
    "and trainings by accuracy on the test digits"
)


def _bitnet(name: str, about: str, percent: float, count: int, told: str, more: str = "") -> Published:
    remark = f"the source gives {told}; {_BITNET_REMARK}{more}"
    return Published(f"BitNetMCU {name}", f"BitNetMCU, {about}", percent, count, _BITNET_WHAT, _BITNET, remark)


PUBLISHED = (
    Published(
        "697 parameters",
        "smallest published int8 network, chosen on the test set",
        98.94,
        697,
        "parameters, one byte each (scales not counted)",
        "as reported to us: no source is known that gives this int8 figure",
        "a float32 network of as many parameters (2,788 bytes), chosen by its accuracy on the test digits among some "
        "700 trainings, is published with 99.03 % in github.com/JoshWarn/Parameter-Efficient-MNIST",
    ),
    _bitnet("16 small", "16 channels, small dense layers", 98.92, 3_232, "3.2 kB, counted here from its layers"),
    _bitnet("16", "16 channels", 99.06, 5_360, "42,880 bits"),
    _bitnet("32", "32 channels", 99.28, 7_328, "58,624 bits"),
    _bitnet("48", "48 channels", 99.44, 9_296, "74,368 bits"),
    _bitnet("64", "64 channels", 99.55, 11_264, "90,112 bits"),
    _bitnet(
        "96",
        "96 channels, ternary weights in the first dense layer",
        99.58,
        13_357,
        "106,854.4 bits, 1.6 a ternary weight",
        "; not among those that the source has measured on a microcontroller",
    ),
)


def published_beside(table: Table, cost: Cost) -> tuple[Published, ...]:
    """The reference points that a plot of a cost may show.

    Their bytes are those of parameters, their accuracy that of MNIST's test digits: they stand beside the same alone.
    """
    same_digits = table.digits is not None and table.digits.digits_sha256 == MNIST_TEST
    return PUBLISHED if cost.name == "parameters" and table.task == DIGIT_TASK and same_digits else ()


def published_in(table: Table) -> tuple[Published, ...]:
    """The reference points that some plot of a table shows."""
    found = dict.fromkeys(one for cost in table.costs for one in published_beside(table, cost))
    return tuple(found)
