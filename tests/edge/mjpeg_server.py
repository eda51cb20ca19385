"""A network camera for tests: motion JPEG over HTTP on this machine, which can be switched off and on again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray


def grey(number: int) -> NDArray[np.uint8]:
    """A grey picture of 160x120; its brightness is 8 times its number, from 0 to 248."""
    return np.full((120, 160, 3), 8 * (number % 32), np.uint8)


class MjpegServer:
    """Serves pictures, one after the other to whoever connects."""

    def __init__(
        self, *, rate: float = 50.0, frames: int | None = None, picture: Callable[[int], NDArray[np.uint8]] = grey
    ) -> None:
        """Bind a free port.

        Args:
            rate: frames per second.
            frames: after which each connection falls silent without being closed; None for no end.
            picture: gives the picture of a number, counted from 0 in each connection.
        """
        self._period, self._picture = 1 / rate, picture
        self._frames = frames
        self._server: ThreadingHTTPServer | None = None
        self._off = threading.Event()
        self._port = 0
        self.switch_on()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/camera.mjpg"

    def switch_on(self) -> None:
        camera = self
        self._off.clear()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                try:
                    camera._send(self.wfile)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_args: object) -> None:
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def switch_off(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._off.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _send(self, file) -> None:
        number, due = 0, time.monotonic()
        while not self._off.is_set():
            if self._frames is not None and number >= self._frames:
                self._off.wait(0.05)
                continue
            data = cv2.imencode(".jpg", self._picture(number))[1].tobytes()
            file.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data))
            file.write(data + b"\r\n")
            file.flush()
            number += 1
            due += self._period
            time.sleep(max(0.0, due - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.switch_off()
