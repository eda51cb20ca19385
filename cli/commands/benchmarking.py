"""Commands that measure recipes: all of them in one table, how much calibration is enough, which layers add noise."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgedigits.cli import options
from edgedigits.cli.commands.results import show_rows
from edgedigits.cli.output import loading, progress, say, show_json, show_table
from edgedigits.cli.quantities import TIME_LIMIT

if TYPE_CHECKING:
    from edgedigits.core.contract.finding import Told
    from edgedigits.quantize.studies.calibration import CalibrationStudy
    from edgedigits.results import Results, Row

FIRMWARE_IMAGES = 20
_model = click.argument("model", type=options.FloatModel())
_dataset = options.dataset("A data set of `edgedigits datasets`.  [default: the model's own]")
_split = click.option("--split", help="How to divide it.  [default: as the model's card says]")


@click.command(short_help="Make a model small in every way, and measure each result.")
@_model
@click.option(
    "--recipes", default="all", show_default=True, help="all, post-training (those that train nothing), or a,b,c."
)
@_dataset
@_split
@click.option("--seed", default=0, show_default=True, help="Of the representative dataset and of fine-tuning.")
@click.option("--cores", default="", help="Also measure full int8 models as C on these cores, such as m0,m4,m55.")
@click.option("--time-limit", type=TIME_LIMIT, help="For the recipes that train, such as 10m.  [default: none]")
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted.")
@options.trust
@options.out
@options.force
@options.as_json
@click.pass_context
@options.input_contract
def benchmark(
    ctx: click.Context,
    model: Path,
    recipes: str,
    dataset: str | None,
    split: str | None,
    seed: int,
    cores: str,
    time_limit: float | None,
    resume: bool,
    trust: bool,
    out: Path,
    force: bool,
    as_json: bool,
    told: Told,
) -> None:
    """Make MODEL.keras small in every way, and measure every result in the same way.

    A row for each recipe: accuracy on all test digits, what was lost against float, bytes, multiply-accumulates,
    memory, latency on this machine. A recipe that fails is a row that says why. Writes the models with their cards,
    results.md, results.csv, rows.json, index.html with interactive plots and front.png. After a kill the same command
    with --resume makes the rows that are missing or half-written; a row that failed is made again once its folder is
    removed. After --time-limit no recipe that trains is begun, and one that trains is stopped: its row says so, and
    --resume makes it. Exits with 1 where no row could be measured. Of a line network it measures the recipes float32
    and int8 on the lines that its training left: lines read exactly, character errors, bytes, time of a line.

    \b
    Examples:
      edgedigits benchmark out/float/model.keras --out out/bench
      edgedigits benchmark out/float/model.keras --out out/bench \\
        --recipes post-training --cores m0,m4,m55
    """
    from edgedigits.cli.line_networks import benchmark_line_network, names_line_network
    from edgedigits.cli.parameter_costs import rows_with_parameters
    from edgedigits.quantize import check_source
    from edgedigits.quantize.benchmark import BenchmarkRequest, check_folder, chosen_recipes

    if names_line_network(None, model):
        benchmark_line_network(ctx, model, recipes, out, force, as_json)
        return
    names = _cores(cores)
    request = BenchmarkRequest(model, chosen_recipes(recipes), dataset, split, seed, told=told, trust=trust)
    check_folder(out, force=force, resume=resume)
    check_source(model, dataset, split, out)
    with loading("TensorFlow"):
        from edgedigits.quantize.benchmark import benchmark as measure
    from edgedigits.results.table import gather
    from edgedigits.results.tables.formats import rows_json

    with progress() as stage:
        results = measure(request, out, force=force, resume=resume, time_limit=time_limit, progress=stage)
    if names:
        results = _with_firmware(results, names, dataset)
    table = gather(rows_with_parameters(results))
    if as_json:
        show_json(rows_json(table))
    else:
        show_rows(table)
        click.echo(f"\n{out / 'index.html'}")
    if all(row.failure for row in results.rows):
        ctx.exit(1)


def _cores(words: str) -> list[str]:
    """Names of cores, checked before anything takes minutes."""
    names = list(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    if names:
        from edgedigits.firmware_export.boards.cores import core

        for name in names:
            core(name)
    return names


def _with_firmware(results: Results, cores: list[str], dataset: str | None) -> Results:
    """Write a firmware report beside each full int8 model that has none of these cores, and the tables again."""
    from edgedigits.core.tflite.file import read_tflite
    from edgedigits.results import read_results
    from edgedigits.results.tables.writing import write_tables

    todo = [
        row
        for row in results.rows
        if not row.failure
        and not set(cores) <= {one.core for one in row.cores}
        and read_tflite(results.folder / row.recipe / row.file).is_full_int8
    ]
    with progress() as stage:
        for done, row in enumerate(todo):
            stage("firmware", done, len(todo), row.recipe)
            _report(results.folder, row, cores, dataset)
        if todo:
            stage("firmware", len(todo), len(todo))
    found = read_results(results.folder)
    write_tables(results.folder, found)
    return found


def _report(folder: Path, row: Row, cores: list[str], dataset: str | None) -> None:
    """Measure a row's model on the cores; what cannot be measured becomes a note of the row."""
    from edgedigits.core.errors import EdgedigitsError
    from edgedigits.firmware_export.proof.inputs import proof_inputs
    from edgedigits.firmware_export.report.report import REPORT_NAME, firmware_report, write_report
    from edgedigits.results import write_row

    model = folder / row.recipe / row.file
    try:
        images = proof_inputs(model, FIRMWARE_IMAGES, dataset)
        found = firmware_report(model, cores, images, allow_failed=True)
        lost = [f"{one.core}: not measured: {one.reason}" for one in found.failures]
        if images.warning:
            lost.append(f"firmware: {images.warning}")
        if found.costs:
            write_report(found, model.with_name(REPORT_NAME))
    except EdgedigitsError as error:
        lost = [f"no C library: {error}"]
    notes = tuple(dict.fromkeys((*row.notes, *lost)))
    if notes != row.notes:
        write_row(folder, row.recipe, replace(row, cores=(), notes=notes))


