"""A line for each piece, in a file that a disk or a kill may cut anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from made_results import result

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.journal.records import Event
from edgedigits.edge.station.messages.json_lines import JsonLinesOutput
from edgedigits.edge.station.messages.outputs import OutputAway


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_piece_is_a_line(tmp_path):
    path = tmp_path / "made" / "pieces.jsonl"
    output = JsonLinesOutput(str(path))
    for number in (1, 2):
        output.deliver(Event(number, result(number)))
    assert lines_of(path) == [{"sequence": n, **json.loads(json.dumps(result(n).as_dict()))} for n in (1, 2)]
    assert path.read_text().endswith("}\n")


def test_what_was_there_before_stays(tmp_path):
    path = tmp_path / "pieces.jsonl"
    path.write_text('{"sequence": 1}\n')
    JsonLinesOutput(str(path)).deliver(Event(2, result(2)))
    assert [line["sequence"] for line in lines_of(path)] == [1, 2]


@pytest.mark.parametrize("torn", ['{"sequence":2,"id":"nor', "\0" * 70_000])
def test_a_line_that_a_kill_cut_off_is_written_anew(torn, tmp_path):
    path = tmp_path / "pieces.jsonl"
    path.write_text('{"sequence": 1}\n' + torn)
    JsonLinesOutput(str(path)).deliver(Event(2, result(2)))
    assert [line["sequence"] for line in lines_of(path)] == [1, 2]


def test_a_file_that_was_moved_away_is_made_anew(tmp_path):
    path = tmp_path / "pieces.jsonl"
    output = JsonLinesOutput(str(path))
    output.deliver(Event(1, result(1)))
    path.rename(tmp_path / "pieces.jsonl.1")
    output.deliver(Event(2, result(2)))
    assert [line["sequence"] for line in lines_of(path)] == [2]


ON_A_FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from made_results import result
from edgedigits.edge.station.journal.records import Event
from edgedigits.edge.station.messages.json_lines import JsonLinesOutput
from edgedigits.edge.station.messages.outputs import OutputAway
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
output = JsonLinesOutput(sys.argv[1])
output.deliver(Event(1, result(1)))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
try:
    output.deliver(Event(2, result(2)))
except OutputAway as error:
    print(error)
print(len(open(sys.argv[1], "rb").read().splitlines()))
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
output.deliver(Event(2, result(2)))
"""


def test_a_disk_that_takes_half_a_line_keeps_none_of_it_until_there_is_room(tmp_path):
    path = tmp_path / "pieces.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, path, Path(__file__).parent],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "File too large" in done.stdout and "free some disk space" in done.stdout, done.stderr
    assert done.stdout.splitlines()[-1] == "1"
    assert [line["sequence"] for line in lines_of(path)] == [1, 2]


def test_a_full_device_is_told_and_tried_again():
    with pytest.raises(OutputAway, match=r"cannot write to /dev/full \(No space left on device\)"):
        JsonLinesOutput("/dev/full").deliver(Event(1, result(1)))


def test_a_dash_prints(capfdbinary):
    JsonLinesOutput("-").deliver(Event(1, result(1)))
    (line,) = capfdbinary.readouterr().out.splitlines()
    assert json.loads(line)["code"] == "00001"


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"is a folder; name a file in json_lines\.file"):
        JsonLinesOutput(str(tmp_path))
