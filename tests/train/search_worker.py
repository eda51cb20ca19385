"""A worker of a real search: ``search_worker.py OUT STORAGE TRIALS HEARTBEAT``; STORAGE ``-`` is a file in OUT.

Prints what it is told; ``learning N`` when a network of its N-th trial is being trained.
"""

from __future__ import annotations

import sys
from pathlib import Path

from edgedigits.quantize import convert, load_keras, recipe_named
from edgedigits.train.search import SearchRequest, search


def to_int8(path, digits):
    return convert(load_keras(path), digits[:20], recipe_named("int8"))


def request(storage: str | None, trials: int | None, heartbeat: float = 1.5) -> SearchRequest:
    return SearchRequest("quick", "optdigits", trials, storage, device="cpu", heartbeat=heartbeat)


def main(out: str, storage: str, trials: str, heartbeat: str) -> None:
    """Take part until the study is finished."""
    begun = 0

    def learning(progress):
        nonlocal begun
        if progress.step == 1:
            begun += 1
            print("learning", begun, flush=True)

    search(
        request(None if storage == "-" else storage, int(trials), float(heartbeat)),
        Path(out),
        to_int8,
        progress=lambda now: print(now.news, flush=True),
        epochs=learning,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
