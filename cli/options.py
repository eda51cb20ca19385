"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgedigits.core.dataset_spec import INVERTED, ORIENTATIONS, SKIP_BAD, spec_with
from edgedigits.firmware_export.recipe import WEIGHTS, WEIGHTS_INSIDE

if TYPE_CHECKING:
    from edgedigits.core.pretrained.catalogue import Pretrained


def pretrained(ctx: click.Context | None = None) -> Pretrained:
    """The digit models that names stand for: those that the caller of the command gave as ``obj``, or the package's."""
    from edgedigits.core.pretrained.bundled import SHIPPED
    from edgedigits.core.pretrained.catalogue import Pretrained

    ctx = ctx or click.get_current_context(silent=True)
    return (ctx.find_object(Pretrained) if ctx else None) or SHIPPED


class Model(click.ParamType[Path]):
    """A model by its path, by the folder in which a command made it, or by the word for one in the package."""

    name = "model"

    def convert(self, value: Any, _param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Turn the word into a path; what kind of file it is is the reader's business."""
        from edgedigits.core.pretrained.bundled import model_path

        return model_path(value, pretrained(ctx))


class NamedPath(click.Path):
    """A path that is not empty: an empty one would be the folder that one works in."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the word into a path."""
        return super().convert(not_empty(value, param, ctx), param, ctx)


def not_empty(value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
    """The word, where it is one.

    Raises:
        click.BadParameter: it is empty.
    """
    if value == "":
        raise click.BadParameter("it is empty, as a variable without a value is.", ctx, param)
    return value


class FloatModel(click.ParamType[Path]):
    """A float model by its path or folder, or by the word for one in the package: what its int8 form was made of."""

    name = "model"

    def convert(self, value: Any, _param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Turn the word into a path; what kind of file it is is the reader's business."""
        from edgedigits.core.pretrained.bundled import float_model_path

        return float_model_path(value, pretrained(ctx))


class FloatModelOrFolds(FloatModel):
    """As :class:`FloatModel`, or a folder of `train --folds`, which has no card of its own."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Turn the word into a path; whether a folder without a model holds folds is the reader's business."""
        from edgedigits.core.model_files.kinds import has_model
        from edgedigits.core.pretrained.bundled import is_word

        path, word = Path(value), is_word(value, pretrained(ctx))
        return path if not word and path.is_dir() and not has_model(path) else super().convert(value, param, ctx)


def model_first(
    words: tuple[str, ...], model: Path | None, file_suffixes: frozenset[str], kind: Model
) -> tuple[Path, list[Path]]:
    """Take words apart that may begin with a model, where ``--model`` does not name it.

    The first word is a model where it ends like one, is a folder with one, or holds one by its first bytes.

    Args:
        words: of the command line.
        model: what ``--model`` gave.
        file_suffixes: of files that are no model, in lower case; a first word that ends so is a file already.
        kind: what turns a word into a model.

    Returns:
        The model, the built-in one where none is named, and the files and folders.

    Raises:
        EdgedigitsError: the first word should be a model, and there is none.
    """
    if model is not None or _is_no_model(words, file_suffixes):
        return model or kind.convert("builtin", None, None), [Path(word) for word in words]
    return kind.convert(words[0], None, None), [Path(word) for word in words[1:]]


def _is_no_model(words: tuple[str, ...], file_suffixes: frozenset[str]) -> bool:
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.core.model_files.kinds import has_model, is_model
    from edgedigits.core.pretrained.bundled import is_word

    first = Path(words[0])
    if is_word(words[0], pretrained()):
        return False
    if first.is_dir():
        return not has_model(first)
    if first.is_file():
        return first.suffix.lower() in file_suffixes or not is_model(first)
    if len(words) == 1 and first.suffix.lower() not in file_suffixes:
        raise EdgedigitsError(f"no model and no picture at {first}", "check the path")
    return first.suffix.lower() in file_suffixes


strip_width = click.option(
    "--width",
    type=click.Choice([str(width) for width in (96, 192, 288)]),
    callback=lambda _ctx, _option, value: None if value is None else int(value),
    help="Columns of a line network's strips.  [default: those of the model]",
)


def _weights(kinds: tuple[str, ...], more: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--weights",
        type=click.Choice(kinds),
        default=kinds[0],
        show_default=True,
        help="compact: layers of 16 different weights or fewer, or of many zeros, take less flash, and are unpacked "
        f"while the network runs; auto: where that saves 1,024 bytes or more; plain: one byte each{more}.",
    )


weights_inside = _weights(WEIGHTS_INSIDE, "")
weights = _weights(
    WEIGHTS, "; blob: outside of the C, in files that can be replaced by those of another training of the network"
)
labels = click.option(
    "--labels", type=click.Path(path_type=Path), help="Text file that names the model's outputs, one a line."
)
inputs = click.option(
    "--inputs",
    type=click.Path(path_type=Path),
    help="NumPy archive (.npz) of inputs to test a model by that reads neither digits nor lines.  [default: noise]",
)
memories = click.option(
    "--memory",
    "memories",
    multiple=True,
    metavar="NAME=BYTES",
    help="A part of the RAM for the arena, such as dtcm=16K; again for more, in the order in which they are filled."
    "  [default: one part]",
)


class SuggestingChoice(click.Choice[str]):
    """One of some words; of a word that is none of them the nearest are suggested."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word that was chosen."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            from edgedigits.core.naming import suggestion

            near = suggestion(str(value), [str(choice) for choice in self.choices])
            self.fail(f"{error.message} {near[:1].upper()}{near[1:]}".strip(), param, ctx)


def dataset(about: str, default: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option --dataset, with those that say how its pictures are to be taken; a command gets one spec of all.

    Args:
        about: help of --dataset.
        default: of it; None where the model's card names one.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def with_spec(
            *words: Any, dataset: str | None, orientation: str | None, invert: bool, skip_bad: bool, **settings: Any
        ) -> Any:
            taken = [*([orientation] if orientation else []), *([INVERTED] * invert), *([SKIP_BAD] * skip_bad)]
            if taken and dataset is None:
                raise click.UsageError("--orientation, --invert and --skip-bad are of a data set: give --dataset, too.")
            return command(*words, dataset=spec_with(dataset, taken) if dataset and taken else dataset, **settings)

        for option in _DATASET_OPTIONS:
            option(with_spec)
        return click.option("--dataset", default=default, show_default=default is not None, help=about)(with_spec)

    return decorate


_DATASET_OPTIONS = (
    click.option("--skip-bad", is_flag=True, help="Go on without the pictures of folder:DIR that cannot be taken."),
    click.option("--invert", is_flag=True, help="Its digits are dark on bright: invert them."),
    click.option(
        "--orientation",
        type=SuggestingChoice(list(ORIENTATIONS)),
        metavar="HOW",  # the names in a line of their own would be wider than a terminal
        help=f"What puts its pictures upright: {', '.join(ORIENTATIONS)}; as-is insists that they are.",
    ),
)


def _remember_out(ctx: click.Context, _option: click.Parameter, value: Path) -> Path:
    ctx.meta[OUT] = value
    return value


OUT = "edgedigits.out"
"""Where a context keeps the folder that a command makes, for what is said where it is stopped."""

out = click.option(
    "--out", required=True, type=click.Path(path_type=Path), callback=_remember_out, help="Folder to make."
)
out_of_a_group = click.option(
    "--out", type=click.Path(path_type=Path), callback=_remember_out, help="Folder to make.  [required]"
)
"""The same of a group that is a command as well, whose own commands have it without the group's."""

station_config = click.option(
    "--config",
    type=NamedPath(),
    default=Path("station.toml"),
    show_default=True,
    help="The station's configuration file.",
)

force = click.option(
    "--force", is_flag=True, help="Replace what edgedigits wrote in the output folder; other files are never removed."
)
device = click.option(
    "--device",
    type=SuggestingChoice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="auto: every GPU, else the CPU; gpu: fail where there is none.",
)


def input_contract(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say what a model is fed, which the command gets as ``told``."""

    @click.option(
        "--input-range",
        metavar="RANGE",
        help="What grey levels become: 0..1, 0..255, -1..1 or MEAN,DEVIATION.  [default: by the card, or tried]",
    )
    @click.option(
        "--polarity",
        type=SuggestingChoice(["bright", "dark"]),
        help="Bright ink on a dark ground, or dark ink.  [default: by the card, or tried]",
    )
    @wraps(command)
    def with_told(*arguments: Any, input_range: str | None, polarity: str | None, **options: Any) -> None:
        from edgedigits.core.contract.finding import Told

        command(*arguments, told=Told(input_range, polarity), **options)

    return with_told


task = click.option(
    "--task",
    type=SuggestingChoice(["digit", "line"]),
    help="Take the rows of networks that read this only.  [default: all, of one kind]",
)
trust = click.option("--trust", is_flag=True, help="Run code that MODEL holds, such as Lambda layers.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
reject_below = click.option(
    "--reject-below",
    type=click.FloatRange(0, 1),
    default=None,
    help="Show ? for digits of less confidence than this.  [default: the reader's own]",
)
