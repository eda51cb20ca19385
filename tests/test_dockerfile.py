"""The Dockerfile of a GPU host: what it copies, installs and starts is there. No Docker runs here to build it."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from edgedigits.cli.main import main

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
KNOWN = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "ENTRYPOINT", "CMD"}


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def instructions(text) -> list[tuple[str, str]]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    whole = re.sub(r"\\\n\s*", "", lines)
    return [tuple(line.split(maxsplit=1)) for line in whole.splitlines() if line.strip()]


def test_it_is_made_of_instructions_that_docker_knows(instructions):
    assert instructions[0][0] == "FROM"
    assert {name for name, _ in instructions} <= KNOWN


def test_its_python_is_one_that_the_package_was_tried_on(instructions):
    python = re.fullmatch(r"python:(\d+\.\d+)-slim-bookworm", instructions[0][1])[1]
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]


def test_it_installs_an_extra_that_exists_with_constraints_that_are_copied(instructions):
    install = next(words for name, words in instructions if name == "RUN" and "pip install" in words)
    assert re.search(r'"\.\[(\w+)\]"', install)[1] in PROJECT["optional-dependencies"]
    constraints = re.search(r"--constraint (\S+)", install)[1]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ("COPY", ". .") in instructions
    for needed in (constraints, "pyproject.toml", PROJECT["readme"], *PROJECT["license-files"], "package", "train"):
        assert (ROOT / needed).exists()
        assert needed not in ignored


def test_it_starts_a_command_that_exists(instructions):
    words = dict(instructions)
    assert json.loads(words["ENTRYPOINT"]) == ["edgedigits"]
    assert json.loads(words["CMD"])[0] in main.commands
    assert "edgedigits" in PROJECT["scripts"]


def test_the_commands_that_it_shows_are_real(text):
    for shown in re.findall(r"^#   docker run .*? edgedigits(?: (.*))?$", text, re.MULTILINE):
        if shown:
            name, *options = shown.split()
            known = {option for parameter in main.commands[name].params for option in parameter.opts}
            assert {option for option in options if option.startswith("--")} <= known
