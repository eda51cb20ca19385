"""MNIST: found on disk or fetched, and always checked."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from edgedigits.core.datasets.digits import Dataset
from edgedigits.core.datasets.formats.idx import read_idx_pair
from edgedigits.core.datasets.places import (
    VARIABLE,
    Place,
    cache_folder,
    config_file,
    places,
    remember,
    remembered_folder,
)
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.git_lfs import refuse_pointer

FILES = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SECONDS_TO_ANSWER = 15
COMMAND = "edgedigits datasets --data DIR"


class MnistUnavailable(EdgedigitsError):
    """MNIST lies in none of the folders and no mirror can be reached."""


def load_mnist(mirrors: tuple[str, ...] = MIRRORS) -> Dataset:
    """Load MNIST's 60,000 and 10,000 digits.

    Looks in ``$EDGEDIGITS_DATA/mnist``, in the folder that was remembered, in the user's cache, then fetches from the
    mirrors into the cache.

    Args:
        mirrors: addresses to fetch from, tried in order.

    Raises:
        MnistUnavailable: neither found nor fetched.
        EdgedigitsError: a file whose sha256 is not MNIST's.
    """
    found = find_mnist()
    folder = found.folder / "mnist" if found else _fetch(mirrors)
    paths = {name: folder / name for name in FILES}
    for name, path in paths.items():
        digest = sha256_of(path)
        if digest != FILES[name]:
            with path.open("rb") as file:
                refuse_pointer(path, file.read(200))
            raise EdgedigitsError(
                f"{path} has sha256 {digest[:12]}..., MNIST's is {FILES[name][:12]}...",
                "remove the file and fetch it again",
            )
    names = list(paths.values())
    return Dataset(
        "mnist",
        "MNIST (LeCun, Cortes, Burges), original IDX files",
        read_idx_pair(names[0], names[1]),
        read_idx_pair(names[2], names[3]),
    )


def find_mnist() -> Place | None:
    """The first place whose folder ``mnist`` holds all four files, or which is that folder; None where none is."""
    found = ((data_folder(place.folder), place.origin) for place in places())
    return next((Place(folder, origin) for folder, origin in found if folder), None)


def data_folder(named: Path) -> Path | None:
    """The folder whose ``mnist`` holds all four files: the one that was named, or the one above where it is ``mnist``.

    None where they lie in neither.
    """
    if _holds_files(named / "mnist"):
        return named
    above = named.resolve().parent
    return above if _holds_files(named) and _holds_files(above / "mnist") else None


def _holds_files(folder: Path) -> bool:
    return all((folder / name).is_file() for name in FILES)


def remember_data_folder(named: Path) -> tuple[Path, Path]:
    """Remember a folder that has MNIST in ``mnist/``, or of which it is the ``mnist``.

    Returns:
        The folder that is remembered, and the file that says it.

    Raises:
        EdgedigitsError: MNIST is not in it, or the file cannot be written.
    """
    if folder := data_folder(named):
        return folder, remember(folder)
    if _holds_files(named):
        raise EdgedigitsError(
            f"{named} holds MNIST's four files itself, and is not called mnist",
            f"rename it to mnist and name the folder that holds it, or move the files to {named / 'mnist'}",
        )
    raise EdgedigitsError(
        f"{named / 'mnist'} does not hold MNIST's four files",
        f"put {', '.join(FILES)} there, or name another folder",
    )


def remember_named_folder() -> str:
    """Remember the folder that ``$EDGEDIGITS_DATA`` names where it has MNIST and no other one is remembered.

    Returns:
        What a user has to know: that it was remembered or could not be, or that a folder is gone; else "".
    """
    named = os.environ.get(VARIABLE)
    if named and not Path(named).is_dir():
        return f"${VARIABLE} names {named}, which is no folder: it was passed over"
    try:
        known = remembered_folder()
        if known and known.is_dir():
            return ""
        if named and config_file() and (folder := data_folder(Path(named))):
            path = remember(folder)
            return f"data folder {folder.resolve()} is remembered in {path}: it is found without ${VARIABLE}, too"
    except EdgedigitsError as error:
        return f"the data folder is not remembered: {error}"
    return f"the remembered data folder {known} is not there; `{COMMAND}` names another one" if known else ""


def can_fetch() -> bool:
    """Whether what fetches MNIST is installed; [edge] does without it."""
    return find_spec("pooch") is not None


def _fetch(mirrors: tuple[str, ...]) -> Path:
    folder = cache_folder() / "mnist"
    named = f"name a folder that has them in mnist/ with `{COMMAND}` or in {VARIABLE}"
    remedy = f"put its four .gz files into {folder}, or {named}"
    if not can_fetch():
        raise MnistUnavailable(
            "MNIST was not found, and without the package pooch it is not fetched",
            f'{remedy}; or pip install "edgedigits[train]"',
        )
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    for name, digest in FILES.items():
        reasons = []
        for mirror in mirrors:
            try:
                downloader = pooch.HTTPDownloader(timeout=SECONDS_TO_ANSWER)
                pooch.retrieve(mirror + name, f"sha256:{digest}", name, folder, downloader=downloader)
                break
            except (requests.RequestException, OSError) as error:
                reasons.append(f"{mirror}: {type(error).__name__}")
            except ValueError as error:
                reasons.append(f"{mirror}: wrong checksum ({error.__class__.__name__})")
        else:
            raise MnistUnavailable(
                f"MNIST was not found and could not be fetched ({'; '.join(reasons)})",
                remedy,
            )
    return folder
