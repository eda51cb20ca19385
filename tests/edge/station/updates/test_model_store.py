"""What a station does with updates: takes what is proved and good, refuses the rest, and goes back."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from made_updates import BETTER, WORSE, another_model, strips

from edgedigits.core.cards import card_of, write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.station.updates.bundle import write_update
from edgedigits.edge.station.updates.events import RolledBack, UpdateRefused, UpdateTaken
from edgedigits.edge.station.updates.keys import make_keys
from edgedigits.edge.station.updates.proving import Paired
from edgedigits.edge.station.updates.self_test import self_test_of
from edgedigits.edge.station.updates.store import MOST_STARTS, ModelStore


def again(station):
    """The store as it is opened after a start of the station."""
    return ModelStore(station.store.folder, station.store.configured)


def taken(station, update_of):
    """A station that took the second model."""
    station.store.judge(900, 100)
    station.deliver(update_of())
    (event,) = station.look()
    assert isinstance(event, UpdateTaken)
    return station


def refused(station):
    (event,) = station.look()
    assert isinstance(event, UpdateRefused)
    return event


def test_a_station_begins_with_the_configured_model(station, models):
    assert station.store.current == models[0].path
    assert station.look() == []


def test_an_update_is_taken(station, update_of, models):
    path = station.deliver(update_of())
    (event,) = station.look()
    assert event == UpdateTaken(path.name, models[1].sha256, models[0].sha256, "better")
    assert sha256_of(station.store.current) == models[1].sha256
    assert LineModel(station.store.current).card.sha256 == models[1].sha256


def test_it_is_still_taken_after_a_start(station, update_of, models):
    taken(station, update_of)
    assert sha256_of(again(station).current) == models[1].sha256


def test_what_is_taken_is_not_taken_again(station, update_of, keys):
    taken(station, update_of)
    assert station.look() == []
    assert again(station).look(station.updates, keys.public) == []


def test_one_after_the_other_whatever_their_names(station, update_of, models):
    station.deliver(update_of(2, 1), "a.edgeupdate")
    station.deliver(update_of(1, 0), "b.edgeupdate")
    events = station.look()
    assert [type(event) for event in events] == [UpdateRefused, UpdateTaken, UpdateTaken]
    assert station.store.state.current == models[2].sha256


def test_equal_is_enough(station, update_of):
    station.deliver(update_of(proof=replace(BETTER, held_out=Paired(60, 20, 5, 5))))
    (event,) = station.look()
    assert event.verdict == "equal"


def test_another_key_is_refused_and_told_once_in_a_run_of_the_station(station, update_of, models, tmp_path):
    station.deliver(update_of())
    others = make_keys(tmp_path / "others")
    (event,) = station.store.look(station.updates, others.public)
    assert (event.kind, event.name) == ("signature", update_of().name)
    assert "is not taken: its signature is not one by the key of" in event.words
    assert station.store.look(station.updates, others.public) == []
    (event,) = again(station).look(station.updates, others.public)  # it lies there still
    assert event.kind == "signature"
    assert len(again(station).state.records) == 1
    assert station.store.current == models[0].path


def test_what_was_compared_with_another_model_is_refused(station, update_of, models):
    station.deliver(update_of(2, 1))
    event = refused(station)
    assert event.kind == "compared"
    assert models[1].sha256[:12] in event.why and models[0].sha256[:12] in event.why


def test_what_is_signed_but_proved_worse_is_refused(station, models, keys, monkeypatch):
    from edgedigits.edge.station.updates import proving

    told = {**WORSE.as_dict(), "verdict": "worse"}
    with monkeypatch.context() as patch:
        patch.setattr(proving.UpdateProof, "verdict", "better")
        patch.setattr(proving.UpdateProof, "as_dict", lambda _: told)
        test = self_test_of(LineModel(models[1].path), strips())
        write_update(station.updates, models[1].path, test, WORSE, models[0].sha256, keys.private)
    event = refused(station)
    assert event.kind == "worse"
    assert "it reads 15 of 60 held-out lines, the model that runs 22" in event.why


def test_a_model_that_says_something_else_here_is_refused(station, models, keys):
    test = self_test_of(LineModel(models[1].path), strips())
    logits = tuple(one ^ 1 for one in test.logits)
    write_update(station.updates, models[1].path, replace(test, logits=logits), BETTER, models[0].sha256, keys.private)
    event = refused(station)
    assert event.kind == "self-test"
    assert station.store.current == models[0].path
    assert not (station.store.folder / models[1].sha256).exists()


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_model_that_crashes_the_runtime_is_refused(station, models, keys, tmp_path, share):
    path = another_model(tmp_path / "broken", 9)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    write_card(path.parent, replace(card_of(models[1].path), sha256=sha256_of(path), bytes=path.stat().st_size))
    test = self_test_of(LineModel(models[1].path), strips())
    write_update(station.updates, path, test, BETTER, models[0].sha256, keys.private)
    event = refused(station)
    assert event.kind == "self-test"
    assert station.store.current == models[0].path


def test_a_file_that_is_still_copied_is_waited_for(station, update_of):
    path = station.updates / "update.edgeupdate"
    whole = update_of().read_bytes()
    path.write_bytes(whole[:50_000])
    assert station.look() == []
    path.write_bytes(whole)
    (event,) = station.look()
    assert isinstance(event, UpdateTaken)


def test_a_file_that_stays_cut_short_is_refused(station, update_of):
    path = station.updates / "update.edgeupdate"
    path.write_bytes(update_of().read_bytes()[:50_000])
    os.utime(path, (time.time() - 60,) * 2)
    assert refused(station).kind == "damaged"


def test_a_missing_key_is_told_and_the_update_waits(station, update_of, keys):
    station.deliver(update_of())
    with pytest.raises(EdgedigitsError, match=r"cannot read the key .*; copy the station.pub there"):
        station.store.look(station.updates, station.updates / "station.pub")
    (event,) = station.look()
    assert isinstance(event, UpdateTaken)


def test_what_another_key_refused_is_taken_as_soon_as_the_key_is_the_right_one(station, update_of, keys, tmp_path):
    """In the same file, while the station runs; as its remedy says."""
    station.deliver(update_of())
    key = Path(shutil.copy(make_keys(tmp_path / "others").public, tmp_path / "station.pub"))
    (event,) = station.store.look(station.updates, key)
    assert (event.kind, station.store.refused) == ("signature", {update_of().name})
    shutil.copy(keys.public, key)
    (event,) = station.store.look(station.updates, key)
    assert isinstance(event, UpdateTaken)
    assert not station.store.refused


def test_a_file_that_may_be_read_at_last_is_taken(station, update_of, keys, monkeypatch):
    """Whoever copied it as root lets the station's user read it, and nothing else of it changes."""
    path = station.deliver(update_of())
    opened = Path.open

    def forbidden(self, *args, **kwargs):
        if self == path and self.stat().st_mode & 0o044 == 0:
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", forbidden)
    path.chmod(0o600)
    assert refused(station).kind == "disk"
    assert station.look() == []
    path.chmod(0o644)
    (event,) = station.look()
    assert isinstance(event, UpdateTaken)


