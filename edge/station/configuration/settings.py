"""What a station is told: one dataclass for each table of its configuration file.

Every field is a :func:`setting`: its words and limits stand once, here; the file that `edgedigits station init` writes,
the checks of the file that is read, and the page all follow them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edgedigits.edge.scenes.scene import Box


@dataclass(frozen=True)
class Limits:
    """What a setting may be.

    Attributes:
        words: what it is, for people, without a full stop.
        least: the smallest number.
        most: the largest number.
        one_of: the only values.
        example: shown in a commented line where there is no default.
    """

    words: str
    least: float | None = None
    most: float | None = None
    one_of: tuple[Any, ...] = ()
    example: str = ""


def setting(
    default: Any,
    words: str,
    *,
    least: float | None = None,
    most: float | None = None,
    one_of: tuple[Any, ...] = (),
    example: str = "",
) -> Any:
    """A field of a table with its default and its :class:`Limits`."""
    return field(default=default, metadata={"limits": Limits(words, least, most, one_of, example)})


@dataclass(frozen=True)
class CameraSettings:
    """Table ``camera``: where frames come from."""

    source: str = setting("0", "camera number, device, address of a stream, video, or picamera")
    region: Box | None = setting(  # noqa: RUF009
        None, "x, y, width and height of the part of the picture that is looked at", example="[100, 40, 1080, 640]"
    )
    rotate: int = setting(
        0, "degrees by which the picture must be turned clockwise to stand upright", one_of=(0, 90, 180, 270)
    )


@dataclass(frozen=True)
class ReadingSettings:
    """Table ``reading``: what is read, and how sure it must be."""

    model: str = setting("builtin", "a line network (.tflite), or builtin")
    forms: tuple[str, ...] = setting((r"\d{5}",), "regular expressions of the codes that are expected")
    codes: str = setting(
        "", "file of the valid codes, one a line, with the bin of each after a comma", example='"codes.csv"'
    )
    target_error: float = setting(0.5, "percent of the accepted pieces that may be wrong", least=0.001, most=50)
    threshold: float | None = setting(
        None,
        "confidence from which a code is accepted, in place of the one that `edgedigits station calibrate` found",
        least=0,
        most=1,
        example="0.97",
    )


@dataclass(frozen=True)
class PiecesSettings:
    """Table ``pieces``: when a piece has its result."""

    decide_within: float = setting(
        0.2, "seconds within which a piece that is wholly in view has its result", least=0.02, most=60
    )
    hold_seconds: float = setting(
        0.0, "seconds that a rejected piece waits for somebody to key its code on the page", least=0, most=3600
    )
    audit_percent: float = setting(
        0.0, "percent of the accepted pieces, drawn at random, that people are to check on the page", least=0, most=100
    )
    dark_alarm: float = setting(
        10.0, "seconds of black or frozen frames after which the station says so", least=1, most=3600
    )


@dataclass(frozen=True)
class JournalSettings:
    """Table ``journal``: what is kept, where, and for how long."""

    folder: str = setting(
        "journal", "folder of the journal and of the pictures; for a service /var/lib/edgedigits/journal"
    )
    durable: bool = setting(True, "also survive a loss of power (slower on SD cards); a killed program never loses any")
    crops: str = setting("all", "which pieces' pictures are kept", one_of=("all", "doubtful", "none"))
    keep_days: int = setting(
        90, "days after which a piece and its picture are deleted; 0 keeps them", least=0, most=36500
    )
    keep_megabytes: int = setting(2000, "megabytes of pictures, of which the oldest go first", least=1, most=10_000_000)
    least_free_megabytes: int = setting(
        200, "free megabytes of the disk below which no pictures are written any more", least=0, most=10_000_000
    )


@dataclass(frozen=True)
class MqttSettings:
    """Table ``mqtt``: a broker that is told of every piece; none without ``host``."""

    host: str = setting("", "name or address of the broker", example='"broker.local"')
    port: int = setting(0, "its port; 0 for 1883, or 8883 with tls", least=0, most=65535)
    topic: str = setting("edgedigits", "first part of the topics")
    user: str = setting("", "user", example='"station"')
    password_file: str = setting("", "file with the password", example='"/etc/edgedigits/mqtt-password"')
    tls: bool = setting(False, "encrypt, and check the broker's certificate")
    ca_file: str = setting(
        "", "certificates that the broker's is checked by, in place of the system's", example='"ca.crt"'
    )
    discovery: bool = setting(True, "tell Home Assistant of the station")


@dataclass(frozen=True)
class WebhookSettings:
    """Table ``webhook``: an address that every piece is posted to; none without ``url``."""

    url: str = setting("", "http or https address", example='"https://sorter.local/pieces"')
    token_file: str = setting("", "file with a token that is sent as Authorization: Bearer", example='"token"')
    timeout: float = setting(5.0, "seconds to wait for an answer", least=0.1, most=300)


@dataclass(frozen=True)
class LinesSettings:
    """Table ``json_lines``: a file that a line is appended to for every piece; none without ``file``."""

    file: str = setting("", "path, or - for standard output", example='"-"')


@dataclass(frozen=True)
class PageSettings:
    """Table ``page``: the web page; none where ``listen`` is empty."""

    listen: str = setting("127.0.0.1:8080", "address and port; any but this machine's own needs a password")
    password: str = setting(
        "", "hash of the password, as `edgedigits station password` prints it", example='"scrypt$..."'
    )
    certificate: str = setting("", "certificate for https", example='"station.crt"')
    key: str = setting("", "its key", example='"station.key"')


@dataclass(frozen=True)
class UpdateSettings:
    """Table ``updates``: models that are taken from a workstation; none without ``public_key``."""

    public_key: str = setting(
        "", "key by which updates are checked, of `edgedigits station keys`", example='"station.pub"'
    )
    folder: str = setting("updates", "folder that is looked into for updates")


@dataclass(frozen=True)
class StationSettings:
    """All of a station's configuration file. Paths in it are relative to the file's folder."""

    name: str = setting("station", "name of the station, of letters, digits, - and _")
    camera: CameraSettings = CameraSettings()
    reading: ReadingSettings = ReadingSettings()
    pieces: PiecesSettings = PiecesSettings()
    journal: JournalSettings = JournalSettings()
    mqtt: MqttSettings = MqttSettings()
    webhook: WebhookSettings = WebhookSettings()
    json_lines: LinesSettings = LinesSettings()
    page: PageSettings = PageSettings()
    updates: UpdateSettings = UpdateSettings()
