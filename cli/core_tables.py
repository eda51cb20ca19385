"""What a model takes on each core, as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from edgedigits.cli.output import say, show_json, show_table
from edgedigits.core.counting import counted
from edgedigits.firmware_export.variants import PLAIN

if TYPE_CHECKING:
    from pathlib import Path

    from edgedigits.firmware_export.report.cores import CoreCost
    from edgedigits.firmware_export.report.report import CoreFailure, FirmwareReport


def _stops(lost: CoreFailure, found: FirmwareReport) -> bool:
    """Whether a core without figures is an error: tools that are missing are one only where nothing was measured."""
    return not (lost.missing_tool and found.costs)


def show_report(found: FirmwareReport, written: Sequence[Path], as_json: bool) -> None:
    """Print a report as tables, and the files that were written; or as JSON."""
    if as_json:
        show_json(found.summary())
        return
    _show_tables(found)
    for path in written:
        click.echo(f"\n{path}")


def fail_where_needed(ctx: click.Context, found: FirmwareReport) -> None:
    """Say on standard error what went wrong, and exit with 1 where something did."""
    wrong = [
        f"{cost.core}: {counted(cost.differing_outputs, 'output')} in {counted(cost.differing_images, 'image')}"
        f"{_by_output(cost)} not as TFLite's reference kernels compute them; this is a defect of the library"
        for cost in found.costs
        if cost.differing_outputs
    ]
    wrong += [
        f"{cost.core}: {counted(cost.differing_texts, 'line')} not read as the scores say; this is a defect of the "
        "library"
        for cost in found.costs
        if cost.differing_texts
    ]
    wrong += [f"{lost.core}: {lost.reason}" for lost in found.failures if _stops(lost, found)]
    for line in wrong:
        click.echo(f"Error: {line}", err=True)
    if wrong:
        ctx.exit(1)


def _by_output(cost: CoreCost) -> str:
    """Which outputs of a model of several they are."""
    named = [f"{name} {count:,}" for name, count in cost.differing_by_output.items() if count]
    return f" ({', '.join(named)})" if named else ""


def _show_tables(found: FirmwareReport) -> None:
    """Of the cores without figures those that are no error, as errors are said by themselves."""
    arena = ", ".join(f"{variant} {size:,}" for variant, size in found.arena_bytes.items())
    say(f"{found.file}: {found.macs:,} multiply-accumulates; {found.recipe.image_source}")
    say(f"arena bytes by kernels: {arena}")
    say(_parameters(found))
    if found.library.line and found.costs:
        line, wrong = found.library.line, sum(cost.differing_texts for cost in found.costs)
        texts = f"{counted(wrong, 'text')} {'differs' if wrong == 1 else 'differ'} from what they say"
        say(f"strips of 32 x {line.width}, {line.steps} steps of 11 scores; {texts}")
    if found.costs:
        _show_flash(found.costs)
        for unit, costs in _by_unit(found.costs).items():
            _show_runs(costs, unit)
        _show_layers(found)
        click.echo()
        for tool in dict.fromkeys(tool for cost in found.costs for tool in (cost.compiler, cost.emulator)):
            say(tool)
    for lost in found.failures:
        if not _stops(lost, found):
            say(f"\n{lost.core}: not measured: {lost.reason}")


def _parameters(found: FirmwareReport) -> str:
    """What parameters take in flash, in all and by part, with the plain kernels; of the other kernels in all."""
    one = found.parameters[PLAIN.name]
    parts = f"weights {one.weights:,}, biases {one.biases:,}, scales {one.scales:,}, tables {one.tables:,}"
    others = ", ".join(f"{name} {size.total:,}" for name, size in found.parameters.items() if name != PLAIN.name)
    return f"bytes of parameters: {one.total:,} ({parts}); {others}"


def _show_flash(costs: Sequence[CoreCost]) -> None:
    for place, size in enumerate(costs[0].sizes):
        click.echo(f"\nflash bytes, {size.flags}")
        head = ("core", "text", "rodata", "data", "of these parameters", "code and tables", "smallest program", "")
        rows = [(cost.core, cost.sizes[place]) for cost in costs]
        show_table(
            head,
            [
                (
                    *(core, f"{one.text:,}", f"{one.rodata:,}", f"{one.data:,}", f"{one.parameters:,}"),
                    *(f"{one.code_and_tables:,}", f"{one.program:,}", ""),
                )
                for core, one in rows
            ],
        )


def _show_runs(costs: Sequence[CoreCost], unit: str) -> None:
    """What cores that count the same take for one inference."""
    others = [place for place, size in enumerate(costs[0].sizes) if size.flags != costs[0].flags]
    beside = tuple(costs[0].sizes[place].flags for place in others)
    click.echo(
        f"\nRAM bytes, and {unit} for one inference, {costs[0].flags}; of the first two images {', '.join(beside)}"
    )
    show_table(
        ("core", "kernels", "arena", "static", "stack", unit, "per MAC", *beside, "images", "outputs that differ", ""),
        [
            (
                *(cost.core, cost.variant, f"{cost.arena:,}", f"{cost.static:,}", f"{cost.stack:,}"),
                *(f"{cost.instructions:,.0f}", _ratio(cost.per_mac)),
                *(_count(cost.sizes[place].instructions) for place in others),
                *(f"{cost.images:,}", f"{cost.differing_outputs:,}", ""),
            )
            for cost in costs
        ],
        left=2,
    )


def _show_layers(found: FirmwareReport) -> None:
    costs = [cost for cost in found.costs if cost.layers]
    variants = {cost.variant: cost for cost in found.costs} | {cost.variant: cost for cost in reversed(costs)}
    say("\nlayers: weights, biases and scales in flash; arena in use; bytes by kernels")
    show_table(
        ("layer", "MACs", *(f"flash {name}" for name in variants), *(f"arena {name}" for name in variants), ""),
        [
            (
                *(f"{place}: {layer.title}", f"{layer.macs:,}"),
                *(f"{cost.parameter_bytes[place]:,}" for cost in variants.values()),
                *(*(f"{layer.arena_bytes[name]:,}" for name in variants), ""),
            )
            for place, layer in enumerate(found.layers)
        ],
    )
    _show_encodings(found)
    for unit, alike in _by_unit(costs).items():
        _show_layer_runs(alike, unit)


def _show_encodings(found: FirmwareReport) -> None:
    """Which layers' weights are not one byte each."""
    encodings = [layer.encoding for layer in found.layers]
    for encoding in dict.fromkeys(filter(None, encodings)):
        places = ", ".join(str(place) for place, one in enumerate(encodings) if one == encoding)
        say(f"weights as {encoding}: layer {places}")
    if saved := found.library.saved_bytes:
        say(
            f"compact weights, biases and scales save {counted(saved, 'byte')} of flash and take code to unpack them: "
            "see code and tables; --weights plain takes less time and mostly less arena"
        )


def _show_layer_runs(costs: Sequence[CoreCost], unit: str) -> None:
    """What each layer takes on cores that count the same, in all and for each multiply-accumulate."""
    head = ("layer", *(cost.core for cost in costs), "")
    layers = list(enumerate(zip(*(cost.layers for cost in costs), strict=True)))
    click.echo(f"\n{unit} of each layer")
    show_table(head, [(place, *(f"{run.instructions:,.0f}" for run in runs), "") for place, runs in layers])
    click.echo(f"\n{unit} per MAC of each layer")
    show_table(head, [(place, *(_ratio(run.per_mac) for run in runs), "") for place, runs in layers])


def _by_unit(costs: Sequence[CoreCost]) -> dict[str, list[CoreCost]]:
    """The cores that count instructions, and those that count cycles: one table does not hold both."""
    units = dict.fromkeys(cost.unit for cost in costs)
    return {unit: [cost for cost in costs if cost.unit == unit] for unit in units}


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
