"""Mail in a hand that the built-in network reads badly: keyed, learned from, proved, taken, and read better."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason='cryptography is not installed (pip install "edgedigits[station]")')
pytest.importorskip("tensorflow", reason='TensorFlow is not installed (pip install "edgedigits[train]")')


@pytest.mark.slow
def test_a_station_learns_a_hand_that_it_read_badly(tmp_path: Path, data_folder: Path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    from bench_circle import circle

    found = circle(tmp_path, hand="unusual", stations=2, pieces=400, fresh=200, epochs=6)
    held = found["report"]["proof"]["held_out"]
    assert found["report"]["verdict"] == "better"
    assert held["p_value"] < 0.001
    assert "is taken" in found["events"][0]
    before, after = found["unusual, before"], found["unusual, after"]
    assert after["read_right"] > before["read_right"]
    assert found["any, after"]["read_right"] >= found["any, before"]["read_right"] - 4  # 2 % of 200
