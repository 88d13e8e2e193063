from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import HTMLResponse, StreamingResponse

from fednet.web.asgi import Compressed, preferred
from tests.asgi import Client


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, zstd", "zstd"),
        ("GZIP;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, gzip;q=0", None),
        ("*", None),
        ("gzip;q=nonsense", None),
    ],
)
def test_the_preferred_coding_follows_the_weights(accepted: str, coding: str | None) -> None:
    assert preferred(accepted) == coding


@given(st.text())
def test_any_accept_encoding_is_survived(accepted: str) -> None:
    assert preferred(accepted) in (None, "gzip", "zstd")


def test_what_is_streamed_is_passed_on_as_it_comes() -> None:
    async def parts() -> Any:
        for _ in range(3):
            yield b"x" * 1_000
            await asyncio.sleep(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await StreamingResponse(parts(), media_type="text/html")(scope, receive, send)

    answer = Client(Compressed(app)).get("/", accept_encoding="gzip")
    assert answer.body == b"x" * 3_000 and "content-encoding" not in answer.headers


def test_what_is_compressed_already_is_left_alone() -> None:
    page = HTMLResponse(b"x" * 1_000, headers={"content-encoding": "br"})
    answer = Client(Compressed(page)).get("/", accept_encoding="gzip")
    assert answer.body == b"x" * 1_000 and answer.headers["content-encoding"] == "br"


def test_a_small_answer_is_not_worth_it() -> None:
    answer = Client(Compressed(HTMLResponse("hello"))).get("/", accept_encoding="gzip")
    assert answer.body == b"hello" and "content-encoding" not in answer.headers


def test_a_strong_tag_becomes_weak_with_other_bytes() -> None:
    page = HTMLResponse(b"x" * 1_000, headers={"etag": '"a"'})
    assert Client(Compressed(page)).get("/", accept_encoding="gzip").headers["etag"] == 'W/"a"'
