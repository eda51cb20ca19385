"""Where data lies: the folder that ``$EDGEDIGITS_DATA`` names, one that was remembered, the user's cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import read_json, write_json

CONFIG = "config.json"
VARIABLE = "EDGEDIGITS_DATA"
_KEY = "data"
_REMEDY = "mend it or remove it"


@dataclass(frozen=True)
class Place:
    """A folder in which data may lie, and why it is looked at."""

    folder: Path
    origin: str


def places() -> tuple[Place, ...]:
    """The folders in the order in which they are looked at; those that are not there are left out."""
    named, remembered = os.environ.get(VARIABLE), remembered_folder()
    found = [Place(Path(named), f"${VARIABLE}")] if named else []
    if remembered:
        found.append(Place(remembered, f"remembered in {config_file()}"))
    if os.environ.get("EDGEDIGITS_CACHE") or has_home():
        found.append(Place(cache_folder(), "the cache"))
    return tuple(place for place in found if place.folder.is_dir())


def config_file() -> Path | None:
    """What is remembered: in ``$EDGEDIGITS_CONFIG``, else in the user's configuration folder of this platform.

    None where the variable is set to nothing, or the user has no home: then nothing is remembered.
    """
    named = os.environ.get("EDGEDIGITS_CONFIG")
    if named is not None:
        return Path(named) / CONFIG if named else None
    if not has_home():
        return None
    from platformdirs import user_config_path

    return user_config_path("edgedigits") / CONFIG


def has_home() -> bool:
    """Whether the user has a home: one without a name, as containers start programs, has none."""
    try:
        Path.home()
    except RuntimeError:
        return False
    return True


def cache_folder() -> Path:
    """Where fetched data is kept: ``$EDGEDIGITS_CACHE``, else the user's cache folder of this platform.

    Raises:
        EdgedigitsError: the variable is not set, and the user has no home.
    """
    named = os.environ.get("EDGEDIGITS_CACHE")
    if named:
        return Path(named)
    if not has_home():
        raise EdgedigitsError(
            "this user has no home in which fetched data could be kept", "set EDGEDIGITS_CACHE to a folder"
        )
    from platformdirs import user_cache_path

    return user_cache_path("edgedigits")


def remembered_folder() -> Path | None:
    """The folder that was remembered, whether it is still there or not; None where there is none.

    Raises:
        EdgedigitsError: the configuration cannot be read or is not what was written.
    """
    path = config_file()
    if path is None or not path.is_file():
        return None
    content = read_json(path, _REMEDY)
    folder = content.get(_KEY) if isinstance(content, dict) else None
    if not isinstance(folder, str):
        raise EdgedigitsError(f'{path} does not say {{"{_KEY}": FOLDER}}', _REMEDY)
    return Path(folder)


def remember(folder: Path) -> Path:
    """Write down a data folder, so that it is found without ``$EDGEDIGITS_DATA``, and return the file that says it.

    Raises:
        EdgedigitsError: the file cannot be written, or nothing shall be remembered.
    """
    path = config_file()
    if path is None:
        if has_home():
            raise EdgedigitsError("EDGEDIGITS_CONFIG is set to nothing, so nothing is remembered", "unset it")
        raise EdgedigitsError(
            "this user has no home, so nothing is remembered", "set EDGEDIGITS_DATA to the folder, or HOME"
        )
    try:
        write_json(path, {_KEY: str(folder.resolve())})
    except EdgedigitsError as error:
        raise EdgedigitsError(error.what, "set EDGEDIGITS_CONFIG to a folder that may be written") from error
    return path
