"""The page of a table in a real browser: no error, no connection, plots that answer, a table that sorts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from measured_rows import accuracy, failed, latency, network_rows, on_core, refused, row, write_results

from edgedigits.results import Results, read_results
from edgedigits.results.comparing import write_comparison
from edgedigits.results.table import gather
from edgedigits.results.tables.writing import write_tables

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

HOSTILE = "</script><script>window.harmed = 1</script><img src=x onerror='window.harmed = 2'>"
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1400,1000"),
)
DOCUMENTED = Path(__file__).parents[2] / "docs" / "benchmark"
HOVER = "Plotly.Fx.hover(arguments[0], [{curveNumber: arguments[1], pointNumber: arguments[2]}])"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium without a window, that keeps everything that a page logs."""
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if lacking := [name for name, path in programs.items() if path is None]:
        pytest.skip(f"{' and '.join(lacking)} not installed (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = str(programs["chromium"])
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(programs["chromedriver"]))
    driver.set_page_load_timeout(120)
    driver.set_script_timeout(120)
    try:
        yield driver
    finally:
        driver.quit()


def measured(folder: Path) -> list[Results]:
    """Two networks by some recipes and a baseline: one row failed, one on other digits, one with hostile names."""
    more = (
        row("forest", "scikit-learn", 95.7, 41_000_000, latencies=(latency(900.0), latency(31.0, batch=1_000))),
        row("small", "optdigits", 97.0, accuracy=accuracy(97.0, "optdigits, its test part", "b" * 64)),
        row(HOSTILE, HOSTILE, 50.0, latencies=(refused(), latency(4.0)), cores=(on_core(9, 9, 9.0, "m55"),)),
        failed(HOSTILE, "failed", HOSTILE),
    )
    return [
        write_results(folder / "bench", *network_rows()),
        write_results(folder / "more", *(replace(one, about=HOSTILE) for one in more), title=HOSTILE),
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder, measured(folder))
    return folder / "index.html"


@pytest.fixture
def page(browser: Any, written: Path) -> Any:
    return opened(browser, written)


def opened(browser: Any, path: Path) -> Any:
    """The browser with a page of which every plot that shows is drawn."""
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(path.as_uri())
    drawn = "return [...document.querySelectorAll('details[open] .plot, body > .plots .plot')].every(p => p._fullData)"
    WebDriverWait(browser, 60).until(lambda driver: driver.execute_script(drawn))
    return browser


def column(page: Any, name: str) -> list[str]:
    """What stands in one column of the table, from top to bottom."""
    heads = [head.text for head in page.find_elements(By.CSS_SELECTOR, "#rows th button")]
    place = heads.index(name) + 1
    return [cell.text for cell in page.find_elements(By.CSS_SELECTOR, f"#rows tbody td:nth-child({place})")]


def click_head(page: Any, name: str) -> None:
    script = "[...document.querySelectorAll('#rows th button')].find(b => b.textContent === arguments[0]).click()"
    page.execute_script(script, name)


def plot(page: Any, cost: str) -> Any:
    return page.find_element(By.ID, f"plot-{cost}")


def assert_quiet(page: Any) -> None:
    """Nothing in the console, and nothing asked for but the page itself; a new tab of the browser asks for its own."""
    assert [line for line in page.get_log("browser") if line["level"] in ("SEVERE", "WARNING")] == []
    events = [json.loads(line["message"])["message"] for line in page.get_log("performance")]
    fetched = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert [url for url in fetched if not url.startswith(("data:", "blob:", "chrome:"))] == [page.current_url]


def test_nothing_is_logged_and_nothing_is_fetched(page: Any):
    assert_quiet(page)


def test_the_rows_of_the_docs_open_as_a_page(browser: Any, tmp_path: Path):
    rows = read_results(DOCUMENTED)
    write_tables(tmp_path, rows)
    page = opened(browser, tmp_path / "index.html")
    assert_quiet(page)
    points = "return arguments[0].querySelectorAll('.scatterlayer .point').length"
    assert page.execute_script(points, plot(page, "bytes")) >= len(rows.rows) > 40
    assert len(column(page, "model")) == len(rows.rows)


