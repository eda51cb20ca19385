"""How review queues are divided: nothing twice, nothing on both sides, what belongs together stays together."""

import cv2
import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import csv_text
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.labelled import learned_and_judged, load_fields
from edgedigits.core.lines.strip import strip_of
from edgedigits.core.pretrained.bundled import bundled_line_model
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.edge.station.updates.queues import row_of, split_queues, write_lines


def queue(folder, codes, written=None):
    """A folder of printed codes with a table of what they say."""
    (folder / "images").mkdir(parents=True)
    for place, code in enumerate(codes):
        picture = np.full((40, 140), 235, np.uint8)
        cv2.putText(picture, code, (6, 31), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (40,), 2)
        cv2.imwrite(str(folder / "images" / f"{place}.png"), picture)
    rows = [(f"{place}.png", text) for place, text in enumerate(written or codes)]
    (folder / "truth.csv").write_text(csv_text(("image", "text"), rows))
    return folder


def codes(start, count):
    return [f"{number:05}" for number in range(start, start + count)]


def texts(lines):
    return [line.text for line in lines]


def test_each_queue_gives_its_share(tmp_path):
    found = split_queues([queue(tmp_path / "a", codes(0, 80)), queue(tmp_path / "b", codes(500, 40))], 25)
    assert [line.queue for line in found.held_out] == ["a"] * 20 + ["b"] * 10
    assert len(found.learned) == 90
    assert not set(texts(found.learned)) & set(texts(found.held_out))


def test_the_same_seed_divides_alike_and_another_one_does_not(tmp_path):
    folder = queue(tmp_path / "a", codes(0, 120))
    first, again, other = (split_queues([folder], 25, seed) for seed in (1, 1, 2))
    assert first == again
    assert texts(first.held_out) != texts(other.held_out)


def test_what_came_one_after_the_other_stays_together(tmp_path):
    found = split_queues([queue(tmp_path / "a", codes(0, 128))], 25)
    out = np.array([line.held_out for line in found.lines]).reshape(-1, 8)
    assert set(out.mean(axis=1)) == {0.0, 1.0}
    assert out.mean() == 0.25


def test_a_piece_in_two_queues_counts_once(tmp_path):
    first, second = queue(tmp_path / "a", codes(0, 100)), queue(tmp_path / "b", codes(90, 100))
    found = split_queues([first, second], 25)
    assert (len(found.lines), found.twice) == (190, 10)
    assert texts(found.lines).count("00095") == 1


def test_what_two_people_labelled_differently_is_left_out(tmp_path):
    first = queue(tmp_path / "a", codes(0, 100))
    second = queue(tmp_path / "b", codes(0, 1), ["99999"])
    found = split_queues([first, second], 25)
    assert found.contradictory == 1
    assert "00000" not in texts(found.lines) and "99999" not in texts(found.lines)


def test_folders_of_one_name_are_told_apart(tmp_path):
    found = split_queues(
        [queue(tmp_path / "a" / "labelled", codes(0, 50)), queue(tmp_path / "b" / "labelled", codes(90, 50))]
    )
    assert set(found.describe()["queues"]) == {"1-labelled", "2-labelled"}


def test_too_few_are_refused(tmp_path):
    with pytest.raises(EdgedigitsError, match="57 pieces to learn from and 19 held out are too few"):
        split_queues([queue(tmp_path / "a", codes(0, 76))])


@pytest.mark.parametrize("share", [0, 91, float("nan")])
def test_a_share_that_makes_no_sense_is_refused(tmp_path, share):
    with pytest.raises(EdgedigitsError, match="--held-out is"):
        split_queues([tmp_path], share)


@pytest.fixture(scope="module")
def network():
    return LineModel(bundled_line_model())


def test_the_written_table_says_who_is_learned_from(tmp_path, network):
    found = split_queues([queue(tmp_path / "a", codes(20_000, 80))], 25)
    left_out = write_lines(found, tmp_path / "out", network)
    learned, judged = learned_and_judged(load_fields(tmp_path / "out"))
    assert {field.text for field in judged} <= set(texts(found.held_out))
    assert {field.text for field in learned} <= set(texts(found.learned))
    assert len(learned) + left_out == 60
    assert left_out < 10


def test_labels_that_do_not_fit_their_pictures_are_not_learned_from(tmp_path, network):
    wrong = queue(tmp_path / "a", codes(20_000, 80), codes(77_000, 80))
    with pytest.raises(EdgedigitsError, match=r"of 60 pieces to learn from only [0-9]+ show their code"):
        write_lines(split_queues([wrong], 25), tmp_path / "out", network)


def sheet():
    """A picture of a whole piece with two numbers."""
    made = np.full((300, 500), 235, np.uint8)
    cv2.putText(made, "1772", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (40,), 3)
    cv2.putText(made, "90210", (40, 220), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (40,), 3)
    return made


@pytest.mark.parametrize("text", ["1772", "90210"])
def test_of_several_rows_that_of_the_label_is_taken(network, text):
    scores = network.logits(strip_of(row_of(sheet(), text, network)).pixels)
    assert greedy(scores) == text


def test_a_row_that_shows_a_part_of_the_code_is_not_taken(network):
    assert row_of(sheet()[:, :150], "90210", network) is None


def test_a_picture_without_marks_has_no_row(network):
    assert row_of(np.full((40, 140), 235, np.uint8), "90210", network) is None
