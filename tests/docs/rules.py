"""How each command that a page shows is run by the tests.

A command that matches no rule, or two, fails the tests. Add one line to ``RULES``:

    as_shown(r"edgedigits models")                                  it runs in seconds
    shortened(r"(edgedigits search .*) --trials 24(.*)", r"\\1 --trials 2\\2", "24 trainings")    the same, made short
    only_checked(r"edgedigits camera .*", "needs a camera")         its options are checked, it does not run

A pattern is matched against the whole command, comments left out and continued lines joined. The commands run in the
order of the pages (README.md first), in one folder that is a copy of the checkout, with ``$HOME`` empty; each block
begins in that folder. A command that stood before is not run again. ``{port}`` in what runs is a free port.
``programs`` names what has to be installed (else the block is skipped and says so), ``data`` what has to lie in
``$EDGEDIGITS_DATA``, ``codes`` the exit codes that are right. ``slow`` says that the command runs in ``make test-all``
alone, as it takes ten seconds or needs what such a command makes, and names the test that has it in ``make test``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """How commands of one form are run: as ``runs`` says, or not at all where it is None."""

    pattern: str
    runs: str | None
    why: str = ""
    programs: tuple[str, ...] = ()
    data: str = ""
    codes: tuple[int, ...] = (0,)
    slow: str = ""

    def command(self, shown: str) -> str | None:
        """What runs for a command that this rule matches."""
        return None if self.runs is None else re.sub(self.pattern + r"\Z", self.runs, shown)


def as_shown(pattern: str, **needs) -> Rule:
    """The command runs as it stands on the page."""
    return Rule(pattern, r"\g<0>", **needs)


def shortened(pattern: str, runs: str, why: str, **needs) -> Rule:
    """The command runs with less to do."""
    return Rule(pattern, runs, why, **needs)


def only_checked(pattern: str, why: str) -> Rule:
    """The command does not run: that its words exist is checked."""
    return Rule(pattern, None, why)


def is_slow(command: str) -> bool:
    """Whether a command runs with the longer proofs alone."""
    return any(rule.slow for rule in rules_for(command))


def rules_for(command: str) -> list[Rule]:
    """The rules that match a command: one, if all is well."""
    return [rule for rule in RULES if re.fullmatch(rule.pattern, command)]


ARM, QEMU = ("arm-none-eabi-gcc",), ("arm-none-eabi-gcc", "qemu-system-arm")
FEW = "--dataset optdigits"

BENCHMARKED = "needs the benchmark; tests/cli/test_results_commands.py"

# On a few digits a proof can fail or leave open what it would say on many.
FEW_DIGITS = (0, 1, 3)

RULES = (
    # What builds environments, needs the network, or is itself made of tests
    only_checked(r"make run( GPU=yes)?", "calls `edgedigits run`; tests/cli/test_run.py"),
    only_checked(r"make (test|test-all|lint)", "these tests"),
    only_checked(r"(sudo )?make test-pi", "needs root and a Debian for arm64 from the network"),
    only_checked(r"make test-pythons", "makes environments from the network"),
    only_checked(r"make (table|bench|mutants|soak)( (MODULES|MINUTES)=.*)?", "takes hours, or a quiet machine"),
    only_checked(r"make models-page", "counts for minutes; tests/docs/test_shipped_tables.py has its tables"),
    only_checked(
        r"(EDGEDIGITS_MODELS=\S+ )?make firmware-bench", "counts for minutes; `edgedigits firmware report` counts here"
    ),
    only_checked(r"(\S+/)?pip install .*", "needs the network; tests/test_packaging.py installs the wheel"),
    only_checked(r"python3 -m venv .*|\. \.venv/bin/activate", "the next command fills it from the network"),
    # A station on a Raspberry Pi: `make test-pi` types these in an emulated one
    only_checked(r"python3 -m pip wheel .*", "needs the network; tests/test_packaging.py builds the wheel"),
    only_checked(r"(scp|ssh) .*", "needs a Raspberry Pi"),
    only_checked(r"sudo (apt-get|systemctl|journalctl) .*", "changes the system"),
    only_checked(r"sudo sed -i .*", "changes the system; tests/pi/test_emulated_pi.py changes such a file"),
    only_checked(r"sudo \S+/edgedigits station check .*", "needs a camera"),
    # Train, quantize, prove
    as_shown(r"edgedigits (models|datasets|baselines|search --list|firmware cores)"),
    only_checked(
        r"edgedigits models .*--(verify|measure)( --beside \S+)*",
        "reads 160,000 digits a model; tests/cli/test_models_command.py",
    ),
    only_checked(r"edgedigits train --from nano .*", "your own digits; tests/cli/test_pretrained_names.py"),
    as_shown(r"edgedigits doctor"),
    shortened(
        r"edgedigits train --model small --dataset mnist --out out/float",
        rf"edgedigits train --model nano {FEW} --epochs 6 --out out/float",
        "trains 2 minutes",
    ),
    only_checked(
        r"docker (build|run|compose) .*", "needs a Docker engine; tests/test_dockerfile.py, test_fleet_files.py"
    ),
    only_checked(
        r"python tests/benchmarks/bench_epochs\.py .*--device gpu", "needs a GPU; tests/train/test_bench_epochs.py"
    ),
    shortened(
        r"python tests/benchmarks/bench_epochs\.py --networks nano,inf283-nn --steps 30 (.*)",
        r"python tests/benchmarks/bench_epochs.py --networks inf283-nn --steps 4 \1",
        "times a minute",
        slow="tests/train/test_bench_epochs.py",
    ),
    only_checked(r"edgedigits train .*--device gpu.*", "needs a GPU; tests/train/test_devices.py has none"),
    only_checked(r"edgedigits train --model small --folds 5 .*", "ten minutes; tests/cli/test_baseline_commands.py"),
    shortened(
        r"edgedigits train --model small --augment reading --epochs 72 --out out/reader",
        rf"edgedigits train --model nano --augment reading --epochs 1 {FEW} --out out/reader",
        "trains 25 minutes",
    ),
    shortened(
        r"edgedigits train --from out/reader/model\.keras --augment robust --epochs 40 --rate 0\.004 --out out/robust",
        r"edgedigits train --from out/reader/model.keras --augment robust --epochs 1 "
        rf"{FEW} --out out/robust",
        "trains 20 minutes",
        slow="tests/core/test_spoiling.py; the README's training starts from a model",
    ),
    shortened(
        r"edgedigits evaluate builtin --dataset mnist --corruptions",
        "edgedigits evaluate builtin --dataset samples --corruptions",
        "10,000 digits a dozen times over",
    ),
    shortened(
        r"edgedigits corruptions builtin .*",
        "edgedigits corruptions builtin --dataset samples --out out/corruptions",
        "10,000 digits thirty times over, each model",
        slow="tests/cli/test_corruptions_command.py",
    ),
    only_checked(
        r"edgedigits corruptions pico nano .*",
        "minutes for each, after a training; tests/cli/test_corruptions_command.py",
    ),
    as_shown(r"python tests/samples/make_folder\.py out/mine", data="mnist"),
    as_shown(r"edgedigits evaluate builtin --dataset folder:out/mine", data="mnist"),
    shortened(
        r"edgedigits train --from builtin --dataset folder:out/mine --out out/mine-float",
        r"\g<0> --epochs 1",
        "trains 10 seconds",
        data="mnist",
    ),
    as_shown(r"edgedigits quantize out/mine-float/model\.keras --out \S+", data="mnist", codes=FEW_DIGITS),
    only_checked(
        r"edgedigits (train|teach|quantize) .*--out out/ships/.*",
        "trains and asks for hours; tests/cli/test_presets.py",
    ),
    shortened(
        r"edgedigits teach out/float --passes 20 --out out/lessons",
        rf"edgedigits teach out/float {FEW} --passes 1 --out out/lessons",
        "twenty passes over MNIST",
        slow="tests/cli/test_presets.py",
    ),
    shortened(
        r"edgedigits train --preset nano --lessons out/lessons --out out/nano",
        rf"edgedigits train --preset nano --lessons out/lessons {FEW} --epochs 20 --out out/nano",
        "sixty epochs",
        slow="tests/cli/test_presets.py",
    ),
    shortened(
        r"edgedigits quantize out/nano/model\.keras --preset nano --lessons out/lessons --out out/nano-int8",
        r"\g<0> --epochs 1 --max-drop 100 --min-accuracy 0",
        "a network of one epoch; sixty epochs",
        slow="tests/cli/test_presets.py",
        codes=FEW_DIGITS,
    ),
    shortened(
        r"edgedigits train --from builtin --dataset folder:out/mine --folds 5 --out out/folds",
        r"edgedigits train --from builtin --dataset folder:out/mine --folds 2 --epochs 1 --out out/folds",
        "trains two minutes",
        data="mnist",
        slow="tests/cli/test_baseline_commands.py cross-validates",
    ),
    as_shown(
        r"edgedigits quantize out/folds --out \S+", data="mnist", codes=FEW_DIGITS, slow="tests/cli/test_verdict.py"
    ),
    as_shown(r"edgedigits quantize out/float/model\.keras --out \S+", codes=FEW_DIGITS),
    as_shown(
        r"edgedigits quantize out/float/model\.keras --input-range 0\.\.1 --polarity bright --out \S+",
        codes=FEW_DIGITS,
        slow="tests/cli/test_handed_models.py",
    ),
    as_shown(r"edgedigits quantize out/robust/model\.keras --out \S+", codes=FEW_DIGITS, slow="the README's quantizes"),
    as_shown(r"edgedigits convert out/float/model\.keras --out out/converted"),
    as_shown(r"edgedigits evaluate out/int8/model\.int8\.tflite"),
    only_checked(r"edgedigits run --out out/run2", "tests/cli/test_run.py runs it, with few digits"),
    # The sorting station
    shortened(
        r"edgedigits station demo( --pieces \d+)?",
        r"edgedigits station demo --pieces 2 --no-open",
        "runs until Ctrl-C",
    ),
    shortened(
        r"edgedigits station init --config station\.toml",
        r"\g<0> && sed -i 's/^source = .*/source = \"mail:easy,pieces=2,frames=8\"/' station.toml "
        r"&& sed -i 's/^listen = .*/listen = \"127.0.0.1:0\"/' station.toml",
        "there is no camera: simulated mail is read",
    ),
    as_shown(r"edgedigits station check --config station\.toml"),
    as_shown(r"edgedigits station --config station\.toml"),
    shortened(
        r"edgedigits simulate station (--level ordinary )?--pieces \d+ (.*)",
        r"edgedigits simulate station --pieces 3 \2",
        "a video of minutes",
        data="mnist",
    ),
    shortened(
        r"edgedigits simulate station --level hard --hand slanted (.*)",
        r"edgedigits simulate station --level hard --hand slanted --pieces 3 \1",
        "a video of minutes",
        data="mnist",
    ),
    as_shown(r"edgedigits camera --model builtin --source mail:easy,pieces=2,frames=5"),
    as_shown(r"edgedigits station calibrate out/mail/mail\.avi --config station\.toml", data="mnist", codes=(3,)),
    as_shown(r"edgedigits journal (show|export) journal.*"),
    as_shown(r"edgedigits journal labelled journal.*", codes=(1,)),
    only_checked(
        r"(mkdir -p mosquitto|openssl |printf 'subjectAltName|mv broker\.).*",
        "in docs/fleet; tests/edge/station/fleet/test_fleet_files.py",
    ),
    only_checked(
        r"edgedigits station calibrate --audited .*", "needs checked pieces; tests/edge/station/test_audited.py"
    ),
    only_checked(r"edgedigits station password", "asks for a password; tests/edge/station/page/test_page_password.py"),
    as_shown(r"edgedigits station keys --out out/keys"),
    only_checked(r"edgedigits station retrain .*", "trains; tests/cli/test_station_retrain.py"),
    only_checked(r"cp out/retrained/update-\*\.edgeupdate updates/", "follows a training"),
    only_checked(r"edgedigits station rollback .*", "needs an update; tests/edge/station/updates"),
    only_checked(r"(sudo )?(\S+/)?edgedigits station install.*", "changes the system; tests/edge/station/service"),
    only_checked(r"sudo (python3 -m venv|mkdir|\S*/pip install|\S*/edgedigits station init) .*", "changes the system"),
    shortened(
        r"python tests/benchmarks/bench_builds\.py",
        r"python tests/benchmarks/bench_builds.py --images 1",
        "counts once for all",
        programs=QEMU,
    ),
    only_checked(r"python tests/benchmarks/bench_builds\.py /path/.*", "models that are not in the repository"),
    only_checked(
        r"python tests/benchmarks/bench_(station|page|circle)\.py.*", "measures for minutes, on a quiet machine"
    ),
    shortened(
        r"python tests/benchmarks/mail_digits\.py (\S+) .*",
        r"python tests/benchmarks/mail_digits.py \1 --level ordinary --pieces 2 --report 2",
        "18,000 pieces",
        data="mnist",
        slow="makes the data of one training; tests/edge/mail has its belts",
    ),
    only_checked(r"edgedigits train --model large .*", "25 minutes; tests/train/test_networks.py builds it"),
    only_checked(r"edgedigits quantize out/large/.*", "there is none; tests/quantize"),
    # Recipes, baselines, search, choice
    shortened(
        r"edgedigits benchmark (.*) --cores m0,m4,m55 (.*)",
        r"edgedigits benchmark --recipes float32,int8 \1 --cores m0,m4 \2",
        "twelve recipes take minutes",
        slow="tests/cli/test_benchmark_commands.py",
    ),
    only_checked(r"edgedigits baseline knn .* --force", "the README's runs"),
    shortened(
        r"edgedigits baseline (knn (?!.*--force).*)",
        rf"edgedigits baseline {FEW} \1",
        "a minute and a half on MNIST",
        slow="tests/cli/test_baseline_commands.py",
    ),
    shortened(
        r"edgedigits baseline (nf264-cnn1 .*)",
        rf"edgedigits baseline {FEW} --epochs 1 \1",
        "trains a minute",
        slow="tests/train/test_baseline_networks.py",
    ),
    only_checked(r"edgedigits baseline nf264-cnn2 --folds 5 .*", "15 minutes; tests/train/test_baseline_networks.py"),
    as_shown(r"edgedigits reported out/.*", slow="tests/cli/test_baseline_commands.py"),
    shortened(
        r"edgedigits search --preset separable --trials 24 (.*)",
        rf"edgedigits search --preset quick {FEW} --trials 2 \1",
        "24 trainings",
        slow="tests/cli/test_search_commands.py",
    ),
    only_checked(r"edgedigits search --preset separable --dataset mnist .*", "24 trainings; the README's search runs"),
    only_checked(
        r"edgedigits search .* --storage postgresql://.*", "needs a database; tests/train/test_search_queue.py has one"
    ),
    as_shown(r"edgedigits compare out/measured .*"),
    as_shown(r"edgedigits compare core/pretrained/digits .*"),
    as_shown(r"edgedigits compare out/bench .*", slow=BENCHMARKED),
    shortened(
        r"(edgedigits choose .*)--min-accuracy 99 (out/.*)",
        r"\1--min-accuracy 30 \2",
        "trained on few digits",
        slow=BENCHMARKED,
    ),
    as_shown(r"edgedigits choose .*--min-accuracy 99 docs/benchmark"),
    as_shown(r"edgedigits choose --core m4 .* docs/benchmark"),
    shortened(
        r"edgedigits choose --machine \"Raspberry Pi 4\" (.*)",
        r"edgedigits choose --machine measured \1",
        "this is another machine, named by its folder",
    ),
    as_shown(r"edgedigits choose --core m4 .* out/all", programs=QEMU, slow=BENCHMARKED),
    shortened(
        r"edgedigits calibration .*",
        r"\g<0> --seeds 1",
        "five seeds take a minute",
        slow="tests/cli/test_benchmark_commands.py",
    ),
    as_shown(r"edgedigits layer-error .*", slow="tests/cli/test_benchmark_commands.py"),
    # C
    only_checked(
        r"edgedigits (quantize out/float/model\.keras --recipe clustered-int8|export out/clustered) --out \S+",
        "trains minutes; tests/firmware_export/test_compact_weights.py",
    ),
    as_shown(
        r"edgedigits export (?!out/clustered)\S+( --width \d+)?( --weights (blob|compact))?( --memory \S+)* "
        r"--out \S+( --force)?"
    ),
    only_checked(r"python tests/benchmarks/stand_ins\.py \S+", "minutes; tests/firmware_export/test_foreign_bench.py"),
    as_shown(r"python tests/firmware_export/line_networks\.py out/line"),
    as_shown(r"cd (out/\w+|\.\./\.\.)"),
    as_shown(r"kill \$!", programs=QEMU),
    as_shown(r"cc -std=c99 .*", programs=("cc",)),
    as_shown(r"arm-none-eabi-gcc .*", programs=ARM),
    as_shown(r"riscv64-unknown-elf-gcc .*", programs=("riscv64-unknown-elf-gcc",)),
    as_shown(r"avr-gcc .*", programs=("avr-gcc",)),
    as_shown(r"edgedigits firmware report .* --core m0,m4,m55", programs=QEMU),
    shortened(
        r"(edgedigits firmware report (?!.*m0,m4,m55).*?)( --core m0,m4)?( --images \d+)?",
        r"\1 --core m4 --images 1",
        "eight cores take half a minute; tests/firmware_export/test_report.py has them all",
        programs=QEMU,
    ),
    only_checked(
        r"edgedigits firmware verify .* --port /dev/ttyACM0( --layers)?",
        "needs a board; the next rule verifies an emulated one",
    ),
    shortened(r"(qemu-system-arm .*):4321(.*)", r"\1:{port}\2", "on a free port", programs=QEMU),
    shortened(r"(edgedigits firmware verify builtin --port socket://localhost):4321", r"\1:{port}", "on a free port"),
    # Reading
    as_shown(r"edgedigits predict \S+ (docs|out)/sample\.jpg.*"),
    shortened(
        r"(edgedigits fields out/robust/.*?) --rows 0::2",
        r"\1 --rows ::60 --force",
        "1,080 fields take a minute",
        data="cheques",
        slow="needs a training; the README reads fields with the built-in model",
    ),
    shortened(
        r"(edgedigits fields (?!out/robust/).*?)( --rows 0::2)?",
        r"\1 --rows ::60 --force",
        "1,080 fields take a minute, and a model trained for seconds fails its proof",
        data="cheques",
    ),
    as_shown(r"edgedigits simulate --count \d+ --out out/fields", data="mnist"),
    only_checked(
        r"edgedigits train --model line .*", "25 minutes; tests/train/test_line_training.py trains a tiny one"
    ),
    only_checked(
        r"edgedigits train --from out/lines[23]?/.*", "15 minutes; tests/cli/test_lines.py trains on for an epoch"
    ),
    only_checked(r"edgedigits quantize out/lines/.*", "there is none; tests/quantize/test_line_quantize.py has one"),
    only_checked(r"edgedigits calibrate .*", "needs a network that reads well; tests/cli/test_calibrate.py has one"),
    shortened(r"(edgedigits measure builtin) (.*)", r"\1 \2 --threads 1", "on up to four threads"),
    only_checked(r"~/edgedigits/bin/edgedigits camera --source 0", "needs a camera"),
    as_shown(r"python tests/samples/make_picture\.py out/sample\.jpg"),
)
