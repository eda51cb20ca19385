"""Trying the outputs of a configuration before a station relies on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import try_to_write
from edgedigits.edge.station.configuration.placing import placed
from edgedigits.edge.station.messages.outputs import PRINTED

if TYPE_CHECKING:
    from edgedigits.edge.station.configuration.settings import MqttSettings, StationSettings, WebhookSettings


@dataclass(frozen=True)
class TriedOutput:
    """How trying one output ended.

    Attributes:
        name: of the output.
        words: what was found where it works; empty otherwise.
        error: what is wrong and what to do; ``None`` where it works.
    """

    name: str
    words: str
    error: EdgedigitsError | None = None


def try_outputs(settings: StationSettings, folder: Path = Path(), seconds: float = 10.0) -> list[TriedOutput]:
    """Try every output that a configuration names; nobody is told of a piece, and a running station is left alone.

    Args:
        settings: of the station.
        folder: that their paths are relative to.
        seconds: to wait for each at most.
    """
    trials: list[tuple[str, Callable[[], str]]] = []
    if (mqtt := settings.mqtt).host:
        trials.append(("mqtt", lambda: _broker(mqtt, settings.name, folder, seconds)))
    if (webhook := settings.webhook).url:
        trials.append(("webhook", lambda: _webhook(webhook, folder)))
    if settings.json_lines.file:
        trials.append(("json_lines", lambda: _file(settings.json_lines.file, folder)))
    return [_tried(name, trial) for name, trial in trials]


def _tried(name: str, trial: Callable[[], str]) -> TriedOutput:
    try:
        return TriedOutput(name, trial())
    except EdgedigitsError as error:
        return TriedOutput(name, "", error)


def _broker(settings: MqttSettings, station: str, folder: Path, seconds: float) -> str:
    from edgedigits.edge.station.messages.mqtt import try_broker

    told = replace(
        settings, password_file=placed(settings.password_file, folder), ca_file=placed(settings.ca_file, folder)
    )
    took = try_broker(told, station, seconds)
    return f"the broker {settings.host} took the connection within {1000 * took:.0f} ms"


def _webhook(settings: WebhookSettings, folder: Path) -> str:
    """Connect, with TLS where the address says so; nothing is posted."""
    from edgedigits.edge.station.messages.webhook import WebhookOutput

    WebhookOutput(replace(settings, token_file=placed(settings.token_file, folder))).connect()
    return f"{settings.url} takes connections"


def _file(file: str, folder: Path) -> str:
    from edgedigits.edge.station.messages.json_lines import JsonLinesOutput

    if file == PRINTED:
        return "lines are printed"
    path = Path(placed(file, folder))
    JsonLinesOutput(str(path))
    try_to_write(path.parent, path)
    return f"{path} can be written"
