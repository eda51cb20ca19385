"""Options that say what a picture is and what its lines may say, and the reader that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.cli import options

if TYPE_CHECKING:
    from edgedigits.core.contract.finding import Told
    from edgedigits.core.lines.allowed import LineTexts
    from edgedigits.edge import DigitReader, LineReader

Region = tuple[int, int, int, int]


class ReadingModel(options.Model):
    """A model that reads pictures; ``builtin`` stands for the line network in the package."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Turn the word into a path; what kind of file it is is the reader's business."""
        from edgedigits.core.pretrained.bundled import BUILTIN, bundled_line_model

        return bundled_line_model() if value == BUILTIN else super().convert(value, param, ctx)


class RegionOf(click.ParamType[Region]):
    """A part of a picture: ``x,y,w,h`` in pixels."""

    name = "x,y,w,h"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Region:
        """Turn the text into four numbers; whether they fit is seen when there is a picture."""
        if isinstance(value, tuple):
            return value
        try:
            x, y, width, height = (int(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not of the form x,y,w,h, four whole numbers of pixels", param, ctx)
        if x < 0 or y < 0:
            self.fail(f"{value!r} begins outside of a picture: x and y are 0 or more", param, ctx)
        if width < 1 or height < 1:
            self.fail(f"{value!r} has no pixels: w and h are 1 or more", param, ctx)
        return x, y, width, height


class Rows(click.ParamType[slice]):
    """Rows of a table as Python slices them: ``1::2``, ``:100``."""

    name = "start:stop:step"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> slice:
        """Turn the text into a slice."""
        if isinstance(value, slice):
            return value
        try:
            parts = [int(part) if part else None for part in value.split(":")]
            rows = slice(*parts)
            rows.indices(0)  # refuses a step of zero
            return rows
        except (ValueError, TypeError):
            self.fail(f"{value!r} is not of the form start:stop:step", param, ctx)


def labelled(command: Callable[..., None]) -> Callable[..., None]:
    """The options ``--truth`` and ``--rows`` of a command that reads a folder of fields whose digits are known."""
    about = "CSV: image,text.  [default: truth.csv in the folder, or beside it]"
    rows = click.option("--rows", type=Rows(), default=slice(None), help="Which rows of it, as 1::2.  [default: all]")
    return click.option("--truth", type=options.NamedPath(), help=about)(rows(command))


reading_model = click.option("--model", type=ReadingModel(), help="A .tflite model.  [default: builtin]")


@dataclass(frozen=True)
class ReadingOptions:
    """What the user says of pictures and lines.

    Attributes:
        forms: regular expressions, one of which a line's digits fit.
        codes: a file with the lines that there may be.
        region: the part of each picture that is searched.
        rotate: how pictures are turned: degrees, or ``auto``.
        single: each picture is one digit.
    """

    forms: tuple[str, ...] = ()
    codes: Path | None = None
    region: Region | None = None
    rotate: str = "0"
    single: bool = False

    def given(self) -> list[str]:
        """The options that were given."""
        told = {
            "--form": self.forms,
            "--codes": self.codes,
            "--region": self.region,
            "--rotate": self.rotate != "0",
            "--single": self.single,
        }
        return [name for name, value in told.items() if value]

    def allowed(self) -> LineTexts:
        """What a line may say.

        Raises:
            EdgedigitsError: a form that is none or never matches, codes that are missing or no digits, or codes of
                which none fits the forms.
        """
        from edgedigits.core.lines.allowed import ANY_TEXTS, both, from_forms, read_codes

        forms = from_forms(self.forms) if self.forms else ANY_TEXTS
        codes = read_codes(self.codes) if self.codes else ANY_TEXTS
        return both(forms, codes)


_form = click.option(
    "--form", "forms", multiple=True, metavar="REGEX", help="What lines look like, as '\\d{5}'; several."
)
_codes = click.option("--codes", type=options.NamedPath(), help="File of all codes there are, one a line.")


def of_lines(command: Callable[..., None]) -> Callable[..., None]:
    """The options ``--form`` and ``--codes`` of a command, which gets them as ``how``."""

    @_form
    @_codes
    @wraps(command)
    def with_how(*words: Any, forms: tuple[str, ...], codes: Path | None, **settings: Any) -> None:
        command(*words, how=ReadingOptions(forms, codes), **settings)

    return with_how


def of_pictures(command: Callable[..., None]) -> Callable[..., None]:
    """Those of :func:`of_lines`, and ``--region``, ``--rotate`` and ``--single``."""

    @_form
    @_codes
    @click.option("--region", type=RegionOf(), help="Search this part of each picture only, in its pixels.")
    @click.option(
        "--rotate",
        type=options.SuggestingChoice(["0", "90", "180", "270", "auto"]),
        default="0",
        show_default=True,
        help="Turn pictures clockwise; auto: as they read best.",
    )
    @click.option("--single", is_flag=True, help="Each picture is one digit.")
    @wraps(command)
    def with_how(
        *words: Any,
        forms: tuple[str, ...],
        codes: Path | None,
        region: Region | None,
        rotate: str,
        single: bool,
        **settings: Any,
    ) -> None:
        command(*words, how=ReadingOptions(forms, codes, region, rotate, single), **settings)

    return with_how


def opened_reader(
    model: Path, reject_below: float | None, told: Told, force: bool, how: ReadingOptions
) -> DigitReader | LineReader:
    """A reader by a model that has not failed its proof: of lines by a line network, else digit by digit.

    What a network of digits is fed is told where that had to be found out.

    Raises:
        EdgedigitsError: a model that does not load or failed, options that only a line network can follow with another
            one, or that make no sense.
    """
    from edgedigits.core.cards import card_of, is_line_card, refuse_failed
    from edgedigits.core.errors import EdgedigitsError

    card = card_of(model)
    if is_line_card(card):
        refuse_failed(model, card, force)
        return _line_reader(model, reject_below, how)
    if given := how.given():
        raise EdgedigitsError(
            f"{model} reads single digits, and only line networks follow {', '.join(given)}",
            "give the word builtin, which then is a line network, or train one: `edgedigits train --model line`",
        )
    from edgedigits.cli.output import tell_contract
    from edgedigits.core.tflite.digit_model import DigitModel
    from edgedigits.edge import DigitReader

    loaded = DigitModel(model, told=told)
    refuse_failed(loaded.path, loaded.card, force)
    tell_contract(loaded.path, loaded.found)
    return DigitReader(loaded) if reject_below is None else DigitReader(loaded, reject_below=reject_below)


def opened_line_reader(model: Path, reject_below: float | None, force: bool, how: ReadingOptions) -> LineReader:
    """A reader by a line network that has not failed its proof.

    Raises:
        EdgedigitsError: it is none, does not load or failed, or the options make no sense.
    """
    from edgedigits.core.cards import card_of, is_line_card, refuse_failed
    from edgedigits.core.errors import EdgedigitsError

    card = card_of(model)
    if card is None:
        raise EdgedigitsError(
            f"{model} has no card.json beside it that says that it reads lines",
            "copy its card.json from where it was made, or give a line network: `edgedigits train --model line`, "
            "then `edgedigits quantize`",
        )
    if not is_line_card(card):
        raise EdgedigitsError(
            f"{model} reads single digits, and this needs a line network",
            "give one: `edgedigits train --model line`, then `edgedigits quantize`",
        )
    refuse_failed(model, card, force)
    return _line_reader(model, reject_below, how)


def _line_reader(model: Path, reject_below: float | None, how: ReadingOptions) -> LineReader:
    from edgedigits.core.pretrained.bundled import bundled_model
    from edgedigits.core.tflite.digit_model import DigitModel
    from edgedigits.edge import LineReader
    from edgedigits.edge.reading.line_reader import REJECT_BELOW, turns_of
    from edgedigits.edge.scenes.scene import SceneOptions

    allowed = how.allowed()
    return LineReader(
        model,
        digits=DigitModel(bundled_model()),
        reject_below=REJECT_BELOW if reject_below is None else reject_below,
        allowed=allowed,
        options=SceneOptions(region=how.region, single=how.single),
        turns=turns_of(how.rotate),
    )
