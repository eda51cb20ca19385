"""The page that a newcomer starts from: what it names is there, and every room and registry stands on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATHS = sorted({word for word in re.findall(r"`([\w/.]+/[\w/.]*)`", PAGE) if not word.startswith(".")})


@pytest.mark.parametrize("path", PATHS)
def test_what_the_page_names_is_there(path: str) -> None:
    places = [
        ROOT / path,
        *(ROOT / room / path for room in ("firmware_export", "firmware_export/operators", "quantize", "results")),
    ]
    assert any(place.exists() for place in places)


ROOMS = sorted({path.parent.name for path in ROOT.glob("*/__init__.py")} - {"package"})


def test_every_room_stands_on_it() -> None:
    assert {room for room in ROOMS if f"| `{room}/` |" not in PAGE} == set()


def test_every_registry_stands_on_it() -> None:
    registries = {str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).rglob("registry.py")}
    assert {name for name in registries if f"`{name}`" not in PAGE} == set()
    assert all(re.search(r"^MODULES = \(", (ROOT / name).read_text(encoding="utf-8"), re.M) for name in registries)
