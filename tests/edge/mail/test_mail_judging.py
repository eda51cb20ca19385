"""What a station said of simulated mail, matched with its pieces and counted."""

from __future__ import annotations

from dataclasses import replace

from edgedigits.edge.recordings.mail.judging import MailAnswer, judge_mail
from edgedigits.edge.recordings.mail.pieces import MailPiece, passing


def piece(index: int, code: str, start: float) -> MailPiece:
    """A piece 400 wide that moves to the right by 40 pixels a frame."""
    return MailPiece(index, code, *passing(start, 40.0, 400), start, 40.0, 100, (400, 300), (150, 200, 200, 60))


PIECES = (piece(0, "12345", -400.0), piece(1, "67890", -1000.0), piece(2, "", -1600.0))


def answer(index: int, code: str, outcome: str = "accepted", late: int = 0) -> MailAnswer:
    """What is said of a piece when it is wholly in view, with its place."""
    one = PIECES[index]
    return MailAnswer(code, outcome, one.first_whole + late, one.box_at(one.first_whole + late))


def counts(*answers: MailAnswer) -> dict[str, float]:
    found = judge_mail(PIECES, answers).as_dict()
    return {name: found[name] for name in ("right", "rejected", "wrong", "missed", "doubled", "spurious")}


def expected(**given: int) -> dict[str, int]:
    return dict.fromkeys(("right", "rejected", "wrong", "missed", "doubled", "spurious"), 0) | given


def test_each_piece_has_its_verdict():
    assert counts(answer(0, "12345"), answer(1, "67891"), answer(2, "", "rejected")) == expected(
        right=1, wrong=1, rejected=1
    )


def test_what_a_person_keyed_counts_as_an_answer():
    assert counts(answer(0, "12345", "keyed")) == expected(right=1, missed=2)


def test_a_rejected_piece_is_no_error_whatever_was_likeliest():
    judged = judge_mail(PIECES, [answer(0, "99999", "rejected"), answer(1, "67890")])

    assert judged.count("rejected") == 1 and judged.error == 0


def test_every_code_of_a_piece_without_one_is_wrong():
    assert counts(answer(2, "12345")) == expected(wrong=1, missed=2)
    assert counts(answer(2, "")) == expected(wrong=1, missed=2)


def test_a_second_answer_to_a_piece_is_doubled_and_the_first_counts():
    assert counts(answer(0, "12345"), answer(0, "99999", late=2)) == expected(right=1, missed=2, doubled=1)


def test_an_answer_where_no_piece_is_belongs_to_none():
    beside = replace(answer(0, "12345"), box=(600, 600, 40, 40))

    assert counts(beside) == expected(missed=3, spurious=1)


def test_an_answer_belongs_to_the_piece_that_is_at_its_place_then():
    frame = PIECES[1].first_whole
    assert PIECES[0].box_at(frame) and PIECES[1].box_at(frame)

    judged = judge_mail(PIECES, [MailAnswer("67890", "accepted", frame, PIECES[1].box_at(frame))])

    assert [one.verdict for one in judged.pieces] == ["missed", "right", "missed"]


def test_where_pieces_lie_over_one_another_the_upper_one_is_meant():
    over = (PIECES[0], replace(PIECES[1], start=-600.0, first=6, first_whole=15, last_whole=37, last=46))
    frame = 20
    x = over[0].left_at(frame)

    judged = judge_mail(over, [MailAnswer("67890", "accepted", frame, (x + 50, 150, 100, 100))])

    assert [one.verdict for one in judged.pieces] == ["missed", "right"]


def test_an_answer_without_a_place_belongs_to_the_first_piece_in_view_that_has_none():
    frame = PIECES[1].first_whole
    told = [MailAnswer(code, "accepted", frame) for code in ("12345", "67890", "11111")]

    assert counts(*told) == expected(right=2, missed=1, doubled=1)
    assert counts(MailAnswer("12345", "accepted", 0)) == expected(missed=3, spurious=1)


def test_a_station_may_notice_one_frame_late_that_a_piece_has_left():
    one = PIECES[0]

    assert counts(MailAnswer("12345", "accepted", one.last + 1, one.box_at(one.last))) == expected(right=1, missed=2)
    assert counts(MailAnswer("12345", "accepted", one.last + 2, one.box_at(one.last))) == expected(missed=3, spurious=1)


def test_shares_are_of_the_pieces_that_carry_a_code():
    judged = judge_mail(PIECES, [answer(0, "12345"), answer(1, "", "rejected"), answer(2, "55555")])

    assert judged.without_code == 1
    assert judged.accepted_share == 0.5
    assert judged.error == 0.5


def test_no_answers_are_no_errors():
    judged = judge_mail(PIECES, [])

    assert (judged.error, judged.accepted_share, judged.count("missed")) == (0, 0, 3)


def test_every_piece_has_exactly_one_verdict():
    judged = judge_mail(PIECES, [answer(0, "12345"), answer(1, "", "rejected")])

    assert sum(judged.count(one) for one in ("right", "rejected", "wrong", "missed")) == len(PIECES)
