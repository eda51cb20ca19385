import pytest

from edgedigits.edge.station.updates.proving import Paired, UpdateProof, paired, proof_from

ALIKE = Paired(2000, 1600, 40, 40)
NO_SLIPS = Paired(60, 0, 0, 0)


def proof(held_out, composed=ALIKE, slips=NO_SLIPS):
    return UpdateProof(held_out, composed, slips)


def test_lines_are_counted_before_and_after():
    found = paired([True, True, False, False, True], [True, False, True, False, False])
    assert found == Paired(count=5, both=1, lost=2, won=1)
    assert (found.before, found.after) == (3, 2)


def test_mcnemars_p_is_that_of_a_fair_coin():
    """1 of 10 that differ: 2 * (1 + 10) / 1024."""
    assert Paired(60, 20, 1, 9).p_value == pytest.approx(22 / 1024)


@pytest.mark.parametrize(
    ("held_out", "verdict"),
    [
        (Paired(60, 20, 1, 9), "better"),
        (Paired(60, 20, 2, 8), "equal"),  # p = 0.109
        (Paired(60, 20, 5, 5), "equal"),
        (Paired(60, 20, 5, 4), "worse"),
        (Paired(60, 20, 9, 1), "worse"),
        (Paired(19, 2, 0, 15), "worse"),  # too few lines to prove anything
    ],
)
def test_the_verdict_follows_the_held_out_lines(held_out, verdict):
    assert proof(held_out).verdict == verdict


def test_what_forgets_other_hands_is_worse():
    forgets = proof(Paired(60, 20, 1, 9), composed=Paired(2000, 1500, 80, 50))
    assert forgets.verdict == "worse"
    assert "of 2000 composed lines it reads 1550, the one that runs 1580" in forgets.why
    assert "--composed" not in forgets.why


def test_too_few_composed_lines_to_prove_that_none_is_lost_are_called_that():
    few = proof(Paired(60, 20, 1, 9), composed=Paired(100, 80, 2, 2))
    assert few.verdict == "worse"
    assert "more lines (--composed) could prove that none is lost" in few.why


def test_what_accepts_more_wrong_lines_is_worse():
    slips = proof(Paired(60, 20, 1, 9), slips=Paired(60, 1, 1, 9))
    assert slips.verdict == "worse"
    assert "it accepts 10 wrong lines, and the model that runs 2" in slips.why


def test_nothing_speaks_against_what_is_better():
    assert proof(Paired(60, 20, 1, 9)).why == ""


def test_a_proof_survives_json():
    made = proof(Paired(60, 20, 1, 9))
    assert proof_from(made.as_dict()) == made


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"held_out": {"count": 60, "both": 20, "lost": 1}},
        {"held_out": {"count": 60, "both": 59, "lost": 1, "won": 9}},
        {"held_out": {"count": 60, "both": True, "lost": 1, "won": 9}},
        {"held_out": {"count": 60, "both": 20, "lost": -1, "won": 9}},
        {"held_out": {"count": 10**9, "both": 20, "lost": 1, "won": 9}},
    ],
)
def test_counts_that_make_no_sense_are_no_proof(told):
    whole = proof(Paired(60, 20, 1, 9)).as_dict()
    with pytest.raises(ValueError, match="proof"):
        proof_from({**whole, **told} if isinstance(told, dict) and told else told)


@pytest.mark.parametrize("verdict", ["worse", "equal", "BETTER", None, 7, ["better"]])
def test_a_verdict_that_its_counts_do_not_give_is_no_proof(verdict):
    told = proof(Paired(60, 20, 1, 9)).as_dict()
    assert told["verdict"] == "better"
    with pytest.raises(ValueError, match="its counts say 'better'"):
        proof_from({**told, "verdict": verdict})
