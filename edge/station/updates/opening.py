"""The store of models that a station's configuration tells of."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.files import sha256_of
from edgedigits.core.paths import StrPath
from edgedigits.edge.station.configuration.settings import StationSettings
from edgedigits.edge.station.configuration.settings_file import read_settings
from edgedigits.edge.station.opening import model_of
from edgedigits.edge.station.updates.placing import first_whole, model_in
from edgedigits.edge.station.updates.state import read_state
from edgedigits.edge.station.updates.store import MODELS, ModelStore


def store_of(settings: StationSettings, folder: Path) -> ModelStore:
    """The store of a station.

    Args:
        settings: of the station.
        folder: that their paths are relative to.

    Raises:
        EdgedigitsError: as :class:`ModelStore`.
    """
    return ModelStore(folder / settings.journal.folder / MODELS, model_of(settings.reading, folder))


def open_models(config: StrPath) -> ModelStore:
    """The store of the station that a configuration file tells of.

    Raises:
        EdgedigitsError: a configuration with problems, or as :class:`ModelStore`.
    """
    return store_of(read_settings(config), Path(config).parent)


def running_model(settings: StationSettings, folder: Path) -> Path:
    """The model that a station reads with, be it by an update; the store is looked at, and left as it is.

    Raises:
        EdgedigitsError: the state of the store is damaged or cannot be read.
    """
    configured, models = model_of(settings.reading, folder), folder / settings.journal.folder / MODELS
    state = read_state(models)
    if state is None or not configured.is_file() or state.configured != sha256_of(configured):
        return configured
    model, _ = first_whole(models, state)
    return configured if model == state.configured else model_in(models, model)
