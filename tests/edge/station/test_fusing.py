"""What several frames say of one piece."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgedigits.edge.station.pieces.code_reader import RowTexts
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.fusing import Evidence
from edgedigits.edge.station.pieces.text_probabilities import OTHERWISE, TextSeen, texts_seen

PLACE, ABOVE = (100, 200, 220, 50), (100, 20, 220, 50)


def row(*texts, box=PLACE):
    """A row of which both networks give these probabilities to texts."""
    return RowTexts(box, tuple(TextSeen(text, chance, chance, -0.02, 5.0) for text, chance in texts))


def evidence(*frames, box=PLACE):
    told = Evidence()
    for texts in frames:
        told.add([row(*texts, box=box)] if texts else [])
    return told


def test_probabilities_are_put_together_by_their_geometric_mean():
    (fused,) = evidence([("12345", 0.9)], [("12345", 0.4)]).fused()
    assert fused.texts[0] == ("12345", pytest.approx(math.sqrt(0.36)))


def test_one_sure_frame_does_not_outvote_two_that_say_another_code():
    frames = [[("48000", 0.7), ("43000", 0.3)], [("43000", 0.9), ("48000", 0.1)], [("43000", 0.6), ("48000", 0.4)]]
    (fused,) = evidence(*frames).fused()
    assert fused.texts[0][0] == "43000"


def test_votes_would_say_the_other():
    frames = [
        [("11111", 0.51), ("77777", 0.49)],
        [("11111", 0.51), ("77777", 0.49)],
        [("77777", 0.99), ("11111", 0.01)],
    ]
    (fused,) = evidence(*frames).fused()
    assert fused.texts[0][0] == "77777"


def test_a_frame_that_finds_no_code_makes_the_others_doubtful():
    (all_of_them,) = evidence([("12345", 0.99)], [("12345", 0.99)]).fused()
    (one_of_them,) = evidence([("12345", 0.99)], []).fused()
    assert one_of_them.texts[0][1] < 0.05 < all_of_them.texts[0][1]
    assert one_of_them.confidence < all_of_them.confidence


def test_rows_at_two_places_are_not_mixed():
    told = Evidence()
    told.add([row(("12345", 0.9)), row(("99999", 0.8), box=ABOVE)])
    assert [one.texts[0][0] for one in told.fused()] == ["12345", "99999"]


def test_a_row_that_moves_a_little_on_its_piece_is_the_same():
    told = evidence([("12345", 0.9)])
    told.add([row(("12345", 0.9), box=(108, 205, 215, 48))])
    assert len(told.fused()) == 1


def test_a_code_is_accepted_from_the_threshold_on():
    told = evidence([("12345", 0.98)], [("12345", 0.98)])
    confidence = told.fused()[0].confidence
    assert Decider(confidence).final(told).outcome == "accepted"
    assert Decider(confidence + 1e-6).final(told).outcome == "rejected"


def test_one_frame_is_not_enough_for_an_early_decision():
    assert Decider(0.9).early(evidence([("12345", 0.99)])) is None
    assert Decider(0.9).early(evidence([("12345", 0.99)], [("12345", 0.99)])).code == "12345"


def test_a_rejected_code_says_what_else_it_may_be():
    decision = Decider(0.97).final(evidence(*[[("48000", 0.6), ("43000", 0.35)]] * 2))
    assert decision.code == "48000"
    sure = f"{decision.confidence:.3f}"
    assert decision.why == f"not sure enough: 48000 with {sure}, or 43000, and 0.970 is needed"


def test_two_codes_on_one_piece_are_rejected():
    told = Evidence()
    for _ in range(2):
        told.add([row(("12345", 0.99)), row(("99999", 0.98), box=ABOVE)])
    decision = Decider(0.5).final(told)
    assert (decision.outcome, decision.why) == ("rejected", "two codes stand on it, 12345 and 99999")


def test_the_same_code_twice_on_a_piece_is_one():
    told = Evidence()
    for _ in range(2):
        told.add([row(("12345", 0.99)), row(("12345", 0.98), box=ABOVE)])
    assert Decider(0.5).final(told).outcome == "accepted"


def test_a_piece_without_a_code_says_so():
    assert Decider(0.5).final(evidence([])).why == "no code was found on it"


def test_a_piece_that_was_not_looked_at_says_so():
    assert Decider(0.5).final(Evidence()).why == "it was not in view long enough to be read"


def seen(names, by_line, nothing=0.0, chances=None):
    return {one.text: one for one in texts_seen(names, np.array(by_line), nothing, chances)}


def by_digits(label):
    """What a network of digits says that reads 1234 and a last digit."""
    chances = np.full((5, 10), 0.01)
    chances[range(5), [1, 2, 3, 4, label]] = 0.91
    return chances


def test_what_a_row_says_otherwise_counts_against_a_text():
    told = seen(["12345"], [0.6], nothing=0.1)
    assert told["12345"].probability == pytest.approx(0.6 / (0.6 + 0.1 + OTHERWISE * 0.3))


def test_with_few_valid_codes_the_likeliest_of_them_is_believed():
    assert seen(["12345"], [0.2])["12345"].probability == pytest.approx(0.2 / (0.2 + OTHERWISE * 0.8))


def test_marks_that_a_network_of_digits_reads_alike_make_a_text_surer():
    names, by_line = ["12345", "12346"], [0.5, 0.4]
    together, alone = seen(names, by_line, chances=by_digits(5)), seen(names, by_line)
    assert together["12345"].probability > 0.97 > alone["12345"].probability
    assert together["12345"].by_line == alone["12345"].by_line


def test_a_digit_that_both_networks_read_differently_makes_a_code_doubtful():
    told = seen(["12345", "12346"], [0.95, 0.03], chances=by_digits(6))
    assert max(one.probability for one in told.values()) < 0.9


def test_the_margin_is_that_of_the_digit_that_is_doubted_most():
    told = seen(["12345"], [0.95], chances=by_digits(6))["12345"]
    own, rival = 0.97 * 0.01 + 0.003, 0.97 * 0.91 + 0.003
    assert told.least == pytest.approx(math.log(own))
    assert told.margin == pytest.approx(math.log(own / rival))


def test_a_code_whose_digits_are_read_by_a_margin_is_surer_than_one_whose_are_not():
    frames = [[RowTexts(PLACE, (TextSeen("12345", 0.98, 0.98, -0.7, margin),))] * 1 for margin in (6.0, 0.1)]
    sure = []
    for frame in frames:
        told = Evidence()
        told.add(frame)
        told.add(frame)
        sure.append(told.fused()[0].confidence)
    assert sure[0] > sure[1] + 0.05


def test_a_code_that_a_9_is_read_in_is_surer_than_one_with_a_1_in_its_place():
    (nine,), (one,) = (evidence([(code, 0.98)], [(code, 0.98)]).fused() for code in ("23945", "23145"))
    assert nine.confidence > one.confidence
