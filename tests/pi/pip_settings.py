"""How pip is set up on this machine (index, proxies, certificates, constraints), to be the same in another root."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_SECTIONS = ("global", "install", "wheel", ":env:")  # later ones win, as in pip


@dataclass(frozen=True)
class PipSettings:
    """What another root needs so that pip works there as here.

    Attributes:
        environment: variables.
        paths: files and folders of this machine that they name.
    """

    environment: dict[str, str]
    paths: tuple[Path, ...]


def pip_settings(python: Path) -> PipSettings:
    """Ask the pip of a Python how it is set up, and the environment for proxies."""
    asked = (python, "-m", "pip", "config", "list")
    return settings_from(subprocess.run(asked, capture_output=True, text=True, check=True).stdout, os.environ)


def settings_from(listed: str, environ: Mapping[str, str]) -> PipSettings:
    """The settings that ``pip config list`` has printed, and the proxies of an environment."""
    values = {"cert": CERTIFICATES}
    by_section: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listed.splitlines():
        key, equals, quoted = line.partition("=")
        section, _, name = key.rpartition(".")
        if equals and section in by_section:
            by_section[section][name] = str(ast.literal_eval(quoted))
    for section in _SECTIONS:
        values |= by_section[section]
    found = {f"PIP_{name.upper().replace('-', '_')}": " ".join(value.split()) for name, value in values.items()}
    for name in PROXIES:
        found |= {key: environ[key] for key in (name, name.upper()) if key in environ}
    return PipSettings(found, _paths(values))


def _paths(values: Mapping[str, str]) -> tuple[Path, ...]:
    """Files and folders that settings name; an index that is a folder refers to the files beside it."""
    found = []
    for name, value in values.items():
        for word in value.split():
            path = Path(word.removeprefix("file://"))
            if path.is_absolute() and path.exists():
                found.append(path.parent if name.endswith("index-url") and path.parent != Path("/") else path)
    return tuple(dict.fromkeys(found))
