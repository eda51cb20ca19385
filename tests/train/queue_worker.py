"""A worker whose trials take a moment and train nothing: ``queue_worker.py URL TRIALS SECONDS HEARTBEAT``.

Prints ``start N`` and ``done N`` for each trial that it carries out.
"""

from __future__ import annotations

import sys
import time
import uuid
from functools import partial

from edgedigits.train.search.claims import Claims
from edgedigits.train.search.presets import PRESETS
from edgedigits.train.search.storage import exclusive, open_storage, url_of
from edgedigits.train.search.study import join, sampler_of, settings_for
from edgedigits.train.search.working import Outcome, work

STUDY = "tested"


def main(address: str, trials: int, seconds: float, heartbeat: float) -> None:
    """Work until the study is finished."""
    url, preset = url_of(address), PRESETS["separable"]
    with exclusive(url):
        storage = open_storage(url)
        study = join(storage, STUDY, address, {"preset": preset.name}, preset, trials)
    claims = Claims(study, storage, uuid.uuid4().hex, heartbeat, partial(sampler_of, 0))

    def carry_out(trial):
        settings = settings_for(trial, preset)
        print("start", trial.number, flush=True)
        time.sleep(seconds)
        return Outcome((settings["rate"], settings["blocks"], settings["width1"]), {"pid": claims.worker})

    def tell(news, finished):
        if finished:
            print("done", news.split()[1], flush=True)

    work(claims, carry_out, tell)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