def test_what_was_refused_is_known_as_long_as_it_lies_there(station):
    path = station.updates / "x.edgeupdate"
    path.mkdir()
    refused(station)
    station.look()
    assert station.store.refused == {"x.edgeupdate"}
    path.rmdir()
    station.look()
    assert not station.store.refused


def test_a_model_that_was_taken_back_and_is_copied_again_is_told_of(station, update_of):
    taken(station, update_of)
    station.store.rollback()
    assert station.look() == []
    station.deliver(update_of())
    event = refused(station)
    assert event.kind == "withdrawn"
    assert "somebody asked for it" in event.why


def test_a_folder_that_cannot_be_read_is_told_once(station, keys, tmp_path):
    (tmp_path / "file").write_text("")
    (event,) = station.store.look(tmp_path / "file", keys.public)
    assert event.kind == "disk"
    assert station.store.look(tmp_path / "file", keys.public) == []


def test_the_former_model_comes_back(station, update_of, models):
    taken(station, update_of)
    assert station.store.rollback() == models[0].path
    assert again(station).current == models[0].path


def test_what_was_taken_back_is_never_taken_again(station, update_of, models, keys, tmp_path):
    taken(station, update_of).store.rollback("it reads sevens as ones")
    assert station.look() == []
    test = self_test_of(LineModel(models[1].path), strips()[:2])
    path = write_update(tmp_path / "other", models[1].path, test, BETTER, models[0].sha256, keys.private)
    station.deliver(path, "other.edgeupdate")
    event = refused(station)
    assert event.kind == "withdrawn"
    assert "it reads sevens as ones" in event.why


def test_there_is_nothing_before_the_configured_model(station):
    with pytest.raises(EdgedigitsError, match="no former model to go back to"):
        station.store.rollback()


def test_what_another_program_rolled_back_is_noticed(station, update_of, models):
    taken(station, update_of)
    again(station).rollback("asked for")
    assert station.look() == [RolledBack(models[1].sha256, models[0].sha256, "asked for")]
    assert station.store.current == models[0].path


def test_a_model_that_rejects_much_more_is_taken_back(station, update_of, models):
    taken(station, update_of)
    assert station.store.judge(15, 9) is None
    event = station.store.judge(0, 6)
    assert event == RolledBack(
        models[1].sha256,
        models[0].sha256,
        "it rejected 15 of its first 30 pieces, the former model 100 of 1000",
    )
    assert again(station).current == models[0].path


