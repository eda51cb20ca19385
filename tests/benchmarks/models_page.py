"""The tables of the shipped models in README.md and docs/pretrained.md: measured, and written into the pages.

    python tests/benchmarks/models_page.py [--measure | --measure-all] [--json]

Accuracies, bytes, multiply-accumulates, activations, errors on corrupted digits and seeds stand in the models' cards,
which `edgedigits models FOLDER --measure` fills. Latency on this machine's runtimes, and flash, RAM and instructions of
the exported C on emulated cores are measured here and kept in docs/pretrained.json: with --measure of models whose file
is another one since, with --measure-all of all. Without either the pages are written anew from what is kept, and
docs/front.png is drawn in any case. With --measure or --measure-all docs/corruptions, where the reports' networks stand
beside the shipped models, is renewed, too. --json prints all figures of all models.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from shipped_corruptions import are_stale, renew_suite
from shipped_measured import RENEW, Measured, measure_shipped, read_measured, write_measured
from shipped_tables import figures_as_json, tables, with_tables

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_bytes, write_text
from edgedigits.core.pretrained.bundled import SHIPPED
from edgedigits.core.pretrained.catalogue import PretrainedModel
from edgedigits.results import read_results
from edgedigits.results.from_cards import pretrained_results
from edgedigits.results.pages.picture import front_png
from edgedigits.results.table import gather
from edgedigits.results.view import view_of

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "pretrained.json"
BENCHMARK, PICTURE = ROOT / "docs" / "benchmark", ROOT / "docs" / "front.png"
CORRUPTIONS = ROOT / "docs" / "corruptions"
PAGES = (ROOT / "README.md", ROOT / "docs" / "pretrained.md")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def renew(models: dict[str, PretrainedModel], kept: Path, again: bool) -> dict[str, Measured]:
    """Measure the models whose files have changed since, or all of them, and keep each once it is measured."""
    known = read_measured(kept)
    found = {name: known[name] for name in models if name in known}
    for name, model in models.items():
        if again or is_stale(model, found.get(name)):
            found[name] = measure_shipped(model, say)
            write_measured(kept, {name: found[name] for name in models if name in found})
    in_order = {name: found[name] for name in models}
    write_measured(kept, in_order)
    return in_order


def is_stale(model: PretrainedModel, measured: Measured | None) -> bool:
    """Whether a model was not measured since its file is another one."""
    return measured is None or measured.int8_sha256 != model.int8_card().sha256


def draw(picture: Path) -> None:
    """The front of the shipped models and the benchmark's rows, as `edgedigits compare` draws it."""
    rows = [pretrained_results(model) for model in SHIPPED.models.values()]
    write_bytes(picture, front_png(view_of(gather([*rows, read_results(BENCHMARK)]))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="measure models whose files are others since")
    parser.add_argument("--measure-all", action="store_true", help="measure all models")
    parser.add_argument("--json", action="store_true", help="print all figures")
    asked = parser.parse_args()
    models = SHIPPED.models
    try:
        if asked.measure or asked.measure_all:
            measured = renew(models, KEPT, asked.measure_all)
            renew_suite(CORRUPTIONS, models)
        else:
            measured = read_measured(KEPT)
        made = tables(models, measured)
        for page in PAGES:
            write_text(page, with_tables(page.read_text(encoding="utf-8"), made, page.name))
        draw(PICTURE)
    except EdgedigitsError as error:
        sys.exit(f"Error: {error}")
    if asked.json:
        print(json.dumps(figures_as_json(models, measured), indent=2))
    if stale := [name for name, model in models.items() if is_stale(model, measured.get(name))]:
        sys.exit(f"Error: {', '.join(stale)}: not measured since the file is another one; {RENEW}")
    if are_stale(CORRUPTIONS, models.values()):
        sys.exit(f"Error: {CORRUPTIONS} has rows of other files than ship; {RENEW}")


if __name__ == "__main__":
    main()
