from __future__ import annotations

import gzip
import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import fednet.web
from fednet.errors import BusyError
from fednet.feed.edition import LIFETIME
from fednet.node.home import Home
from fednet.web.app import create_app
from fednet.web.programs import api
from tests.asgi import Client
from tests.web.place import NOW

URLS = (
    "/",
    "/events",
    "/api/v1/organizations",
    "/static/style.css",
    "/healthz",
    "/nowhere",
    "/api/v1/events?zone=Mars",
)


@pytest.mark.parametrize("url", URLS)
def test_every_answer_carries_the_security_headers(browser: Client, url: str) -> None:
    headers = browser.get(url).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]


def test_a_node_says_that_it_lives_and_that_its_database_answers(program: Client) -> None:
    assert (program.get("/healthz").status, program.get("/readyz").status) == (200, 200)


def test_the_feeds_are_served_beside_the_pages(program: Client) -> None:
    assert program.get("/.well-known/fednet").json["name"] == "Asia Pacific Example Network"


@pytest.mark.parametrize("url", ["/", "/api/v1/organizations", "/static/style.css"])
def test_answers_are_compressed_as_the_asker_prefers(browser: Client, url: str) -> None:
    plain = browser.get(url)
    assert "content-encoding" not in plain.headers and plain.headers["vary"].endswith("Accept-Encoding")
    zstd = browser.get(url, accept_encoding="gzip, deflate, br, zstd")
    assert zstd.headers["content-encoding"] == "zstd" and int(zstd.headers["content-length"]) == len(zstd.body)
    assert zstandard.ZstdDecompressor().decompress(zstd.body) == plain.body
    zipped = browser.get(url, accept_encoding="zstd;q=0.1, gzip")
    assert zipped.headers["content-encoding"] == "gzip" and gzip.decompress(zipped.body) == plain.body
    assert "content-encoding" not in browser.get(url, accept_encoding="br, zstd;q=0").headers


def test_an_unknown_address_is_a_page_for_people_and_json_for_programs(browser: Client, program: Client) -> None:
    assert browser.get("/nowhere").headers["content-type"].startswith("text/html")
    assert program.get("/nowhere").json == {"error": "not-found", "detail": "there is nothing at this address"}
    assert browser.get("/api/v1/nowhere").json["error"] == "not-found"
    assert browser.get("/feeds/nobody/identity").json["error"] == "not-found"


def test_a_method_that_is_not_taken_is_refused(program: Client) -> None:
    answer = program.post("/networks", b"")
    assert (answer.status, answer.json["error"]) == (405, "method-not-allowed") and "GET" in answer.headers["allow"]


def test_a_mistake_of_ours_shows_nothing_and_logs_no_query(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(api, "search", broken)
    monkeypatch.setattr("fednet.web.public.searching.search", broken)
    client = Client(create_app(home), accept="text/html")
    with caplog.at_level(logging.ERROR):
        program, page = client.get("/api/v1/organizations?text=Mae+Sot"), client.get("/?text=Mae+Sot")
    for answer in (program, page):
        assert answer.status == 500 and "secret" not in answer.text and "Traceback" not in answer.text
        assert "content-security-policy" in answer.headers
    assert program.json["error"] == "failed" and "<h1>" in page.text
    assert "ZeroDivisionError" in caplog.text and "Mae" not in caplog.text


def test_a_mistake_of_ours_logs_no_secret_of_an_address(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("fednet.node.links.find", broken)
    client, secret = Client(create_app(home), accept="text/html", host="localhost"), "s3cret" * 8
    with caplog.at_level(logging.ERROR):
        for page in ("welcome", "sign-in", "confirm", "application", "endorse", "account/address"):
            assert client.get(f"/{page}/{secret}").status == 500, page
    assert "GET /welcome/{secret} failed" in caplog.text and "s3cret" not in caplog.text


def test_an_error_keeps_its_own_status_word_and_hint(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(request: Request) -> PlainTextResponse:
        raise BusyError("another process is writing", hint="try again")

    monkeypatch.setattr("fednet.web.programs.feeds.routes", lambda *_: [Route("/feeds/x", busy)])
    answer = Client(create_app(home)).get("/feeds/x")
    assert (answer.status, answer.json) == (
        503,
        {"error": "busy", "detail": "another process is writing", "hint": "try again"},
    )


def test_nothing_that_is_served_comes_from_elsewhere() -> None:
    web = Path(fednet.web.__file__).parent
    for file in (*web.glob("templates/**/*.html"), *web.glob("static/*.[cjs]*")):
        written = file.read_text("utf-8")
        assert "//" not in re.sub(r"http://www\.w3\.org|https://[\w.-]*\bexample\b", "", written), file.name


def test_what_expired_long_ago_is_on_no_page_and_in_no_answer(home: Home) -> None:
    later = NOW + LIFETIME + home.store.forget_after + timedelta(hours=1)
    urls = ("/", "/networks", "/events?from=2026-11-21", "/api/v1/organizations", "/api/v1/networks", "/events")
    urls += ("/api/v1/events?from=2026-11-21",)
    for now, shown in ((NOW, True), (later, False)):
        client = Client(create_app(home, clock=lambda now=now: now), accept="*/*")
        assert any("Canadian Example Council" in client.get(url).text for url in urls) is shown
