"""A station that is killed while it takes an update has a model that runs, and takes the update at its next start."""

import json
import subprocess
import sys
from pathlib import Path


def test_killed_before_any_file_operation_a_model_runs(update_of, models, keys, tmp_path):
    script = Path(__file__).parent / "kill_at_every_step.py"
    words = (models[0].path, update_of().parent, keys.public, tmp_path)
    done = subprocess.run(
        [sys.executable, str(script), *map(str, words)], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) > 10  # so many moments at which it was killed
    assert {one["ran"] for one in found} == {models[0].sha256, models[1].sha256}
    assert {one["then"] for one in found} == {models[1].sha256}
    assert not any(one["left"] for one in found)
