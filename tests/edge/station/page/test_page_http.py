"""The page's server as a stranger meets it: every wrong request has an answer, and the station goes on."""

from __future__ import annotations

import base64
import io
import json
import socket
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from page_station import PageStation

from edgedigits.core.lines.truth import read_truth
from edgedigits.edge.station.page.page_limits import PageLimits

WINDOW = {"person": "Anna", "window": "abcdefgh12345678"}
ADDRESSES = (
    "/api/review/claim",
    "/api/review/release",
    "/api/review/key",
    "/api/adjustments",
    "/api/adjustments/reset",
)


def raw(station: PageStation, *parts: bytes, until: bytes | None = None) -> bytes:
    """What the server answers to these bytes before it ends the connection."""
    place = urlsplit(station.url)
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while (until is None or until not in answer) and (data := connection.recv(65536)):
            answer += data
        return answer


def header(station: PageStation, line: str, *more: str) -> bytes:
    host = urlsplit(station.url).netloc
    return "\r\n".join((line, f"Host: {host}", *more, "", "")).encode()


def test_every_answer_forbids_scripts_of_others_frames_and_guessing(station: PageStation):
    for path in ("/", "/static/page.css", "/api/state", "/nothing", "/healthz"):
        headers = station.visit().get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/static/....//server.py"),
        *("/../../../../etc/passwd", "/static//etc/passwd", "/static/%00", "/api/review/..%2f..%2fjournal.zip"),
        *("/api/review/../lines.png", "/static/page.css/", "/static/dashboard.html", "//static/page.css"),
    ],
)
def test_no_path_leads_out_of_the_page(station: PageStation, path: str):
    assert station.visit().get(path).status == 404


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(station: PageStation):
    line = "POST /api/review/claim HTTP/1.1"
    answer = raw(station, header(station, line, "Content-Type: application/json", "Content-Length: 65537"), until=b"}")
    assert answer.startswith(b"HTTP/1.1 413 ") and b"65,536 bytes" in answer


def test_a_body_in_chunks_is_refused_once_it_is_too_large(station: PageStation):
    visitor = station.visit()
    visitor.post("/api/review/claim", WINDOW)
    more = ("Content-Type: application/json", f"X-CSRF-Token: {visitor.token}", "Transfer-Encoding: chunked")
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    answer = raw(station, header(station, "POST /api/review/claim HTTP/1.1", *more), chunk * 5, until=b"}")
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999", "5, 6"])
def test_a_length_that_is_none_is_refused(station: PageStation, length: str):
    answer = raw(
        station, header(station, "POST /api/review/claim HTTP/1.1", f"Content-Length: {length}"), until=b"\r\n"
    )
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))


@pytest.mark.parametrize("size", [20_000, 200_000])
def test_headers_that_are_too_large_are_refused(station: PageStation, size: int):
    answer = raw(station, header(station, "GET / HTTP/1.1", f"X-Long: {'a' * size}"), until=b"\r\n")
    assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


def test_headers_that_come_too_slowly_end_the_connection(tmp_path: Path):
    with PageStation(tmp_path, limits=PageLimits(header_seconds=0.3)) as station:
        assert raw(station, b"GET / HTTP/1.1\r\nHost: 127") == b""
        assert raw(station) == b""
        assert station.visit().get("/healthz").status == 200


def test_the_second_request_of_a_connection_may_not_come_slowly_either(tmp_path: Path):
    with PageStation(tmp_path, limits=PageLimits(header_seconds=0.3)) as station:
        answer = raw(station, header(station, "GET /healthz HTTP/1.1"), b"GET / HTTP/1.1\r\nHos")
        assert answer.count(b"HTTP/1.1 200 OK") == 1


def test_a_body_that_comes_too_slowly_is_given_up(tmp_path: Path):
    with PageStation(tmp_path, limits=PageLimits(body_seconds=0.3)) as station:
        visitor = station.visit()
        visitor.post("/api/review/claim", WINDOW)
        more = ("Content-Type: application/json", f"X-CSRF-Token: {visitor.token}", "Content-Length: 20")
        answer = raw(station, header(station, "POST /api/review/claim HTTP/1.1", *more), b'{"person"')
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_visitor_without_end_is_told_to_wait(tmp_path: Path):
    with PageStation(tmp_path, limits=PageLimits(requests_per_second=0.001, burst=5)) as station:
        visitor = station.visit()
        assert [visitor.get("/healthz").status for _ in range(7)] == [200] * 5 + [429] * 2


