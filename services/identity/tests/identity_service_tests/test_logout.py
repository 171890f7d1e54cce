"""RP-initiated logout, its redirects, its traps, and the back channel."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from urllib.parse import parse_qs

import httpx
import pytest

from identity_service_tests.conftest import CLIENTS, App, claims, code_of, field_of, start

HOME = "http://127.0.0.1:7777/"
FROM_A_BROWSER = {"Sec-Fetch-Site": "cross-site"}


def log_out(app: App, headers: dict[str, str] | None = None, **asked: str) -> httpx.Response:
    return app.http.get(f"{app.url}/end_session", params=asked, headers=headers)


def test_logging_out_ends_the_session_and_its_grants(web: App) -> None:
    token = web.redeem(web.code()).json()
    unused = code_of(web.authorize())

    answer = log_out(web, id_token_hint=token["id_token"], post_logout_redirect_uri=HOME, state="s 1")

    assert (303, f"{HOME}?state=s+1") == (answer.status_code, answer.headers["location"])
    assert web.authorize().status_code == 200
    assert web.refresh(token["refresh_token"]).status_code == 400
    assert web.redeem(unused).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", f"{HOME}other", "//evil.example/", "http://127.0.0.1:7777"]
)
def test_it_redirects_to_registered_addresses_only(web: App, target: str) -> None:
    token = web.redeem(web.code()).json()

    answer = log_out(web, id_token_hint=token["id_token"], post_logout_redirect_uri=target)

    assert answer.status_code == 200
    assert "location" not in answer.headers


def test_a_hint_for_one_client_does_not_speak_for_another(mobile: App) -> None:
    token = mobile.redeem(mobile.code()).json()

    answer = log_out(mobile, id_token_hint=token["id_token"], client_id="web", post_logout_redirect_uri=HOME)

    assert "location" not in answer.headers


def test_another_site_cannot_log_a_person_out(mobile: App) -> None:
    mobile.code()

    page = log_out(mobile, FROM_A_BROWSER)

    assert "Log out?" in page.text
    assert mobile.authorize().status_code == 302, "still logged in"
    form = {"csrf": field_of(page, "csrf")}
    mobile.http.post(f"{mobile.url}/end_session", data={"csrf": "guess"}, headers=FROM_A_BROWSER)
    assert mobile.authorize().status_code == 302, "a guess is not enough"
    mobile.http.post(f"{mobile.url}/end_session", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert mobile.authorize().status_code == 200


def test_an_access_token_is_no_hint(web: App) -> None:
    token = web.redeem(web.code()).json()

    log_out(web, FROM_A_BROWSER, id_token_hint=token["access_token"])

    assert web.authorize().status_code == 302


def test_a_strangers_hint_does_not_log_this_browser_out(web: App, mobile: App) -> None:
    hint = mobile.redeem(mobile.code("bob")).json()["id_token"]
    web.code("alice")

    log_out(web, FROM_A_BROWSER, id_token_hint=hint)

    assert web.authorize().status_code == 302


@pytest.fixture
def listener() -> Iterator[tuple[str, "Queue[str]"]]:
    """A client's back channel: its address, and the logout tokens that it hears."""
    heard: Queue[str] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            heard.put(parse_qs(body)["logout_token"][0])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/logout", heard
        server.shutdown()
        thread.join()


def test_clients_hear_of_a_logout(tmp_path: Path, listener: tuple[str, "Queue[str]"]) -> None:
    address, heard = listener
    web, mobile, machine, _ = CLIENTS["clients"]
    deaf = mobile | {"backchannel_logout_uri": "http://127.0.0.1:1/nobody"}
    clients = {"clients": [deaf, web | {"backchannel_logout_uri": address}, machine]}
    (tmp_path / "clients.json").write_text(json.dumps(clients), encoding="utf-8")
    with start(tmp_path) as running:
        app = App(running.url)
        token = app.redeem(app.code()).json()["id_token"]
        log_out(app, id_token_hint=token)

        header, logout = claims(running.url, heard.get(timeout=10))

        assert ("logout+jwt", "web") == (header["typ"], logout["aud"])
        assert claims(running.url, token)[1]["sid"] == logout["sid"]
        assert "nonce" not in logout
        app.http.close()
