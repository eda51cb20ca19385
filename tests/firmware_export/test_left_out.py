"""What few networks need is not even there as text in the C of the others."""

from __future__ import annotations

from importlib.resources import files

import pytest

from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.firmware_export.c_source.left_out import RARE, without
from edgedigits.firmware_export.library import export_library

A = frozenset({"A"})


def test_lines_under_a_macro_that_is_not_defined_fall_away_with_their_conditions():
    assert without("1\n#if defined(A)\n2\n#endif\n3\n", A) == "1\n3\n"


def test_what_stands_there_otherwise_stays_without_conditions():
    assert without("#if defined(A)\n1\n#else\n2\n#endif\n3\n", A) == "2\n3\n"


def test_the_next_condition_becomes_the_first():
    text = "#if defined(B) && defined(A)\n1\n#elif defined(B)\n2\n#else\n3\n#endif\n"
    assert without(text, A) == "#if defined(B)\n2\n#else\n3\n#endif\n"


def test_conditions_inside_fall_or_stay_with_what_is_around_them():
    inside = "#if defined(B)\n1\n#else\n2\n#endif\n"
    assert without(f"#if defined(A)\n{inside}#else\n{inside}#endif\n", A) == inside


def test_other_conditions_stay():
    text = "#if defined(B)\n1\n#elif defined(C)\n2\n#else\n3\n#endif\n#if !defined(AB)\n4\n#endif\n"
    assert without(text, A) == text


def test_kernels_name_rare_macros_in_conditions_that_can_fall_away_alone():
    for file in (files("edgedigits.firmware_export.operators") / "kernels").iterdir():
        if file.name == "compact.c":
            continue  # only networks with compact weights have it
        left = without(file.read_text(encoding="utf-8"), RARE) if file.name.endswith((".c", ".h")) else ""
        assert not [macro for macro in RARE if macro in left], file.name


@pytest.mark.parametrize("weights", ["auto", "plain", "blob"])
def test_a_network_of_plain_weights_has_none_of_them(weights):
    source = export_library(bundled_model(), weights=weights).source
    assert not [word for word in (*RARE, "BIAS_OF", "SCALE_OF", "one_scale", "short_bias") if word in source]
