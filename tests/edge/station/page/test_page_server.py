"""Starting the page: where it may listen, and what it says where it may not."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from page_station import PageStation

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.page.access.password import hash_password


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.7:8080", "station.lan:8080"])
def test_an_address_that_others_reach_is_refused_without_a_password(tmp_path: Path, listen: str):
    with pytest.raises(EdgedigitsError, match="open to everybody") as told, PageStation(tmp_path, listen):
        pass
    assert "edgedigits station password" in told.value.remedy


def test_an_address_that_others_reach_is_taken_with_a_password(tmp_path: Path):
    with PageStation(tmp_path, "127.0.0.1:0", password=str(hash_password("correct horse battery"))) as station:
        assert station.visit().get("/").status == 303


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "localhost:0", "[::1]:0"])
def test_this_machines_own_addresses_need_none(tmp_path: Path, listen: str):
    try:
        with PageStation(tmp_path, listen) as station, urllib.request.urlopen(f"{station.url}/healthz") as answer:
            assert answer.status == 200
    except EdgedigitsError as error:
        if "::1" in listen and "cannot listen" in error.what:
            pytest.skip("this machine has no IPv6")
        raise


@pytest.mark.parametrize(
    "listen", ["8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", ":8080", "::1:80", "127.0.0.1:70000"]
)
def test_what_is_no_address_and_port_is_told(tmp_path: Path, listen: str):
    with pytest.raises(EdgedigitsError, match="cannot listen on"):
        PageStation(tmp_path, listen)


def test_a_port_that_is_taken_is_told(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(EdgedigitsError, match=f"another program listens on {listen} already"):
            PageStation(tmp_path, listen).__enter__()


def test_a_password_that_is_no_hash_is_told(tmp_path: Path):
    with pytest.raises(EdgedigitsError, match="no hash"), PageStation(tmp_path, password="secret"):
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("certificate")
    crt, key = folder / "station.crt", folder / "station.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    try:
        subprocess.run(
            [*command, "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", crt],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return str(crt), str(key)


def test_a_certificate_makes_it_https_and_its_cookie_secure(tmp_path: Path, certificate: tuple[str, str]):
    hashed = str(hash_password("correct horse battery"))
    crt, key = certificate
    with PageStation(tmp_path, "localhost:0", password=hashed, certificate=crt, key=key) as station:
        assert station.url.startswith("https://localhost:")
        context = ssl.create_default_context(cafile=crt)
        body = b'{"password": "correct horse battery"}'
        request = urllib.request.Request(f"{station.url}/api/login", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, context=context) as answer:
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-edgedigits=") and "Secure" in cookie
            assert "max-age" in answer.headers["strict-transport-security"]


def test_a_certificate_without_its_key_is_told(tmp_path: Path, certificate: tuple[str, str]):
    with pytest.raises(EdgedigitsError, match="needs a certificate and its key"):
        PageStation(tmp_path, certificate=certificate[0]).__enter__()


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path, certificate: tuple[str, str]):
    wrong = tmp_path / "wrong.crt"
    wrong.write_text("no certificate")
    with pytest.raises(EdgedigitsError, match="no certificate with its key"):
        PageStation(tmp_path / "journal", certificate=str(wrong), key=certificate[1]).__enter__()


def test_warnings_of_the_package_stand_on_the_page(tmp_path: Path):
    with PageStation(tmp_path) as station:
        logging.getLogger("edgedigits.edge.station").warning("the disk is %d %% full", 97)
        (line,) = station.visit().get("/api/state").json()["status"]["log"]
    assert (line["level"], line["words"]) == ("warning", "the disk is 97 % full")


def test_a_stopped_page_can_be_started_again(tmp_path: Path):
    with PageStation(tmp_path) as station:
        station.server.stop()
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(station.url, timeout=10)
        station.server.start()
        assert station.visit().get("/healthz").status == 200
