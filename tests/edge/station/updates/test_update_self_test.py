import platform
from dataclasses import replace
from types import SimpleNamespace

import pytest
from made_updates import strips

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.station.updates.self_test import check_model, read_self_test, self_test_of


@pytest.fixture(scope="module")
def model(models):
    return LineModel(models[0].path)


@pytest.fixture(scope="module")
def expected(model):
    return self_test_of(model, strips())


def off_by(expected, step, place=(0, 0, 0)):
    """The same with one number changed."""
    line, row, column = place
    logits = [one.copy() for one in expected.logits]
    logits[line][row, column] += step
    return replace(expected, logits=tuple(logits))


def test_a_self_test_survives_its_file(expected):
    found = read_self_test(expected.to_bytes())
    assert (found.runtime, found.machine) == (expected.runtime, platform.machine())
    assert all((a == b).all() for a, b in zip(found.logits, expected.logits))
    assert all((a == b).all() for a, b in zip(found.strips, expected.strips))


def test_it_has_the_narrowest_and_the_widest_strip(expected):
    widths = [one.shape[1] for one in strips()]
    assert {min(widths), max(widths)} <= {one.shape[1] for one in expected.strips}


def test_what_a_model_said_it_says_again(model, expected):
    check_model(model, expected)


def test_one_number_that_differs_by_one_fails(model, expected):
    with pytest.raises(EdgedigitsError, match=r"self-test fails: on strip 1 of 6 .* up to 1 off"):
        check_model(model, off_by(expected, 1))


def test_another_runtime_may_round_one_number_the_other_way(model, expected):
    check_model(model, replace(off_by(expected, 1), runtime="ai-edge-litert 2.1.0"))


def test_another_runtime_may_not_be_two_steps_off(model, expected):
    with pytest.raises(EdgedigitsError, match="up to 2 off"):
        check_model(model, replace(off_by(expected, 2), machine="aarch64"))


def test_another_runtime_must_say_the_same_classes(expected):
    """Of two equal numbers the first is the class; where that one is a step lower it is the second."""
    said = [one.copy() for one in expected.logits]
    said[0][0, :2] = 127
    wanted = [one.copy() for one in said]
    wanted[0][0, 0] -= 1
    told = iter(said)
    model = SimpleNamespace(tensor=lambda _strip: None, run=lambda _tensor: next(told), runtime="another one")
    with pytest.raises(EdgedigitsError, match="up to 1 off"):
        check_model(model, replace(expected, logits=tuple(wanted), machine="of another kind"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all"])
def test_a_damaged_self_test_is_none(content):
    with pytest.raises(EdgedigitsError, match="self-test cannot be read"):
        read_self_test(content)


def test_parts_that_do_not_fit_are_none(expected):
    with pytest.raises(EdgedigitsError, match="its parts do not fit"):
        read_self_test(replace(expected, strips=expected.strips[:-1]).to_bytes())
