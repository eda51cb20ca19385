"""Files are written whole or not at all, and folders are never overwritten by accident."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_disks import mounted

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import (
    gzip_size,
    read_json,
    refuse_inputs_inside,
    refuse_to_overwrite,
    refuse_to_replace,
    refuse_to_replace_folder,
    sha256_of,
    whole_folder,
    write_bytes,
    write_json,
    write_text,
    write_with,
)

ROOM = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system with one mebibyte of room."""
    with mounted(tmp_path / "disk", ROOM) as disk:
        yield disk


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_full_disk_is_said_and_leaves_the_old_file(small_disk: Path) -> None:
    path = small_disk / "model.bin"
    write_bytes(path, b"old")
    with pytest.raises(EdgedigitsError, match="no room left to write"):
        write_bytes(path, bytes(2 * ROOM))
    assert path.read_bytes() == b"old"
    assert names(small_disk) == ["model.bin"]


def test_a_full_disk_leaves_no_file_where_there_was_none(small_disk: Path) -> None:
    with pytest.raises(EdgedigitsError, match="no room left"):
        write_bytes(small_disk / "model.bin", bytes(2 * ROOM))
    assert names(small_disk) == []


def test_a_full_disk_leaves_the_old_folder(small_disk: Path) -> None:
    folder = small_disk / "out"
    with whole_folder(folder, force=False) as work:
        write_text(work / "card.json", "old")
    with pytest.raises(EdgedigitsError, match="no room left"), whole_folder(folder, force=True) as work:
        write_text(work / "card.json", "new")
        write_bytes(work / "model.bin", bytes(2 * ROOM))
    assert names(small_disk) == ["out"]
    assert names(folder) == ["card.json"]
    assert (folder / "card.json").read_text() == "old"


