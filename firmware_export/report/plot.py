"""The arena over time as a picture: which layer's rows lie where while the network runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from edgedigits.core.files import write_with
from edgedigits.firmware_export.planning.plan import Plan
from edgedigits.firmware_export.report.layers import ArenaUse, arena_uses

_INPUT = ("0.6", "input")


def memory_png(plan: Plan, variants: Sequence[str], path: Path) -> None:
    """Draw the arena of each variant of the kernels: steps across, addresses up, a colour for what each layer makes.

    Args:
        plan: of the network.
        variants: of ``variants.VARIANTS``, at least one.
        path: of the PNG file.

    Raises:
        EdgedigitsError: the disk is full or may not be written.
    """
    figure = Figure(figsize=(10, 1.2 + 3.4 * len(variants)), layout="constrained")
    grid = figure.subplots(len(variants), 1, squeeze=False, sharex=True)
    looks = _looks(plan)
    for axes, variant in zip(grid[:, 0], variants, strict=True):
        _draw(axes, plan, variant, looks)
    grid[-1, 0].set_xlabel("step: one row of one layer")
    known = dict.fromkeys(looks.values())
    handles = [Patch(facecolor=colour, edgecolor="black", label=title) for colour, title in known]
    handles.append(Patch(facecolor="white", edgecolor="black", hatch="////", label="scratch memory of a step"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=7)
    canvas = FigureCanvasAgg(figure)
    # No date and no version inside: the same plan gives the same bytes.
    write_with(path, lambda temporary: canvas.print_png(str(temporary), metadata={"Software": None}))


def _looks(plan: Plan) -> dict[tuple[str, int], tuple[str, str]]:
    """Colour and title of each block: those of the stage that writes it."""
    colours = colormaps["tab20"]
    looks: dict[tuple[str, int], tuple[str, str]] = {("value", value): _INPUT for value in plan.program.inputs}
    for place, stage in enumerate(plan.program.stages):
        red, green, blue, _ = (round(255 * part) for part in colours(place % 20))
        look = (f"#{red:02x}{green:02x}{blue:02x}", f"{place}: {stage.title}")
        looks.setdefault(("value", plan.program.root(stage.output)), look)
        looks["scratch", place] = looks["kept", place] = look
    return looks


def _draw(axes: Axes, plan: Plan, variant: str, looks: dict[tuple[str, int], tuple[str, str]]) -> None:
    layout = plan.layouts[variant]
    by_kind: dict[bool, list[ArenaUse]] = {False: [], True: []}
    for one in arena_uses(layout):
        by_kind[one.key[0] != "value"].append(one)
    for scratch, pieces in by_kind.items():
        boxes = [Rectangle((p.first - 0.5, p.start), p.last - p.first + 1, p.end - p.start) for p in pieces]
        faces = [looks[piece.key][0] for piece in pieces]
        hatch = "////" if scratch else None
        axes.add_collection(PatchCollection(boxes, facecolors=faces, edgecolors="black", linewidths=0.3, hatch=hatch))
    for place, kept in _longest(by_kind[False]).items():
        middle = ((kept.first + kept.last) / 2, (kept.start + kept.end) / 2)
        title = looks["value", place][1].split(":")[0]
        axes.annotate(title, middle, ha="center", va="center", fontsize=7, annotation_clip=True)
    axes.set_xlim(-1.5, len(plan.schedule.order) + 0.5)
    axes.set_ylim(0, layout.bytes)
    axes.set(ylabel="address in the arena", title=f"{variant} kernels: {layout.bytes:,} bytes")


def _longest(pieces: list[ArenaUse]) -> dict[int, ArenaUse]:
    """For each value the piece with the most room for its label."""
    found: dict[int, ArenaUse] = {}
    for piece in pieces:
        _, value = piece.key
        best = found.get(value)
        if best is None or _area(piece) > _area(best):
            found[value] = piece
    return found


def _area(piece: ArenaUse) -> int:
    return (piece.last - piece.first + 1) * (piece.end - piece.start)
