"""The review queue: the most urgent piece first, no piece to two persons, and the code that is keyed first stands."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from journal_pieces import NOON, picture, piece, rejected

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.records import Event, Keyed, Waiting
from edgedigits.edge.station.journal.review import ClaimedByAnother


@pytest.fixture
def journal(tmp_path: Path):
    opened = Journal(tmp_path, durable=False, bin_of=lambda code: "B1" if code == "11111" else "")
    yield opened
    opened.close()


def claimed(journal: Journal, person: str = "ann", now: float = NOON) -> str:
    """The id of the piece that a person is given next; empty for none."""
    waiting = journal.claim(person, now)
    return waiting.result.id if waiting else ""


def test_held_pieces_come_first_by_their_deadlines_then_rejected_then_doubtful_ones(journal: Journal):
    journal.add(piece("doubtful", confidence=0.98), picture())
    journal.add(piece("sure", confidence=0.995), picture())
    journal.add(rejected("rejected"), picture())
    journal.add(rejected("rejected-2"), picture())
    journal.hold(rejected("later"), picture(), NOON + 20)
    journal.hold(rejected("sooner"), picture(), NOON + 10)
    order = [claimed(journal) for _ in range(6)]
    assert order == ["sooner", "later", "rejected", "rejected-2", "doubtful", ""]


def test_a_claim_says_until_when_the_piece_may_be_keyed_and_whose_it_is(journal: Journal):
    journal.hold(rejected("a"), picture(), NOON + 10)
    assert journal.claim("ann", NOON, lease=5) == Waiting(rejected("a"), until=NOON + 10, leased=NOON + 5)


def test_a_piece_that_is_final_has_no_deadline(journal: Journal):
    journal.add(rejected("a"), picture())
    waiting = journal.claim("ann", NOON)
    assert waiting is not None
    assert waiting.until is None


def test_a_piece_without_a_picture_is_not_reviewed_once_it_is_final(journal: Journal):
    journal.add(rejected("a"), None)
    journal.hold(rejected("b"), None, NOON + 10)
    journal.settle(NOON + 10)
    assert claimed(journal) == ""


def test_a_held_piece_whose_deadline_passed_is_given_out_only_once_it_is_final(journal: Journal):
    journal.hold(rejected("a"), picture(), NOON + 10)
    assert claimed(journal, now=NOON + 11) == ""
    journal.settle(NOON + 11)
    assert claimed(journal, now=NOON + 11) == "a"


def test_eight_persons_at_once_are_given_every_piece_once(journal: Journal):
    names = {f"piece-{number}" for number in range(200)}
    for name in names:
        journal.add(rejected(name), picture())
    given: list[str] = []

    def review(person: str) -> None:
        while name := claimed(journal, person):
            given.append(name)
            journal.key(name, "12345", person, NOON)

    persons = [threading.Thread(target=review, args=(f"person-{number}",)) for number in range(8)]
    for person in persons:
        person.start()
    for person in persons:
        person.join()
    assert len(given) == 200
    assert set(given) == names


def test_persons_at_two_programs_are_not_given_the_same_piece(journal: Journal, tmp_path: Path):
    other = Journal(tmp_path)
    for name in "ab":
        journal.add(rejected(name), picture())
    assert [claimed(journal, "ann"), claimed(other, "bob"), claimed(journal, "ann")] == ["a", "b", ""]
    other.close()


def test_two_programs_that_give_out_pieces_at_once_give_none_twice_and_wait_for_each_other(tmp_path: Path):
    journals = [Journal(tmp_path, durable=False) for _ in range(2)]
    for number in range(100):
        journals[0].add(rejected(f"piece-{number}"), picture())
    given: list[str] = []

    def review(journal: Journal) -> None:
        while name := claimed(journal):
            given.append(name)
            journal.key(name, "12345", "ann", NOON)

    programs = [threading.Thread(target=review, args=(journal,)) for journal in journals]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    assert sorted(given) == sorted(f"piece-{number}" for number in range(100))
    for journal in journals:
        journal.close()


def test_a_claim_ends_with_its_lease(journal: Journal):
    journal.add(rejected("a"), picture())
    journal.claim("ann", NOON, lease=30)
    assert claimed(journal, "bob", NOON + 29) == ""
    assert claimed(journal, "bob", NOON + 30) == "a"


def test_a_clock_that_is_set_back_keeps_no_claim_longer_than_a_lease(journal: Journal):
    journal.add(rejected("a"), picture())
    journal.claim("ann", NOON, lease=30)
    back = NOON - 86_400
    assert claimed(journal, "bob", back) == ""
    assert claimed(journal, "bob", back + 30) == "a"


def test_a_piece_that_is_given_back_comes_after_the_others(journal: Journal):
    for name in "abc":
        journal.add(rejected(name), picture())
    assert claimed(journal) == "a"
    journal.release("a", "ann")
    assert [claimed(journal) for _ in range(4)] == ["b", "c", "a", ""]


def test_nobody_gives_back_what_another_was_given(journal: Journal):
    journal.add(rejected("a"), picture())
    journal.claim("ann", NOON)
    journal.release("a", "bob")
    assert claimed(journal, "bob") == ""


def test_all_that_a_person_was_given_is_given_back_at_once(journal: Journal):
    for name in "abc":
        journal.add(rejected(name), picture())
    claimed(journal, "ann"), claimed(journal, "bob"), claimed(journal, "ann")
    journal.release_all("ann")
    assert {claimed(journal, "carol"), claimed(journal, "carol"), claimed(journal, "carol")} == {"a", "c", ""}


def test_a_code_before_the_deadline_becomes_the_result(journal: Journal):
    journal.hold(rejected("a"), picture(), NOON + 10)
    keyed = journal.key("a", "11111", "ann", NOON + 9)
    result = rejected(
        "a", code="11111", outcome="keyed", why="", bin="B1", confidence=1.0, person="ann", decided=NOON + 9
    )
    assert keyed == Keyed("a", "11111", "ann", first=True, event=Event(1, result))
    assert journal.events(0) == [Event(1, result)]
    assert journal.settle(NOON + 10) == []


def test_a_clock_that_is_set_back_decides_no_result_before_it_was_read(journal: Journal):
    for name in "ab":
        journal.hold(rejected(name), picture(), NOON + 10)
    keyed = journal.key("a", "11111", "ann", NOON - 3600).event
    (settled,) = journal.settle(NOON - 3590)
    assert keyed is not None
    assert (keyed.result.decided, settled.result.decided) == (NOON, NOON)


def test_a_code_at_the_deadline_is_a_label_and_the_piece_is_settled_as_rejected(journal: Journal):
    journal.hold(rejected("a"), picture(), NOON + 10)
    assert journal.key("a", "11111", "ann", NOON + 10) == Keyed("a", "11111", "ann", first=True, event=None)
    (event,) = journal.settle(NOON + 10)
    assert (event.result.outcome, event.result.code) == ("rejected", "48000")
    assert claimed(journal, now=NOON + 11) == ""


def test_a_code_for_an_accepted_piece_is_a_label_only(journal: Journal):
    doubtful = piece("a", confidence=0.98)
    journal.add(doubtful, picture())
    assert journal.key("a", "4800", "ann", NOON) == Keyed("a", "4800", "ann", first=True, event=None)
    assert journal.piece("a") == doubtful
    assert (journal.last_sequence(), claimed(journal)) == (1, "")


def test_the_second_person_is_told_what_the_first_keyed(journal: Journal):
    journal.hold(rejected("a"), picture(), NOON + 10)
    journal.key("a", "11111", "ann", NOON + 1)
    assert journal.key("a", "22222", "bob", NOON + 2) == Keyed("a", "11111", "ann", first=False, event=None)
    assert journal.piece("a").code == "11111"  # type: ignore[union-attr]


def test_of_eight_persons_who_key_one_piece_at_once_one_is_first(journal: Journal):
    journal.hold(rejected("a"), picture(), NOON + 10)
    answers: list[Keyed] = []

    def key(number: int) -> None:
        answers.append(journal.key("a", str(number) * 5, f"person-{number}", NOON + 1))

    persons = [threading.Thread(target=key, args=(number,)) for number in range(8)]
    for person in persons:
        person.start()
    for person in persons:
        person.join()
    (first,) = [answer for answer in answers if answer.first]
    assert {(answer.code, answer.person) for answer in answers} == {(first.code, first.person)}
    assert [event.result.code for event in journal.events(0)] == [first.code]


def test_a_piece_that_nobody_can_read_is_rejected_at_once_and_says_who_said_so(journal: Journal):
    journal.hold(rejected("a"), picture(), NOON + 10)
    event = journal.key("a", "", "ann", NOON + 1).event
    assert event is not None
    assert event.result == rejected("a", why="nobody can read it", person="ann", decided=NOON + 1)
    assert claimed(journal, now=NOON + 1) == ""


def test_keying_needs_no_claim_and_ends_that_of_another(journal: Journal):
    journal.add(rejected("a"), picture())
    journal.claim("ann", NOON)
    assert journal.key("a", "11111", "bob", NOON).first
    assert not journal.key("a", "11111", "ann", NOON).first


def test_what_was_keyed_survives_a_restart(journal: Journal, tmp_path: Path):
    journal.hold(rejected("a"), picture(), NOON + 10)
    journal.key("a", "11111", "ann", NOON + 1)
    journal.close()
    again = Journal(tmp_path)
    assert again.latest(1)[0].person == "ann"
    assert not again.key("a", "22222", "bob", NOON + 2).first
    again.close()


@pytest.mark.parametrize("code", ["12a45", "123 45", "\N{ARABIC-INDIC DIGIT ONE}", "-1", "1\n", "1" * 41])
def test_a_code_that_is_not_digits_is_refused_and_changes_nothing(journal: Journal, code: str):
    journal.hold(rejected("a"), picture(), NOON + 10)
    with pytest.raises(EdgedigitsError, match=r"is no code; key digits only|a code of 41 digits; key at most 40"):
        journal.key("a", code, "ann", NOON)
    assert journal.events(0) == []
    assert claimed(journal) == "a"


def test_a_piece_that_is_not_there_is_said(journal: Journal):
    with pytest.raises(EdgedigitsError, match="no piece 'a' in the journal"):
        journal.key("a", "1", "ann", NOON)


@pytest.mark.parametrize("person", ["", " ", "a\nb", "x" * 101])
def test_a_person_without_a_name_reviews_nothing(journal: Journal, person: str):
    journal.add(rejected("a"), picture())
    with pytest.raises(EdgedigitsError, match="name"):
        journal.claim(person, NOON)
    with pytest.raises(EdgedigitsError, match="name"):
        journal.key("a", "1", person, NOON)


def test_a_clock_that_is_set_back_gives_a_person_no_more_time_than_the_piece_was_to_wait(journal: Journal):
    journal.hold(rejected("a"), picture(), NOON + 10)
    waiting = journal.claim("ann", NOON - 3600)
    assert waiting is not None
    assert waiting.until == NOON - 3590


def test_a_claim_that_has_ended_binds_nobody(journal: Journal):
    journal.add(rejected("a"), picture())
    journal.claim("ann (w1)", NOON, lease=60)
    with pytest.raises(ClaimedByAnother, match="ann"):
        journal.key("a", "11111", "bob", NOON + 59, "bob (w2)")
    assert journal.key("a", "11111", "bob", NOON + 61, "bob (w2)").first
