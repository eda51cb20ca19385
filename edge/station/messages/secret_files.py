"""Passwords and tokens, which stand in files of their own and never in the configuration."""

from __future__ import annotations

from pathlib import Path

from edgedigits.core.errors import EdgedigitsError


def secret_of(file: str, setting: str) -> str:
    """The first line of a file, without spaces around it; empty where no file is named.

    Args:
        file: path of the file.
        setting: that names it, for messages.

    Raises:
        EdgedigitsError: the file cannot be read, or nothing stands in it.
    """
    if not file:
        return ""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EdgedigitsError(
            f"cannot read {file} ({error.strerror})", f"check {setting} and the file's rights"
        ) from error
    except UnicodeDecodeError as error:
        raise EdgedigitsError(f"{file} is not text", f"check {setting}") from error
    if not lines or not lines[0].strip():
        raise EdgedigitsError(f"nothing stands in {file}", f"write what {setting} stands for into its first line")
    return lines[0].strip()
