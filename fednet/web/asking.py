"""What was asked, from a query string or a body: names and their values, before anyone knows what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from fednet.errors import NotFoundError, UsageError

Clock = Callable[[], datetime]

Asked = dict[str, list[str]]
"""Parameters by name, each with all its values, none empty."""

MAX_FIELDS = 300


async def asked(request: Request) -> Asked:
    """The parameters of a request; those of a POST are in its body, as JSON or as a form, and never in a log."""
    if request.method != "POST":
        return grouped(request.query_params.multi_items())
    if request.query_params:
        raise UsageError("a POST takes its parameters in the body", hint="leave the query string empty")
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return grouped(_form(body))
    return grouped(_json(body))


def grouped(pairs: Iterable[tuple[str, str]]) -> Asked:
    """Values by name. `q` is a short name of `text`."""
    found: Asked = {}
    for name, value in pairs:
        if value.strip():
            found.setdefault("text" if name == "q" else name, []).append(value)
    return found


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8"), max_num_fields=MAX_FIELDS)
    except ValueError:
        raise UsageError("the body is no form in UTF-8") from None


def _json(body: bytes) -> list[tuple[str, str]]:
    try:
        fields: dict[str, Any] = msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UsageError("the body is no JSON object", hint='{"text": "legal aid", "country": ["TH"]}') from None
    return [(name, _text(name, one)) for name, value in fields.items() for one in _values(value)]


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise UsageError(f"{name}: a text, a number or a list of them is expected")


def given(asked: Asked) -> dict[str, str | list[str]]:
    """As the directory reads parameters: one value as a text, several as a list."""
    return {name: values[0] if len(values) == 1 else values for name, values in asked.items()}


def first(asked: Asked, name: str) -> str:
    """The value of a field without the space around it, the first of several; empty when it was not filled in."""
    return asked.get(name, [""])[0].strip()


def typed(asked: Asked, name: str) -> str:
    """The same as it was typed: space counts in a password."""
    return asked.get(name, [""])[0]


def number_from(asked: Asked, name: str) -> int:
    """A whole number of a field, for links that page on; 0 for anything else."""
    said = first(asked, name)
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 0


def number(request: Request) -> int:
    """The `{id}` of an address."""
    return numbered(str(request.path_params["id"]))


def numbered(given: str) -> int:
    """The number that somebody names something by; NotFoundError for what is none."""
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFoundError("there is nothing at this address")
    return int(given)
