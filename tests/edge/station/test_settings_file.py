"""The configuration file of a station."""

from __future__ import annotations

import tomllib
from dataclasses import fields, is_dataclass

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.configuration.settings import StationSettings
from edgedigits.edge.station.configuration.settings_file import commented, read_settings


def written(tmp_path, text):
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_commented_file_says_what_no_file_would(tmp_path):
    assert read_settings(written(tmp_path, commented())) == StationSettings()


def test_the_commented_file_has_every_setting():
    told = commented()
    for table in fields(StationSettings):
        inner = getattr(StationSettings(), table.name)
        names = [one.name for one in fields(inner)] if is_dataclass(inner) else [table.name]
        assert all(f"{name} = " in told for name in names)


def test_every_commented_line_is_a_setting_that_may_be_made(tmp_path):
    lines = [line.removeprefix("# ") if " = " in line else line for line in commented().splitlines()]
    text = "\n".join(lines)
    assert tomllib.loads(text)
    settings = read_settings(written(tmp_path, text))
    assert settings.camera.region == (100, 40, 1080, 640)
    assert settings.mqtt.host == "broker.local"
    assert settings.reading.threshold == 0.97


def test_what_is_not_told_has_its_default(tmp_path):
    settings = read_settings(written(tmp_path, '[camera]\nsource = "belt.mp4"\n'))
    assert settings.camera.source == "belt.mp4"
    assert settings.camera.rotate == 0
    assert settings.reading.forms == (r"\d{5}",)


def test_whole_numbers_are_numbers(tmp_path):
    assert read_settings(written(tmp_path, "[pieces]\ndecide_within = 1\n")).pieces.decide_within == 1.0


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('name = "a b"\n', 1, 'name is "a b": give letters, digits, - and _'),
        ("# c\n\n[camera]\nrotate = 45\n", 4, "rotate is 45: give 0, 90, 180 or 270"),
        ("[camera]\nregion = [1, 2, 3]\n", 2, r"region is \[1, 2, 3\]: give four whole numbers"),
        ("[camera]\nregion = [1, 2, 3, 0]\n", 2, "from 1 on"),
        ("[camera]\nregion = [true, 2, 3, 4]\n", 2, "give four whole numbers"),
        ('[camera]\nsorce = "0"\n', 2, r"no setting sorce in \[camera\], did you mean source"),
        ("[camara]\n", 1, r"no table \[camara\], did you mean camera"),
        ("[reading]\ntarget_error = nan\n", 2, "target_error is nan: give 0.001 to 50"),
        ("[reading]\ntarget_error = 0\n", 2, "target_error is 0: give 0.001 to 50"),
        ('[reading]\nforms = "x"\n', 2, "give a list of texts"),
        ("[reading]\nforms = [5]\n", 2, "give a list of texts"),
        ('[mqtt]\ntls = "yes"\n', 2, 'tls is "yes": give true or false'),
        ("[mqtt]\nport = 70000\n", 2, "port is 70000: give 0 to 65535"),
        ("[mqtt]\nport = 1.5\n", 2, "give a whole number"),
        ("[mqtt]\nport = true\n", 2, "port is true: give a whole number"),
        ('[journal]\ncrops = "some"\n', 2, '"all", "doubtful" or "none"'),
        ("mqtt = 5\n", 1, r"write \[mqtt\]"),
        ("[camera]\nsource = 0\n", 2, "source is 0: give text in quotes"),
    ],
)
def test_a_problem_is_named_with_its_line(tmp_path, text, line, words):
    with pytest.raises(EdgedigitsError, match=rf"1 problem:\n  line {line}: .*{words}"):
        read_settings(written(tmp_path, text))


def test_all_problems_are_named_at_once(tmp_path):
    with pytest.raises(EdgedigitsError) as error:
        read_settings(written(tmp_path, "name = 1\n[camera]\nrotate = 1\nfoo = 2\n[page]\nlisten = 3\n"))
    assert "4 problems" in str(error.value)
    assert [line.split(":")[0].strip() for line in error.value.what.splitlines()[1:]] == [
        "line 1",
        "line 3",
        "line 4",
        "line 6",
    ]


def test_one_name_in_two_tables_has_its_own_line(tmp_path):
    with pytest.raises(EdgedigitsError, match="line 4: folder is 2"):
        read_settings(written(tmp_path, '[journal]\nfolder = "a"\n[updates]\nfolder = 2\n'))


def test_what_is_no_toml_is_refused_with_its_line(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"no TOML.*line 2"):
        read_settings(written(tmp_path, "name = 'a'\nrotate 90\n"))


def test_no_file_says_how_to_make_one(tmp_path):
    with pytest.raises(EdgedigitsError, match="edgedigits station init --config"):
        read_settings(tmp_path / "none.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a = '" + b"\xe9" + b"'"])
def test_what_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "station.toml"
    path.write_bytes(content)
    with pytest.raises(EdgedigitsError, match="UTF-8"):
        read_settings(path)
