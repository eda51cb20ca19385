"""The store of models that a station's configuration tells of."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.paths import StrPath
from edgedigits.edge.station.configuration.settings import StationSettings
from edgedigits.edge.station.configuration.settings_file import read_settings
from edgedigits.edge.station.opening import model_of
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
