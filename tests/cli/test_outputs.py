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
    "camera --record": ("camera", "--source", "RESULTS", "--record", "OUT"),
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
}
FLOAT = Path(__file__).parents[2] / "edge" / "models" / "small" / "model.keras"


def refused(words: tuple[str, ...], out: Path, tmp_path: Path) -> str:
    """The error of a command whose output exists."""
    results = write_results(tmp_path / "results", row()).folder
    places = {"OUT": out, "RESULTS": results, "FLOAT": FLOAT}
    found = CliRunner().invoke(main, [str(places.get(word, word)) for word in words])
    assert found.exit_code == 1, found.output
    return found.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_kept(name: str, tmp_path: Path):
    out = tmp_path / "mine.avi"
    out.write_text("mine")
    assert "add --force to replace it" in refused(FILES[name], out, tmp_path)
    assert out.read_text() == "mine"


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
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert CliRunner().invoke(main, words).exit_code == 0
    assert not (tmp_path / "out" / "mine.txt").exists()
