"""A PostgreSQL server of the tests' own: made in a temporary folder, reached at 127.0.0.1, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "searcher", "s3cret-word"
_SECONDS_TO_START = 60


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    programs: Path

    def url(self, database: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        name = f"studies_{uuid.uuid4().hex}"
        command = [self.programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name]
        subprocess.run(command, env={**os.environ, "PGPASSWORD": PASSWORD}, check=True)
        return self.url(name)


def _programs() -> Path:
    """The folder with the server's programs, which Debian keeps off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "")]
    if not found[-1].is_file():
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return found[-1].parent


def _owner() -> dict[str, object]:
    """How to start a process that is not root's, as whom PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Start a server that asks for a password; skip where PostgreSQL is not installed."""
    programs, owner = _programs(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="edgedigits-pg-"))  # pytest's own folders are closed to other users
    try:
        (folder / "password").write_text(PASSWORD)
        if owner:
            for path in (folder, folder / "password"):
                os.chown(path, owner["user"], owner["group"])
        data = folder / "data"
        make = [programs / "initdb", "-D", data, "-U", USER, "--auth=scram-sha-256", "--no-sync", "-E", "UTF8"]
        subprocess.run(
            [*make, f"--pwfile={folder / 'password'}", "--no-locale"], check=True, capture_output=True, cwd="/", **owner
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = (f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1", "fsync=off")
        options = [item for setting in settings for item in ("-c", setting)]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-p", str(port), *options], stdout=log, stderr=log, cwd="/", **owner
            )
        try:
            _wait(programs, port, process, folder / "log")
            yield Server(port, programs)
        finally:
            process.send_signal(signal.SIGINT)  # do not wait for clients that are still connected
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(programs: Path, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    end = time.monotonic() + _SECONDS_TO_START
    while subprocess.run(ready, check=False).returncode != 0:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, "PostgreSQL does not answer"
        time.sleep(0.1)
