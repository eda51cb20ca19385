"""MNIST: found on disk or fetched, and always checked."""

from __future__ import annotations

import os
from pathlib import Path

from edgedigits.core.datasets.digits import Dataset
from edgedigits.core.datasets.idx import read_idx_pair
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of

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


class MnistUnavailable(EdgedigitsError):
    """MNIST lies in none of the folders and no mirror can be reached."""


def load_mnist(mirrors: tuple[str, ...] = MIRRORS) -> Dataset:
    """Load MNIST's 60,000 and 10,000 digits.

    Looks in ``$EDGEDIGITS_DATA/mnist``, then in the user's cache, then fetches from the mirrors into the cache.

    Args:
        mirrors: addresses to fetch from, tried in order.

    Raises:
        MnistUnavailable: neither found nor fetched.
        EdgedigitsError: a file whose sha256 is not MNIST's.
    """
    folder = find_mnist() or _fetch(mirrors)
    paths = {name: folder / name for name in FILES}
    for name, path in paths.items():
        found = sha256_of(path)
        if found != FILES[name]:
            raise EdgedigitsError(
                f"{path} has sha256 {found[:12]}..., MNIST's is {FILES[name][:12]}...",
                "remove the file and fetch it again",
            )
    names = list(paths.values())
    return Dataset(
        "mnist",
        "MNIST (LeCun, Cortes, Burges), original IDX files",
        read_idx_pair(names[0], names[1]),
        read_idx_pair(names[2], names[3]),
    )


def cache_folder() -> Path:
    """Where fetched data is kept: ``$EDGEDIGITS_CACHE``, else the user's cache folder of this platform."""
    named = os.environ.get("EDGEDIGITS_CACHE")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("edgedigits")


def find_mnist() -> Path | None:
    """The first folder that holds all four files; None where none does."""
    named = os.environ.get("EDGEDIGITS_DATA")
    folders = [Path(named) / "mnist"] if named else []
    folders.append(cache_folder() / "mnist")
    return next((folder for folder in folders if all((folder / name).is_file() for name in FILES)), None)


def _fetch(mirrors: tuple[str, ...]) -> Path:
    import pooch
    import requests

    folder = cache_folder() / "mnist"
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
                f"put its four .gz files into {folder}, or set EDGEDIGITS_DATA to a folder that has them in mnist/",
            )
    return folder
