"""What is flushed to the disk, and what happens where that fails: seen and made by strace."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import journal_pieces
import pytest

PIECES = 20
WRITE = (
    "import sys; from pathlib import Path; from journal_pieces import piece, picture\n"
    "from edgedigits.core.errors import EdgedigitsError\n"
    "from edgedigits.edge.station.journal.journal import Journal\n"
    "journal = Journal(Path(sys.argv[1]), durable=sys.argv[2] == 'True')\n"
    "for number in range(int(sys.argv[3])):\n"
    "    print('begin', flush=True)\n"
    "    try:\n"
    "        print('written', journal.add(piece(f'piece-{number}'), None).sequence, flush=True)\n"
    "    except EdgedigitsError as error:\n"
    "        print('refused', error, flush=True)\n"
    "print('held', *(event.result.id for event in journal.events(0)), flush=True)\n"
)


def traced(folder: Path, durable: bool, *options: str) -> tuple[list[str], str]:
    """Write pieces under strace: what was printed, and the calls that were traced."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    calls = folder / "calls.txt"
    done = subprocess.run(
        ["strace", "-f", "-y", "-o", calls, *options, sys.executable, "-c", WRITE, folder, str(durable), str(PIECES)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(journal_pieces.__file__).parent)},
    )
    if "ptrace" in done.stderr and "Operation not permitted" in done.stderr:
        pytest.skip(f"this system does not let strace work: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), calls.read_text()


def flushes(folder: Path, durable: bool) -> list[int]:
    """How often the log was flushed while each piece was written."""
    _, calls = traced(folder, durable, "-e", "trace=fsync,fdatasync,write")
    parts = calls.split('"begin\\n"')[1:]
    return [part.split('"written')[0].count("sync(") for part in parts]


def test_a_durable_journal_flushes_each_piece_before_it_says_that_it_is_written(tmp_path: Path):
    found = flushes(tmp_path, durable=True)
    assert len(found) == PIECES
    assert min(found) >= 1


def test_another_one_flushes_none(tmp_path: Path):
    assert flushes(tmp_path, durable=False)[1:] == [0] * (PIECES - 1)  # the first one begins the log


def test_a_flush_that_fails_refuses_that_piece_and_no_other(tmp_path: Path):
    failing = ("-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=20")
    said, _ = traced(tmp_path, True, *failing)
    refused = [line for line in said if line.startswith("refused")]
    written = [line.split()[1] for line in said if line.startswith("written")]
    assert len(refused) == 1
    assert "disk I/O error" in refused[0]
    assert "look whether the disk is full or failing" in refused[0]
    assert written == [str(number) for number in range(1, PIECES)]
    assert len(said[-1].split()) == PIECES
