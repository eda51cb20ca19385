"""What every output of a station has in common, and which ones its configuration asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.configuration.placing import placed

if TYPE_CHECKING:
    from edgedigits.edge.station.configuration.settings import StationSettings
    from edgedigits.edge.station.journal.records import Event


PRINTED = "-"
"""Name of a file that stands for standard output."""


class OutputAway(EdgedigitsError):
    """The other side cannot be reached, or takes nothing for now: the same event is delivered again later.

    Attributes:
        again: seconds after which to try again, where the output knows better than growing pauses.
    """

    def __init__(self, what: str, remedy: str, again: float | None = None) -> None:
        self.again = again
        super().__init__(what, remedy)


class EventRefused(EdgedigitsError):
    """The other side will never take this event, whatever the number of attempts: the next one is delivered."""


class Output(Protocol):
    """Somebody who is told of every final result, in order, at least once.

    Attributes:
        name: of its place in the journal, and in figures and words.
    """

    name: str

    def deliver(self, event: Event) -> None:
        """Return when the other side has the event.

        Raises:
            OutputAway: it does not have it yet, as far as is known.
            EventRefused: it will never take it.
        """
        ...

    def check(self) -> None:
        """Called about every second while there is nothing to deliver.

        Raises:
            OutputAway: nothing could be delivered now.
        """
        return

    def tell_alarms(self, active: Mapping[str, str]) -> None:  # noqa: ARG002
        """Called with the names and words of the active alarms when they changed."""
        return

    def close(self) -> None:
        """Give up the connection; an event that is being delivered then raises :class:`OutputAway`."""
        return


def placed_file(file: str, folder: Path) -> str:
    """The same as :func:`placed` for a file that lines go to, where one name stands for standard output."""
    return file if file == PRINTED else placed(file, folder)


def outputs_of(settings: StationSettings, folder: Path = Path()) -> list[Output]:
    """The outputs that a configuration names; nothing is connected yet.

    Args:
        settings: of the station.
        folder: that their paths are relative to.

    Raises:
        EdgedigitsError: a file of a password, token or certificate cannot be read, or an address is none.
    """
    outputs: list[Output] = []
    if (mqtt := settings.mqtt).host:
        from edgedigits.edge.station.messages.mqtt import MqttOutput

        mqtt = replace(mqtt, password_file=placed(mqtt.password_file, folder), ca_file=placed(mqtt.ca_file, folder))
        outputs.append(MqttOutput(mqtt, settings.name))
    if (webhook := settings.webhook).url:
        from edgedigits.edge.station.messages.webhook import WebhookOutput

        outputs.append(WebhookOutput(replace(webhook, token_file=placed(webhook.token_file, folder))))
    if file := settings.json_lines.file:
        from edgedigits.edge.station.messages.json_lines import JsonLinesOutput

        outputs.append(JsonLinesOutput(placed_file(file, folder)))
    return outputs
