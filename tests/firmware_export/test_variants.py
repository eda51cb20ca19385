"""The table of the kernels' variants says what the C does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgedigits.firmware_export.variants import README_ORDER, TABLE, bytes_by_variant, chosen_variant

ROOT = Path(__file__).parents[2]
TYPES = (ROOT / "firmware_export" / "operators" / "kernels" / "types.h").read_text(encoding="utf-8")


def test_the_kernels_take_sizes_in_the_order_of_the_table() -> None:
    found = re.findall(r"#define ARENA\((.*?)\) \((\w+)\)", TYPES)
    assert {order for order, _ in found} == {", ".join(variant.name for variant in TABLE)}
    assert sorted(chosen for _, chosen in found) == sorted(variant.name for variant in TABLE)
    assert sorted(bytes_by_variant(helium=1, dsp=2, plain=3, avr=4)) == sorted(variant.name for variant in TABLE)


@pytest.mark.parametrize("variant", TABLE, ids=lambda variant: variant.name)
def test_the_compilers_macro_chooses_a_variant(variant) -> None:
    assert chosen_variant({"__GNUC__", variant.macro}) == variant
    assert variant.macro in TYPES
    assert chosen_variant({"__ARM_FEATURE_MVE", "__ARM_FEATURE_DSP"}).name == "helium", "an M55 has both"


@pytest.mark.parametrize("variant", README_ORDER, ids=lambda variant: variant.name)
def test_the_page_names_it_and_what_chooses_it(variant) -> None:
    page = (ROOT / "docs" / "firmware.md").read_text(encoding="utf-8")
    assert f"| `{variant.name}` | {f'`{variant.macro}`' if variant.macro else 'else'} |" in page
