"""The description of the API is true: every address is in it, and nothing is answered that it does not say."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from fednet.node.home import Home
from fednet.web import policy
from fednet.web.app import ADDRESSES, create_app
from fednet.web.programs import openapi
from tests.asgi import Client
from tests.web.place import NOW

UNDESCRIBED = ("/.well-known/", "/feeds/", "/messages", "/receipt", "/witness/", "/evidence", "/static")
"""What SPEC.md describes, for other nodes."""
PAGES = {path for _, path in policy.TABLE} | {"/embed/search", "/embed/events"}


def test_every_address_for_programs_is_described(home: Home) -> None:
    paths = {route.path for route in create_app(home).routes if hasattr(route, "path")}
    described = {address.path for address in ADDRESSES}
    open_ = {path for path in paths if not path.startswith(UNDESCRIBED) and path not in PAGES}
    assert open_ - described == set()


def test_every_parameter_is_described() -> None:
    named = {name for address in ADDRESSES for name in address.parameters if isinstance(name, str)}
    assert named - openapi.PARAMETERS.keys() == set()
    assert all(one.description for one in openapi.PARAMETERS.values())


def test_the_description_is_openapi(program: Client) -> None:
    document = program.get("/openapi.json").json
    assert document["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(document).validate()


def test_schemas_in_it_are_json_schemas(program: Client) -> None:
    for schema in program.get("/openapi.json").json["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_it_is_not_sent_again_to_whoever_has_it(program: Client) -> None:
    for url in ("/openapi.json", "/docs", "/api/v1/organizations", "/feed.json", "/api/v1/organizations?format=xlsx"):
        first = program.get(url)
        assert first.headers["cache-control"] == "private, no-cache"
        again = program.get(url, if_none_match=first.headers["etag"])
        assert (first.status, again.status, again.body) == (200, 304, b"")
        assert program.ask("HEAD", url, b"").status == 200


def test_a_page_shows_it_without_scripts(browser: Client) -> None:
    page = browser.get("/docs")
    assert page.status == 200 and "<script" not in page.text and len(page.body) < 100_000
    for address in ADDRESSES:
        assert address.path in page.text


# --- what schemathesis finds

OPERATIONS = [(address.path, method) for address in ADDRESSES for method in address.methods]
SETTINGS = settings(
    max_examples=8, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


LEFT_OUT = [
    positive_data_acceptance,  # of countries, places and zones there are more than a schema lists
    negative_data_rejection,  # an empty object in a query string is nothing at all; test_api.py has refusals
]
"""What cannot be told from the description alone."""


@pytest.fixture(scope="module")
def described(home: Home) -> Any:
    app = create_app(home, clock=lambda: NOW)

    async def called(scope: Any, receive: Any, send: Any) -> None:
        """The application by a name that it knows: schemathesis calls it `testserver`."""
        headers = [(name, b"127.0.0.1" if name == b"host" else value) for name, value in scope.get("headers", [])]
        await app({**scope, "headers": headers}, receive, send)

    return schemathesis.openapi.from_asgi("/openapi.json", called)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_is_answered_that_is_not_described(
    described: Any, path: str, method: str, mode: GenerationMode
) -> None:
    operation = described[path][method]

    @SETTINGS
    @given(case=operation.as_strategy(generation_mode=mode))
    def is_described(case: schemathesis.Case) -> None:
        case.call_and_validate(excluded_checks=LEFT_OUT)

    with suppress(Unsatisfiable):  # nothing can be wrong about a question without parameters
        is_described()


GOOD: dict[str, list[dict[str, Any]]] = {
    "/api/v1/organizations": [
        {"text": "legal aid", "country": ["TH", "Myanmar"], "limit": 2},
        {"region": ["035"], "service": ["aide juridique"], "language": ["my"], "why": "yes"},
        {"near": "16.7,98.5", "within": "500", "sort": "near"},
        *({"format": form} for form in ("json", "csv", "xlsx", "vcf", "jsonl", "jsonld")),
    ],
    "/api/v1/events": [
        {"from": "2026-11-21", "to": "2027-02-01", "zone": "Asia/Bangkok"},
        *({"format": form} for form in ("csv", "xlsx", "jsonl", "jsonld")),
    ],
    "/api/v1/exchanges": [
        {"text": "lawyer"},
        {"type": ["need"], "modality": ["training"], "stage": ["emerging"], "state": "all", "unmet": "yes", "limit": 2},
        *({"format": form} for form in ("csv", "xlsx", "jsonl", "jsonld")),
    ],
    "/api/v1/exchanges/{handle}/matches": [{"limit": 1}],
    "/api/v1/networks": [{"text": "canad"}],
    "/feed.json": [{"limit": 3}, {"country": ["TH"], "kind": ["organization"]}],
    "/calendar.ics": [{"type": ["webinar"]}],
    "/organizations/{handle}": [{"format": "html"}, {"format": "vcf"}, {"format": "jsonld"}],
    "/events/{handle}": [{"format": "html"}, {"format": "ics"}, {"format": "jsonld"}],
    "/exchange/{handle}": [{"format": "html"}, {"format": "jsonld"}],
    "/api/v1/chart": [{"by": "theme", "state": "all"}, {"format": "csv"}],
    "/hsds/services": [{"full": True}, {"format": "ndjson"}],
}
"""Questions that are answered, beside the plain one."""


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_good_questions_are_answered_as_described(described: Any, program: Client, path: str, method: str) -> None:
    operation = described[path][method]
    begins = {"/events/": "events", "/exchange/": "exchanges", "/api/v1/exchanges/": "exchanges"}
    kind = next((kind for begin, kind in begins.items() if path.startswith(begin)), "organizations")
    handle = program.get(f"/api/v1/{kind}").json["items"][0]["handle"]
    parts = dict.fromkeys(re.findall(r"{(\w+)}", path), handle)
    if "{id}" in path or "{name}" in path:
        listing = path.partition("/{")[0]
        contents = program.get(listing).json
        found = contents["contents"] if isinstance(contents, dict) and "contents" in contents else []
        if not found:
            return
        parts = {"id": found[0]["id"]}
    for asked in ({}, *GOOD.get(path, [])):
        given = {"query": asked} if method == "GET" else {"body": asked, "media_type": "application/json"}
        answer = operation.Case(path_parameters=parts, **given).call_and_validate()
        assert answer.status_code == 200 or path == "/api/v1/planning", asked