def test_a_model_that_rejects_as_much_stays_after_two_hundred_pieces(station, update_of, models):
    taken(station, update_of)
    for _ in range(20):
        assert station.store.judge(9, 1) is None
    assert station.store.state.before is None
    assert station.store.judge(0, 100) is None  # another reason than the model, such as a lamp that broke
    assert again(station).state.current == models[1].sha256


def test_the_watch_outlasts_a_start(station, update_of, models):
    taken(station, update_of).store.judge(30, 0)
    store = again(station)
    assert store.state.before is not None
    assert store.judge(0, 70).to == models[0].sha256


def test_a_model_with_which_the_station_does_not_live_is_taken_back(station, update_of, models):
    taken(station, update_of)
    for _ in range(MOST_STARTS):
        assert again(station).start() is None
    event = again(station).start()
    assert event.why == f"the station was started {MOST_STARTS} times with it and read no piece"
    assert again(station).current == models[0].path


def test_a_piece_that_was_read_ends_the_count_of_starts(station, update_of):
    taken(station, update_of)
    for _ in range(2 * MOST_STARTS):
        store = again(station)
        assert store.start() is None
        store.judge(1, 0)


def test_a_start_removes_models_that_nobody_needs(station, update_of, models):
    station.deliver(update_of(1, 0), "a.edgeupdate")
    station.deliver(update_of(2, 1), "b.edgeupdate")
    station.look()
    (station.store.folder / ".half-made").mkdir()
    station.store.rollback()
    again(station).start()
    assert [path.name for path in station.store.folder.iterdir() if path.is_dir()] == [models[1].sha256]


def test_another_configured_model_runs_from_then_on(station, update_of, models):
    taken(station, update_of)
    store = ModelStore(station.store.folder, models[2].path)
    assert store.current == models[2].path
    assert store.state.former == ""


def test_a_damaged_state_is_set_aside_and_the_configured_model_runs(station, update_of, models):
    taken(station, update_of)
    (station.store.folder / "models.json").write_text('{"format": 1, "configured"')
    store = again(station)
    assert store.current == models[0].path
    assert "is damaged" in store.notes[0]
    (aside,) = station.store.folder.glob("models.json.damaged-*")
    assert aside.read_text().startswith('{"format": 1')


@pytest.mark.parametrize(
    "changed", [{"format": 9}, {"current": 7}, {"tally": None}, {"records": [{}]}, {"starts": "1"}, {"more": 1}]
)
def test_a_state_that_makes_no_sense_is_set_aside(station, models, changed):
    path = station.store.folder / "models.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    store = again(station)
    assert store.current == models[0].path
    assert store.notes


def test_a_state_that_is_damaged_while_the_station_runs_stops_nothing(station, update_of):
    (station.store.folder / "models.json").write_bytes(b"\0" * 100)
    taken(station, update_of)
    assert "set aside" in station.store.notes[0]


def test_a_current_model_that_was_damaged_gives_way_to_the_former_one(station, update_of, models):
    taken(station, update_of)
    path = station.store.current
    path.write_bytes(path.read_bytes()[:-1])
    store = again(station)
    assert store.current == models[0].path
    assert models[1].sha256[:12] in store.notes[0]


def test_a_model_that_vanished_gives_way_to_the_former_one(station, update_of, models):
    taken(station, update_of)
    shutil.rmtree(station.store.current.parent)
    assert again(station).current == models[0].path


def test_a_missing_configured_model_is_named(tmp_path):
    with pytest.raises(EdgedigitsError, match="no model at"):
        ModelStore(tmp_path, tmp_path / "model.int8.tflite")


def test_pieces_are_counted_while_an_update_is_tried(station, update_of, monkeypatch):
    from edgedigits.edge.station.updates import placing

    begun, over = threading.Event(), threading.Event()
    monkeypatch.setattr(placing, "try_folder", lambda _folder: (begun.set(), over.wait(60)))
    station.deliver(update_of())
    events = []
    looking = threading.Thread(target=lambda: events.extend(station.look()))
    looking.start()
    assert begun.wait(60)
    assert station.store.judge(600, 0) is None
    assert station.store.state.tally.total == 600
    over.set()
    looking.join(60)
    assert isinstance(events[0], UpdateTaken)
    assert station.store.state.before.total == 600


def test_what_was_rolled_back_while_an_update_is_tried_is_not_switched_from(station, update_of, models, monkeypatch):
    from edgedigits.edge.station.updates import placing

    taken(station, update_of)
    monkeypatch.setattr(placing, "try_folder", lambda _folder: again(station).rollback("meanwhile"))
    station.deliver(update_of(2, 1), "b.edgeupdate")
    assert station.look() == []
    monkeypatch.undo()
    kinds = [type(event) for event in station.look()]
    assert kinds == [UpdateRefused]
    assert station.store.current == models[0].path