@click.command(short_help="Find out how many digits quantization needs to calibrate.")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True, type=options.FloatModel())
@_dataset
@_split
@click.option("--seeds", type=click.IntRange(min=1), default=5, show_default=True, help="Draws of each size.")
@options.trust
@options.out
@options.force
@options.as_json
def calibration(
    models: tuple[Path, ...],
    dataset: str | None,
    split: str | None,
    seeds: int,
    trust: bool,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Find out how many digits the representative dataset of int8 needs, and how to draw them.

    Each MODEL.keras is quantized with 1, 8, 32, 100, 500 and 2,000 training digits, drawn at random, stratified and
    the hardest, and reads the validation digits, never the test digits. Writes calibration.json, .csv and .png.

    \b
    Example:
      edgedigits calibration out/float/model.keras --out out/calibration
    """
    from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace_folder
    from edgedigits.quantize import check_source

    refuse_inputs_inside(models, out)
    refuse_to_replace_folder(out, force)
    for model in models:
        check_source(model, dataset, split, out)
    with loading("TensorFlow"):
        from edgedigits.quantize.studies import recommend, study_calibration, write_calibration
    with progress() as stage:
        studies = [
            study_calibration(model, dataset=dataset, split=split, seeds=seeds, progress=stage, trust=trust)
            for model in models
        ]
    advice = recommend(studies)
    files = write_calibration(studies, advice, out, force=force)
    if as_json:
        show_json({"files": [str(path) for path in files], "recommendation": asdict(advice)})
        return
    for study in studies:
        _show_study(study)
    say(advice.words)
    say(f"by the rule: {advice.rule}")
    click.echo(f"\n{files[-1]}")


def _show_study(study: CalibrationStudy) -> None:
    say(f"{study.model}: {study.dataset}, {study.digits:,} digits; float {study.float_accuracy:.2f} %; {study.runtime}")
    draws = dict.fromkeys(point.draw for point in study.points)
    cells = [(draw, size) for draw in draws for size in study.sizes]
    rows = []
    for draw, size in cells:
        right, same = (study.values(draw, size, what) for what in ("accuracy", "agreement"))
        figures = (right.mean(), right.min(), same.mean(), same.min())
        rows.append((draw, f"{size:,}", *(f"{value:.2f}" for value in figures), ""))
    show_table(("draw", "digits", "right %", "worst", "as float %", "worst", ""), rows)
    click.echo()


@click.command(name="layer-error", short_help="Find out in which layers int8 adds its noise.")
@_model
@_dataset
@_split
@options.trust
@options.out
@options.force
@options.as_json
def layer_error(
    model: Path, dataset: str | None, split: str | None, trust: bool, out: Path, force: bool, as_json: bool
) -> None:
    """Find out in which layers of MODEL.keras int8 adds its noise.

    For each layer the signal-to-noise ratio, and the error in steps of its output, where rounding alone gives 0.289;
    measured on validation digits. The recipe int8-selective leaves the noisiest layer with weights in float. Writes
    layer_error.json, .csv and .png.

    \b
    Example:
      edgedigits layer-error out/float/model.keras --out out/layers
    """
    from edgedigits.core.files import refuse_inputs_inside, refuse_to_replace_folder
    from edgedigits.quantize import check_source

    refuse_inputs_inside([model], out)
    refuse_to_replace_folder(out, force)
    check_source(model, dataset, split, out)
    with loading("TensorFlow"):
        from edgedigits.quantize.studies import study_layer_error, write_layer_errors
        from edgedigits.quantize.studies.layer_error_files import table
    with progress() as stage:
        study = study_layer_error(model, dataset=dataset, split=split, progress=stage, trust=trust)
    files = write_layer_errors(study, out, force=force)
    if as_json:
        show_json({"files": [str(path) for path in files], "noisiest": study.noisiest.layer, "layers": table(study)})
        return
    say(f"{study.model}: {study.digits:,} digits of {study.dataset}\n")
    show_table(
        ("layer", "", "signal to noise dB", "error in steps", "largest", ""),
        [
            (layer.layer, kind, f"{layer.snr_db:.1f}", f"{layer.rmse_steps:.3f}", f"{layer.largest:.3g}", "")
            for layer, kind in zip(study.layers, study.kinds, strict=True)
        ],
        left=2,
    )
    click.echo(f"\nnoisiest layer with weights: {study.noisiest.layer}")
    click.echo(files[-1])
