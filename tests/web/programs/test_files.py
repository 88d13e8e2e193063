"""The API in other forms: what is chosen, what it holds, and who is given it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from fednet.directory.search import PUBLIC
from fednet.errors import LimitError, UsageError
from fednet.formats import read_file
from fednet.formats.reading import Told
from fednet.node import edits
from fednet.node.home import Home, create
from fednet.node.publish import publish
from fednet.web.app import create_app
from fednet.web.programs import files
from fednet.web.sending import has_already, tagged
from tests.asgi import Client
from tests.web.place import FOLLOWED, NOW, OWN

ORGANIZATIONS = sum(fields["kind"] == "organization" for fields in (*OWN, *FOLLOWED))
TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "vcf": "text/vcard",
    "jsonl": "application/x-ndjson",
    "jsonld": "application/ld+json",
}


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "a/a"),
        ("*/*", "a/a"),
        ("b/b", "b/b"),
        ("B/B", "b/b"),
        ("a/a;q=0.5, b/b", "b/b"),
        ("a/a;q=0.5, b/*", "b/b"),
        ("*/*;q=0.1, c/c", "c/c"),
        ("a/*;q=0.2, a/a;q=0, b/b;q=0.1", "b/b"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "a/a"),
        ("d/d", None),
        ("a/a;q=x, b/b;q=0.1", "b/b"),
        ("a/a;q=7, b/b;q=0.1", "b/b"),
        (",;,a/a;;q=1", "a/a"),
    ],
)
def test_the_form_that_is_preferred_is_chosen(accept: str, chosen: str | None) -> None:
    assert files.preferred(accept, ["a/a", "b/b", "c/c"]) == chosen


@pytest.mark.parametrize(("form", "media_type"), TYPES.items())
def test_a_form_is_asked_for_by_name_or_by_type(program: Client, form: str, media_type: str) -> None:
    named = program.get(f"/api/v1/organizations?format={form}&country=TH")
    accepted = program.get("/api/v1/organizations?country=TH", accept=media_type)
    posted = program.post("/api/v1/organizations", json.dumps({"country": "TH", "format": form}).encode())
    assert named.status == 200 and named.headers["content-type"].startswith(media_type)
    assert named.headers["content-disposition"] == f'attachment; filename="organizations.{form}"'
    assert named.headers["vary"].startswith("Accept") and named.headers["etag"] == accepted.headers["etag"]
    assert posted.headers["etag"] == named.headers["etag"]
    if form != "xlsx":  # which says when it was made
        assert named.body == accepted.body == posted.body


def test_a_form_that_there_is_not_is_refused_with_those_that_there_are(program: Client) -> None:
    answer = program.get("/api/v1/resources?format=vcf")
    assert (answer.status, answer.json["hint"]) == (400, "one of json, csv, xlsx, jsonl")


def test_a_file_holds_all_statements_each_by_itself(program: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(program.get("/api/v1/organizations?format=csv").body.decode("utf-8-sig"))))
    assert len(rows) == ORGANIZATIONS
    assert len({row["network"] for row in rows if "Paper Boat" in row["names:en"]}) == 2


def test_a_file_of_events_holds_each_once(program: Client) -> None:
    answer = program.get("/api/v1/events?format=jsonl&type=working-group-meeting")
    assert [json.loads(line)["type"] for line in answer.text.splitlines()] == ["working-group-meeting"]


def test_a_file_that_was_downloaded_is_read_by_import(program: Client) -> None:
    for form in ("csv", "xlsx", "jsonl"):
        found = read_file(f"all.{form}", program.get(f"/api/v1/organizations?format={form}").body, Told())
        assert len(found.entries) == ORGANIZATIONS and found.refused == []


def test_with_a_limit_a_file_leads_to_the_next_part(program: Client) -> None:
    handles: list[str] = []
    url = "/api/v1/organizations?format=jsonl&limit=3"
    while url:
        answer = program.get(url)
        handles += [json.loads(line)["handle"] for line in answer.text.splitlines()]
        url = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert len(handles) == len(set(handles)) == ORGANIZATIONS


def test_what_is_more_than_a_file_holds_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(create_app(home, clock=lambda: NOW), accept="*/*")
    monkeypatch.setattr(files, "MAX_RECORDS", 2)
    answer = client.get("/api/v1/organizations?format=csv")
    assert (answer.status, answer.json["error"]) == (413, "too-much") and "limit" in answer.json["hint"]
    assert client.get("/api/v1/events?format=csv").status == 413
    assert client.get("/api/v1/organizations?format=csv&limit=2").status == 200
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    with pytest.raises(LimitError):
        files.gathered(home, files.FORMS["csv"], files.Query(), PUBLIC, NOW, paged=True)


def test_what_is_for_partners_is_in_no_file(program: Client) -> None:
    for kind in ("organizations", "people", "events", "exchanges", "resources"):
        for form in files.offered({"organizations": "organization", "people": "person"}.get(kind, kind[:-1])):
            body = program.get(f"/api/v1/{kind}?format={form}").body
            assert b"closed@paper-boat" not in body and b"Individual member" not in body


def test_a_card_has_the_contacts_that_its_reader_may_see(tmp_path: Path) -> None:
    home = create(tmp_path / "node", "Example Network", None, None)[0]
    port = edits.add(home, "organization", {"names": {"en": "Port"}}, NOW)
    edits.add(home, "contact", {"organization": port.handle, "emails": ["open@port.example"]}, NOW, "public")
    edits.add(home, "contact", {"organization": port.handle, "emails": ["closed@port.example"]}, NOW)
    publish(home, NOW)
    client = Client(create_app(home, clock=lambda: NOW), accept="*/*")
    for url in ("/api/v1/organizations?format=vcf", f"/organizations/{port.handle}?format=vcf"):
        card = client.get(url).text
        assert "EMAIL:open@port.example" in card and "closed@" not in card
    linked = client.get(f"/organizations/{port.handle}", accept="application/ld+json").json
    assert linked["contactPoint"]["email"] == "open@port.example"
    home.close()


# --- pages in other forms


def handle_of(program: Client, kind: str, asked: str = "") -> str:
    handle: str = program.get(f"/api/v1/{kind}?{asked}").json["items"][0]["handle"]
    return handle


def test_a_page_is_given_as_what_is_asked_for(program: Client, browser: Client) -> None:
    organization = f"/organizations/{handle_of(program, 'organizations', 'language=my')}"
    event = f"/events/{handle_of(program, 'events')}"
    for url, accept, begins in (
        (organization, "text/vcard", "BEGIN:VCARD"),
        (organization, "application/ld+json", '{"@context":"https://schema.org"'),
        (event, "text/calendar", "BEGIN:VCALENDAR"),
        (event, "application/ld+json", '{"@context":"https://schema.org"'),
        (organization, "text/html,*/*;q=0.8", "<!doctype html>"),
        (organization, "image/png", "<!doctype html>"),
    ):
        answer = program.get(url, accept=accept)
        assert answer.status == 200 and answer.text.startswith(begins)
        assert "Accept" in answer.headers["vary"].split(", ")
    assert browser.get(f"{event}?format=ics").text.startswith("BEGIN:VCALENDAR")
    assert program.get(f"{event}.ics").text == program.get(event, accept="text/calendar").text


def test_what_is_no_organisation_has_no_card(program: Client) -> None:
    event = handle_of(program, "events")
    for url in (f"/organizations/{event}", "/organizations/nobody", "/events/nobody"):
        for accept in ("text/vcard", "application/ld+json", "text/calendar"):
            assert program.get(url, accept=accept).status == 404
    assert program.get(f"/events/{event}?format=vcf").json["error"] == "usage"


def test_a_page_holds_what_programs_are_told(program: Client, browser: Client) -> None:
    for kind in ("organizations", "events"):
        for item in program.get(f"/api/v1/{kind}?limit=100").json["items"]:
            page = browser.get(f"/{kind}/{item['handle']}").text
            written = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
            assert page.count('<script type="application/ld+json">') == bool(written)
            if written:
                assert json.loads(written)["@id"].endswith(f"/{kind}/{item['handle']}")


def test_json_that_would_make_a_page_heavy_is_left_out() -> None:
    from fednet.web.programs.alternates import MAX_IN_PAGE, in_page

    light = in_page({"@type": "NGO", "name": "x", "description": "y" * MAX_IN_PAGE})
    assert light is not None and "description" not in light
    assert in_page({"@type": "NGO", "name": "x" * MAX_IN_PAGE}) is None


# --- sending


def test_an_etag_is_of_its_parts() -> None:
    assert tagged(b"a", b"b") != tagged(b"ab") and tagged(b"a", b"b") == tagged(b"a", b"b")


@pytest.mark.parametrize(
    ("held", "is_held"),
    [('W/"x"', True), ('"x"', True), ('"y", W/"x"', True), ("*", True), ('"y"', False), ("", False)],
)
def test_whoever_has_it_is_not_sent_it_again(held: str, is_held: bool) -> None:
    from starlette.requests import Request

    request = Request({"type": "http", "method": "GET", "headers": [(b"if-none-match", held.encode())]})
    assert has_already(request, 'W/"x"') is is_held
    assert not has_already(request, None)


def test_a_format_is_said_once(home: Home) -> None:
    from starlette.requests import Request

    request = Request({"type": "http", "method": "GET", "headers": []})
    with pytest.raises(UsageError):
        files.wanted(request, {"format": ["csv", "xlsx"]}, ["csv", "xlsx"])