def test_what_is_refused_is_told_once_also_where_another_model_runs_since(station, update_of):
    station.deliver(update_of(2, 0)).rename(station.updates / "later.edgeupdate")
    (station.updates / "a-text.edgeupdate").write_text("no zip", encoding="utf-8")
    old = time.time() - 60
    os.utime(station.updates / "a-text.edgeupdate", (old, old))
    station.deliver(update_of())
    told = [event.name for event in station.look() if isinstance(event, UpdateRefused)]
    assert told == ["a-text.edgeupdate", update_of().name]  # which was proved against the model of before
    assert station.look() == []


def test_another_file_of_the_same_name_is_told_of_again(station):
    for content in ("no zip", "no zip either"):
        path = station.updates / "a.edgeupdate"
        path.write_text(content, encoding="utf-8")
        old = time.time() - 60
        os.utime(path, (old, old))
        assert refused(station).kind == "damaged"


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link", "device"])
def test_what_has_the_name_of_an_update_and_is_no_file_is_told_once(station, kind):
    path = station.updates / "x.edgeupdate"
    make = {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "dangling link": lambda: path.symlink_to("nothing"),
        "device": lambda: path.symlink_to("/dev/zero"),
    }
    make[kind]()
    assert refused(station).words == "x.edgeupdate is not taken: it is no file; copy the update itself there"
    assert station.look() == []


def test_an_update_of_another_name_is_told_of_and_other_files_are_not(station, update_of):
    station.deliver(update_of()).rename(station.updates / "renamed.zip")
    (station.updates / "README.txt").write_text("updates go here", encoding="utf-8")
    (station.updates / ".update.edgeupdate.Xy12").write_bytes(b"on its way")
    assert refused(station).name == "renamed.zip"
    assert station.look() == []


def test_a_name_that_a_terminal_would_obey_is_shown_as_text(station):
    path = station.updates / "a\n\x1b[31m.edgeupdate"
    path.mkdir()
    assert refused(station).words.startswith("'a\\n\\x1b[31m.edgeupdate' is not taken")


def test_the_reason_names_no_folder_that_is_gone(station, models, keys):
    test = self_test_of(LineModel(models[1].path), strips())
    path = another_model(station.updates.parent / "none", 8)
    path.write_bytes(b"no model")
    write_card(path.parent, replace(card_of(models[1].path), sha256=sha256_of(path), bytes=8))
    write_update(station.updates, path, test, BETTER, models[0].sha256, keys.private)
    words = refused(station).words
    assert str(station.store.folder) not in words
    assert "make it again" in words


def test_a_station_that_was_ended_in_order_speaks_against_no_model(station, update_of, models):
    """Somebody may start it often while there is no mail, as who edits its configuration does."""
    taken(station, update_of)
    for _ in range(2 * MOST_STARTS):
        store = again(station)
        assert store.start() is None
        store.end()
    assert again(station).state.current == models[1].sha256


def test_pieces_of_a_shift_that_ended_in_order_are_counted_in_the_next(station, update_of):
    taken(station, update_of)
    for _ in range(3):
        store = again(station)
        store.start()
        store.judge(3, 0)
        store.judge(0, 2)
        store.end()
    tally = again(station).state.tally
    assert (tally.accepted, tally.rejected) == (9, 6)


def test_a_model_that_rejects_too_much_in_short_shifts_is_taken_back(station, update_of, models):
    taken(station, update_of)
    for _ in range(5):
        store = again(station)
        store.start()
        back = store.judge(0, 5)
        store.end()
    assert isinstance(back, RolledBack)
    assert again(station).state.current == models[0].sha256


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_state_that_may_not_be_read_is_no_damaged_one(station, update_of, models):
    """As where root wrote it with a strict umask: the station's user gets an error, and nothing is renamed."""
    taken(station, update_of)
    state = station.store.folder / "models.json"
    os.chown(state, 0, 0)
    state.chmod(0o600)
    for path in (station.store.folder, *station.store.folder.rglob("*")):
        if path != state:
            os.chown(path, 65534, 65534)
    for parent in station.store.folder.parents:
        if parent.stat().st_mode & 0o001 == 0:
            parent.chmod(parent.stat().st_mode | 0o011)
    program = (
        "import os, sys\n"
        "from edgedigits.edge.station.updates.state import read_state\n"
        "from edgedigits.core.errors import EdgedigitsError\n"
        "from pathlib import Path\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: read_state(Path(sys.argv[1]))\n"
        "except EdgedigitsError as error: print(type(error).__name__, error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(station.store.folder)], capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith("EdgedigitsError cannot read ")
    assert "check who may read it" in told
