"""The tables of the shipped models in README.md and docs/pretrained.md are those of their cards."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from models_page import CORRUPTIONS, KEPT, PAGES, is_stale
from shipped_corruptions import are_stale, without_former
from shipped_measured import (
    CORES,
    RENEW,
    SMALLEST,
    SMALLEST_CORES,
    OnCore,
    read_measured,
    too_large_for_avr,
    write_measured,
)
from shipped_tables import STALE, figures_as_json, tables, with_tables

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.bundled import SHIPPED
from edgedigits.core.pretrained.candidates import Candidate, Candidates
from edgedigits.core.pretrained.figures import figures_of
from edgedigits.results.robustness.suite import kept_suite
from edgedigits.results.robustness.suite_files import suite_markdown

MODELS = SHIPPED.models
ONE = next(iter(MODELS))


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return tables(MODELS, read_measured(KEPT))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_the_tables_that_the_cards_give(page: Path, made: dict[str, str]):
    text = page.read_text(encoding="utf-8")
    assert with_tables(text, made, page.name) == text, STALE


def test_what_was_measured_beside_the_cards_is_of_the_files_that_ship():
    known = read_measured(KEPT)
    assert list(known) == list(MODELS), STALE
    assert [name for name, model in MODELS.items() if is_stale(model, known[name])] == [], f"{STALE}: {RENEW}"
    for name, one in known.items():
        wanted = {*CORES, *(SMALLEST_CORES if name in SMALLEST else ())}
        assert {*(core.core for core in one.cores), *one.refused} == wanted, STALE
        assert not any(core.differing for core in one.cores)


def test_every_table_stands_on_a_page(made: dict[str, str]):
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in made if f"<!-- shipped: {name} -->" not in text] == []


def test_a_table_has_the_figures_of_the_card(made: dict[str, str]):
    figures = figures_of(MODELS[ONE].int8_card())
    (line,) = (line for line in made["chosen"].splitlines() if line.startswith(f"| `{ONE}` |"))
    assert [cell.strip() for cell in line.split("|")[2:-1]] == [
        f"{figures.parameter_bytes:,}",
        f"{figures.int8_accuracy:.2f}",
        f"{figures.corruption_error:.2f}",
        f"{figures.macs:,}",
        f"{figures.activation_bytes:,}",
    ]
    assert f"| fog | {figures.corruption_errors['fog']:.2f} |" in made["corruptions"]


def test_beside_the_reports_networks_stand_the_figures_of_the_cards():
    suite = kept_suite(CORRUPTIONS)
    rows = {one.sha256: one for one in suite.models}
    for model in MODELS.values():
        card = model.int8_card()
        row, figures = rows[card.sha256], figures_of(card)
        assert {one.kind: one.error for one in row.errors.kinds} == figures.corruption_errors, STALE
        assert row.clean == pytest.approx(100 - figures.int8_accuracy)
    assert not are_stale(CORRUPTIONS, MODELS.values()), STALE
    assert "fakebank-cnn float" in {one.label for one in suite.models}
    assert suite_markdown(suite) == (CORRUPTIONS / "corruptions.md").read_text(encoding="utf-8"), STALE


def test_a_row_of_a_file_that_shipped_before_goes_and_those_of_others_stay():
    suite = kept_suite(CORRUPTIONS)
    former = replace(suite, models=(replace(suite.models[0], sha256="0" * 64), *suite.models))
    assert without_former(former, MODELS.values()) == suite
    assert not are_stale(CORRUPTIONS, list(MODELS.values())[1:])
    assert are_stale(CORRUPTIONS.parent, MODELS.values())  # there is none


def test_another_figure_makes_another_page(made: dict[str, str]):
    page = f"# Page\n\n<!-- shipped: chosen -->\n\n{made['chosen']}\n<!-- shipped: end -->\n\nmore\n"
    assert with_tables(page, made, "page.md") == page
    stale = page.replace(f"{figures_of(MODELS[ONE].int8_card()).int8_accuracy:.2f}", "99.99")
    assert stale != page and with_tables(stale, made, "page.md") == page


@pytest.mark.parametrize(
    "page",
    [
        "no table",
        "<!-- shipped: chosen -->\n",
        "<!-- shipped: other -->\n<!-- shipped: end -->\n",
        "<!-- shipped: chosen -->\n<!-- shipped: end -->\n<!-- shipped: end -->\n",
    ],
)
def test_a_page_that_marks_no_tables_or_others_is_refused(page: str, made: dict[str, str]):
    with pytest.raises(EdgedigitsError, match="marks no tables"):
        with_tables(page, made, "page.md")


def test_seeds_stand_with_mean_and_deviation_of_those_beside(monkeypatch: pytest.MonkeyPatch):
    import shipped_tables

    kept = figures_of(MODELS[ONE].int8_card())
    own = Candidate(0, 98.5, 99.5, kept.float_accuracy, kept.int8_accuracy, "0" * 64)
    beside = tuple(Candidate(seed, 98.4, 99.4, 99.0 + seed, 99.0, "1" * 64) for seed in (1, 2, 3))
    monkeypatch.setattr(shipped_tables, "_figures", lambda _: replace(kept, candidates=Candidates(own, beside)))
    lines = tables({ONE: MODELS[ONE]}, {})["seeds"].splitlines()[2:]
    assert lines[0].startswith(f"| `{ONE}` | 0 (ships) | 98.500 | 99.50 |") and len(lines) == 5
    assert lines[-1] == f"| `{ONE}` | mean ± deviation of 3 beside |  |  | 101.00 ± 1.00 | 99.00 ± 0.00 |"


def test_a_small_chip_is_told_what_fits_it():
    known = read_measured(KEPT)[SMALLEST[-1]]
    small = OnCore("rv32e", "RV32EC", 1, 16_384, 1, 2_048, 480_000.0, "instructions", 0, ())
    for core, fits in ((small, "yes"), (replace(small, program=16_385), "no"), (replace(small, ram=2_049), "no")):
        line = tables(MODELS, {"nano": replace(known, cores=(core,), refused={})})["small-chips"].splitlines()[2]
        assert f"| {fits} | 480,000 instructions | 48 MHz | 10 ms |" in line
    refused = replace(known, cores=(), refused={"avr": "40 bytes too large"})
    assert "no: 40 bytes too large" in tables(MODELS, {"nano": refused})["small-chips"]


def test_an_avr_has_to_hold_stack_beside_the_arena():
    assert too_large_for_avr(1_854) == ""
    assert too_large_for_avr(1_855) == "1,855 bytes of working memory leave 193 of 2,048 for stack and variables"


def test_what_is_kept_is_read_as_it_was_written(tmp_path: Path):
    known = read_measured(KEPT)
    write_measured(tmp_path / "kept.json", known)
    assert read_measured(tmp_path / "kept.json") == known and read_measured(tmp_path / "missing.json") == {}
    (tmp_path / "kept.json").write_text('{"nano": {"int8_sha256": "0"}}')
    with pytest.raises(EdgedigitsError, match=f"measure again: `{RENEW}`"):
        read_measured(tmp_path / "kept.json")


def test_json_has_everything_of_a_model():
    found = figures_as_json(MODELS, read_measured(KEPT))[ONE]
    assert found["bytes"] == MODELS[ONE].int8_path.stat().st_size > found["gzip_bytes"]
    assert found["measured"]["int8_sha256"] == MODELS[ONE].int8_card().sha256
    assert len(found["corruption_errors"]) == 15 and found["comparison"]["count"] == 10_000
