"""The folder that MNIST is found in: named, remembered, the cache; and what is said of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgedigits.core.datasets.mnist import FILES, find_mnist, remember_data_folder, remember_named_folder
from edgedigits.core.datasets.places import config_file, places, remembered_folder
from edgedigits.core.errors import EdgedigitsError

EDGEDIGITS = Path(sys.executable).with_name("edgedigits")


@pytest.fixture(autouse=True)
def fresh_machine(tmp_path, monkeypatch):
    """Nothing named, nothing remembered, an empty cache."""
    monkeypatch.delenv("EDGEDIGITS_DATA", raising=False)
    monkeypatch.setenv("EDGEDIGITS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("EDGEDIGITS_CONFIG", str(tmp_path / "config"))


def with_mnist(folder: Path) -> Path:
    """A folder in which four files are called as MNIST's."""
    (folder / "mnist").mkdir(parents=True)
    for name in FILES:
        (folder / "mnist" / name).write_bytes(b"")
    return folder


def test_a_named_folder_is_remembered_and_found_without_its_name(tmp_path, monkeypatch):
    data = with_mnist(tmp_path / "data")
    monkeypatch.setenv("EDGEDIGITS_DATA", str(data))
    said = remember_named_folder()
    assert str(data) in said and str(config_file()) in said
    monkeypatch.delenv("EDGEDIGITS_DATA")
    place = find_mnist()
    assert place and place.folder == data and place.origin == f"remembered in {config_file()}"


def test_the_order_is_named_remembered_cache(tmp_path, monkeypatch):
    named, remembered = with_mnist(tmp_path / "named"), with_mnist(tmp_path / "remembered")
    cache = with_mnist(tmp_path / "cache")
    remember_data_folder(remembered)
    assert [place.folder for place in places()] == [remembered, cache]
    monkeypatch.setenv("EDGEDIGITS_DATA", str(named))
    assert [place.folder for place in places()] == [named, remembered, cache]


def test_a_folder_named_for_one_command_does_not_replace_the_remembered_one(tmp_path, monkeypatch):
    remember_data_folder(with_mnist(tmp_path / "first"))
    monkeypatch.setenv("EDGEDIGITS_DATA", str(with_mnist(tmp_path / "second")))
    assert remember_named_folder() == ""
    assert remembered_folder() == tmp_path / "first"


def test_a_remembered_folder_that_is_gone_is_said_passed_over_and_replaced(tmp_path, monkeypatch):
    data = with_mnist(tmp_path / "data")
    remember_data_folder(data)
    data.rename(tmp_path / "elsewhere")
    assert find_mnist() is None
    said = remember_named_folder()
    assert str(data) in said and "edgedigits datasets --data DIR" in said
    monkeypatch.setenv("EDGEDIGITS_DATA", str(tmp_path / "elsewhere"))
    remember_named_folder()
    assert remembered_folder() == tmp_path / "elsewhere"


def test_a_relative_name_is_remembered_whole(tmp_path, monkeypatch):
    with_mnist(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    remember_data_folder(Path("data"))
    assert remembered_folder() == tmp_path / "data"


def test_the_folder_that_holds_the_four_files_itself_may_be_named(tmp_path, monkeypatch):
    data = with_mnist(tmp_path / "data")
    assert remember_data_folder(data / "mnist") == (data, config_file())
    assert remembered_folder() == data
    config_file().unlink()
    monkeypatch.setenv("EDGEDIGITS_DATA", str(data / "mnist"))
    assert find_mnist().folder == data
    assert f"data folder {data} is remembered" in remember_named_folder()
    monkeypatch.chdir(data / "mnist")
    assert remember_data_folder(Path()) == (data, config_file())


def test_four_files_in_a_folder_of_another_name_are_told_where_they_belong(tmp_path):
    files = with_mnist(tmp_path / "data") / "mnist"
    other = files.rename(files.with_name("digits"))
    with pytest.raises(EdgedigitsError, match=r"digits holds MNIST's four files itself.*; rename it to mnist and name"):
        remember_data_folder(other)
    assert not config_file().exists()


def test_a_named_folder_that_is_not_there_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEDIGITS_DATA", str(tmp_path / "typo"))
    assert "typo, which is no folder" in remember_named_folder()
    assert not config_file().exists()


def test_a_folder_without_mnist_is_not_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEDIGITS_DATA", str(tmp_path))
    assert remember_named_folder() == ""
    with pytest.raises(EdgedigitsError, match=r"does not hold MNIST's four files; put train-images"):
        remember_data_folder(tmp_path)
    assert not config_file().exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"data": 7}', "\udcff"])