def test_a_visitor_who_leaves_amid_a_request_leaves_no_traceback(
    station: PageStation, caplog: pytest.LogCaptureFixture
):
    visitor = station.visit()
    visitor.post("/api/review/claim", WINDOW)
    place = urlsplit(station.url)
    more = ("Content-Type: application/json", f"X-CSRF-Token: {visitor.token}", "Content-Length: 20")
    for _ in range(3):
        with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
            connection.sendall(header(station, "POST /api/review/claim HTTP/1.1", *more) + b'{"per')
            assert visitor.get("/healthz").status == 200
    assert visitor.get("/healthz").status == 200
    station.server.stop()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_one_address_has_so_many_connections_and_no_more(tmp_path: Path):
    with PageStation(tmp_path, limits=PageLimits(connections_per_address=3)) as station:
        place = urlsplit(station.url)
        opened = [socket.create_connection((place.hostname, place.port), timeout=30) for _ in range(4)]
        try:
            opened[3].settimeout(30)
            with pytest.raises(ConnectionResetError):
                opened[3].recv(1) or _reset()
        finally:
            for connection in opened:
                connection.close()


def _reset() -> None:
    raise ConnectionResetError("ended")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::2]"])
def test_another_name_of_this_machine_is_refused(station: PageStation, host: str):
    assert station.visit().get("/api/state", host=host).status == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9999", "LOCALHOST:80", "[::1]:80"])
def test_its_own_names_are_taken_whatever_port_leads_to_it(station: PageStation, host: str):
    assert station.visit().get("/api/state", host=host).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        *({"origin": "http://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}),
        *({"sec_fetch_site": "same-site"}, {"origin": "http://127.0.0.1:1"}, {"sec_fetch_site": "nonsense"}),
    ],
)
@pytest.mark.parametrize("path", ADDRESSES)
def test_another_site_changes_nothing(station: PageStation, path: str, headers: dict[str, str]):
    piece = station.reject("48213")
    told = {**WINDOW, "piece": piece.id, "code": "48213", "threshold": 0.5}
    assert station.visit().post(path, told, **headers).status == 403
    assert station.adjustments.changed == () and station.journal.counts(0).waiting == 1


@pytest.mark.parametrize("path", ADDRESSES)
def test_nothing_changes_without_the_token_of_the_page(station: PageStation, path: str):
    assert station.visit().post(path, {**WINDOW, "threshold": 0.5}, x_csrf_token="guessed").status == 403
    assert station.adjustments.changed == ()


def test_another_site_may_not_look_but_may_link(station: PageStation):
    visitor = station.visit()
    assert visitor.get("/api/live.jpg", sec_fetch_site="cross-site").status == 403
    assert visitor.get("/api/events", sec_fetch_site="cross-site").status == 403
    assert visitor.get("/review", sec_fetch_site="cross-site", sec_fetch_mode="navigate").status == 200


def test_a_proxy_that_encrypts_for_the_page_is_its_own_origin(station: PageStation):
    origin = station.url.replace("http:", "https:")
    assert station.visit().post("/api/adjustments", {"threshold": 0.9}, origin=origin).status == 200


def test_the_pages_own_origin_is_taken(station: PageStation):
    visitor = station.visit()
    answer = visitor.post("/api/adjustments", {"threshold": 0.9}, origin=station.url, sec_fetch_site="same-origin")
    assert answer.status == 200 and station.adjustments.current.threshold == 0.9


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/adjustments", {}),
        ("/api/adjustments", {"threshold": "0.9"}),
        ("/api/adjustments", {"threshold": True}),
        ("/api/adjustments", {"threshold": 1.5}),
        ("/api/adjustments", {"threshold": float("nan")}),
        ("/api/adjustments", {"threshold": 0.9, "shell": "rm"}),
        ("/api/adjustments", {"region": "all"}),
        ("/api/adjustments", {"region": [1, 2, 3]}),
        ("/api/adjustments", {"region": [0, 0, 10**30, 20]}),
        ("/api/adjustments", {"region": [-1, 0, 100, 100]}),
        ("/api/adjustments", {"region": [0.5, 0, 100, 100]}),
        ("/api/review/claim", {}),
        ("/api/review/claim", {"person": "", "window": "abcdefgh12345678"}),
        ("/api/review/claim", {"person": 7, "window": "abcdefgh12345678"}),
        ("/api/review/claim", {"person": "a" * 41, "window": "abcdefgh12345678"}),
        ("/api/review/claim", {"person": "a\nb", "window": "abcdefgh12345678"}),
        ("/api/review/claim", {"person": "\ud800", "window": "abcdefgh12345678"}),
        ("/api/review/claim", {"person": "Anna", "window": "'; DROP TABLE pieces; --"}),
        ("/api/review/key", {**WINDOW, "piece": "x", "code": 48213}),
        ("/api/review/key", {**WINDOW, "piece": "x", "code": "4821a"}),
        ("/api/review/key", {**WINDOW, "piece": "x", "code": "٤٨٢١٣"}),
        ("/api/review/key", {**WINDOW, "piece": "x", "code": "1" * 41}),
        ("/api/review/key", {**WINDOW, "piece": "x", "code": "482"}),
    ],
)
def test_values_of_a_wrong_kind_are_refused_in_words(station: PageStation, path: str, told: dict[str, Any]):
    answer = station.visit().post(path, told)
    assert answer.status == 422 and answer.json()["error"] and answer.json()["remedy"]
    assert station.adjustments.changed == ()


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"text"', b"\xff\xfe", b"[" * 50_000, b"null"])
def test_a_body_that_is_no_json_object_is_refused(station: PageStation, body: bytes):
    visitor = station.visit()
    visitor.post("/api/review/claim", WINDOW)
    headers = {"content_type": "application/json", "x_csrf_token": visitor.token}
    assert visitor.ask("POST", "/api/review/claim", body, **headers).status == 400


