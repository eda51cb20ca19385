"""What a line may say: forms, lists of codes as people keep them, and both."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines import allowed, code_file
from edgedigits.core.lines.allowed import ANY_TEXTS, both, from_forms, read_codes
from edgedigits.core.lines.code_file import read_bins


def written(folder, content, name="codes.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_no_form_allows_everything():
    assert from_forms([]) is ANY_TEXTS
    assert ANY_TEXTS.accepts("")
    assert ANY_TEXTS.accepts("1234")


def test_of_several_forms_any_may_hold():
    texts = from_forms([r"\d{2}", "7{3}", "0"])
    assert [one for one in ("12", "777", "0", "", "123", "7") if texts.accepts(one)] == ["12", "777", "0"]
    assert texts.source == r'the forms "\d{2}", "7{3}", "0"'


def test_forms_that_take_too_many_states_together_are_refused(monkeypatch):
    monkeypatch.setattr(allowed, "MOST_STATES", 5)
    with pytest.raises(EdgedigitsError, match="2 forms take too many states together; give fewer"):
        from_forms(["1{6}", "2{6}"])


@pytest.mark.parametrize(
    "content",
    [
        "0012\n345\n",
        "0012\n345",
        b"\xef\xbb\xbf0012\r\n\r\n  345  \r\n0012\r\n",
        "code,name\n0012,Ann\n345,Bob 7\n",
        "Nummer;Ort\n0012;Ulm\n345;\n",
        '"code"\t"n"\n"0012"\t1\n"345"\t2\n',
        "EAN13\n\n0012\n345\n",
        "\n\ncode\n'0012\n345\n",
    ],
)
def test_codes_are_read_as_people_keep_them(tmp_path, content):
    texts = read_codes(written(tmp_path, content))
    assert [one for one in ("0012", "345", "12", "1", "2", "7", "", "13") if texts.accepts(one)] == ["0012", "345"]
    assert texts.source == "2 codes of codes.csv"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "holds no codes; write one code of digits on each line"),
        ("\n \r\n", "holds no codes"),
        ("code\n", "holds no codes"),
        ("12\n\n1a3\n", 'line 3 of .* holds "1a3" in place of a code'),
        ("12O45\n12345\n", 'line 1 of .* holds "12O45" in place of a code'),
        ("code\n12 34\n", 'line 2 of .* holds "12 34" in place of a code'),
        ("12\n,x\n", 'line 2 of .* holds "" in place of a code'),
        ("12\n٣٤\n", "line 2 of .* in place of a code"),
        ("code\n4.00638E+12\n", 'line 2 of .* "4.00638E\\+12", a code that a spreadsheet took for a number'),
        ("1" * 145, "line 1 of .* holds a code of 145 digits, and 144 are the most"),
        (b"12\n\xff\xfe", "is no text in UTF-8"),
        ("12\n".encode("utf-16"), "is no text in UTF-8"),
    ],
)
def test_what_is_no_list_of_codes_is_told(tmp_path, content, what):
    with pytest.raises(EdgedigitsError, match=what):
        read_codes(written(tmp_path, content))


def test_missing_files_and_folders_are_told(tmp_path):
    with pytest.raises(EdgedigitsError, match="there is no file"):
        read_codes(tmp_path / "none.txt")
    with pytest.raises(EdgedigitsError, match="is a folder"):
        read_codes(tmp_path)


def test_too_many_codes_are_refused(tmp_path, monkeypatch):
    path = written(tmp_path, "1\n2\n3\n3\n")
    monkeypatch.setattr(code_file, "MOST_CODES", 3)
    assert read_codes(path).accepts("3")
    monkeypatch.setattr(code_file, "MOST_CODES", 2)
    with pytest.raises(EdgedigitsError, match="more than 2 codes"):
        read_codes(path)


def test_too_large_a_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(code_file, "_MOST_BYTES", 3)
    with pytest.raises(EdgedigitsError, match="too large for a list of codes"):
        read_codes(written(tmp_path, "1\n2\n3\n"))


def test_codes_of_too_many_digits_together_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(allowed, "MOST_STATES", 5)
    with pytest.raises(EdgedigitsError, match="hold too many digits together"):
        read_codes(written(tmp_path, "123456\n"))


def test_codes_that_have_a_form_are_left(tmp_path):
    codes = read_codes(written(tmp_path, "12\n345\n67\n"))
    texts = both(from_forms([r"\d{2}"]), codes)
    assert [one for one in ("12", "345", "67", "11") if texts.accepts(one)] == ["12", "67"]
    assert texts.source == r'3 codes of codes.csv that have the form "\d{2}"'


def test_without_one_of_the_two_the_other_holds(tmp_path):
    codes, forms = read_codes(written(tmp_path, "12\n")), from_forms(["1"])
    assert both(ANY_TEXTS, codes) is codes
    assert both(forms, ANY_TEXTS) is forms
    assert both(ANY_TEXTS, ANY_TEXTS).automaton is None


def test_codes_none_of_which_has_the_form_are_told(tmp_path):
    codes = read_codes(written(tmp_path, "12\n345\n"))
    with pytest.raises(EdgedigitsError, match=r'none of 2 codes of codes.csv has the form "9\+"'):
        both(from_forms(["9+"]), codes)


def test_lists_of_codes_need_no_parser_of_expressions():
    code = "import sys, edgedigits.core.lines.allowed; sys.exit('greenery' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_second_column_is_the_bin_of_a_code(tmp_path):
    assert read_bins(written(tmp_path, "code,bin\n0012,A 1\n345;'B'\n77\n")) == {"0012": "A 1", "345": "B", "77": ""}


def test_a_code_in_two_bins_is_refused_with_its_line(tmp_path):
    with pytest.raises(EdgedigitsError, match=r'line 3 .* puts 12 into "B", an earlier one into "A"'):
        read_bins(written(tmp_path, "12,A\n13,A\n12,B\n"))


def test_a_code_of_two_towns_is_one_code_where_bins_are_not_asked_for(tmp_path):
    assert read_codes(written(tmp_path, "89073,Ulm\n89073,Neu-Ulm\n")).accepts("89073")
