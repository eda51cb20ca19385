"""What several frames say of one piece."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgedigits.edge.station.pieces.code_reader import OTHERWISE, RowTexts, posterior
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.fusing import Evidence

PLACE = (100, 200, 220, 50)


def evidence(*frames, box=PLACE):
    told = Evidence()
    for texts in frames:
        told.add([RowTexts(box, tuple(texts))] if texts else [])
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
    assert one_of_them.confidence < 0.05 < all_of_them.confidence


def test_rows_at_two_places_are_not_mixed():
    told = Evidence()
    told.add([RowTexts(PLACE, (("12345", 0.9),)), RowTexts((100, 20, 220, 50), (("99999", 0.8),))])
    assert [one.texts[0][0] for one in told.fused()] == ["12345", "99999"]


def test_a_row_that_moves_a_little_on_its_piece_is_the_same():
    told = evidence([("12345", 0.9)])
    told.add([RowTexts((108, 205, 215, 48), (("12345", 0.9),))])
    assert len(told.fused()) == 1


def test_a_code_is_accepted_from_the_threshold_on():
    told = evidence([("12345", 0.98)], [("12345", 0.98)])
    assert Decider(0.975).final(told).outcome == "accepted"
    assert Decider(0.985).final(told).outcome == "rejected"


def test_one_frame_is_not_enough_for_an_early_decision():
    assert Decider(0.9).early(evidence([("12345", 0.99)])) is None
    assert Decider(0.9).early(evidence([("12345", 0.99)], [("12345", 0.99)])).code == "12345"


def test_a_rejected_code_says_what_else_it_may_be():
    decision = Decider(0.97).final(evidence(*[[("48000", 0.6), ("43000", 0.35)]] * 2))
    assert decision.code == "48000"
    assert decision.why == "not sure enough: 48000 with 0.600, or 43000, and 0.970 is needed"


def test_two_codes_on_one_piece_are_rejected():
    told = Evidence()
    for _ in range(2):
        told.add([RowTexts(PLACE, (("12345", 0.99),)), RowTexts((100, 20, 220, 50), (("99999", 0.98),))])
    decision = Decider(0.5).final(told)
    assert (decision.outcome, decision.why) == ("rejected", "two codes stand on it, 12345 and 99999")


def test_the_same_code_twice_on_a_piece_is_one():
    told = Evidence()
    for _ in range(2):
        told.add([RowTexts(PLACE, (("12345", 0.99),)), RowTexts((100, 20, 220, 50), (("12345", 0.98),))])
    assert Decider(0.5).final(told).outcome == "accepted"


def test_a_piece_without_a_code_says_so():
    assert Decider(0.5).final(evidence([])).why == "no code was found on it"


def test_a_piece_that_was_not_looked_at_says_so():
    assert Decider(0.5).final(Evidence()).why == "it was not in view long enough to be read"


def test_a_posterior_counts_what_the_row_says_otherwise():
    told = dict(posterior(["12345"], np.array([0.6]), nothing=0.1, chances=None))
    assert told["12345"] == pytest.approx(0.6 / (0.6 + 0.1 + OTHERWISE * 0.3))


def test_with_few_valid_codes_the_likeliest_of_them_is_believed():
    told = dict(posterior(["12345"], np.array([0.2]), nothing=0.0, chances=None))
    assert told["12345"] == pytest.approx(0.2 / (0.2 + OTHERWISE * 0.8))


def test_marks_that_a_network_of_digits_reads_alike_make_a_text_surer():
    chances = np.full((5, 10), 0.01)
    chances[range(5), [1, 2, 3, 4, 5]] = 0.91
    names, by_line = ["12345", "12346"], np.array([0.5, 0.4])
    alone, together = (dict(posterior(names, by_line, 0.0, one)) for one in (None, chances))
    assert together["12345"] > 0.97 > alone["12345"]


def test_a_digit_that_both_networks_read_differently_makes_a_code_doubtful():
    chances = np.full((5, 10), 0.01)
    chances[range(5), [1, 2, 3, 4, 6]] = 0.91
    told = dict(posterior(["12345", "12346"], np.array([0.95, 0.03]), 0.0, chances))
    assert max(told.values()) < 0.9
