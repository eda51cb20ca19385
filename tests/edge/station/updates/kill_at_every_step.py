"""Take an update in one process after the other, each killed (SIGKILL) one file operation later than the one before.

Prints one line of JSON: how many were killed, and for each the sha256 of the model that the next start would load,
checked by loading it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.station.updates.store import ModelStore

EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "tempfile.mkstemp", "shutil.rmtree"}


def killed_at(step: int, folder: Path) -> None:
    """Let this process be killed before its so-and-so-manieth operation on a file in the folder."""
    left = [step]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in EVENTS and arguments and str(arguments[0]).startswith(str(folder)):
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    sys.addaudithook(watch)


def main(configured: Path, updates: Path, key: Path, work: Path) -> None:
    found = []
    for step in range(1_000):
        folder = work / f"models-{step}"
        ModelStore(folder, configured)
        child = os.fork()
        if child == 0:
            killed_at(step, folder)
            ModelStore(folder, configured).look(updates, key)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        store = ModelStore(folder, configured)
        store.start()
        assert not store.notes, store.notes
        model = LineModel(store.current).card.sha256
        taken = ModelStore(folder, configured)
        taken.look(updates, key)
        left = [path.name for path in folder.iterdir() if path.name.startswith(".") and path.name != ".lock"]
        found.append({"ran": model, "then": taken.state.current, "left": left})
        shutil.rmtree(folder)
        if status == 0:
            break
    print(json.dumps(found))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