def test_a_form_is_no_json(station: PageStation):
    answer = station.visit().post("/api/adjustments", {}, content_type="application/x-www-form-urlencoded")
    assert answer.status == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NONSENSE"])
def test_other_methods_are_refused(station: PageStation, method: str):
    assert station.visit().ask(method, "/api/adjustments").status in (403, 405)


def test_a_look_is_no_change_and_a_change_is_no_look(station: PageStation):
    assert station.visit().get("/api/review/claim").status == 405
    assert station.visit().post("/api/state", {}).status == 405


def test_events_are_only_streamed(station: PageStation):
    assert station.visit().ask("HEAD", "/api/events").status == 405


@pytest.mark.parametrize("piece", ["unknown-1", "..", "a" * 300, "x'; --"])
def test_a_piece_that_does_not_exist_is_none(station: PageStation, piece: str):
    visitor = station.visit()
    assert visitor.post("/api/review/key", {**WINDOW, "piece": piece, "code": "48213"}).status in (404, 422)
    assert station.journal.counts(0).keyed == 0


def test_a_piece_without_a_picture_has_none_to_show(station: PageStation):
    result = station.result("48213")
    station.journal.hold(result, None, time.time() + 600)
    piece = station.visit().post("/api/review/claim", WINDOW).json()["piece"]
    assert piece["id"] == result.id and piece["picture"] is None


def test_what_is_no_http_ends_that_connection_alone(station: PageStation):
    assert raw(station, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", until=b"\r\n").startswith(
        b"HTTP/1.1 400 "
    )
    assert station.visit().get("/healthz").status == 200


def test_the_first_who_keys_is_right_and_the_second_is_told(station: PageStation):
    piece = station.hold("48213", 600)
    visitor = station.visit()
    first = visitor.post("/api/review/key", {"person": "Anna", "piece": piece.id, "code": "48213"}).json()
    second = visitor.post("/api/review/key", {"person": "Ben", "piece": piece.id, "code": "48219"}).json()
    assert (first["first"], first["final"], second["first"], second["person"]) == (True, True, False, "Anna")
    (event,) = station.journal.events(0)
    assert (event.result.outcome, event.result.code, event.result.person) == ("keyed", "48213", "Anna")


def test_many_persons_at_once_are_never_given_the_same_piece(station: PageStation):
    pieces = {station.reject(f"48{number:03d}").id for number in range(40)}

    def review(person: int) -> list[str]:
        visitor = station.visit()
        claim = {"person": f"person {person}", "window": f"window{person:06d}"}
        given = []
        while piece := visitor.post("/api/review/claim", claim).json()["piece"]:
            given.append(piece["id"])
        return given

    with ThreadPoolExecutor(8) as persons:
        given = [piece for each in persons.map(review, range(8)) for piece in each]
    assert len(given) == 40 and set(given) == pieces


def test_a_piece_comes_with_its_picture(station: PageStation):
    result = station.reject("48213")
    picture = station.visit().post("/api/review/claim", WINDOW).json()["piece"]["picture"]
    assert base64.b64decode(picture) == station.journal.crop(result.id)


def test_two_windows_of_one_person_are_given_different_pieces(station: PageStation):
    for code in ("48213", "10942"):
        station.reject(code)
    visitor = station.visit()
    claims = [{"person": "Anna", "window": letter * 12} for letter in "abc"]
    given = [visitor.post("/api/review/claim", claim).json()["piece"] for claim in claims]
    assert given[2] is None and given[0]["id"] != given[1]["id"]


