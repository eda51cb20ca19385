"""``edgedigits benchmark`` of a line network: a row for its floats and one for its int8 form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgedigits.core.cards import LINE_TASK, Card, card_of, is_line_card, write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import (
    gzip_size,
    refuse_inputs_inside,
    refuse_to_replace_folder,
    sha256_of,
    whole_folder,
    write_bytes,
)
from edgedigits.core.keras.backend import tf
from edgedigits.core.keras.line_networks import line_logits, load_line_network
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.judging import metrics_by_origin, own_test_lines
from edgedigits.core.lines.labelled import VALIDATION_LINES, Lines, load_lines
from edgedigits.core.paths import StrPath
from edgedigits.core.statistics.line_metrics import compare_lines, line_metrics
from edgedigits.core.tflite.costs import costs_of
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.core.tflite.runtime import runtime
from edgedigits.quantize.benchmark.benchmark_request import KIND
from edgedigits.quantize.benchmark.float_reference import drop_of
from edgedigits.quantize.lines.converting import WIDTH, convert_lines_to_float32
from edgedigits.quantize.lines.quantizing import LineQuantizeRequest, quantize_lines
from edgedigits.quantize.lines.reading import line_latency_on
from edgedigits.quantize.proof.proving import Progress, part_of
from edgedigits.quantize.proof.runtimes import litert
from edgedigits.quantize.recipes import Recipe, recipe_named
from edgedigits.results import Accuracy, Results, Row, read_results, write_header, write_row
from edgedigits.results.tables.writing import write_tables

LINE_RECIPES = ("float32", "int8")
"""What can be made of a line network, in the order of the table."""


@dataclass(frozen=True)
class _Source:
    """A float line network, the lines that judge and choose, and what it reads on the former."""

    path: Path
    card: Card
    test: Lines
    validation: Lines | None
    before: list[str]


def benchmark_lines(
    model: StrPath,
    out: StrPath,
    recipes: tuple[str, ...] = LINE_RECIPES,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Make TFLite models of a line network and measure each in the same way.

    A row says, of lines decoded greedily: the share of the test lines (composed ones and the odd rows of fields) that
    are read without a mistake, and of the validation lines, by which rows are chosen; the character error rate; what
    was lost against the float network; bytes; microseconds a line on each runtime. By origin of the lines it stands in
    its ``checks``. Multiply-accumulates and arena are those of a strip of 192 columns, for which the file is made.

    Args:
        model: its ``model.keras``, beside which its training left its lines.
        out: folder to make of rows and models with their cards, all or nothing, then of tables, page and picture.
        recipes: some of :data:`LINE_RECIPES`.
        force: replace what was written there before.
        progress: told of the stages.

    Raises:
        EdgedigitsError: no line network with its card, another recipe, test lines that are missing, a full disk.
    """
    path, out = Path(model), Path(out)
    unknown = [name for name in recipes if name not in LINE_RECIPES]
    if unknown or not recipes:
        raise EdgedigitsError(
            f"a line network is not made small by {', '.join(unknown) or 'no recipe'}",
            f"leave --recipes out, or name some of {', '.join(LINE_RECIPES)}",
        )
    refuse_inputs_inside([path], out)
    refuse_to_replace_folder(out, force)
    card = card_of(path)
    if card is None or not is_line_card(card) or card.kind != "keras":
        raise EdgedigitsError(f"{path} is no float line network with its card", "train one: --model line")
    test = own_test_lines(path, card)
    network = load_line_network(path)
    before = [greedy(logits) for logits in line_logits(network, test.strips, part_of(progress, "float", len(test)))]
    kept = path.parent / VALIDATION_LINES
    source = _Source(path, card, test, load_lines(kept) if kept.is_file() else None, before)
    with whole_folder(out, force) as work:
        title = f"{card.network} on {card.dataset['spec']}"
        write_header(work, KIND, title, recipes, _settings(source), _software())
        for name in recipes:
            made = _int8(source, work / name, progress) if name == "int8" else _float32(source, network, work / name)
            write_row(work, name, _row(source, made, recipe_named(name), progress))
    results = read_results(out)
    write_tables(out, results)
    return results


def _settings(source: _Source) -> dict[str, Any]:
    return {"model": source.path.name, "model_sha256": source.card.sha256, "dataset": source.card.dataset["spec"]}


def _software() -> dict[str, str]:
    here = runtime()
    return {"tensorflow": tf.__version__, here.name: here.version}


def _int8(source: _Source, folder: Path, progress: Progress | None) -> Path:
    return quantize_lines(LineQuantizeRequest(source.path), folder, progress=progress).model


def _float32(source: _Source, network: Any, folder: Path) -> Path:
    path = folder / "model.float32.tflite"
    write_bytes(path, convert_lines_to_float32(network))
    card = replace(
        source.card,
        kind="tflite",
        file=path.name,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        settings={"recipe": "float32"},
        measured={},
        parent={"file": source.path.name, "sha256": source.card.sha256},
        contract={"task": LINE_TASK, "type": "float32"},
    )
    write_card(folder, card)
    return path


def _row(source: _Source, path: Path, recipe: Recipe, progress: Progress | None) -> Row:
    """Read every line with a model that was made, weigh and time it; the latencies come last."""
    test, spec = source.test, source.card.dataset["spec"]
    model = LineModel(path)
    logits = model.all_logits(test.strips, part_of(progress, f"{recipe.name}: test", len(test)))
    read = [greedy(one) for one in logits]
    found = metrics_by_origin(test, read)
    costs = costs_of(path)
    return Row(
        model=source.card.network,
        recipe=recipe.name,
        about=recipe.about,
        file=path.name,
        sha256=sha256_of(path),
        accuracy=_exact(f"{spec}, its own test lines", test, read, model),
        validation=_validation(source, model),
        drop=drop_of(compare_lines(source.before, read, test.texts)),
        character_error_rate=found["all"].character_error_rate,
        bytes=path.stat().st_size,
        gzip_bytes=gzip_size(path.read_bytes()),
        parameters=costs.parameters,
        macs=costs.macs,
        arena_bytes=costs.arena_bytes,
        latencies=tuple(line_latency_on(on, path, test.strips) for on in (runtime(), litert())),
        checks={origin: asdict(one) for origin, one in found.items()},
        settings={"recipe": recipe.name, "decoding": "greedy"},
        notes=_notes(source),
        task=LINE_TASK,
    )


def _exact(name: str, lines: Lines, read: list[str], model: LineModel) -> Accuracy:
    """The share of lines that were read without a mistake, in the form of an accuracy."""
    return Accuracy(name, lines.sha256(), len(lines), line_metrics(lines.texts, read).exact, str(model.runtime))


def _validation(source: _Source, model: LineModel) -> Accuracy | None:
    held = source.validation
    if not held:
        return None
    name = f"{source.card.dataset['spec']}, its validation lines"
    return _exact(name, held, [greedy(one) for one in model.all_logits(held.strips)], model)


def _notes(source: _Source) -> tuple[str, ...]:
    notes = [f"multiply-accumulates and arena are those of a strip of {WIDTH} columns"]
    if source.validation is None:
        notes.append(f"no {VALIDATION_LINES} lies beside the network: it was trained before trainings left one")
    return tuple(notes)
