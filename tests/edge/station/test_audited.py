"""Accepted pieces that are drawn at random and checked prove the threshold that accepted them."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from journal_pieces import NOON, picture, piece, rejected
from whole_station import RunningStation, write_config

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.confidence import fewest_lines
from edgedigits.core.statistics.proportions import binomial_tail
from edgedigits.edge.station.calibration.audited import keep_proof, prove_by_audit
from edgedigits.edge.station.calibration.threshold import read_calibration
from edgedigits.edge.station.checking import try_station
from edgedigits.edge.station.configuration.settings_file import read_settings
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.records import Audit

AUDIT = Audit(0.97, "codes", "digits")


@pytest.fixture
def journal(tmp_path: Path):
    opened = Journal(tmp_path / "journal", durable=False)
    yield opened
    opened.close()


def audited(journal: Journal, names, label: str | None = "48000", audit: Audit = AUDIT, **told) -> None:
    for name in names:
        journal.add(piece(f"piece-{name}", **told), picture(), audit=audit)
        if label is not None:
            journal.key(f"piece-{name}", label, "ann", NOON)


def test_as_many_right_pieces_as_prove_a_target_prove_it_and_one_less_does_not(journal: Journal):
    enough = fewest_lines(0.1)
    audited(journal, range(enough - 1))
    found = prove_by_audit(journal.folder, 10.0)
    assert found.proof.value is None
    assert found.explanation == (
        "28 checked pieces, 0 of them wrong, cannot prove that at most 10 % of the accepted pieces are wrong; "
        "1 more could, if all are right"
    )
    audited(journal, ["last"])
    assert prove_by_audit(journal.folder, 10.0).proof.value == 0.97


def test_a_wrong_piece_counts_as_the_exact_binomial_test_says(journal: Journal):
    audited(journal, range(44))
    audited(journal, ["wrong"], "48001")
    assert binomial_tail(1, 45, 0.1) > 0.05
    assert prove_by_audit(journal.folder, 10.0).proof.value is None
    audited(journal, ["more"])
    assert binomial_tail(1, 46, 0.1) <= 0.05
    assert prove_by_audit(journal.folder, 10.0).proof.value == 0.97


def test_what_nobody_can_read_and_what_was_passed_over_counts_as_wrong(journal: Journal):
    audited(journal, ["unreadable"], "")
    audited(journal, ["passed"], None)
    audited(journal, range(5))
    found = prove_by_audit(journal.folder, 10.0)
    assert (found.proof.wrong, found.proof.accepted, found.passed_over) == (2, 7, 1)


def test_pieces_that_wait_to_be_checked_say_nothing_yet(journal: Journal):
    audited(journal, range(3))
    audited(journal, range(3, 8), None)
    found = prove_by_audit(journal.folder, 10.0)
    assert (found.proof.accepted, found.waiting) == (3, 5)


def test_pieces_of_another_threshold_network_or_kind_of_code_say_nothing(journal: Journal):
    audited(journal, ["a"], "1", replace(AUDIT, threshold=0.9))
    audited(journal, ["b"], "1", replace(AUDIT, expected="others"))
    audited(journal, ["c"], "1", model="before")
    audited(journal, ["d"], "1", replace(AUDIT, digits="before"))
    audited(journal, range(4))
    found = prove_by_audit(journal.folder, 10.0)
    assert (found.proof.wrong, found.proof.accepted, found.others) == (0, 4, 4)


def test_labels_of_pieces_that_were_not_drawn_say_nothing(journal: Journal):
    """People are given what is doubtful: among them more are wrong than among all."""
    audited(journal, range(4))
    journal.add(piece("doubtful", confidence=0.98), picture())
    journal.add(rejected("rejected"), picture())
    for name in ("doubtful", "rejected"):
        journal.key(name, "99999", "ann", NOON)
    assert prove_by_audit(journal.folder, 10.0).proof.accepted == 4


def test_too_many_wrong_ones_are_proved_in_few_of_a_thousand_samples():
    """Just above the target, five in a hundred samples may be taken for good ones."""
    chance = random.Random(3)
    count, target = 500, 0.02
    proved = sum(
        binomial_tail(sum(chance.random() < target for _ in range(count)), count, target) <= 0.05 for _ in range(1000)
    )
    assert proved <= 75


def test_a_proof_is_kept_for_the_network_and_the_codes_of_the_sample(journal: Journal):
    audited(journal, range(40))
    keep_proof(journal.folder, prove_by_audit(journal.folder, 10.0))
    kept = read_calibration(journal.folder)
    assert kept is not None
    assert (kept.threshold, kept.target_error, kept.pieces, kept.wrong) == (0.97, 0.1, 40, 0)
    assert (kept.model, kept.expected, kept.digits) == ("c0ffee", "codes", "digits")


def test_what_is_not_proved_leaves_what_was_kept(journal: Journal):
    audited(journal, range(40))
    keep_proof(journal.folder, prove_by_audit(journal.folder, 10.0))
    audited(journal, ["x"], "1", replace(AUDIT, threshold=0.5))
    keep_proof(journal.folder, prove_by_audit(journal.folder, 10.0))
    kept = read_calibration(journal.folder)
    assert kept is not None
    assert kept.threshold == 0.97


def test_a_journal_without_audited_pieces_says_what_to_do(journal: Journal):
    journal.add(piece("one"), picture())
    with pytest.raises(EdgedigitsError, match="set audit_percent"):
        prove_by_audit(journal.folder, 0.5)


def test_audited_pieces_are_given_out_before_doubtful_ones_and_after_rejected_ones(journal: Journal):
    journal.add(piece("doubtful", confidence=0.98), picture())
    audited(journal, ["drawn"], None)
    journal.add(rejected("rejected"), picture())
    given = [journal.claim(person, NOON) for person in ("ann", "bob", "cid")]
    assert [one and one.result.id for one in given] == ["rejected", "piece-drawn", "doubtful"]


def test_a_piece_without_a_picture_is_not_audited(journal: Journal):
    journal.add(piece("blind"), None, audit=AUDIT)
    assert journal.counts(0).waiting == 0


def as_version_1(folder: Path) -> None:
    """Make a journal what the version before wrote: no audits, and doubtful ones as 3."""
    connection = sqlite3.connect(folder / "journal.sqlite")
    connection.executescript(
        "DROP TABLE audits; UPDATE pieces SET review = 3 WHERE review = 4; PRAGMA user_version = 1;"
    )
    connection.close()


def test_a_journal_of_the_version_before_opens_with_all_that_it_has(tmp_path: Path):
    folder = tmp_path / "journal"
    before = Journal(folder)
    before.add(piece("doubtful", confidence=0.98), picture())
    before.add(rejected("rejected"), picture(), boxes=((1, 2, 3, 4),))
    before.close()
    as_version_1(folder)
    with pytest.raises(EdgedigitsError, match="no audited piece"):
        prove_by_audit(folder, 0.5)  # read as it is

    now = Journal(folder)
    assert now.set_aside is None
    assert [event.result.id for event in now.events(0)] == ["doubtful", "rejected"]
    audited(now, ["drawn"], None)
    given = [now.claim(person, NOON) for person in ("ann", "bob", "cid")]
    assert [one and one.result.id for one in given] == ["rejected", "piece-drawn", "doubtful"]
    now.close()
    again = Journal(folder)
    assert again.counts(0).waiting == 3
    again.close()


def test_audits_of_the_version_before_are_kept_and_prove_nothing(tmp_path: Path):
    """They do not say which network of digits read."""
    folder = tmp_path / "journal"
    before = Journal(folder)
    audited(before, range(3))
    before.close()
    with sqlite3.connect(folder / "journal.sqlite") as connection:
        connection.executescript("ALTER TABLE audits DROP COLUMN digits; PRAGMA user_version = 2;")
    connection.close()
    with pytest.raises(EdgedigitsError, match="no audited piece"):
        prove_by_audit(folder, 10.0)  # read as it is
    now = Journal(folder)
    assert now.set_aside is None
    audited(now, ["new"])
    found = prove_by_audit(folder, 10.0)
    assert (found.proof.accepted, found.others) == (1, 3)
    now.close()


def test_what_a_station_s_own_mail_proves_is_what_it_runs_with(tmp_path: Path):
    top = "audit_percent = 100"
    config = write_config(tmp_path, "mail:easy,seed=3,pieces=12,frames=10", top=top)
    text = config.read_text(encoding="utf-8").replace("threshold = 0.97", "target_error = 25")
    config.write_text(text, encoding="utf-8")
    with RunningStation(config) as station:
        assert station.wait_until_ended() == 0
        assert "not calibrated" in station.log
    journal = Journal(tmp_path / "journal")
    for event in journal.events(0, 100):
        if event.result.outcome == "accepted":
            journal.key(event.result.id, event.result.code, "ann", NOON)
    journal.close()
    found = prove_by_audit(tmp_path / "journal", 25.0)
    assert found.proof.value == 0.97
    keep_proof(tmp_path / "journal", found)
    (tried,) = [one for one in try_station(read_settings(config), tmp_path) if one.name == "threshold"]
    assert tried.words == "0.9700, at most 25 % of the accepted are wrong, with 95 %"


def test_a_station_draws_from_what_it_accepts_and_notes_its_threshold(tmp_path: Path):
    config = write_config(tmp_path, "mail:easy,seed=3,pieces=4,frames=10", top="audit_percent = 100")
    with RunningStation(config) as station:
        assert station.wait_until_ended() == 0
    with sqlite3.connect(tmp_path / "journal" / "journal.sqlite") as connection:
        accepted = connection.execute("SELECT count(*) FROM pieces WHERE outcome = 'accepted'").fetchone()[0]
        drawn = connection.execute("SELECT threshold FROM audits").fetchall()
    assert accepted >= 2
    assert drawn == [(0.97,)] * accepted


def test_a_person_is_told_which_pieces_are_to_be_checked(journal: Journal):
    audited(journal, ["drawn"], None)
    journal.add(piece("doubtful", confidence=0.98), picture())
    given = [journal.claim(person, NOON) for person in ("ann", "bob")]
    assert [one and (one.result.id, one.audited) for one in given] == [("piece-drawn", True), ("doubtful", False)]
