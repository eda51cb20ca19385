"""A killed training goes on with nothing lost but the running epoch."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.train import TrainingInterrupted, TrainingRequest, train

EPOCHS = 3
REQUEST = TrainingRequest("nano", "optdigits", epochs=EPOCHS, batch_size=32)
PROGRAM = """
import sys
from pathlib import Path
from edgedigits.train import TrainingRequest, train

def told(progress):
    print("epoch", progress.epoch, flush=True)

train(TrainingRequest("nano", "optdigits", epochs=3, batch_size=32), Path(sys.argv[1]), progress=told)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The folder of a training that was killed with SIGKILL in its second epoch."""
    out = tmp_path_factory.mktemp("killed") / "out"
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(out)], stdout=subprocess.PIPE, text=True)
    for line in child.stdout:
        if line == "epoch 2\n":
            os.kill(child.pid, signal.SIGKILL)
            break
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    return out


@pytest.fixture
def interrupted(killed, tmp_path):
    """A copy of it to go on with."""
    return shutil.copytree(killed, tmp_path / "out")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return train(REQUEST, tmp_path_factory.mktemp("whole") / "out")


def test_a_killed_run_leaves_no_model_that_looks_finished(killed):
    assert [path.name for path in killed.iterdir()] == [".checkpoint"]


def test_a_resumed_run_ends_as_if_it_had_never_been_killed(interrupted, uninterrupted):
    epochs = []
    resumed = train(REQUEST, interrupted, resume=True, progress=lambda progress: epochs.append(progress.epoch))
    assert min(epochs) == 2, "the first epoch was not kept"
    for kept, whole in zip(resumed.history, uninterrupted.history, strict=True):
        for column in ("loss", "accuracy", "val_loss", "val_accuracy", "rate"):
            assert getattr(kept, column) == pytest.approx(getattr(whole, column), rel=1e-4), (kept.epoch, column)
    assert resumed.best_epoch == uninterrupted.best_epoch
    assert not (interrupted / ".checkpoint").exists()


def test_dropout_goes_on_where_it_was(tmp_path):
    request = TrainingRequest("inf283-cnn", "optdigits", epochs=2)

    def stop(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    whole = train(request, tmp_path / "whole")
    with pytest.raises(TrainingInterrupted):
        train(request, tmp_path / "parts", progress=stop)
    parts = train(request, tmp_path / "parts", resume=True)
    assert parts.history[1].loss == pytest.approx(whole.history[1].loss, rel=1e-4)


def test_a_killed_run_is_not_overwritten_by_accident(interrupted):
    with pytest.raises(EdgedigitsError, match=r"go on with --resume, or start anew with --force"):
        train(REQUEST, interrupted)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (TrainingRequest("nano", "optdigits", epochs=EPOCHS, batch_size=32, seed=1), "seed 0, not 1"),
        (TrainingRequest("nano", "optdigits", epochs=EPOCHS, batch_size=16), "batch size 32, not 16"),
        (TrainingRequest("micro", "optdigits", epochs=EPOCHS, batch_size=32), "network nano, not micro"),
        (TrainingRequest("nano", "optdigits", epochs=9, batch_size=32), "epochs 3, not 9"),
        (TrainingRequest("nano", "optdigits", "nf264", epochs=EPOCHS, batch_size=32), "split default, not nf264"),
    ],
)
def test_another_request_cannot_resume_it(interrupted, other, difference):
    with pytest.raises(EdgedigitsError, match=difference):
        train(other, interrupted, resume=True)
    assert (interrupted / ".checkpoint" / "state.zip").is_file()


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(EdgedigitsError, match="no interrupted training"):
        train(REQUEST, tmp_path / "out", resume=True)
    assert not (tmp_path / "out").exists()


def _cut_short(data):
    return data[: len(data) // 2]


def _one_bit_flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("damage", [_cut_short, _one_bit_flipped, lambda _: b"", lambda _: b"PK nothing"])
def test_a_damaged_state_is_a_clear_error(interrupted, damage):
    state = interrupted / ".checkpoint" / "state.zip"
    state.write_bytes(damage(state.read_bytes()))
    with pytest.raises(EdgedigitsError, match="damaged"):
        train(REQUEST, interrupted, resume=True)


def test_force_starts_anew(interrupted):
    assert train(TrainingRequest("nano", "optdigits", epochs=1), interrupted, force=True).history[0].epoch == 1
    assert not (interrupted / ".checkpoint").exists()
