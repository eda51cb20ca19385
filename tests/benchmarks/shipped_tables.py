"""Tables of the shipped models as Markdown, from their cards and from what was measured beside these."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from shipped_measured import RENEW, Measured

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import gzip_size
from edgedigits.core.pretrained.catalogue import PretrainedModel
from edgedigits.core.pretrained.figures import Figures, figures_of
from edgedigits.core.pretrained.floors import FLOORS

Models = dict[str, PretrainedModel]
KeptMeasured = dict[str, Measured]

_REGION = re.compile(r"(<!-- shipped: (\S+) -->\n)(.*?)(<!-- shipped: end -->)", re.DOTALL)
_KHZ = {"m0": 48_000, "rv32e": 48_000, "avr": 16_000}
"""Clocks of small chips: an STM32F0's, a CH32V003's, an ATmega328P's on an Arduino."""

_CHIPS = {"rv32e": ("CH32V003", 16_384, 2_048), "avr": ("ATmega328P", 32_768, 2_048)}
"""Chip, flash and RAM, by core."""


def tables(models: Models, measured: KeptMeasured) -> dict[str, str]:
    """Every table by the name that pages call it by."""
    figures = {name: _figures(model) for name, model in models.items()}
    return {
        "chosen": _chosen(figures),
        "figures": _all_figures(models, figures),
        "latency": _latency(measured),
        "chips": _chips(measured),
        "small-chips": _small_chips(measured),
        "corruptions": _corruptions(figures),
        "seeds": _seeds(figures),
        "made": _made(models),
    }


def with_tables(page: str, made: dict[str, str], name: str) -> str:
    """A page whose tables are these, where it says that one belongs.

    Raises:
        EdgedigitsError: it names a table that there is not, or none.
    """
    named = [found[2] for found in _REGION.finditer(page)]
    if not named or len(named) != page.count("<!-- shipped: ") / 2 or set(named) - set(made):
        raise EdgedigitsError(
            f"{name} marks no tables, or others than {', '.join(made)}",
            "put <!-- shipped: NAME --> and <!-- shipped: end --> in lines of their own around each",
        )
    return _REGION.sub(lambda found: f"{found[1]}\n{made[found[2]]}\n{found[4]}", page)


def figures_as_json(models: Models, measured: KeptMeasured) -> dict[str, Any]:
    """All figures of all models."""
    return {
        name: {
            **_figures(model).as_dict(),
            "bytes": model.int8_card().bytes,
            "gzip_bytes": _gzip_bytes(model),
            "comparison": model.int8_card().proof["comparison"],
            "measured": asdict(measured[name]) if name in measured else None,
        }
        for name, model in models.items()
    }


def _figures(model: PretrainedModel) -> Figures:
    if found := figures_of(model.int8_card()):
        return found
    raise EdgedigitsError(f"the card of {model.name} has no figures", f"edgedigits models {model.folder} --measure")


