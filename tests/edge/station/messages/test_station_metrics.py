"""The figures of a station, read back with Prometheus' own parser."""

from __future__ import annotations

import stat

import pytest
from made_results import result
from prometheus_client.parser import text_string_to_metric_families

from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.messages.metrics import StationMetrics
from edgedigits.edge.station.messages.raspberry_pi import MachineState, MachineWatch, temperatures, throttling


def value(metrics, name, /, **labels):
    """Of the one sample with that name and those labels; None where there is none."""
    families = text_string_to_metric_families(metrics.text().decode())
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if (sample.name, sample.labels) == (name, labels)
    ]
    return found[0] if found else None


@pytest.fixture
def metrics(tmp_path):
    return StationMetrics("north", thermal=tmp_path / "none", firmware=tmp_path / "none")


def test_frames_are_counted_and_timed(metrics):
    for seconds in (0.012, 0.034, 0.3):
        metrics.frame(seconds)
    assert value(metrics, "edgedigits_frames_total") == 3
    assert value(metrics, "edgedigits_frame_seconds_bucket", le="0.033") == 1
    assert value(metrics, "edgedigits_frame_seconds_sum") == pytest.approx(0.346)


def test_skipped_frames_are_a_total_that_the_camera_may_begin_anew(metrics):
    for total in (3, 3, 10, 2):
        metrics.skipped(total)
    assert value(metrics, "edgedigits_frames_skipped_total") == 12


def test_pieces_are_counted_by_outcome_and_their_latency_is_a_histogram(metrics):
    metrics.piece(result(1))
    metrics.piece(result(2, outcome="rejected"))
    metrics.piece(result(3))
    assert value(metrics, "edgedigits_pieces_total", outcome="accepted") == 2
    assert value(metrics, "edgedigits_pieces_total", outcome="rejected") == 1
    assert value(metrics, "edgedigits_pieces_total", outcome="keyed") == 0
    assert value(metrics, "edgedigits_latency_seconds_bucket", outcome="accepted", le="0.1") == 0
    assert value(metrics, "edgedigits_latency_seconds_bucket", outcome="accepted", le="0.15") == 2


def test_latencies_of_5_to_1000_ms_fall_into_different_buckets(metrics):
    families = {family.name: family for family in text_string_to_metric_families(metrics.text().decode())}
    bounds = {float(one.labels["le"]) for one in families["edgedigits_latency_seconds"].samples if "le" in one.labels}
    assert min(bounds) == 0.005
    assert 1.0 in bounds
    assert 0.2 in bounds  # within which a piece shall have its result


def test_outputs_tell_their_queue_when_it_is_asked_for(metrics):
    waiting = [7]
    metrics.watch_output("mqtt", lambda: waiting[0], lambda: False)
    assert value(metrics, "edgedigits_queue", output="mqtt") == 7
    waiting[0] = 9
    assert value(metrics, "edgedigits_queue", output="mqtt") == 9
    assert value(metrics, "edgedigits_output_up", output="mqtt") == 0
    assert value(metrics, "edgedigits_reconnects_total", output="mqtt") == 0


def test_what_happens_to_outputs_is_counted(metrics):
    metrics.reconnected("mqtt")
    metrics.failed("webhook")
    metrics.refused("webhook")
    assert value(metrics, "edgedigits_reconnects_total", output="mqtt") == 1
    assert value(metrics, "edgedigits_output_failures_total", output="webhook") == 1
    assert value(metrics, "edgedigits_refused_total", output="webhook") == 1


def test_alarms_are_there_while_they_are_active():
    alarms = Alarms()
    metrics = StationMetrics("north", alarms.active)
    alarms.set("black picture", "black for 12 s")
    assert value(metrics, "edgedigits_alarm", name="black picture") == 1
    alarms.clear("black picture")
    assert value(metrics, "edgedigits_alarm", name="black picture") is None


def test_two_stations_in_one_process_have_figures_of_their_own(metrics):
    other = StationMetrics("south")
    metrics.frame(0.01)
    assert value(other, "edgedigits_frames_total") == 0
    assert value(other, "edgedigits_station_info", station="south") == 1


