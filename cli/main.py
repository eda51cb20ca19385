"""The ``edgedigits`` command."""

from __future__ import annotations

import click

from edgedigits.cli.commands.baselines import baseline, baselines, reported
from edgedigits.cli.commands.benchmarking import benchmark, calibration, layer_error
from edgedigits.cli.commands.calibrating import calibrate
from edgedigits.cli.commands.converting import convert
from edgedigits.cli.commands.corrupting import corruptions
from edgedigits.cli.commands.diagnosing import doctor
from edgedigits.cli.commands.evaluating import evaluate
from edgedigits.cli.commands.firmware import firmware
from edgedigits.cli.commands.making import datasets, export, train
from edgedigits.cli.commands.measuring import measure
from edgedigits.cli.commands.models import models
from edgedigits.cli.commands.quantizing import quantize
from edgedigits.cli.commands.reading import fields, predict
from edgedigits.cli.commands.results import choose, compare
from edgedigits.cli.commands.running import run
from edgedigits.cli.commands.searching import search
from edgedigits.cli.commands.simulating import simulate
from edgedigits.cli.commands.station import station
from edgedigits.cli.commands.station_journal import journal
from edgedigits.cli.commands.teaching import teach
from edgedigits.cli.commands.watching import camera
from edgedigits.cli.errors import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="edgedigits", prog_name="edgedigits")
def main() -> None:
    """Take handwritten digits from a labelled data set to a Raspberry Pi and a microcontroller.

    \b
    The path, each step proved equal to the one before:
      edgedigits train --model small --dataset mnist --out out/float
      edgedigits quantize out/float/model.keras --out out/int8
      edgedigits export out/int8/model.int8.tflite --out out/c
      edgedigits firmware report out/int8/model.int8.tflite
      edgedigits camera --model out/int8/model.int8.tflite --source 0

    `edgedigits run` does all of it and writes one report.
    """


for command in (
    models,
    datasets,
    simulate,
    teach,
    train,
    convert,
    quantize,
    evaluate,
    corruptions,
    measure,
    export,
    firmware,
    predict,
    fields,
    calibrate,
    camera,
    station,
    journal,
    run,
    benchmark,
    calibration,
    layer_error,
    search,
    baselines,
    baseline,
    reported,
    compare,
    choose,
    doctor,
):
    main.add_command(command)
