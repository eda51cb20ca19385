"""Hashes of the page's password, and the command that makes one."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from edgedigits.cli.commands.station_page import password as command
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.page.access.password import hash_password, read_hash

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    return str(hash_password(PASSWORD))


def test_a_hash_is_read_as_it_is_written(hashed: str):
    assert hashed.startswith("scrypt$32768$8$3$")
    assert str(read_hash(hashed)) == hashed
    assert read_hash(hashed).fits(PASSWORD)


def test_only_the_password_fits(hashed: str):
    found = read_hash(hashed)
    assert not any(found.fits(other) for other in ("", PASSWORD[:-1], PASSWORD.upper(), "x" * 100_000))


def test_two_hashes_of_one_password_differ(hashed: str):
    assert str(hash_password(PASSWORD)) != hashed


@pytest.mark.parametrize("password", ["", "seven77", "x" * 1001])
def test_a_password_that_is_too_short_or_too_long_is_refused(password: str):
    with pytest.raises(EdgedigitsError, match=f"{len(password)} characters"):
        hash_password(password)


SALT, DIGEST = "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("correct horse battery", "no hash of the form"),
        ("argon2$1$2$3$a$b", "no hash of the form"),
        (f"scrypt$x$8$1${SALT}${DIGEST}", "damaged"),
        (f"scrypt$32768$8$1$!${DIGEST}", "damaged"),
        (f"scrypt$16$8$1${SALT}${DIGEST}", "not sound"),
        (f"scrypt$32769$8$1${SALT}${DIGEST}", "not sound"),
        (f"scrypt$1073741824$8$1${SALT}${DIGEST}", "not sound"),
        (f"scrypt$32768$8$1${SALT}$AAAA", "cut off"),
    ],
)
def test_what_is_no_hash_is_told_with_the_command_that_makes_one(text: str, words: str):
    with pytest.raises(EdgedigitsError, match=words) as told:
        read_hash(text)
    assert "edgedigits station password" in told.value.remedy


def test_the_command_prints_the_line_for_the_configuration():
    done = CliRunner().invoke(command, input=f"{PASSWORD}\n")
    assert done.exit_code == 0 and PASSWORD not in done.stdout
    name, hashed = done.stdout.strip().split(" = ")
    assert name == "password" and read_hash(hashed.strip('"')).fits(PASSWORD)


def test_the_command_refuses_a_short_password():
    assert isinstance(CliRunner().invoke(command, input="short\n").exception, EdgedigitsError)