def test_memory_and_open_files_are_among_the_figures(metrics):
    assert value(metrics, "process_resident_memory_bytes") > 1e6
    assert value(metrics, "process_open_fds") > 0


def thermal_zone(folder, number, kind, milli):
    zone = folder / f"thermal_zone{number}"
    zone.mkdir(parents=True)
    (zone / "type").write_text(f"{kind}\n")
    (zone / "temp").write_text(milli)


def test_temperature_and_throttling_of_a_raspberry_pi(tmp_path):
    thermal_zone(tmp_path, 0, "cpu-thermal", "48312\n")
    (tmp_path / "get_throttled").write_text("50005\n")  # under-voltage and throttled now, and both before
    metrics = StationMetrics("north", thermal=tmp_path, firmware=tmp_path / "get_throttled")
    assert value(metrics, "edgedigits_temperature_celsius", zone="cpu-thermal") == 48.312
    assert value(metrics, "edgedigits_throttled", reason="under-voltage") == 1
    assert value(metrics, "edgedigits_throttled", reason="frequency capped") == 0
    assert value(metrics, "edgedigits_throttled", reason="throttled") == 1
    assert value(metrics, "edgedigits_throttled", reason="temperature limit") == 0


def test_another_machine_has_none_of_them(metrics):
    assert "edgedigits_temperature_celsius{" not in metrics.text().decode()
    assert "edgedigits_throttled{" not in metrics.text().decode()


def test_a_zone_that_cannot_be_read_is_left_out(tmp_path):
    thermal_zone(tmp_path, 0, "broken", "")
    thermal_zone(tmp_path, 1, "cpu-thermal", "51000")
    assert temperatures(tmp_path) == {"cpu-thermal": 51.0}


@pytest.mark.parametrize(("said", "bits"), [("throttled=0x50000", 0x50000), ("throttled=0x0", 0), ("error", None)])
def test_vcgencmd_is_asked_where_the_kernel_has_no_file(said, bits, tmp_path):
    program = tmp_path / "vcgencmd"
    program.write_text(f"#!/bin/sh\n[ $1 = get_throttled ] && echo {said}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert throttling(tmp_path / "none", str(program)) == bits


def test_without_either_nothing_is_known(tmp_path):
    assert throttling(tmp_path / "none", str(tmp_path / "vcgencmd")) is None


def test_updates_are_counted_by_what_became_of_them(tmp_path):
    counts = {"taken": 2, "signature": 3, "rolled back": 1, "worse": 1}
    metrics = StationMetrics("north", updates=lambda: counts, thermal=tmp_path, firmware=tmp_path / "none")
    assert value(metrics, "edgedigits_updates_taken_total") == 2
    assert value(metrics, "edgedigits_updates_rolled_back_total") == 1
    assert value(metrics, "edgedigits_updates_refused_total", kind="signature") == 3
    assert value(metrics, "edgedigits_updates_refused_total", kind="worse") == 1


def test_a_station_without_updates_counts_none(metrics):
    assert value(metrics, "edgedigits_updates_taken_total") == 0
    assert value(metrics, "edgedigits_updates_rolled_back_total") == 0


def test_people_are_told_of_the_hottest_zone_and_why_a_machine_is_slow(tmp_path):
    for number, (kind, degrees) in enumerate((("cpu", 61500), ("gpu", 58000))):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "type").write_text(f"{kind}\n")
        (zone / "temp").write_text(f"{degrees}\n")
    (tmp_path / "throttled").write_text("5\n")
    assert MachineWatch(tmp_path, tmp_path / "throttled").state() == MachineState(61.5, ("under-voltage", "throttled"))


def test_a_machine_is_looked_at_only_every_ten_seconds(tmp_path):
    times = iter([100.0, 109.0, 110.0, 110.0])
    (tmp_path / "throttled").write_text("0\n")
    watch = MachineWatch(tmp_path, tmp_path / "throttled", lambda: next(times))
    seen = [watch.state()]
    (tmp_path / "throttled").write_text("1\n")
    seen += [watch.state(), watch.state()]
    assert [one.slowed for one in seen] == [(), (), ("under-voltage",)]
