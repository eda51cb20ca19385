"""A figure is added to a row where the row is declared, and stands in every table, file and front without more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from measured_rows import row, write_results
from package_copy import copied_package

OPTIONS = 'brief="mJ", cost="energy", label="energy", later=True, decimals=1'
DECLARED = f'    joules: float | None = figure("energy, mJ", "mJ", {OPTIONS})\n'
READS = """
import json, sys
from pathlib import Path
from edgedigits.results import Row, read_results, write_tables
from edgedigits.results.folder import write_row
import edgedigits.results.row as module
assert module.__file__.startswith(sys.argv[2]), module.__file__
folder = Path(sys.argv[1])
before = read_results(folder)
assert all(row.joules is None for row in before.rows)
for name, millijoules in zip(before.header.names, (1.25, 0.5, 2.0)):
    old = json.loads((folder / name / "row.json").read_text())
    (folder / name / "row.json").write_text(json.dumps(old | {"joules": millijoules}))
write_tables(folder, read_results(folder))
"""


def test_a_figure_is_one_line_of_the_row(tmp_path: Path) -> None:
    rows = tuple(row(recipe=name, percent=percent) for name, percent in (("int8", 99.0), ("a", 98.0), ("b", 97.0)))
    write_results(tmp_path / "bench", *rows)
    package = copied_package(tmp_path / "copy", ["core", "results"])
    module = package / "results" / "row.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(re.sub(r"(    arena_bytes: .*\n)", rf"\1{DECLARED}", text), encoding="utf-8")
    program = f"import sys\nsys.path.insert(0, {str(tmp_path / 'copy')!r})\nsys.meta_path[:] = [one for one in "
    program += f"sys.meta_path if 'editable' not in str(one).lower()]\n{READS}"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "bench"), str(tmp_path / "copy")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    bench = tmp_path / "bench"
    assert [row["joules"] for row in json.loads((bench / "rows.json").read_text())] == [1.25, 0.5, 2.0]
    assert [row["fronts"] for row in json.loads((bench / "rows.json").read_text())][1] == ["energy"]
    assert "joules" in (bench / "results.csv").read_text().splitlines()[0].split(",")
    assert "| energy, mJ |" in (bench / "results.md").read_text() and "| 1.2 |" in (bench / "results.md").read_text()
    assert "Accuracy against energy" in (bench / "index.html").read_text()
