import numpy as np
import pytest

from edgedigits.edge.station.updates.rejects import LEVEL, Tally, rejects_more


def test_a_model_that_rejects_three_times_as_much_is_found_within_fifty_pieces():
    assert rejects_more(Tally(30, 20), before=Tally(900, 100))


@pytest.mark.parametrize("rejected", [0, 5, 9])
def test_as_many_rejects_as_before_are_no_reason(rejected):
    assert not rejects_more(Tally(50 - rejected, rejected), before=Tally(900, 100))


def test_the_former_rate_is_known_from_so_many_pieces_only():
    """6 of 25 beside 0 of 10, of which the rate may be a quarter, beside 0 of 1,000, of which it may not."""
    assert not rejects_more(Tally(19, 6), before=Tally(10, 0))
    assert rejects_more(Tally(19, 6), before=Tally(1000, 0))


def test_of_a_former_model_that_read_nothing_nothing_is_known():
    assert not rejects_more(Tally(0, 200), before=Tally())


def test_a_model_as_good_as_the_former_one_is_rarely_taken_for_worse():
    draw = np.random.default_rng(0)
    before = Tally(900, 100)
    found = [rejects_more(Tally(200 - one, one), before) for one in draw.binomial(200, 0.1, 2000)]
    assert np.mean(found) <= 2 * LEVEL


def test_old_pieces_count_half():
    assert Tally(1500, 499).plus(1, 0) == Tally(750, 249)