def _gzip_bytes(model: PretrainedModel) -> int:
    return gzip_size(model.int8_path.read_bytes())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Markdown; the first ``left`` columns are text."""
    line = "|".join("---" if place < left else "---:" for place in range(len(head)))
    return "".join(f"{text}\n" for text in (_line(head), f"|{line}|", *map(_line, rows)))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _chosen(figures: dict[str, Figures]) -> str:
    head = ("model", "parameter bytes", "int8 test %", "corrupted: misread %", "MACs", "activation bytes")
    return _table(
        head,
        (
            (
                f"`{name}`",
                f"{one.parameter_bytes:,}",
                _percent(one.int8_accuracy),
                _percent(one.corruption_error),
                f"{one.macs:,}",
                f"{one.activation_bytes:,}",
            )
            for name, one in figures.items()
        ),
    )


def _all_figures(models: Models, figures: dict[str, Figures]) -> str:
    """Models side by side, a figure a line: there are more figures than models."""
    rows: dict[str, list[str]] = {}
    for name, model in models.items():
        card, one = model.int8_card(), figures[name]
        drop = card.proof["comparison"]
        for title, text in (
            ("network", f"`{card.network}`"),
            ("recipe", f"`{card.settings['recipe']}`"),
            ("weights and biases", f"{card.parameters:,}"),
            ("bytes of parameters as C", f"{one.parameter_bytes:,}"),
            ("bytes of the int8 file", f"{card.bytes:,}"),
            ("the same after gzip", f"{_gzip_bytes(model):,}"),
            ("multiply-accumulates", f"{one.macs:,}"),
            ("bytes of live activations", f"{one.activation_bytes:,}"),
            ("MNIST test %, float", _percent(one.float_accuracy)),
            ("MNIST test %, int8", _percent(one.int8_accuracy)),
            ("drop, points", f"{drop['drop']:+.2f}"),
            ("its 95 % interval", f"{drop['drop_low']:+.2f} to {drop['drop_high']:+.2f}"),
            ("agreement %", _percent(drop["agreement"])),
            ("corrupted: misread %, mean", _percent(one.corruption_error)),
            ("optdigits %", _percent(one.optdigits_accuracy)),
            ("floor on optdigits", _percent(FLOORS[name].optdigits_accuracy)),
            ("USPS-like %", _percent(one.usps_like_accuracy)),
            ("floor on USPS-like", _percent(FLOORS[name].usps_like_accuracy)),
        ):
            rows.setdefault(title, []).append(text)
    return _table(("", *(f"`{name}`" for name in models)), ((title, *cells) for title, cells in rows.items()))


def _latency(measured: KeptMeasured) -> str:
    head = ("model", "runtime", "kernels", "median, µs", "95th percentile, µs", "other programs took")
    rows = [
        (f"`{name}`", one.runtime, one.delegate, _us(one.median_us), _us(one.p95_us), _share(one.load))
        for name, found in measured.items()
        for one in found.latencies
    ]
    machines = dict.fromkeys(f"{one.machine.processor}, {one.machine.system}" for one in measured.values())
    return f"{_table(head, rows, left=3)}\nOne digit on one thread; {'; '.join(machines) or 'not measured'}.\n"


def _us(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _share(load: float | None) -> str:
    return "-" if load is None else f"{100 * load:.0f} % of the cores"


def _chips(measured: KeptMeasured) -> str:
    head = ("model", "core", "flash, -O2", "smallest program, -Os", "arena", "RAM with stack", "instructions")
    rows = [
        (
            f"`{name}`",
            one.title,
            *(f"{value:,}" for value in (one.flash, one.program, one.arena, one.ram)),
            f"{one.instructions:,.0f}{' cycles' if one.unit == 'cycles' else ''}",
        )
        for name, found in measured.items()
        for one in found.cores
    ]
    tools = dict.fromkeys(tool for found in measured.values() for one in found.cores for tool in one.tools)
    return f"{_table(head, rows, left=2)}\n{'; '.join(tools) or 'Not measured'}.\n"


def _small_chips(measured: KeptMeasured) -> str:
    head = ("model", "chip", "program of its flash", "RAM of its", "fits", "counted", "at", "takes at least")
    rows = []
    for name, found in measured.items():
        if not {*found.refused, *(one.core for one in found.cores)} & set(_CHIPS):
            continue
        for one in (one for one in found.cores if one.core in _KHZ):
            chip, flash, ram = _CHIPS.get(one.core, ("Cortex-M0", 0, 0))
            fits = "-" if not flash else "yes" if one.program <= flash and one.ram <= ram else "no"
            of_flash, of_ram = (f" of {size:,}" if size else "" for size in (flash, ram))
            rows.append(
                (
                    *(f"`{name}`", chip, f"{one.program:,}{of_flash}", f"{one.ram:,}{of_ram}", fits),
                    f"{one.instructions:,.0f} {one.unit}",
                    f"{_KHZ[one.core] // 1000} MHz",
                    f"{one.instructions / _KHZ[one.core]:,.0f} ms",
                )
            )
        rows += [
            (f"`{name}`", _CHIPS[core][0], "-", "-", f"no: {reason}", "-", "-", "-")
            for core, reason in found.refused.items()
            if core in _CHIPS
        ]
    return _table(head, rows, left=2)


def _corruptions(figures: dict[str, Figures]) -> str:
    kinds = dict.fromkeys(kind for one in figures.values() for kind in one.corruption_errors)
    rows = [(kind, *(_percent(one.corruption_errors.get(kind)) for one in figures.values())) for kind in kinds]
    rows.append(("**mean**", *(f"**{_percent(one.corruption_error)}**" for one in figures.values())))
    return _table(("misread %", *(f"`{name}`" for name in figures)), rows)


def _seeds(figures: dict[str, Figures]) -> str:
    head = ("model", "seed", "with distortions %, int8", "validation %, int8", "test %, float", "test %, int8")
    rows: list[tuple[str, ...]] = []
    for name, one in figures.items():
        found = one.candidates
        if found is None:
            rows.append((f"`{name}`", "not kept", "-", "-", _percent(one.float_accuracy), _percent(one.int8_accuracy)))
            continue
        for seed, told in ((found.shipped, " (ships)"), *((other, "") for other in found.beside)):
            percents = (f"{seed.augmented_accuracy:.3f}", *map(_percent, seed.percents[1:]))
            rows.append((f"`{name}`", f"{seed.seed}{told}", *percents))
        if found.int8 and found.floats:
            spreads = [f"{one.mean:.2f} ± {_percent(one.deviation)}" for one in (found.floats, found.int8)]
            rows.append((f"`{name}`", f"mean ± deviation of {len(found.beside)} beside", "", "", *spreads))
    return _table(head, rows, left=2)


def _made(models: Models) -> str:
    head = ("model", "preset's network", "epochs", "kept", "spoilt", "training took", "on", "epochs of the codebook")
    rows = []
    for name, model in models.items():
        floats, int8 = model.float_card(), model.int8_card()
        tuning = int8.settings.get("details", {}).get("tuning") or {}
        rows.append(
            (
                *(f"`{name}`", f"`{floats.network}`", f"{floats.settings['epochs']}"),
                f"{floats.measured.get('best_epoch', '-')}",
                f"{100 * floats.settings.get('spoilt', 0):.0f} %",
                _minutes(floats.measured.get("seconds")),
                str(floats.settings.get("trained_on", "-")),
                f"{tuning.get('epochs', '-')}",
            )
        )
    return _table(head, rows, left=2)


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:.0f} minutes"


STALE = f"the tables of the shipped models are not those of their cards: {RENEW}"
