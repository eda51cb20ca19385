"""Posting pieces to a real HTTP server, which fails in all the ways that servers fail."""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from made_certificates import authority_and_server
from made_results import result
from mosquitto import PATIENCE, free_port

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.configuration.settings import WebhookSettings
from edgedigits.edge.station.journal.records import Event
from edgedigits.edge.station.messages.forwarder import Forwarder
from edgedigits.edge.station.messages.outputs import EventRefused, OutputAway
from edgedigits.edge.station.messages.webhook import WebhookOutput


class Server(ThreadingHTTPServer):
    """Answers with what ``answers`` holds, then with 204; keeps what it took."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.requests, self.taken = [], [], []
        self.changed = threading.Condition()
        self.go_on = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/pieces?from=north"

    def wait_for(self, met):
        with self.changed:
            assert self.changed.wait_for(met, PATIENCE), self.taken


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.changed:
            self.server.requests.append((self.path, dict(self.headers), body))
            answer = self.server.answers.pop(0) if self.server.answers else 204
            if answer == 204:
                self.server.taken.append(body)
            self.server.changed.notify_all()
        if answer == "silent":
            self.server.go_on.wait(PATIENCE)
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    started = Server()
    thread = threading.Thread(target=started.serve_forever, args=(0.05,))
    thread.start()
    yield started
    started.go_on.set()
    started.shutdown()
    thread.join()
    started.server_close()


@pytest.fixture
def webhook(server):
    return WebhookOutput(WebhookSettings(url=server.url))


def test_a_piece_is_posted_as_json_under_its_id(webhook, server, tmp_path):
    webhook.deliver(Event(5, result(7)))
    ((path, headers, body),) = server.requests
    assert path == "/pieces?from=north"
    assert body == {"sequence": 5, **json.loads(json.dumps(result(7).as_dict()))}
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == "north-000007"
    assert "Authorization" not in headers


def test_the_token_is_sent_and_read_again_when_it_is_renewed(server, tmp_path):
    (tmp_path / "token").write_text("first\n")
    output = WebhookOutput(WebhookSettings(url=server.url, token_file=str(tmp_path / "token")))
    output.deliver(Event(1, result(1)))
    (tmp_path / "token").write_text("second\n")
    output.deliver(Event(2, result(2)))
    assert [headers["Authorization"] for _, headers, _ in server.requests] == ["Bearer first", "Bearer second"]


def test_a_token_that_vanished_is_waited_for(server, tmp_path):
    (tmp_path / "token").write_text("first\n")
    output = WebhookOutput(WebhookSettings(url=server.url, token_file=str(tmp_path / "token")))
    (tmp_path / "token").unlink()
    with pytest.raises(OutputAway, match=r"cannot read .*token.*webhook\.token_file"):
        output.deliver(Event(1, result(1)))
    assert server.requests == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status, webhook, server):
    server.answers = [status]
    with pytest.raises(OutputAway, match=f"answered {status}"):
        webhook.deliver(Event(1, result(1)))


@pytest.mark.parametrize("status", [400, 409, 410, 413, 415, 422])
def test_what_is_about_the_event_refuses_it(status, webhook, server):
    server.answers = [status]
    with pytest.raises(EventRefused, match=f"answered {status}"):
        webhook.deliver(Event(1, result(1)))


@pytest.mark.parametrize(
    ("status", "setting"), [(401, "token_file"), (403, "token_file"), (404, "url"), (405, "url"), (407, "url")]
)
def test_what_is_about_the_settings_waits_until_they_are_mended(status, setting, webhook, server):
    server.answers = [status]
    with pytest.raises(OutputAway, match=rf"answered {status}.*webhook\.{setting}"):
        webhook.deliver(Event(1, result(1)))


def test_a_redirection_is_not_followed_but_told(webhook, server):
    server.answers = [(308, {"Location": "https://elsewhere.example/"})]
    with pytest.raises(OutputAway, match=r"answered 308 .* to https://elsewhere\.example/; name that"):
        webhook.deliver(Event(1, result(1)))
    assert len(server.requests) == 1


@pytest.mark.parametrize(("said", "seconds"), [("7", 7), ("99999", 300), ("Wed, 21 Oct 2026 07:28:00 GMT", None)])
def test_the_other_side_may_say_when_to_come_again(said, seconds, webhook, server):
    server.answers = [(503, {"Retry-After": said})]
    with pytest.raises(OutputAway) as raised:
        webhook.deliver(Event(1, result(1)))
    assert raised.value.again == seconds


def test_a_server_that_says_nothing_is_given_up_after_the_timeout(server):
    server.answers = ["silent"]
    with pytest.raises(OutputAway, match="timed out"):
        WebhookOutput(WebhookSettings(url=server.url, timeout=0.3)).deliver(Event(1, result(1)))


def test_no_server_is_told(tmp_path):
    with pytest.raises(OutputAway, match=r"cannot be reached \(Connection refused\)"):
        WebhookOutput(WebhookSettings(url=f"http://127.0.0.1:{free_port()}/")).deliver(Event(1, result(1)))


def test_a_server_with_a_certificate_of_nobody_is_not_trusted(server, tmp_path):
    authority_and_server(tmp_path, "ours")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    output = WebhookOutput(WebhookSettings(url=server.url.replace("http:", "https:")))
    with pytest.raises(OutputAway, match=r"the certificate of https://\S+ is not trusted \(.*\); add its authority"):
        output.deliver(Event(1, result(1)))
    assert server.requests == []


def test_a_server_that_fails_now_and_then_gets_everything_in_order(server, journal):
    server.answers = [500, 204, 204, 503, 429, 204, 502]
    forwarder = Forwarder(journal, WebhookOutput(WebhookSettings(url=server.url)), first_pause=0.01, longest_pause=0.02)
    forwarder.start()
    for number in range(1, 21):
        journal.add(result(number), None)
    server.wait_for(lambda: len(server.taken) == 20)
    forwarder.stop()
    assert [body["sequence"] for body in server.taken] == list(range(1, 21))
    assert forwarder.reconnects == 3


def test_one_bad_event_does_not_block_those_behind_it(server, journal):
    server.answers = [422]
    forwarder = Forwarder(journal, WebhookOutput(WebhookSettings(url=server.url)))
    forwarder.start()
    for number in (1, 2):
        journal.add(result(number), None)
    server.wait_for(lambda: [body["sequence"] for body in server.taken] == [2])
    forwarder.stop()
    assert forwarder.refused == 1


def test_stopping_breaks_off_a_post_that_nobody_answers(server, journal):
    server.answers = ["silent"]
    forwarder = Forwarder(journal, WebhookOutput(WebhookSettings(url=server.url, timeout=300)))
    journal.add(result(1), None)
    forwarder.start()
    server.wait_for(lambda: server.requests)
    began = time.monotonic()
    forwarder.stop()
    assert time.monotonic() - began < 1
    assert journal.delivered("webhook") == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://sorter.local/", "no http or https address"),
        ("sorter.local", "no http or https address"),
        ("http://", "no http or https address"),
        ("http://sorter.local:99999/", "no address"),
        ("https://me:secret@sorter.local/", "holds a user or a password"),
    ],
)
def test_what_is_no_address_is_refused(url, words):
    with pytest.raises(EdgedigitsError, match=words) as raised:
        WebhookOutput(WebhookSettings(url=url))
    assert "secret" not in str(raised.value)
