"""Training of line networks: what is asked, what comes of it, and going on after a kill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from trained_lines import COUNTS, FIELD_TEXTS, TINY, write_fields

from edgedigits.core.cards import card_of, is_line_card, write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.labelled import load_lines
from edgedigits.train.lines.line_request import LineTrainingRequest

pytestmark = pytest.mark.usefixtures("tiny_lines")


def check(request: LineTrainingRequest, out) -> None:
    from edgedigits.train.lines.training import check_line_training

    check_line_training(request, out)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"network": "lien"}, "did you mean line"),
        ({"network": "small"}, "small"),
        ({"epochs": 0}, "--epochs is 0"),
        ({"batch_size": 0}, "--batch-size is 0"),
        ({"rate": 1.5}, "--rate is 1.5"),
        ({"dataset": "mnist"}, "'mnist' names digits"),
        ({"dataset": "lines:"}, "lacks the name of a folder"),
        ({"dataset": "lines:nowhere"}, "no folder at nowhere"),
        ({"start": "nowhere.keras"}, "no model at nowhere.keras"),
    ],
    ids=str,
)
def test_a_request_that_makes_no_sense(wrong, words, tmp_path):
    with pytest.raises(EdgedigitsError, match=words):
        check(LineTrainingRequest(**wrong), tmp_path / "out")


def test_a_start_that_is_another_network_or_quantized(line_network, line_model, tmp_path):
    with pytest.raises(EdgedigitsError, match=f"is a {TINY}, not a line"):
        check(LineTrainingRequest("line", start=line_network), tmp_path)
    with pytest.raises(EdgedigitsError, match="is no float line network"):
        check(LineTrainingRequest(TINY, start=line_model), tmp_path)


def test_lines_that_are_too_long_name_their_folder(tmp_path):
    from edgedigits.train.lines.data import load_line_data

    folder = write_fields(tmp_path / "long", ("1" * 21, "2"))
    with pytest.raises(EdgedigitsError, match="has a line of 21 digits"):
        load_line_data(f"lines:{folder}")


def test_the_files_of_a_training(trained_lines):
    names = {path.name for path in trained_lines.model.parent.iterdir()}
    lines = {f"{part}_lines.npz" for part in ("test", "validation", "calibration")}
    assert names == {"model.keras", "card.json", "history.csv", "curves.png", *lines}


def test_the_card_says_that_it_reads_lines_and_of_what(trained_lines):
    card = card_of(trained_lines.model)
    assert is_line_card(card)
    assert card.network == TINY
    assert card.dataset["spec"] == f"lines:{trained_lines.fields}"
    assert card.dataset["test_sha256"] == load_lines(trained_lines.model.parent / "test_lines.npz").sha256()
    exact = {origin: round(one.exact, 4) for origin, one in trained_lines.result.metrics.items()}
    assert card.measured["test_exact"] == exact
    assert set(exact) == {"all", "composed", str(trained_lines.fields)}


def test_even_rows_are_learned_from_and_odd_ones_judge(trained_lines):
    from edgedigits.train.lines.data import FIELD_SHARE

    folder, origin = trained_lines.model.parent, str(trained_lines.fields)
    assert load_lines(folder / "test_lines.npz").of(origin).texts == FIELD_TEXTS[1::2]
    assert load_lines(folder / "validation_lines.npz").of(origin).texts == FIELD_TEXTS[:1]
    real = round(COUNTS["_CALIBRATION"] * FIELD_SHARE)
    assert load_lines(folder / "calibration_lines.npz").of("fields").texts == FIELD_TEXTS[2::2][:real]
    assert len(load_lines(folder / "test_lines.npz").of("composed")) == COUNTS["_TEST"]


def test_the_best_epoch_is_kept(trained_lines):
    result = trained_lines.result
    best = max(record.val_accuracy for record in result.history)
    assert result.history[result.best_epoch - 1].val_accuracy == best
    assert len((trained_lines.model.parent / "history.csv").read_text().splitlines()) == 1 + len(result.history)


def weights_of(model):
    from edgedigits.core.keras.line_networks import load_line_network

    return load_line_network(model).get_weights()


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(trained_lines, tmp_path):
    from edgedigits.train import TrainingInterrupted
    from edgedigits.train.lines.training import train_lines

    request, out = trained_lines.result.request, tmp_path / "out"

    def stop(now) -> None:
        if now.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(TrainingInterrupted, match="--resume goes on after epoch 1"):
        train_lines(request, out, progress=stop)
    with pytest.raises(EdgedigitsError, match="seed"):
        train_lines(replace(request, seed=1), out, resume=True)
    again = train_lines(request, out, resume=True)
    for one, other in zip(weights_of(again.model), weights_of(trained_lines.model), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.metrics == trained_lines.result.metrics
    assert {path.name for path in out.iterdir()} == {path.name for path in trained_lines.model.parent.iterdir()}


def test_fine_tuning_begins_with_the_weights_of_its_start(line_network):
    from edgedigits.train.lines.training import _network

    request = LineTrainingRequest(TINY, start=line_network)
    for one, other in zip(_network(request).get_weights(), weights_of(line_network), strict=True):
        np.testing.assert_array_equal(one, other)
    assert request.recipe().rate < LineTrainingRequest(TINY).recipe().rate


def test_a_start_of_another_form_is_refused(line_network, tmp_path):
    from edgedigits.train.lines.training import _network

    with pytest.raises(EdgedigitsError, match="as this version builds it"):
        _network(LineTrainingRequest("line-small", start=line_network))


@pytest.mark.parametrize("boxes", [True, False], ids=["with boxes", "without boxes"])
def test_fields_are_learned_from_with_boxes_and_without(boxes, tmp_path):
    from edgedigits.core.lines.labelled import load_fields
    from edgedigits.train.lines.data import load_line_data

    folder = write_fields(tmp_path / "fields", FIELD_TEXTS, boxes=boxes)
    assert [len(field.spans) for field in load_fields(folder)] == [len(text) * boxes for text in FIELD_TEXTS]
    data = load_line_data(f"lines:{folder}", 3)
    lines = [data.line(0, place) for place in range(40)]
    learned = {text for _, text in lines}
    assert all(strip.shape[0] == 32 and strip.dtype == np.uint8 for strip, _ in lines)
    if not boxes:  # with boxes digits may be left out or written anew
        assert learned & set(FIELD_TEXTS[2::2])
        assert not learned & set(FIELD_TEXTS[1::2])


def test_a_changed_network_is_refused(line_network, tmp_path):
    from edgedigits.core.keras.line_networks import load_line_network

    copy = tmp_path / "model.keras"
    copy.write_bytes(line_network.read_bytes() + b"x")
    write_card(tmp_path, card_of(line_network))
    with pytest.raises(EdgedigitsError, match="has sha256"):
        load_line_network(copy)


@pytest.mark.usefixtures("tiny_lines")
def test_parts_say_what_is_learned_from_and_what_judges(tmp_path):
    from edgedigits.train.lines.data import load_line_data

    folder = write_fields(tmp_path / "fields", tuple(str(place) for place in range(24)))
    rows = [f"{place}.png,{place},{'test' if place < 4 else 'train'}" for place in range(24)]
    (folder / "truth.csv").write_text("\n".join(["image,text,part", *rows]) + "\n")
    data = load_line_data(f"lines:{folder}")
    assert set(data.test.of(str(folder)).texts) == {"0", "1", "2", "3"}
    assert len(data.fields) + len(data.validation.of(str(folder))) == 20
    assert not {field.text for field in data.fields} & {"0", "1", "2", "3"}
    assert "part train" in data.describe()["split"]


@pytest.mark.usefixtures("tiny_lines")
def test_lines_for_proofs_are_none_that_a_training_has():
    from edgedigits.train.lines.data import compose_lines, load_line_data

    def digests(strips):
        return {strip.tobytes() for strip in strips}

    lines, again = compose_lines(60), compose_lines(60)
    assert lines.sha256() == again.sha256() != compose_lines(60, 1).sha256()
    data = load_line_data("lines")
    assert not digests(lines.strips) & (digests(data.test.strips) | digests(data.validation.strips))