def test_there_is_a_plot_with_its_front_for_each_cost(page: Any):
    names = [one.get_attribute("id") for one in page.find_elements(By.CSS_SELECTOR, ".js-plotly-plot")]
    assert names == [
        *("plot-bytes", "plot-gzip", "plot-MACs", "plot-arena"),
        *(
            "plot-latency-on-tflite-runtime-2.14.0",
            "plot-latency-on-LiteRT-1.4.0",
            "plot-time-on-tflite-runtime-2.14.0",
        ),
        *("plot-m4_flash", "plot-m4_ram", "plot-m4_instructions"),
    ]
    points = page.execute_script(
        "return arguments[0].querySelectorAll('.scatterlayer .point').length", plot(page, "bytes")
    )
    assert points == 10
    assert page.execute_script(
        "return arguments[0].querySelectorAll('.scatterlayer .js-line').length", plot(page, "bytes")
    )


def test_the_plots_of_another_core_are_drawn_when_they_are_opened(page: Any):
    groups = page.find_elements(By.TAG_NAME, "details")
    assert [group.find_element(By.TAG_NAME, "summary").text for group in groups] == [
        "On m4: flash, RAM and instructions",
        "On m55: flash, RAM and instructions",
    ]
    page.execute_script("arguments[0].open = true", groups[1])
    WebDriverWait(page, 30).until(lambda _: len(groups[1].find_elements(By.CSS_SELECTOR, ".js-plotly-plot")) == 3)


def test_hovering_a_point_shows_its_row(page: Any):
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot(page, "bytes"))
    point = plot(page, "bytes").find_elements(By.CSS_SELECTOR, ".scatterlayer .point")[0]
    ActionChains(page).move_to_element(point).perform()
    text = WebDriverWait(page, 30).until(
        lambda _: plot(page, "bytes").find_element(By.CSS_SELECTOR, ".hoverlayer").get_attribute("textContent")
    )
    assert text.startswith("small float32")
    assert "accuracy % (95 % interval): 99.31 (99.13 to 99.45)" in text
    assert "bytes: 146,000" in text and "on this front" in text


def test_hostile_names_do_no_harm_where_they_are_shown(page: Any):
    curve = page.execute_script(
        "return arguments[0].data.findIndex(t => t.meta.model === arguments[1])", plot(page, "bytes"), HOSTILE
    )
    page.execute_script(HOVER, plot(page, "bytes"), curve, 0)
    shown = plot(page, "bytes").find_element(By.CSS_SELECTOR, ".hoverlayer").get_attribute("textContent")
    assert "</script><script>window.harmed = 1</script>" in shown
    assert page.execute_script("return window.harmed === undefined")
    assert HOSTILE in column(page, "model")
    assert len(page.find_elements(By.TAG_NAME, "img")) == 0


def test_clicking_a_head_sorts_the_table(page: Any):
    unsorted = column(page, "bytes")
    click_head(page, "bytes")
    rising = column(page, "bytes")
    assert rising == sorted(unsorted, key=lambda text: float(text.replace(",", "")) if text != "-" else float("inf"))
    click_head(page, "bytes")
    assert column(page, "bytes") == [text for text in reversed(rising) if text != "-"] + ["-", "-"]
    click_head(page, "recipe")
    recipes = column(page, "recipe")
    assert recipes.index("dynamic") < recipes.index("float32") < recipes.index("int8") < recipes.index("int16x8")


def test_a_model_can_be_hidden_in_plots_and_table(page: Any):
    page.find_element(By.CSS_SELECTOR, ".legend input[value=small]").click()
    shown = [line for line in page.find_elements(By.CSS_SELECTOR, "#rows tbody tr") if line.is_displayed()]
    assert len(shown) == 12 - 6
    points = page.execute_script(
        "return arguments[0].querySelectorAll('.scatterlayer .point').length", plot(page, "bytes")
    )
    assert points == 10 - 5