def test_room_is_there_again_after_a_failure(small_disk: Path) -> None:
    with pytest.raises(EdgedigitsError):
        write_bytes(small_disk / "large.bin", bytes(2 * ROOM))
    write_bytes(small_disk / "small.bin", bytes(ROOM // 2))
    assert (small_disk / "small.bin").stat().st_size == ROOM // 2


def test_a_mount_point_cannot_be_replaced_and_says_so(small_disk: Path) -> None:
    with pytest.raises(EdgedigitsError, match="a folder inside it"), whole_folder(small_disk, force=False) as work:
        write_text(work / "card.json", "new")
    assert names(small_disk.parent) == ["disk"]


@pytest.mark.parametrize("call", ["write_bytes(path, bytes(5000))", "write_json(path, ['x' * 50] * 100)"])
def test_a_file_size_limit_counts_as_no_room(call: str, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text("old")
    script = (
        "import resource, sys; from pathlib import Path; from edgedigits.core.files import write_bytes, write_json;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); path = Path(sys.argv[1]); {call}"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=False)
    assert "EdgedigitsError: no room left to write" in done.stderr
    assert path.read_text() == "old"
    assert names(tmp_path) == ["card.json"]


def test_a_process_that_is_killed_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    script = (
        "import os, signal, sys; from pathlib import Path; from edgedigits.core.files import write_with\n"
        "def write(temporary):\n"
        "    temporary.write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_with(Path(sys.argv[1]), write)"
    )
    done = subprocess.run([sys.executable, "-c", script, path], check=False)
    assert done.returncode == -9
    assert path.read_bytes() == b"old"


def strace(*words: str) -> subprocess.CompletedProcess[str]:
    """Run Python under strace, which makes system calls fail or kills the process in them."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    done = subprocess.run(["strace", "-f", *words], capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr and "Operation not permitted" in done.stderr:
        pytest.skip(f"this system does not let processes be traced: {done.stderr.strip().splitlines()[-1]}")
    return done


WRITE = "import sys; from pathlib import Path; from edgedigits.core.files import write_bytes; "
WRITE += "write_bytes(Path(sys.argv[1]), b'new')"


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path: Path) -> None:
    """A machine that loses its power has the old file or the new one, never an empty one under its name."""
    path, trace = tmp_path / "model.bin", tmp_path / "trace"
    path.write_bytes(b"old")
    calls = "trace=open,openat,creat,/^rename,fsync,fdatasync,write,pwrite64,sendfile,copy_file_range,truncate,unlink"
    done = strace("-y", "-o", str(trace), "-e", calls, sys.executable, "-c", WRITE, str(path))
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == b"new"
    here = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines() if str(tmp_path) in line]
    changes = [line for line in here if not line.startswith("open") or re.search("O_WRONLY|O_RDWR|O_CREAT", line)]
    told = [line.split("(")[0] for line in changes if "ENOENT" not in line]
    assert [name for name in told if not name.startswith("open")] == ["write", "fsync", "rename"]
    assert not [line for line in changes if line.startswith("open") and f'"{path}"' in line]


@pytest.mark.parametrize("call", ["/^write$", "fsync", "/^rename"])
def test_a_process_that_is_killed_in_any_step_leaves_the_old_file(call: str, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    killed = ("-o", "/dev/null", "-e", f"inject={call}:signal=SIGKILL")
    done = strace(*killed, sys.executable, "-B", "-c", WRITE, str(path))
    assert done.returncode != 0, f"{call} was never reached"
    assert path.read_bytes() == b"old"


REPLACE = """
import sys; from pathlib import Path; from edgedigits.core.files import whole_folder
with whole_folder(Path(sys.argv[1]), force=True) as work:
    (work / "row.json").write_text("new")
"""


@pytest.mark.parametrize("when", [1, 2])
def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(when: int, tmp_path: Path) -> None:
    """The old folder is renamed first, then the new one."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "card.json").write_text("old")
    refused = ("-o", "/dev/null", "-e", f"inject=/^rename:error=EACCES:when={when}")
    done = strace(*refused, sys.executable, "-B", "-c", REPLACE, str(tmp_path / "out"))
    assert "EdgedigitsError: may not write" in done.stderr
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["card.json"]


def test_a_new_folder_stands_though_the_old_one_cannot_be_removed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "card.json").write_text("old")
    refused = ("-o", "/dev/null", "-e", "inject=unlinkat:error=EACCES")
    done = strace(*refused, sys.executable, "-B", "-c", REPLACE, str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == ["row.json"]


def test_a_disk_that_turns_out_full_when_it_is_flushed_is_said(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    full = ("-o", "/dev/null", "-e", "inject=fsync:error=ENOSPC")
    done = strace(*full, sys.executable, "-c", WRITE, str(path))
    assert "EdgedigitsError: no room left to write" in done.stderr
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model.bin"]


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    path.write_bytes(b"old")

    def fail(temporary: Path) -> None:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_with(path, fail)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["plot.png"]


def test_a_writer_sees_the_suffix_that_it_may_choose_a_format_by(tmp_path: Path) -> None:
    seen: list[Path] = []

    def write(temporary: Path) -> None:
        seen.append(temporary)
        temporary.write_bytes(b"new")

    write_with(tmp_path / "model.keras", write)
    assert seen[0].suffix == ".keras"
    assert seen[0].parent == tmp_path
    assert names(tmp_path) == ["model.keras"]


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "c.txt", "é\n")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == "é\n".encode()


@pytest.mark.parametrize(("mask", "file", "folder"), [(0o027, 0o640, 0o750), (0o020, 0o646, 0o757), (0, 0o666, 0o777)])
def test_a_file_has_the_rights_that_the_user_chose(mask: int, file: int, folder: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_text(tmp_path / "file", "x")
        with whole_folder(tmp_path / "folder", force=False) as work:
            write_text(work / "file", "x")
    finally:
        after = os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == file
    assert (tmp_path / "folder").stat().st_mode & 0o777 == folder
    assert after == mask


def test_json_is_readable_by_people_and_machines(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"name": "é", "list": [1, 2]})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert text == '{\n  "name": "é",\n  "list": [\n    1,\n    2\n  ]\n}\n'
    assert read_json(tmp_path / "x.json", "no remedy") == {"name": "é", "list": [1, 2]}


@pytest.mark.parametrize("text", ["", '{"name": ', '{"name": NaN2}', "[" * 100_000, "\udcff"])
def test_json_that_is_damaged_is_said_with_what_to_do(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(EdgedigitsError, match=r"is half-written or damaged .*; make it again"):
        read_json(path, "make it again")


def test_json_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(EdgedigitsError, match=r"cannot read .*; check the path"):
        read_json(tmp_path / "missing.json", "make it again")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_read_as_no_json_and_not_waited_for(tmp_path: Path, make) -> None:
    make(tmp_path / "x.json")
    with pytest.raises(EdgedigitsError, match=r"x\.json is no file; make it again"):
        read_json(tmp_path / "x.json", "make it again")


def test_size_after_gzip_is_that_of_its_best_compression() -> None:
    data = (Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite").read_bytes()
    packer = zlib.compressobj(9, wbits=31)
    assert gzip_size(data) == len(packer.compress(data) + packer.flush())


def test_a_file_is_replaced_only_with_force(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.md"
    refuse_to_replace(path, force=False, option="--out")
    path.parent.mkdir()
    refuse_to_replace(path, force=False, option="--out")
    path.write_text("old")
    refuse_to_replace(path, force=True, option="--out")
    with pytest.raises(EdgedigitsError, match=r"table.md exists; .* --force"):
        refuse_to_replace(path, force=False, option="--out")
    for force in (True, False):
        with pytest.raises(EdgedigitsError, match=r"new is a folder; name a file for --table"):
            refuse_to_replace(path.parent, force, "--table")
    assert names(path.parent) == ["table.md"]


def test_what_a_command_reads_is_never_what_it_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for beside in ("a", "z", "out2", "outer/out", str(tmp_path)):
        refuse_inputs_inside([beside, tmp_path / beside], Path("out"))
    for same in ("out", "a/../out", tmp_path / "out"):
        with pytest.raises(EdgedigitsError, match=r"is read and would be replaced; choose another --out"):
            refuse_inputs_inside(["a", same], Path("out"))
    for inside in ("out/model.keras", tmp_path / "out" / "deep" / "row.json"):
        with pytest.raises(EdgedigitsError, match=r"lies in out, which would be replaced; choose another --table"):
            refuse_inputs_inside(["a", inside], Path("out"), "--table")


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-4, example for one block
    assert sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_path_through_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(EdgedigitsError, match=r"file is a file; name another folder"):
        write_text(tmp_path / "file" / ("n" * 300) / "below.txt", "x")
    with pytest.raises(EdgedigitsError, match="choose another path"):
        write_text(tmp_path / ("n" * 300) / "below.txt", "x")
    with pytest.raises(EdgedigitsError, match="choose another path"):
        write_text(tmp_path / ("n" * 300), "x")


def test_a_folder_with_content_is_refused_without_force(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(EdgedigitsError, match=r"not empty.*--force"), whole_folder(tmp_path / "out", force=False):
        pytest.fail("the work started")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["mine.txt"]


def test_force_replaces_the_folder_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "deep" / "row.json").write_text("old")
    with whole_folder(tmp_path / "out", force=True) as work:
        write_text(work / "new.txt", "new")
        assert names(tmp_path / "out") == ["deep"]
    assert names(tmp_path / "out") == ["new.txt"]
    assert names(tmp_path) == ["out"]


def test_folders_on_the_way_to_a_folder_are_made(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "a" / "b" / "out", force=False) as work:
        write_text(work / "new.txt", "new")
    assert names(tmp_path / "a" / "b") == ["out"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with whole_folder(tmp_path / "out", force=False) as work:
        write_text(work / "new.txt", "new")
    assert names(tmp_path / "out") == ["new.txt"]


@pytest.mark.parametrize("exists", [True, False])
def test_work_that_fails_leaves_everything_as_it_was(exists: bool, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    if exists:
        folder.mkdir()
        (folder / "card.json").write_text("old")
    with pytest.raises(ZeroDivisionError), whole_folder(folder, force=True) as work:
        write_text(work / "new.txt", "new")
        raise ZeroDivisionError
    assert names(tmp_path) == ["out"] * exists
    if exists:
        assert names(folder) == ["card.json"]


@pytest.mark.parametrize("name", ["thesis.txt", "deep/photo.png", ".hidden", "model.py"])
def test_force_removes_no_file_that_edgedigits_did_not_write(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / name).parent.mkdir(parents=True)
    (folder / "card.json").write_text("old")
    (folder / name).write_text("mine")
    with pytest.raises(EdgedigitsError, match="move the file away"), whole_folder(folder, force=True):
        pytest.fail("the work started")
    (folder / name).rename(tmp_path / "mine")  # the remedy
    with whole_folder(folder, force=True) as work:
        write_text(work / "card.json", "new")
    assert (folder / "card.json").read_text() == "new"


def test_an_interrupted_work_leaves_everything_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "out", force=False):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    for force in (True, False):
        with pytest.raises(EdgedigitsError, match="is a file"):
            refuse_to_overwrite(tmp_path / "out", force)


@pytest.mark.parametrize("inside", ["out", "deep/out", "deep/deeper/out"])
def test_a_file_in_the_place_of_a_folder_above_is_named(inside: str, tmp_path: Path) -> None:
    place = tmp_path / "afile"
    place.write_text("mine")
    said = rf"cannot write {place / inside}: {place} is a file; name another folder$"
    for write in (
        lambda path: refuse_to_overwrite(path, force=False),
        lambda path: refuse_to_replace_folder(path, force=True),
        lambda path: refuse_to_replace(path, force=False, option="--out"),
        lambda path: write_text(path, "x"),
        lambda path: whole_folder(path, force=False).__enter__(),
    ):
        with pytest.raises(EdgedigitsError, match=said):
            write(place / inside)
    assert place.read_text() == "mine" and names(tmp_path) == ["afile"]


def test_a_pipe_in_the_place_of_a_folder_above_is_no_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EdgedigitsError, match=r"pipe is no folder; name another folder"):
        write_text(tmp_path / "pipe" / "x", "x")


def test_a_relative_folder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with whole_folder(Path("out"), force=False) as work:
        write_text(work / "new.txt", "new")
    assert names(tmp_path / "out") == ["new.txt"]


@pytest.mark.parametrize("inside", [".", "deep", "deep/deeper"])
def test_force_never_replaces_the_working_folder_or_one_above(
    inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    (folder / inside).mkdir(parents=True, exist_ok=True)
    (folder / "card.json").write_text("mine")
    monkeypatch.chdir(folder / inside)
    monkeypatch.setenv("HOME", "/root")
    for name in (folder, Path(os.path.relpath(folder))):
        with pytest.raises(EdgedigitsError, match="the folder you work in"), whole_folder(name, force=True):
            pytest.fail("the work started")
    assert (folder / "card.json").read_text() == "mine"


def test_force_never_replaces_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "user"
    home.mkdir()
    (home / "card.json").write_text("mine")
    monkeypatch.setenv("HOME", str(home))
    for folder in (home, tmp_path):
        with pytest.raises(EdgedigitsError, match="or your home"), whole_folder(folder, force=True):
            pytest.fail("the work started")
    assert (home / "card.json").read_text() == "mine"


def test_without_a_home_any_other_folder_may_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a service that systemd starts."""
    monkeypatch.chdir(tmp_path)
    for home in ("", None):
        monkeypatch.delenv("HOME") if home is None else monkeypatch.setenv("HOME", home)
        with whole_folder(tmp_path / "out", force=True) as work:
            write_text(work / "card.json", "new")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes into the folders of others as if they were its own")
def test_what_root_writes_into_somebodys_folder_is_theirs(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    mask = os.umask(0o077)
    try:
        write_json(folder / "calibration.json", {})
        write_json(tmp_path / "own.json", {})
    finally:
        os.umask(mask)
    assert (folder / "calibration.json").stat().st_uid == 65534
    assert (tmp_path / "own.json").stat().st_uid == 0
