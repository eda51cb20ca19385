"""Tables and sentences that fit the terminal, whatever its width."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from edgedigits.cli.fitting import continued, fit_table, terminal_width, wrapped

HEAD = ("name", "bytes of flash", "MACs", "what it is for")
ROWS = (
    ("nano", "11,100", "70,832", "an 8-bit microcontroller"),
    ("pruned-clustered-qat-int8", "38,897", "1,637,760", "a Cortex-M4 or a Raspberry Pi, whichever is at hand"),
)


def lines(width: int, **more: object) -> list[str]:
    return list(fit_table(HEAD, ROWS, width, **more).lines)


def words(text: str) -> list[str]:
    """Every word without hyphens and white space, in order of the alphabet: what must survive any layout."""
    return sorted(text.replace("-", " ").replace(";", " ").split())


class TestATable:
    def test_with_room_has_a_line_a_row_numbers_to_the_right(self):
        assert lines(120) == [
            "name                       bytes of flash       MACs  what it is for",
            "nano                               11,100     70,832  an 8-bit microcontroller",
            "pruned-clustered-qat-int8          38,897  1,637,760  a Cortex-M4 or a Raspberry Pi, whichever is at hand",
        ]

    def test_wraps_heads_over_numbers_before_texts(self):
        assert lines(97) == [
            "                            bytes",
            "                               of",
            "name                        flash       MACs  what it is for",
            "nano                       11,100     70,832  an 8-bit microcontroller",
            "pruned-clustered-qat-int8  38,897  1,637,760  a Cortex-M4 or a Raspberry Pi, whichever is at hand",
        ]

    def test_breaks_a_name_at_a_hyphen_only_where_the_whole_does_not_fit(self):
        text = "\n".join(lines(60))
        assert "pruned-" in text and "pruned-clustered-qat-int8" not in text
        assert "Cortex-M4" in text

    @pytest.mark.parametrize("width", range(40, 130, 7))
    @pytest.mark.parametrize("optional", [(), (2,), (2, 1)])
    def test_is_never_wider_and_cuts_nothing(self, width: int, optional: tuple[int, ...]):
        fitted = fit_table(HEAD, ROWS, width, optional=optional)
        assert max(map(len, fitted.lines)) <= width
        shown = words(" ".join(fitted.lines))
        for place, head in enumerate(HEAD):
            if head not in fitted.left_out:
                assert set(words(" ".join(row[place] for row in ROWS))) <= set(shown)

    def test_leaves_optional_columns_out_one_by_one_and_names_them(self):
        assert fit_table(HEAD, ROWS, 55, optional=(2, 1)).left_out == ()
        assert fit_table(HEAD, ROWS, 45, optional=(2, 1)).left_out == ("MACs",)
        assert fit_table(HEAD, ROWS, 30, optional=(2, 1)).left_out == ("MACs", "bytes of flash")

    def test_becomes_a_block_a_row_where_nothing_may_be_left_out(self):
        assert lines(45)[:3] == [
            "nano",
            "  bytes of flash 11,100; MACs 70,832; what it",
            "  is for an 8-bit microcontroller",
        ]

    def test_keeps_the_line_breaks_of_a_cell(self):
        found = fit_table(("a", "b", ""), [("one\ntwo", "1\n22", "")], 40).lines
        assert found == ("a     b", "one   1", "two  22")

    def test_breaks_no_path(self):
        path = "/a/very/long/path/that/nobody/wants/to/have/broken/into/several/lines/model.int8.tflite"
        assert any(path in line for line in fit_table(("file", "n", ""), [(path, "1", "")], 40).lines)

    def test_may_have_no_row(self):
        assert fit_table(HEAD, (), 120).lines == ("  ".join(HEAD),)


class TestASentence:
    def test_is_wrapped_and_indented_and_each_line_of_it_for_itself(self):
        text = "note: " + "word " * 20 + "\nshort"
        assert wrapped(text, 40).split("\n")[-1] == "short"
        assert all(len(line) <= 40 for line in wrapped(text, 40).split("\n"))
        assert wrapped(text, 40).split("\n")[1].startswith("  word")

    def test_breaks_no_path_and_no_name(self):
        assert wrapped("model at /a/b-c/" + "d" * 60, 40).split("\n")[1] == "  /a/b-c/" + "d" * 60

    @pytest.mark.parametrize("words", [2, 20])
    def test_breaks_no_command(self, words: int):
        command = "`edgedigits train" + " --an option" * words + "`"
        assert command in wrapped(f"to go on from what was learned there: {command} does all of it again", 40)


class TestACommand:
    def test_that_fits_is_one_line(self):
        command = "edgedigits train --out " + "o" * 53
        assert continued(command, 80) == f"    {command}" and len(continued(command, 80)) == 80

    @pytest.mark.parametrize("width", [40, 57, 80])
    def test_is_the_same_to_a_shell_however_it_is_broken(self, width: int):
        words = ["edgedigits", "train", "--dataset", "folder:/my own/digits", "--folds", "5", "--rate", "", "it's"]
        lines = continued(shlex.join(words * 3), width).split("\n")
        assert len(lines) > 1 and all(len(line) <= width for line in lines)
        assert all(line.endswith(" \\") for line in lines[:-1])
        script = "show() { printf '%s\\0' \"$@\"; }\nshow " + "\n".join(lines)
        shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
        assert shown.split("\0")[:-1] == words * 3


class TestTheWidth:
    def test_is_that_of_columns(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("COLUMNS", "133")
        assert terminal_width() == 133

    def test_is_never_too_little_to_lay_out(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("COLUMNS", "3")
        assert terminal_width() == 40
