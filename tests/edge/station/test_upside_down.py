"""Which way up a piece lies, and what a station says where it may lie upside down."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgedigits.edge.station.pieces.code_reader import RowTexts
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.fusing import Evidence
from edgedigits.edge.station.pieces.orientation import print_upright
from edgedigits.edge.station.pieces.text_probabilities import TextSeen

ADDRESS = ("Ada Albers", "Harbour Street 170", "Fairhaven")
PLACE = (100, 200, 220, 50)


def address(lines=ADDRESS, turn=0.0):
    """A piece with lines of print, one left edge above the other, turned by so many degrees."""
    picture = np.full((300, 500), 225, np.uint8)
    for line, words in enumerate(lines):
        cv2.putText(picture, words, (150, 100 + 22 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40,), 1, cv2.LINE_AA)
    move = cv2.getRotationMatrix2D((250, 150), turn, 1)
    return cv2.warpAffine(picture, move, (500, 300), borderMode=cv2.BORDER_REPLICATE)


def upside_down(picture):
    return np.ascontiguousarray(picture[::-1, ::-1])


@pytest.mark.parametrize("turn", [-4, 0, 4])
def test_an_address_tells_which_way_up_it_stands(turn):
    assert print_upright(address(turn=turn)) > 0
    assert print_upright(upside_down(address(turn=turn))) < 0


@pytest.mark.parametrize("lines", [(), ("Harbour Street 170",)])
def test_without_lines_below_one_another_nothing_is_told(lines):
    assert print_upright(address(lines)) == 0


def frames(*upside):
    """What was heard of a code in frames that each say what it may say upside down."""
    told = Evidence()
    for text in upside:
        told.add([RowTexts(PLACE, (TextSeen("66018", 0.99, 0.99, -0.02, 5.0),), upside_down=text)])
    return told


def test_a_code_that_may_stand_upside_down_is_rejected_with_both_readings():
    decision = Decider(0.5).final(frames("81099", "81099"))
    assert (decision.outcome, decision.code) == ("rejected", "66018")
    assert decision.why == "it may lie upside down: 66018, or 81099 when it is turned"


def test_one_frame_of_three_that_doubts_which_way_up_it_is_does_not_reject():
    assert Decider(0.5).final(frames("81099", "", "")).outcome == "accepted"
