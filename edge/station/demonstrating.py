"""A station to look at: simulated mail on a belt, and a configuration that reads it."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.files import write_text

_CONFIG = "station.toml"

_TEXT = """# A station on simulated mail, of `edgedigits station demo`; `edgedigits station init` shows all settings.
name = "demo"

[camera]
source = "{source}"

[reading]
forms = ['\\d{{5}}']
threshold = 0.97

[pieces]
hold_seconds = 10.0

[journal]
keep_megabytes = 200

[page]
listen = "127.0.0.1:{port}"
"""


def write_demo(folder: Path, level: str, pieces: int | None, seed: int, port: int = 0) -> Path:
    """Write the configuration of a station on simulated mail.

    Args:
        folder: of the configuration; the journal comes into it.
        level: of the mail, one of :data:`edgedigits.edge.recordings.mail.levels.LEVELS`.
        pieces: after which the belt ends; None: never.
        seed: of the mail.
        port: of the page; 0: any that is free.

    Returns:
        path of the configuration.

    Raises:
        EdgedigitsError: the disk refuses.
    """
    words = [f"mail:{level}", f"seed={seed}", "pace=real", *([f"pieces={pieces}"] if pieces else [])]
    path = folder / _CONFIG
    write_text(path, _TEXT.format(source=",".join(words), port=port))
    return path