def test_what_was_keyed_is_exported_as_lines_to_train_on(station: PageStation, tmp_path: Path):
    visitor = station.visit()
    for code in ("48213", "10942"):
        visitor.post("/api/review/key", {"person": "Anna", "piece": station.reject(code).id, "code": code})
    answer = visitor.get("/api/review/lines.zip")
    zipfile.ZipFile(io.BytesIO(answer.body)).extractall(tmp_path)
    assert [field.text for field in read_truth(tmp_path / "lines" / "truth.csv")] == ["48213", "10942"]
    assert len(list((tmp_path / "lines" / "images").glob("*.png"))) == 2
    wait_until(lambda: not list(station.journal.folder.glob(".export-*")))


def wait_until(condition: Callable[[], bool]) -> None:
    """The server cleans up once it has sent all, which is after the visitor has it."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline


def test_what_was_keyed_is_exported_as_single_digits_where_their_boxes_are_known(station: PageStation):
    result = station.result("48213", "rejected", 0.7)
    boxes = [(28 + 42 * place, 10, 44, 44) for place in range(5)]
    station.journal.add(result, station.crop("48213"), boxes)
    visitor = station.visit()
    visitor.post("/api/review/key", {"person": "Anna", "piece": result.id, "code": "48213"})
    names = zipfile.ZipFile(io.BytesIO(visitor.get("/api/review/folder.zip").body)).namelist()
    assert sorted(Path(name).parts[1] for name in names if name.endswith(".png")) == ["1", "2", "3", "4", "8"]


def test_nothing_keyed_is_nothing_to_export(station: PageStation):
    assert station.visit().get("/api/review/labelled").status == 409
    assert station.visit().get("/api/review/folder.zip").status == 409


def test_too_much_to_export_is_refused_with_the_command_that_does_it(tmp_path: Path):
    with PageStation(tmp_path, limits=PageLimits(export_pieces=1)) as station:
        visitor = station.visit()
        for code in ("48213", "10942"):
            visitor.post("/api/review/key", {"person": "Anna", "piece": station.reject(code).id, "code": code})
        answer = visitor.get("/api/review/lines.zip")
        assert answer.status == 409 and "edgedigits journal labelled" in answer.json()["remedy"]


def test_the_live_picture_is_encoded_for_the_width_that_is_asked_for(station: PageStation):
    visitor = station.visit()
    assert visitor.get("/api/live.jpg").status == 204
    station.publish(1)
    answer = visitor.get("/api/live.jpg?width=320")
    assert answer.body.startswith(b"\xff\xd8") and answer.headers["x-frame-number"] == "1"
    assert visitor.get("/api/live.jpg?width=320&after=1").status == 204
    assert visitor.get("/api/live.jpg?width=-5").status == 422


def test_health_is_told_to_everybody_and_no_more_than_that(station: PageStation):
    assert station.visit().get("/healthz").json() == {"status": "ok"}
    station.alarms["camera"] = "the camera at /dev/video0 is away"
    answer = station.visit().get("/healthz")
    assert answer.status == 503 and answer.json() == {"status": "alarm"}


def test_figures_are_there_for_prometheus(station: PageStation):
    answer = station.visit().get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"edgedigits_frames_total 12" in answer.body


def test_files_of_the_page_are_sent_once(station: PageStation):
    visitor = station.visit()
    etag = visitor.get("/static/page.css").headers["etag"]
    assert visitor.get("/static/page.css", if_none_match=etag).status == 304


def test_the_state_is_json_that_any_parser_takes(station: PageStation):
    station.add("48213")
    state = json.loads(station.visit().get("/api/state").body, parse_constant=pytest.fail)
    assert state["results"][0]["code"] == "48213" and state["status"]["counts"]["accepted"] == 1


def test_a_piece_that_somebody_has_is_keyed_by_nobody_else(station: PageStation):
    piece = station.hold("48213", 600)
    visitor = station.visit()
    assert visitor.post("/api/review/claim", WINDOW).json()["piece"]["id"] == piece.id
    for other in ({"person": "Ben"}, {"person": "Ben", "window": "zzzzzzzz"}, {**WINDOW, "window": "zzzzzzzz"}):
        answer = visitor.post("/api/review/key", {**other, "piece": piece.id, "code": "48219"})
        assert answer.status == 409
        assert "has this piece now" in answer.json()["error"]
    assert visitor.post("/api/review/key", {**WINDOW, "piece": piece.id, "code": "48213"}).json()["final"]
    (event,) = station.journal.events(0)
    assert event.result.code == "48213"