def test_a_recipe_has_one_colour_and_shape_everywhere_and_can_be_hidden_everywhere(page: Any):
    looks = page.execute_script(
        "return [...document.querySelectorAll('.js-plotly-plot')].flatMap(p => p.data.filter(t => t.meta.recipe)"
        ".map(t => [t.meta.recipe, t.marker.color, t.marker.symbol]))"
    )
    known = {(recipe, colour, symbol) for recipe, colour, symbol in looks}
    assert len(known) == len({recipe for recipe, *_ in known}) == len({look[1:] for look in known})
    assert not any("open" in symbol for *_, symbol in known)
    legend = page.execute_script(
        "return [...document.querySelectorAll('.legend input[name=recipe]')].map(b => [b.value, b.parentElement])"
        ".map(([v, l]) => [v, l.querySelector('path').getAttribute('fill'), l.querySelector('svg').dataset.symbol])"
    )
    assert {tuple(entry) for entry in legend} == known
    page.find_element(By.CSS_SELECTOR, ".legend input[value=int8]").click()
    visible = (
        "return [...document.querySelectorAll('.js-plotly-plot')].some(p => "
        "p.data.some(t => t.meta.recipe === 'int8' && t.visible !== false))"
    )
    assert not page.execute_script(visible)
    shown = [line for line in page.find_elements(By.CSS_SELECTOR, "#rows tbody tr") if line.is_displayed()]
    assert len(shown) == 12 - 2


def test_bars_show_the_interval_of_the_accuracy_and_the_95th_percentile(page: Any):
    bars = "return arguments[0].querySelectorAll('.scatterlayer .{}errorbar, .scatterlayer path.{}error').length"
    assert page.execute_script(bars.format("y", "y"), plot(page, "bytes")) >= 10
    assert page.execute_script(bars.format("x", "x"), plot(page, "latency-on-tflite-runtime-2.14.0")) >= 1


def test_nothing_is_wider_than_a_phone(browser: Any, written: Path):
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page = opened(browser, written)
        assert page.execute_script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
        box = page.find_element(By.CSS_SELECTOR, ".wide")
        assert page.execute_script("return arguments[0].scrollWidth > arguments[0].clientWidth", box)
        assert_quiet(page)
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_failures_and_the_machine_are_told(page: Any):
    text = page.find_element(By.TAG_NAME, "body").text
    assert "small clustered-int8: layer 'conv2d' has 144 weights, fewer than 256 clusters" in text
    assert "small dynamic on tflite-runtime 2.14.0: Didn't find op" in text
    assert " cores, " in text[text.index("Machine and software") :]


def test_the_settings_that_were_tried_for_a_row_are_shown(browser: Any, tmp_path: Path):
    bench = write_results(tmp_path / "knn", row("knn", "scikit-learn"), row("tree", "scikit-learn"))
    picture = cv2.imencode(".png", np.full((50, 2000, 3), 200, np.uint8))[1].tobytes()
    (bench.folder / "0-knn-scikit-learn" / "sweep.png").write_bytes(picture)
    write_comparison(gather(bench), tmp_path / "all")
    write_tables(tmp_path, read_results(tmp_path / "all"))
    page = opened(browser, tmp_path / "index.html")
    (shown,) = page.find_elements(By.TAG_NAME, "img")
    assert shown.get_attribute("alt") == "settings that were tried for knn scikit-learn"
    assert page.execute_script("return arguments[0].naturalWidth", shown) == 2000
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert_quiet(page)


def test_a_page_without_rows_opens_too(browser: Any, tmp_path: Path):
    browser.get_log("browser")
    write_tables(tmp_path, write_results(tmp_path))
    browser.get((tmp_path / "index.html").as_uri())
    assert "There is no row." in browser.find_element(By.TAG_NAME, "body").text
    assert browser.get_log("browser") == []
