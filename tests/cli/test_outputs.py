"""What lies where an output would go is kept without --force, and nothing else is begun before that is found out."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from measured_rows import row, write_results

from edgedigits.cli.main import main

FILES = {
    "reported": ("reported", "RESULTS", "--out", "OUT"),
    "firmware report --plot": ("firmware", "report", "builtin", "--core", "m4", "--plot", "OUT"),
    "firmware report --card": ("firmware", "report", "builtin", "--core", "m4", "--card", "OUT"),
    "camera --record": ("camera", "--source", "PICTURES", "--record", "OUT"),
}
FOLDERS = {
    "compare": ("compare", "RESULTS", "--out", "OUT"),
    "predict --annotate": ("predict", "builtin", "MISSING.png", "--annotate", "OUT"),
    "train": ("train", "--model", "nano", "--dataset", "optdigits", "--out", "OUT"),
    "baseline": ("baseline", "knn", "--dataset", "optdigits", "--out", "OUT"),
    "baseline --folds": ("baseline", "knn", "--dataset", "optdigits", "--folds", "3", "--out", "OUT"),
    "search": ("search", "--preset", "separable", "--dataset", "optdigits", "--trials", "4", "--out", "OUT"),
    "export": ("export", "builtin", "--out", "OUT"),
    "run": ("run", "--out", "OUT"),
    "measure": ("measure", "builtin", "--out", "OUT"),
    "quantize": ("quantize", "FLOAT", "--out", "OUT"),
    "benchmark": ("benchmark", "FLOAT", "--out", "OUT"),
    "calibration": ("calibration", "FLOAT", "--out", "OUT"),
    "layer-error": ("layer-error", "FLOAT", "--out", "OUT"),
    "corruptions": ("corruptions", "builtin", "--dataset", "samples", "--out", "OUT"),
}
PICTURES = Path(__file__).parents[2] / "docs"
FLOAT = Path(__file__).parents[2] / "core" / "pretrained" / "small-float" / "model.keras"


def refused(words: tuple[str, ...], out: Path, tmp_path: Path) -> str:
    """The error of a command whose output exists."""
    results = write_results(tmp_path / "results", row()).folder
    places = {"OUT": out, "RESULTS": results, "FLOAT": FLOAT, "PICTURES": PICTURES}
    found = CliRunner().invoke(main, [str(places.get(word, word)) for word in words])
    assert found.exit_code == 1, found.output
    return found.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_kept(name: str, tmp_path: Path):
    out = tmp_path / "mine.avi"
    out.write_text("mine")
    assert "add --force to replace it" in refused(FILES[name], out, tmp_path)
    assert out.read_text() == "mine"


QUICK = {"export"}
"""What it does takes seconds, and a folder with content is written into, not replaced."""

REPLACED_WHOLE = ("compare", "measure", "quantize", "calibration", "layer-error")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
@pytest.mark.parametrize("name", sorted((FOLDERS | FILES).keys() - QUICK))
def test_a_place_where_nothing_can_be_written_is_told_before_the_work(name: str, tmp_path: Path):
    text = refused((FOLDERS | FILES)[name], Path("/proc/mine.avi"), tmp_path)
    assert text.startswith("Error: ") and "write /proc/mine.avi" in text and text.count("\n") == 1, text


@pytest.mark.parametrize("name", REPLACED_WHOLE)
@pytest.mark.parametrize("where", ["work", "home"])
def test_the_folder_that_one_stands_in_is_never_replaced_and_told_before_the_work(
    name: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    own = tmp_path / where
    (own / "deeper").mkdir(parents=True)
    if where == "work":
        monkeypatch.chdir(own)
    else:
        monkeypatch.setenv("HOME", str(own))
    text = refused((*FOLDERS[name], "--force"), own, tmp_path)
    assert text.startswith(f"Error: {own} is or holds the folder") and text.count("\n") == 1, text


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_kept(name: str, tmp_path: Path):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    text = refused(FOLDERS[name], out, tmp_path)
    assert "Error: " in text and "--force" in text
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_with_force_a_folder_is_replaced(tmp_path: Path):
    results = write_results(tmp_path / "results", row()).folder
    words = ["compare", str(results), "--out", str(tmp_path / "out"), "--force"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tuning.csv").write_text("old")
    (tmp_path / "out" / "mine.txt").write_text("mine")
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 1 and "mine.txt is none of the files that such a folder holds" in found.stderr
    (tmp_path / "out" / "mine.txt").unlink()
    assert CliRunner().invoke(main, words).exit_code == 0
    assert not (tmp_path / "out" / "tuning.csv").exists()
