"""One trial: a network built, trained, made int8 and weighed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from optuna.trial import Trial

from edgedigits.core.cards import Card, write_card
from edgedigits.core.contract.contract import OUR_CONTRACT
from edgedigits.core.datasets import Split, stratified_sample
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of, whole_folder, write_bytes, write_with
from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.tflite.costs import costs_of
from edgedigits.train.artifacts import MODEL, software
from edgedigits.train.fitting.checkpoint import Saved
from edgedigits.train.fitting.devices import Devices
from edgedigits.train.fitting.fitting import fit, prepare
from edgedigits.train.networks.reported import build, build_stack
from edgedigits.train.search.presets import Preset, Settings, TrialPlan, plan_of
from edgedigits.train.search.search_request import ToInt8, TrialFailed, TrialTaken
from edgedigits.train.search.study import settings_for
from edgedigits.train.search.working import Outcome
from edgedigits.train.training_request import ProgressCallback, TrainingRequest

INT8_MODEL = "model.int8.tflite"
CALIBRATION = 100
"""Digits in the representative dataset of a trial's model, fewer than a model for use gets: its size is the same."""


@dataclass(frozen=True)
class Experiment:
    """What all trials of a search on this machine share.

    Attributes:
        preset: that is searched.
        split: whose training digits, or some of them, train, and whose validation digits judge.
        seed: of the first weights, the order of the digits, and which of them train.
        devices: to train on.
        place: of this worker's output folder, for people who look for a model.
        out: this folder.
        to_int8: makes full-integer models.
        progress: told of the steps of a training.
    """

    preset: Preset
    split: Split
    seed: int
    devices: Devices
    place: str
    out: Path
    to_int8: ToInt8
    progress: ProgressCallback | None

    def carry_out(self, trial: Trial, mine: Callable[[Trial], bool]) -> Outcome:
        """Do a trial and keep its models in a folder of its own, ``trial-<number>``.

        Args:
            trial: to do.
            mine: whether a trial still is this worker's: nothing is kept where it is not.

        Raises:
            TrialFailed: its settings make no network, the loss is no number any more, or there is no int8 form.
            TrialTaken: it is another worker's by now.
            EdgedigitsError: no room on the disk.
        """
        settings = settings_for(trial, self.preset)
        plan = plan_of(self.preset, settings)
        began = time.monotonic()
        saved = self._fit(plan)
        seconds = round(time.monotonic() - began, 1)
        best = saved.history[saved.best_epoch - 1]
        model = self._network(plan)
        model.set_weights(list(saved.best))
        with whole_folder(self.out / f"trial-{trial.number}", force=True) as work:
            write_with(work / MODEL, lambda path: model.save(path, save_format="keras"))
            write_bytes(work / INT8_MODEL, self._int8(work / MODEL))
            size, costs = (work / INT8_MODEL).stat().st_size, costs_of(work / INT8_MODEL)
            run: dict[str, Any] = {
                "parameters": int(model.count_params()),
                "seconds": seconds,
                "best_epoch": saved.best_epoch,
            }
            card = self._card(trial.number, plan, settings, work / MODEL, run, best.val_accuracy)
            write_card(work, card)
            if not mine(trial):
                raise TrialTaken
        run |= {"network": plan.network, "sha256": card.sha256, "place": self.place}
        return Outcome((best.val_accuracy, size, costs.macs), run)

    def _fit(self, plan: TrialPlan) -> Saved:
        split = self._share()
        request = TrainingRequest(self.preset.network, seed=self.seed)
        tf.get_logger().setLevel("ERROR")  # it warns of every new network that is traced
        fitter = prepare(request, plan.recipe, len(split.train), self.devices, lambda: self._network(plan))
        try:
            return fit(fitter, plan.recipe, split, self.seed, Saved(), lambda _saved: None, self.progress)
        except EdgedigitsError as error:
            raise TrialFailed(error.what) from error
        except tf.errors.ResourceExhaustedError as error:
            raise TrialFailed("the device has too little memory for it") from error

    def _share(self) -> Split:
        """The split with as many training digits as the preset takes, the same for every trial."""
        digits, train = self.preset.digits, self.split.train
        if digits is None or digits >= len(train):
            return self.split
        return replace(self.split, train=train.take(stratified_sample(train.labels, digits, self.seed)))

    def _network(self, plan: TrialPlan) -> Any:
        if plan.stack:
            return build_stack(plan.stack)
        model = build(self.preset.network)
        for layer in model.layers:
            if plan.dropout is not None and isinstance(layer, keras.layers.Dropout):
                layer.rate = plan.dropout
        return model

    def _int8(self, path: Path) -> bytes:
        train = self.split.train
        drawn = stratified_sample(train.labels, min(CALIBRATION, len(train)), self.seed)
        try:
            return self.to_int8(path, train.images[drawn])
        except EdgedigitsError as error:
            raise TrialFailed(error.what) from error

    def _card(
        self, number: int, plan: TrialPlan, settings: Settings, file: Path, run: dict[str, Any], accuracy: float
    ) -> Card:
        return Card(
            kind="keras",
            file=file.name,
            sha256=sha256_of(file),
            bytes=file.stat().st_size,
            network=f"{self.preset.name} trial {number}" if plan.stack else self.preset.network,
            parameters=run["parameters"],
            dataset=self.split.describe(),
            seed=self.seed,
            settings={
                **asdict(plan.recipe),
                "digits": self.preset.digits or len(self.split.train),
                "search": {"preset": self.preset.name, "trial": number, "layers": plan.network, **settings},
                "trained_on": str(self.devices),
                "devices": list(self.devices.names),
                "precision": self.devices.policy,
            },
            measured={
                "validation_accuracy": round(accuracy, 4),
                "best_epoch": run["best_epoch"],
                "seconds": run["seconds"],
            },
            software=software(),
            contract=OUR_CONTRACT.as_dict() | {"type": "float32"},
        )
