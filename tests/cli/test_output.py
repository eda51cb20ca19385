"""What is told of work that goes on, where there is no terminal with bars."""

from __future__ import annotations

import threading

from edgedigits.cli.output import PlainStages, epoch_figures, warn


class Told:
    """Stages with a clock of their own and the lines that they wrote."""

    def __init__(self):
        self.now, self.lines = 0.0, []
        self.stages = PlainStages(self.lines.append, lambda: self.now)

    def after(self, seconds: float) -> list[str]:
        """The lines of a beat so many seconds later."""
        before = len(self.lines)
        self.now += seconds
        self.stages.beat(30)
        return self.lines[before:]


def test_a_stage_ends_in_a_line():
    told = Told()
    for done in (0, 500, 1000):
        told.stages.tell("tflite", done, 1000)
    assert told.lines == ["tflite: 1,000 done"]


def test_what_is_known_at_the_end_stands_in_the_line():
    told = Told()
    told.stages.tell("epoch 1/3", 7, 7, "validation accuracy 98.10 %")
    assert told.lines == ["epoch 1/3: validation accuracy 98.10 %"]


def test_a_long_stage_says_where_it_is():
    told = Told()
    told.stages.tell("neighbours", 0, 28_000)
    assert told.after(29) == []
    told.stages.tell("neighbours", 12_000, 28_000, "best 97.1 %")
    assert told.after(1) == ["neighbours: 12,000 of 28,000, 30 s so far, best 97.1 %"]
    assert told.after(29) == []
    assert told.after(61) == ["neighbours: 12,000 of 28,000, 2 min 0 s so far, best 97.1 %"]


def test_a_stage_that_cannot_be_divided_tells_how_long_it_has_taken():
    told = Told()
    told.stages.tell("fit", 0, 1)
    assert told.after(45) == ["fit: 45 s so far"]


def test_the_stage_that_was_told_of_last_is_the_one_that_runs():
    told = Told()
    told.stages.tell("recipes", 2, 12)
    told.stages.tell("int8: tflite", 0, 10_000)
    assert told.after(30) == ["int8: tflite: 0 of 10,000, 30 s so far"]
    told.stages.tell("int8: tflite", 10_000, 10_000)
    assert told.after(30) == ["recipes: 2 of 12, 1 min 0 s so far"]


def test_silence_after_the_last_stage_is_told_too():
    told = Told()
    assert told.after(100) == []
    told.stages.tell("convert", 1, 1)
    assert told.after(30) == ["convert is done; the work goes on"]


def test_beats_come_by_themselves_and_end_with_the_work():
    written = threading.Event()
    stages = PlainStages(lambda _: written.set())
    stages.tell("fit", 0, 1)
    before = threading.active_count()
    with stages.beating(0.01):
        assert written.wait(60)
    assert threading.active_count() == before


def test_figures_of_an_epoch_are_percentages():
    assert epoch_figures({"loss": 0.5, "accuracy": 0.875}) == "loss 0.5000, accuracy 87.50 %"
    metrics = {"loss": 0.25, "accuracy": 0.9, "val_loss": 0.3, "val_accuracy": 0.98765}
    assert epoch_figures(metrics) == "loss 0.2500, accuracy 90.00 %, validation accuracy 98.77 %"


def test_a_loud_warning_fits_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    warn("MNIST was not found, " * 9 + "so other digits are taken")
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[0].startswith("WARNING: MNIST was not found,") and len(lines) > 1
    assert max(map(len, lines)) <= 80
