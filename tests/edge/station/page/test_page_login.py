"""A page with a password: who has it is let in, who guesses has to wait."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from page_station import QUIET, PageStation, Visitor

from edgedigits.edge.station.page.access.password import PasswordHash, hash_password
from edgedigits.edge.station.page.access.sessions import LoginTries, Sessions

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    return str(hash_password(PASSWORD))


@pytest.fixture
def locked(tmp_path: Path, hashed: str):
    with PageStation(tmp_path, password=hashed) as station:
        yield station


def basic(password: str) -> str:
    return f"Basic {base64.b64encode(f'prometheus:{password}'.encode()).decode()}"


@pytest.mark.parametrize("path", ["/", "/review", "/settings"])
def test_a_view_leads_to_the_login(locked: PageStation, path: str):
    answer = locked.visit().get(path)
    assert (answer.status, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize(
    "path",
    ["/api/state", "/api/events", "/api/live.jpg", "/api/session", "/api/review/lines.zip"],
)
def test_nothing_is_shown_without_the_password(locked: PageStation, path: str):
    answer = locked.visit().get(path)
    assert answer.status == 401 and b"hall-2" not in answer.body


@pytest.mark.parametrize("path", ["/api/adjustments", "/api/review/claim", "/api/review/key", "/api/logout"])
def test_nothing_is_changed_without_the_password(locked: PageStation, path: str):
    assert locked.visit().post(path, {"threshold": 0.5}).status == 401


def test_the_password_opens_a_session_whose_cookie_no_script_and_no_other_site_sees(locked: PageStation):
    visitor = locked.visit()
    cookie = visitor.log_in(PASSWORD).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    assert visitor.get("/api/state").status == 200
    assert visitor.post("/api/adjustments", {"threshold": 0.9}).status == 200


def test_each_session_has_a_token_of_its_own(locked: PageStation):
    one, other = locked.visit(), locked.visit()
    one.log_in(PASSWORD), other.log_in(PASSWORD)
    stolen = other.get("/api/session").json()["token"]
    assert one.post("/api/adjustments", {"threshold": 0.9}, x_csrf_token=stolen).status == 403


def test_logging_out_ends_the_session_for_whoever_has_the_cookie(locked: PageStation):
    visitor = locked.visit()
    visitor.log_in(PASSWORD)
    assert visitor.post("/api/logout", {}).status == 200
    assert visitor.get("/api/state").status == 401


def test_another_site_logs_nobody_in(locked: PageStation):
    visitor = locked.visit()
    body = f'{{"password": "{PASSWORD}"}}'.encode()
    answer = visitor.ask("POST", "/api/login", body, content_type="application/json", origin="http://evil.example")
    assert answer.status == 403 and "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", ["edgedigits=", "edgedigits=guess", "edgedigits=\x00", "; ; =", "edgedigits"])
def test_a_cookie_that_is_none_opens_nothing(locked: PageStation, cookie: str):
    assert locked.visit().get("/api/state", cookie=cookie).status in (400, 401)


def test_wrong_passwords_make_an_address_wait_even_with_the_right_one(locked: PageStation):
    visitor = locked.visit()
    assert [visitor.log_in("wrong password").status for _ in range(4)] == [403, 403, 403, 429]
    answer = visitor.log_in(PASSWORD)
    assert answer.status == 429 and int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("password", ["", "x" * 1001, None, 12, ["a"]])
def test_a_password_of_a_wrong_kind_is_none(locked: PageStation, password: object):
    assert locked.visit().log_in(password).status in (403, 422)  # type: ignore[arg-type]


def test_the_wait_doubles_after_each_wrong_password_up_to_five_minutes():
    clock = [0.0]
    tries = LoginTries(3, lambda: clock[0])
    waits = []
    for _ in range(13):
        tries.wrong("192.0.2.7")
        waits.append(tries.wait("192.0.2.7"))
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    clock[0] = 299.0
    assert tries.wait("192.0.2.7") == 1
    assert tries.wait("192.0.2.8") == 0
    tries.right("192.0.2.7")
    assert tries.wait("192.0.2.7") == 0


def test_addresses_that_one_host_may_take_count_as_one():
    tries = LoginTries(1, lambda: 0.0)
    tries.wrong("2001:db8::1")
    assert tries.wait("2001:db8::ffff:2") == 1
    assert tries.wait("2001:db8:0:1::1") == 0


def test_a_session_ends_after_its_time():
    clock = [0.0]
    sessions = Sessions(60, 10, lambda: clock[0])
    secret, _ = sessions.begin()
    clock[0] = 59.9
    assert sessions.of(secret) is not None
    clock[0] = 60.0
    assert sessions.of(secret) is None


def test_the_oldest_session_gives_way_to_a_new_one():
    sessions = Sessions(60, 2, lambda: 0.0)
    (first, _), (second, _), (third, _) = (sessions.begin() for _ in range(3))
    assert sessions.of(first) is None
    assert sessions.of(second) is not None and sessions.of(third) is not None


def test_a_session_that_has_ended_is_asked_for_the_password_again(tmp_path: Path, hashed: str):
    from dataclasses import replace

    with PageStation(tmp_path, password=hashed, limits=replace(QUIET, session_seconds=0.0)) as station:
        visitor = station.visit()
        assert visitor.log_in(PASSWORD).status == 200
        assert visitor.get("/").headers["location"] == "/login"


def test_prometheus_gives_the_password_with_each_request(locked: PageStation):
    visitor = locked.visit()
    assert visitor.get("/metrics").headers["www-authenticate"].startswith("Basic ")
    assert visitor.get("/metrics", authorization=basic(PASSWORD)).status == 200
    assert visitor.get("/metrics", authorization=basic(PASSWORD)).status == 200
    assert visitor.get("/metrics", authorization=basic("wrong password")).status == 401


@pytest.mark.parametrize("given", ["Basic", "Basic ???", "Bearer abc", "Basic " + base64.b64encode(b"\xff").decode()])
def test_credentials_that_are_none_are_refused(locked: PageStation, given: str):
    assert locked.visit().get("/metrics", authorization=given).status == 401


def test_the_password_for_figures_opens_nothing_else(locked: PageStation):
    assert locked.visit().get("/api/state", authorization=basic(PASSWORD)).status == 401


def test_health_needs_no_password(locked: PageStation):
    assert locked.visit().get("/healthz").status == 200


def test_with_a_password_any_name_leads_to_the_page(locked: PageStation):
    visitor = locked.visit()
    visitor.log_in(PASSWORD)
    assert visitor.get("/api/state", host="station.lan:8080").status == 200


def test_nobody_says_that_they_come_from_another_address(locked: PageStation):
    visitor: Visitor = locked.visit()
    for number in range(4):
        body = b'{"password": "wrong password"}'
        headers = {"content_type": "application/json", "x_forwarded_for": f"192.0.2.{number}"}
        answer = visitor.ask("POST", "/api/login", body, **headers)
    assert answer.status == 429


def test_the_hash_in_the_configuration_is_scrypt_as_rfc_7914_has_it():
    # RFC 7914, section 12: P="pleaseletmein", S="SodiumChloride", N=16384, r=8, p=1, dkLen=64
    digest = bytes.fromhex(
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    )
    known = PasswordHash(16384, 8, 1, b"SodiumChloride", digest)
    assert known.fits("pleaseletmein") and not known.fits("pleaseletmeIn")
