"""A real broker on a free port of this machine, and somebody who listens to it."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60.0
"""Seconds after which a test gives up: the machine may be busy."""


def program() -> str | None:
    """Debian puts it where the PATH of users does not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Broker:
    """mosquitto with a configuration of its own; what subscribers wait for outlives a restart."""

    def __init__(self, folder: Path, *lines: str, port: int = 0, whole: str = "") -> None:
        found = program()
        if found is None:
            pytest.skip("mosquitto is not installed (Debian package mosquitto)")
        self._program, self.folder, self.port = found, folder, port or free_port()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data").mkdir(exist_ok=True)
        settings = (
            f"listener {self.port} 127.0.0.1",
            "user root",
            "persistence true",
            f"persistence_location {folder / 'data'}/",
            "max_queued_messages 0",
            *(lines or ("allow_anonymous true",)),
        )
        (folder / "mosquitto.conf").write_text(whole or "\n".join(settings) + "\n")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log
            )
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, self.log()
                assert time.monotonic() < until, self.log()
                time.sleep(0.02)

    def stop(self) -> None:
        """End it as a service manager does, so that it keeps what its subscribers wait for."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text(errors="replace")


class LossyRelay:
    """A port that leads to a broker; connections break as the broker begins to say what ``loses`` is true of."""

    def __init__(self, broker: int, loses: Callable[[bytes], bool]) -> None:
        self._broker, self._loses = broker, loses
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                station, _ = self._listening.accept()
            except OSError:  # closed
                return
            broker = socket.create_connection(("127.0.0.1", self._broker))
            for source, target, loses in ((station, broker, lambda _: False), (broker, station, self._loses)):
                threading.Thread(target=self._pass_on, args=(source, target, loses), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket, loses: Callable[[bytes], bool]) -> None:
        with contextlib.suppress(OSError):  # the other direction's thread has closed them
            while (said := source.recv(65536)) and not loses(said):
                target.sendall(said)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits
        self._listening.close()


class Listener:
    """A subscriber whose session the broker keeps, and everything that it was sent."""

    def __init__(self, port: int, *topics: str, prepare: Any = None, identity: str = "listener") -> None:
        from paho.mqtt.client import CallbackAPIVersion, Client

        self.messages: list[tuple[str, bytes, bool]] = []
        self._changed = threading.Condition()
        self._topics, self._subscribed = topics, threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=identity, clean_session=False)
        self._client.reconnect_delay_set(0.2, 1)
        self._client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics])
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take
        if prepare:
            prepare(self._client)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE)

    def _take(self, _client: Any, _data: Any, message: Any) -> None:
        with self._changed:
            self.messages.append((message.topic, message.payload, message.retain))
            self._changed.notify_all()

    def payloads(self, topic: str) -> list[bytes]:
        with self._changed:
            return [payload for at, payload, _ in self.messages if at == topic]

    def pieces(self, station: str = "north", prefix: str = "edgedigits") -> list[dict[str, Any]]:
        return [json.loads(payload) for payload in self.payloads(f"{prefix}/{station}/pieces")]

    def wait_for(self, met: Any) -> bool:
        """Wait until ``met()`` holds, looked at whenever a message came."""
        with self._changed:
            return self._changed.wait_for(met, PATIENCE)

    def wait_for_pieces(self, count: int, station: str = "north") -> list[dict[str, Any]]:
        """Wait until so many different pieces were told of."""
        assert self.wait_for(lambda: len({piece["id"] for piece in self.pieces(station)}) >= count), (
            f"{len({piece['id'] for piece in self.pieces(station)})} of {count} pieces came"
        )
        return self.pieces(station)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def in_order_of_first_arrival(sequences: Iterable[int]) -> list[int]:
    """Each number once, where it came first."""
    return list(dict.fromkeys(sequences))
