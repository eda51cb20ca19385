"""One table of values for several layers, so that what their codes stand for lies in flash once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from edgedigits.firmware_export.operators.shared.compact_weights import MOST_VALUES, CompactWeights

Values = tuple[int, ...]


@dataclass(frozen=True)
class TableUser:
    """A layer whose weights may be codes.

    Attributes:
        place: of its stage in the program.
        whole: bytes of its weights as they are.
        own: its weights with a table of their own, or in another way; None where they stay as they are.
        by_table: its weights as codes of a table; None where they cannot be.
        under_plain: whether its table stands where the plain kernels alone find it, as depthwise layers' do.
    """

    place: int
    whole: int
    own: CompactWeights | None
    by_table: Callable[[Values], CompactWeights | None]
    under_plain: bool = False


def shared_tables(users: Iterable[TableUser]) -> dict[int, CompactWeights | None]:
    """How the weights of layers lie in flash, by the place of their stages: in the fewest bytes, each table once.

    Layers have their own tables, or all that gain by it that of the values of all layers with codes, where these are
    few enough.
    """
    ordered = sorted(users, key=lambda user: user.place)
    own = _once(ordered, [user.own for user in ordered])
    values = {value for made in own if made for value in made.values}
    if not 0 < len(values) <= MOST_VALUES:
        return _by_place(ordered, own)
    table = tuple(sorted(values, key=lambda value: (value != 0, value)))  # zeros that are left out have code 0
    joined = _once(ordered, [_joined(user, table) for user in ordered])
    return _by_place(ordered, min(own, joined, key=lambda made: _bytes(ordered, made)))


def _by_place(users: Sequence[TableUser], made: list[CompactWeights | None]) -> dict[int, CompactWeights | None]:
    return {user.place: one for user, one in zip(users, made, strict=True)}


def _joined(user: TableUser, table: Values) -> CompactWeights | None:
    """The layer's weights as codes of the table where that, without the table, takes fewer bytes."""
    made = user.by_table(table)
    least = user.own.size if user.own else user.whole
    return made if made and len(made.stream) < least else user.own


def _once(users: Sequence[TableUser], made: list[CompactWeights | None]) -> list[CompactWeights | None]:
    """The same; layers whose table an earlier one has name that one."""
    anywhere: dict[Values, int] = {}
    under_plain: dict[Values, int] = {}
    named: list[CompactWeights | None] = []
    for user, one in zip(users, made, strict=True):
        if one is None or not one.values:
            named.append(one)
            continue
        known = {**under_plain, **anywhere} if user.under_plain else anywhere
        named.append(replace(one, table_of=known.get(one.values)))
        if one.values not in known:
            (under_plain if user.under_plain else anywhere)[one.values] = user.place
    return named


def _bytes(users: Sequence[TableUser], made: list[CompactWeights | None]) -> int:
    return sum(one.size if one else user.whole for user, one in zip(users, made, strict=True))
