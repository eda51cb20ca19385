"""`edgedigits run` from end to end, and what it does where MNIST cannot be had."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from calling import call

from edgedigits.cli.commands import running
from edgedigits.edge import Misreading
from edgedigits.firmware_export.proof.compiler import find_compiler

EDGEDIGITS = Path(sys.executable).with_name("edgedigits")
FEW_FRAMES = 40
"""Of a recording about which nothing is asked but which frames were read wrongly."""


@pytest.fixture(scope="module")
def fallen_back(tmp_path_factory):
    """A run on a machine that neither has MNIST nor can fetch it."""
    folder = tmp_path_factory.mktemp("run")
    environment = {name: value for name, value in os.environ.items() if name != "EDGEDIGITS_DATA"}
    environment |= {"EDGEDIGITS_CACHE": str(folder / "cache"), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [EDGEDIGITS, "run", "--model", "micro", "--epochs", "30", "--out", folder / "out", "--json"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "out", done


def test_fallback_is_loud_and_stands_in_the_report(fallen_back):
    out, done = fallen_back
    assert "WARNING" in done.stderr
    assert "NOT those of MNIST" in done.stderr
    assert "NOT those of MNIST" in (out / "report.html").read_text(encoding="utf-8")
    assert json.loads(done.stdout)["dataset"] == "optdigits"


def test_too_few_digits_for_a_verdict_are_warned_of_and_stop_nothing(fallen_back):
    out, done = fallen_back
    assert (
        json.loads(done.stdout)["verdict"] == json.loads((out / "report.json").read_text())["verdict"] == "cannot tell"
    )
    assert re.search(r"WARNING: 180 test digits do not show whether int8 loses more than the 0\.5 points", done.stderr)
    assert re.search(r"(no number up to )?[\d,]+ would tell if they flip as often as these", done.stderr)
    assert '<b class="unsure">cannot tell</b>' in (out / "report.html").read_text(encoding="utf-8")


def test_every_stage_leaves_its_files(fallen_back):
    out, _ = fallen_back
    for name in (
        "float/model.keras",
        "float/card.json",
        "int8/model.int8.tflite",
        "int8/proof.json",
        "c/digits.c",
        "c/main.c",
        "arrays/digits_model.c",
        "recording/digits.avi",
        "recording/read.jsonl",
        "recording/read.avi",
        "report.json",
    ):
        assert (out / name).stat().st_size > 0, name


def test_summary_agrees_with_the_files(fallen_back):
    out, done = fallen_back
    summary = json.loads(done.stdout)
    assert summary["int8_bytes"] == (out / "int8" / "model.int8.tflite").stat().st_size
    assert summary["frames"] == len((out / "recording" / "read.jsonl").read_text().splitlines()) == 240
    assert summary["int8_accuracy"] > 90
    assert summary["frames_exact"] > 0
    assert summary["verdict"] == summary["proof_verdict"] != "failed"
    assert summary["failures"] == []


def test_frames_that_were_read_wrongly_are_told_one_by_one(fallen_back):
    out, done = fallen_back
    summary = json.loads(done.stdout)
    truth = json.loads((out / "recording" / "digits.json").read_text())["texts"]
    read = [json.loads(line)["text"] for line in (out / "recording" / "read.jsonl").read_text().splitlines()]
    wrong = [
        {"frame": frame, "truth": wanted, "read": found}
        for frame, (wanted, found) in enumerate(zip(truth, read))
        if wanted != found
    ]
    assert summary["wrong_frames"] == wrong == json.loads((out / "report.json").read_text())["wrong_frames"]
    assert summary["frames_exact"] == 240 - len(wrong) == sum(sheet["exact"] for sheet in summary["sheets"])
    assert (out / "recording" / "wrong.jpg").is_file() == bool(wrong)


def test_the_c_library_was_compiled_and_tested_where_there_is_a_compiler(fallen_back):
    """The arrays lie beside it."""
    out, done = fallen_back
    library = json.loads(done.stdout)["c_library"]
    page = (out / "report.html").read_text(encoding="utf-8")
    if find_compiler():
        assert library["result"] == "passed"
        assert "every output equals TFLite's reference kernels" in library["said"]
        assert "self-test passed" in page
    else:
        assert (library["result"], library["said"]) == ("not run", "no C compiler found: not compiled")
    assert library["arena_bytes"]["plain"] > 784
    assert f"plain {library['arena_bytes']['plain']:,}" in page


def test_report_is_self_contained(fallen_back):
    out, done = fallen_back
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == 4
    assert page.count('src="data:image/jpeg;base64,') == bool(json.loads(done.stdout)["wrong_frames"])
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "http" not in re.sub(r"MNIST was not found.*?</p>", "", page, flags=re.DOTALL)


@pytest.fixture(scope="module")
def useless(tmp_path_factory):
    """A run of so few steps that nothing is learned, with a compiler whose programs fail; what it said."""
    folder = tmp_path_factory.mktemp("useless")
    broken = folder / "broken-cc"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "broken 1.0" && exit\n'
        "for last; do :; done\n"
        'printf \'#!/bin/sh\\necho 1 of 40 outputs differ; exit 1\\n\' > "$last"; chmod +x "$last"\n'
    )
    broken.chmod(0o755)
    options = ("--model", "nano", "--dataset", "optdigits", "--epochs", 3, "--min-accuracy", 95)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CC", str(broken))
        patch.setattr(running, "FRAMES", FEW_FRAMES)
        return folder / "out", call("run", *options, "--out", folder / "out", code=1)


def test_a_useless_model_is_never_called_proved(useless):
    out, done = useless
    (error, _) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert re.search(r"nano \((int8|float)\) reads \d+\.\d\d % of 180 test digits, ", error)
    assert "it was trained for 48 steps (3 epochs of 16), which is too few" in error
    assert f"`edgedigits run --model nano --dataset optdigits --epochs 94 --out {out} --force`" in error
    report = json.loads((out / "report.json").read_text())
    assert (report["verdict"], report["passed"], len(report["failures"])) == ("failed", False, 2)
    proof = json.loads((out / "int8" / "proof.json").read_text())
    assert (proof["verdict"], proof["min_accuracy"]) == ("failed", 95)


def test_the_report_of_a_useless_model_is_red(useless):
    page = (useless[0] / "report.html").read_text(encoding="utf-8")
    assert re.search(r'<h1 class="bad">nano: from optdigits to int8, NOT proved</h1>', page)
    assert re.search(r'<p class="failure"><b>Failed.</b> nano \((int8|float)\) reads', page)


def test_card_and_c_files_of_a_useless_model_say_that_it_failed(useless, tmp_path):
    out, _ = useless
    card = json.loads((out / "int8" / "card.json").read_text())
    assert (card["verdict"], card["passed"]) == ("failed", False)
    for name in ("c/digits.h", "arrays/digits_model.h"):
        assert "WARNING: the proof of this model failed" in (out / name).read_text(), name
    model = out / "int8" / "model.int8.tflite"
    assert "--force" in call("export", model, "--out", tmp_path / "c", code=1).stderr


def test_what_was_shown_and_what_was_read_is_printed_for_every_sheet(useless):
    out, done = useless
    report = json.loads((out / "report.json").read_text())
    assert len(report["sheets"]) == 2
    assert report["frames_exact"] < FEW_FRAMES
    lines = done.stdout.splitlines()
    start = lines.index(next(line for line in lines if line.startswith("frames ")))
    printed = [re.split(" {2,}", line)[:3] for line in lines[start + 1 : start + 3]]
    assert printed == [
        [
            f"{sheet['first']}-{sheet['last']}",
            sheet["truth"].replace("\n", " / "),
            f"{sheet['exact']} of {sheet['last'] - sheet['first'] + 1}",
        ]
        for sheet in report["sheets"]
    ]


def test_the_report_shows_what_each_sheet_was_read_as(useless):
    page = (useless[0] / "report.html").read_text(encoding="utf-8")
    for sheet in json.loads((useless[0] / "report.json").read_text())["sheets"]:
        assert sheet["misreadings"]
        assert f"<td>{sheet['first']} to {sheet['last']}</td><td>{sheet['truth'].replace(chr(10), ' / ')}</td>" in page
        for other in sheet["misreadings"]:
            assert f"{(other['read'] or 'nothing').replace(chr(10), ' / ')} ({other['frames']})" in page


@pytest.mark.parametrize(
    ("counts", "told"),
    [((), ""), ((3, 2), "7 / 2 (3), nothing (2)"), ((3, 2, 1, 1), "7 / 2 (3), nothing (2), others (2)")],
)
def test_the_most_frequent_misreadings_of_a_sheet_are_printed(counts, told):
    misreadings = [Misreading(read, count) for read, count in zip(("7\n2", "", "?", None), counts)]
    assert running.misread_words(tuple(misreadings)) == told


def test_a_self_test_that_fails_fails_the_run(useless):
    """The compiler of this run makes programs that say so."""
    out, done = useless
    assert "Error: the C library failed its self-test with broken 1.0: 1 of 40 outputs differ; " in done.stderr
    library = json.loads((out / "report.json").read_text())["c_library"]
    assert (library["result"], library["compiler"]) == ("failed", "broken 1.0")
    assert '<b class="bad">self-test failed</b>' in (out / "report.html").read_text(encoding="utf-8")


def test_interrupted_run_says_how_its_training_goes_on_and_it_does(tmp_path):
    process = subprocess.Popen(
        [EDGEDIGITS, "run", "--model", "nano", "--dataset", "optdigits", "--epochs", "6", "--out", tmp_path / "out"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 2/"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    assert process.wait() == 1
    found = re.search(r"Error: training stopped in epoch \d+ of 6; `edgedigits (.*)` goes on", rest)
    assert found, rest
    call(*found[1].split())
    assert len((tmp_path / "out" / "float" / "history.csv").read_text().splitlines()) == 7


def test_stages_that_were_done_stay_where_a_later_one_fails(tmp_path, monkeypatch):
    """A file stands where the folder of the C files shall be."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "c").write_text("in the way")
    monkeypatch.setattr(running, "FRAMES", FEW_FRAMES)
    options = ("--model", "nano", "--dataset", "optdigits", "--epochs", 1)
    assert "Error:" in call("run", *options, "--out", tmp_path / "out", "--force", code=1).stderr
    assert (tmp_path / "out" / "int8" / "model.int8.tflite").is_file()
    assert not (tmp_path / "out" / "report.html").exists()
