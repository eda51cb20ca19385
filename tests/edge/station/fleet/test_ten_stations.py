"""Ten stations that tell one real broker of five pieces a second each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "messages"))

from mosquitto import Broker, Listener, in_order_of_first_arrival

PROCESS = Path(__file__).parent / "station_process.py"
STATIONS = [f"station-{number}" for number in range(10)]


@pytest.mark.parametrize("seconds", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_results_of_ten_stations_arrive_complete_and_in_order(seconds, tmp_path):
    broker = Broker(tmp_path / "broker")
    listener = Listener(broker.port, "edgedigits/+/pieces")
    count = 5 * seconds
    processes = [
        subprocess.Popen([sys.executable, PROCESS, tmp_path / name, str(broker.port), name, str(count), "5"])
        for name in STATIONS
    ]
    try:
        for name in STATIONS:
            listener.wait_for_pieces(count, name)
        codes = [process.wait(60) for process in processes]
    finally:
        for process in processes:
            process.kill()
        listener.close()
        broker.stop()
    assert codes == [0] * len(STATIONS)
    for name in STATIONS:
        told = listener.pieces(name)
        assert in_order_of_first_arrival(piece["sequence"] for piece in told) == list(range(1, count + 1))
        assert {piece["id"] for piece in told} == {f"{name}-{number:06d}" for number in range(1, count + 1)}
        assert {piece["station"] for piece in told} == {name}