def test_a_damaged_memory_says_what_to_remove(content):
    config_file().parent.mkdir()
    config_file().write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(EdgedigitsError, match=r"config\.json .*mend it or remove it"):
        places()


def test_what_cannot_be_remembered_is_said_and_stops_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEDIGITS_DATA", str(with_mnist(tmp_path / "data")))
    (tmp_path / "config").write_text("a file where a folder should be")
    assert "set EDGEDIGITS_CONFIG to a folder that may be written" in remember_named_folder()


def test_nothing_is_remembered_where_that_is_switched_off(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEDIGITS_CONFIG", "")
    monkeypatch.setenv("EDGEDIGITS_DATA", str(with_mnist(tmp_path / "data")))
    assert config_file() is None and remember_named_folder() == "" and remembered_folder() is None
    with pytest.raises(EdgedigitsError, match="unset it"):
        remember_data_folder(tmp_path / "data")


def test_by_default_it_lies_in_the_users_configuration(tmp_path, monkeypatch):
    monkeypatch.delenv("EDGEDIGITS_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    if sys.platform == "linux":
        assert config_file() == tmp_path / "xdg" / "edgedigits" / "config.json"
    else:
        assert config_file().name == "config.json"


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "EDGEDIGITS_DATA"}
    words = [str(word) for word in (EDGEDIGITS, *arguments)]
    wide = {"COLUMNS": "1000"}  # paths of any length stand in one line
    return subprocess.run(words, env={**clean, **wide, **environment}, capture_output=True, text=True, check=False)


def test_a_fresh_shell_finds_what_an_earlier_command_was_told(tmp_path):
    data = with_mnist(tmp_path / "data")
    first = command("datasets", "--json", EDGEDIGITS_DATA=str(data))
    assert f"Note: data folder {data} is remembered" in first.stderr
    second = command("datasets", "--json")
    assert second.stderr == ""
    assert json.loads(second.stdout)["mnist"]["folder"] == str(data / "mnist")


def test_a_command_names_the_data_folder(tmp_path):
    assert "MNIST is not here" in command("datasets").stdout
    data = with_mnist(tmp_path / "data")
    told = command("datasets", "--data", data)
    assert "is remembered in" in told.stderr and f"MNIST lies in {data / 'mnist'} (remembered" in told.stdout
    told = command("datasets", "--data", data / "mnist")
    assert f"{data} is remembered in" in " ".join(told.stderr.split()) and told.returncode == 0
    assert command("datasets", "--data", tmp_path).returncode == 1
    assert f"MNIST lies in {data / 'mnist'}" in command("datasets").stdout


def test_a_command_that_uses_no_data_set_remembers_nothing(tmp_path):
    assert command("--version", EDGEDIGITS_DATA=str(with_mnist(tmp_path / "data"))).stderr == ""
    assert not config_file().exists()


@pytest.mark.skipif(not hasattr(os, "setuid") or os.geteuid() != 0, reason="only root can be a user without a name")
def test_a_user_without_a_home_reads_and_is_told_what_to_set_to_fetch():
    """As containers start programs with --user: no entry in passwd, no $HOME."""
    program = (
        "import os, platformdirs\n"
        "from edgedigits.core.datasets.places import cache_folder, config_file, places\n"
        "from edgedigits.core.errors import EdgedigitsError\n"
        "os.setgid(61234); os.setuid(61234)\n"
        "print(places(), config_file())\n"
        "try: cache_folder()\n"
        "except EdgedigitsError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    )
    assert done.stdout.splitlines() == [
        "() None",
        "this user has no home in which fetched data could be kept; set EDGEDIGITS_CACHE to a folder",
    ]
