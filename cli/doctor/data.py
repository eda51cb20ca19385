"""Where MNIST lies, and room for what is fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from edgedigits.cli.doctor.finding import Finding, Installation, install, opencv_extra
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.machine.host import Host

_ROOM = 200 << 20  # MNIST and ResNet50's first weights


def mnist(_host: Host, kind: Installation) -> Iterator[Finding]:
    """Where MNIST is found: ``$EDGEDIGITS_DATA``, the remembered folder or the cache."""
    if kind == Installation.bare:
        yield Finding("MNIST", "missing", "not looked for: that takes NumPy", install("edge"))
        return
    try:
        from edgedigits.core.datasets.mnist import COMMAND, can_fetch, find_mnist

        place = find_mnist()
    except (ImportError, EdgedigitsError) as error:
        remedy = getattr(error, "remedy", "mend the packages above first")
        yield Finding("MNIST", "fault", f"not looked for: {getattr(error, 'what', error)}", remedy)
        return
    if place is None:
        fetches = "; `edgedigits train` fetches it" if can_fetch() else ""
        remedy = f"`{COMMAND}` names a folder that has it in mnist/{fetches}"
        yield Finding("MNIST", "missing", "in no known folder", remedy)
        return
    yield Finding("MNIST", "ok", f"{place.folder / 'mnist'} ({place.origin})")


def room(host: Host, kind: Installation) -> Iterator[Finding]:
    """Free space where fetched data is kept."""
    if kind == Installation.bare:
        return
    try:
        from edgedigits.core.datasets.places import cache_folder

        folder = cache_folder()
    except ImportError as error:
        yield Finding("cache", "fault", f"not known: {error}", install(opencv_extra(host)))
        return
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    free = shutil.disk_usage(there).free
    found = f"{folder}, {free / 2**30:.1f} GB free"
    if free >= _ROOM:
        yield Finding("cache", "ok", found, needed=True)
    else:
        yield Finding("cache", "fault", found, "free some disk space, or set EDGEDIGITS_CACHE to another folder", True)
