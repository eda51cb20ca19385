"""The whole of ``edgedigits convert``: a float model from elsewhere becomes ``model.keras`` with a card."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgedigits.core.cards import Card, code_version, write_card
from edgedigits.core.contract.finding import ASSUMED, NOTHING_TOLD, TOLD, FoundContract, Told
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace_folder, sha256_of, whole_folder
from edgedigits.core.keras.backend import tf
from edgedigits.core.keras.opening import OpenedModel, open_float_model
from edgedigits.core.paths import StrPath
from edgedigits.quantize.source import trial_contract

MODEL = "model.keras"


@dataclass(frozen=True)
class ConvertedModel:
    """A float model that was read and written anew.

    Attributes:
        model: path of the ``.keras`` file; its card lies beside it.
        card: of it: no data set, as nobody knows what it was trained on; its parent is the file that was read.
        opened: what was read.
        layers: classes and names, in the order of the network.
        found: what the network is fed and gives, and how that is known.
    """

    model: Path
    card: Card
    opened: OpenedModel
    layers: tuple[tuple[str, str], ...]
    found: FoundContract


def convert_file(
    path: StrPath, out: StrPath, *, trust: bool = False, told: Told = NOTHING_TOLD, force: bool = False
) -> ConvertedModel:
    """Read a float model of any kind and write ``model.keras`` and ``card.json``, both or none.

    What it is fed is tried on the digits that ship. They are drawn by code and tell little, so that the card calls what
    was found assumed: whoever has digits of a data set tries again.

    Args:
        path: of a ``.keras`` or ``.h5`` file of Keras 2 or 3, or of a SavedModel folder.
        out: folder to make.
        trust: run code that it holds.
        told: what is known of its input.
        force: replace what lies in ``out``.

    Raises:
        EdgedigitsError: as :func:`edgedigits.core.keras.opening.open_float_model`; it has no layers, which alone can be
            written; ``out`` is not empty and ``force`` not set.
    """
    path, out = Path(path), Path(out)
    refuse_inputs_inside([path], out)
    refuse_to_replace_folder(out, force)
    opened = open_float_model(path, trust=trust)
    if opened.reason:
        raise EdgedigitsError(
            f"{path} cannot be written as {MODEL}: {opened.reason}",
            "give it to `edgedigits quantize` and `edgedigits evaluate` as it is; recipes that train nothing work",
        )
    found = trial_contract(path, opened.model, told)
    with whole_folder(out, force) as work:
        opened.model.save(work / MODEL, save_format="keras")
        card = _card(path, opened, found, work / MODEL)
        write_card(work, card)
    layers = tuple((type(layer).__name__, layer.name) for layer in opened.model.layers)
    return ConvertedModel(out / MODEL, card, opened, layers, found)


def _card(path: Path, opened: OpenedModel, found: FoundContract, written: Path) -> Card:
    settings: dict[str, Any] = {"container": opened.container, "keras_version": opened.keras_version}
    if opened.difference is not None:
        settings["greatest_difference"] = opened.difference
    return Card(
        kind="keras",
        file=written.name,
        sha256=sha256_of(written),
        bytes=written.stat().st_size,
        network=path.stem,
        parameters=int(opened.model.count_params()),
        dataset={},
        seed=0,
        settings=settings,
        measured={},
        parent={"file": path.name, "sha256": sha256_of(path)},
        software={
            "edgedigits": code_version(),
            "tensorflow": tf.__version__,
            "tf_keras": version("tf_keras"),
        },
        contract=found.as_dict() | {"known_by": TOLD if found.how == TOLD else ASSUMED},
    )
