"""Every address, for every role, on one's own record and on another's: answered as the policy says, and never else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import acts, drafts
from fednet.store.accounts import STAFF
from fednet.web import policy
from fednet.web.app import create_app
from fednet.web.callers import Callers
from fednet.web.doors import Doors, looked
from fednet.web.policy import ANYBODY, MEMBERS, TABLE
from fednet.web.visitors import COOKIE, Visitors
from fednet.web.workspace.act_words import WORDS
from tests.asgi import Answer
from tests.web.place import NOW
from tests.web.signed_in import Browser, client_as, usual

ROLES = sorted(ANYBODY)
POSTS = sorted(path for method, path in TABLE if method == "POST")
OF_ANYBODY = [path for path in POSTS if "anybody" in TABLE["POST", path].roles]


class World(NamedTuple):
    """A node with records of two members, and somebody of each role in a browser."""

    home: Home
    app: Any
    mine: str
    others: str
    person: str
    browsers: dict[str, Browser]

    def lines(self, *methods: str) -> list[tuple[str, str]]:
        """The lines of these methods that have a route: another test asks whether all have."""
        return [line for line in sorted(made(self.app)) if line in TABLE and line[0] in (methods or ("GET", "POST"))]

    def path(self, known: str, handle: str) -> str:
        """An address with everything in it that it needs."""
        sample = {
            "handle": handle, "id": "1", "kind": "event", "network": self.home.network.network, "tag": "fr",
            "secret": "A" * 43, "upload": "1", "name": "corrected.csv",
        }  # fmt: skip
        parts = [part if not part.startswith("{") else sample[part.strip("{}")] for part in known.split("/")]
        return "/".join(parts)

    def own(self, role: str) -> str:
        return self.person if role == "individual" else self.mine


def made(app: Any) -> set[tuple[str, str]]:
    """Method and address of each route that is made."""
    routes = (route for route in app.routes if isinstance(route, Route))
    return {(method, route.path) for route in routes for method in (route.methods or set())}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("policy")
    home, _ = homes.create(place / "node", "Example Network", None, place / "recovery.txt")
    mine, others = (edits.add(home, "organization", {"names": {"en": name}}, NOW).handle for name in ("Boat", "House"))
    person = edits.add(home, "person", {"name": "Noor", "organization": mine}, NOW).handle
    publish(home, NOW)
    app = create_app(home, clock=lambda: NOW)
    browsers = {
        role: client_as(home, role, organization=mine, person=person if role == "individual" else None, app=app)
        for role in ROLES
    }
    for browser in browsers.values():
        browser.headers["accept"] = "application/json"  # refusals in words of the protocol
    yield World(home, app, mine, others, person, browsers)
    home.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which pages would have been asked, were they there: doors are real, behind them is nothing."""
    reached: list[str] = []

    def answer(self: Doors, request: Any, *_: Any) -> Response:
        reached.append(request.url.path)
        return Response(status_code=204)

    monkeypatch.setattr(Doors, "_answer", answer)
    return reached


def changes(world: World) -> tuple[Any, ...]:
    """What differs after anything was written."""
    with world.home.store.reading() as db:
        entries = len(acts.latest(db, limit=-1))
    return world.home.store.changed(), entries, (world.home.path / "node.toml").read_bytes()


def logged(world: World) -> list[acts.Act]:
    with world.home.store.reading() as db:
        return acts.every(db, acts.Wanted())


def ask(browser: Browser, method: str, path: str) -> Answer:
    return browser.form(path) if method == "POST" else browser.get(path)


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_route_is_declared_and_every_page_is_behind_the_doors(world: World) -> None:
    assert policy.undeclared(world.app.routes) == []
    bare = [
        route.path
        for route in world.app.routes
        if isinstance(route, Route)
        and not route.path.startswith(policy.PROGRAMS)
        and not route.endpoint.__qualname__.startswith(Doors.__name__)
    ]
    assert bare == []


def test_every_line_has_its_route(world: World) -> None:
    assert sorted(TABLE.keys() - made(world.app)) == []


def test_every_line_is_of_roles_that_there_are_and_one_that_is_own_names_a_record() -> None:
    for (method, path), rule in TABLE.items():
        assert rule.roles and rule.roles <= ANYBODY, path
        assert not rule.own or "{handle}" in path, path
        assert not rule.act or method == "POST", path


def test_what_a_member_does_to_a_record_is_only_ever_their_own() -> None:
    open_to_all = [
        path
        for (method, path), rule in TABLE.items()
        if method == "POST" and "{handle}" in path and rule.roles & (MEMBERS | {"anybody"}) and not rule.own
    ]
    assert open_to_all == []


def test_an_auditor_changes_nothing_but_their_own_account() -> None:
    lines = [path for path in POSTS if "auditor" in TABLE["POST", path].roles and path not in OF_ANYBODY]
    assert [path for path in lines if TABLE["POST", path].act and not path.startswith("/account")] == []


def test_nobody_can_change_a_record_without_signing_in() -> None:
    begins = (
        "/sign-in", "/sign-out", "/welcome/", "/account/address/", "/join", "/application/", "/endorse/", "/confirm/",
        "/language",
    )  # fmt: skip
    changing = [path for path in OF_ANYBODY if TABLE["POST", path].act]
    assert [path for path in changing if not path.startswith(begins)] == []


def test_every_act_has_words_in_the_log_and_no_words_are_left_over() -> None:
    named = {rule.act for rule in TABLE.values() if rule.act}
    assert sorted(named ^ WORDS.keys()) == []


# --- the doors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reaches_what_their_line_says_and_nothing_else(world: World, asked: list[str], role: str) -> None:
    browser, wrong = world.browsers[role], []
    for method, known in world.lines():
        rule = TABLE[method, known]
        for handle in (world.own(role), world.others):
            asked.clear()
            path = world.path(known, handle)
            answer = ask(browser, method, path)
            may = role in rule.roles and (not rule.own or role in STAFF or handle != world.others)
            if may:
                right = answer.status == 204 and asked == [path]
            elif role == "anybody":
                right = answer.status == 303 and answer.headers["location"].startswith("/sign-in") and not asked
            else:
                right = (answer.status, answer.json["error"]) == (403, "forbidden") and not asked
            if not right:
                wrong.append((method, path, answer.status))
    assert wrong == []


def test_half_a_session_opens_no_door(world: World, asked: list[str]) -> None:
    half = client_as(world.home, "administrator", app=world.app, whole=False)
    for method, known in world.lines():
        if "anybody" not in TABLE[method, known].roles:
            answer = ask(half, method, world.path(known, world.mine))
            assert answer.status == 303 and answer.headers["location"].startswith("/sign-in/second"), known
    assert asked == []


def test_a_cookie_that_is_nobodys_is_nobodys(world: World, asked: list[str]) -> None:
    for secret in ("", "A" * 43, "\udcff", "A" * 4_000, world.browsers["editor"].secret + "A"):
        nobody = Browser(world.app, None)
        nobody.headers["cookie"] = f"{COOKIE}={secret}".encode("utf-8", "replace").decode()
        assert nobody.get("/workspace").headers["location"].startswith("/sign-in")
    assert asked == []


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:81"]
)
def test_no_form_of_another_site_is_taken(world: World, asked: list[str], origin: str) -> None:
    for _, known in world.lines("POST"):
        role = next(
            role
            for role in ("administrator", "organization", "individual", "anybody")
            if role in TABLE["POST", known].roles
        )
        browser, path = world.browsers[role], world.path(known, world.own(role))
        body = f"token={browser.token}".encode()
        kind = "application/x-www-form-urlencoded"
        for headers in ({"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": origin}):
            answer = browser.post(path, body, content_type=kind, **headers)
            assert (answer.status, asked) == (403, []), (path, headers)


def test_no_form_without_its_token_is_taken(world: World, asked: list[str]) -> None:
    for _, known in world.lines("POST"):
        for role in sorted(TABLE["POST", known].roles - {"anybody"}):
            browser, path = world.browsers[role], world.path(known, world.own(role))
            for token in ("", "0" * 64, world.browsers["editor" if role != "editor" else "auditor"].token, "é"):
                answer = browser.form(path, token=token)
                assert (answer.status, asked) == (403, []), (path, role)


# --- behind the doors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["administrator", "auditor", "organization", "individual", "anybody"])
def test_looking_at_a_page_changes_nothing_and_no_page_breaks(world: World, role: str) -> None:
    browser = world.browsers[role]
    for _, known in world.lines("GET"):
        if role in TABLE["GET", known].roles:
            before, path = changes(world), world.path(known, world.own(role))
            answer = browser.get(path)
            assert answer.status < 500, path
            assert changes(world) == before, path
            if role != "anybody" and answer.status == 200:
                assert answer.headers["cache-control"] == "no-store", path


def test_a_form_that_is_in_no_log_changes_nothing(world: World) -> None:
    for _, known in world.lines("POST"):
        rule = TABLE["POST", known]
        if not rule.act:
            role = "anybody" if "anybody" in rule.roles else min(rule.roles)
            before, path = changes(world), world.path(known, world.own(role))
            assert world.browsers[role].form(path, text="boat").status < 500, path
            assert changes(world) == before, path


def test_what_is_done_is_in_the_log_with_who_did_it_and_how_it_ended(world: World) -> None:
    editor = world.browsers["editor"]
    assert editor.form("/workspace/accounts", name="Eve", email="e@members.example", role="administrator").status == 403
    assert editor.account is not None
    assert editor.form("/account", name="Edna", email=editor.account.email).status == 303
    with world.home.store.reading() as db:
        newest = acts.latest(db, limit=1)[0]
    assert (newest.account_id, newest.role, newest.act, newest.outcome) == (
        editor.account.id,
        "editor",
        "account",
        "done",
    )


def test_the_log_holds_nothing_that_members_wrote_into_addresses_and_no_record_that_is_not_there(world: World) -> None:
    member, editor = world.browsers["organization"], world.browsers["editor"]
    gone, before = "00000000-0000-4000-8000-000000000000", len(logged(world))
    for path in ("/member/edits/{}/withdraw", "/member/people/{}/end", "/member/endorsements/{}"):
        for text in ("words" * 500, gone, "é", "９"):
            assert member.form(path.format(quote(text)), verdict="endorsed").status in (404, 409), path
    for act in ("confirm", "withdraw", "erase"):
        assert editor.form(f"/workspace/record/{gone}/{act}", sure="yes").status == 404
    entries = logged(world)[before:]
    assert {one.subject for one in entries} == {""} and len(entries) == 15, "that it was refused is in the log"


def test_a_page_that_says_it_only_showed_something_is_in_the_log_if_it_wrote(
    world: World,
) -> None:
    editor = world.browsers["editor"]
    writes = False

    def page(request: Any, asked: Any, visitor: Any) -> Response:
        looked(request)
        if writes:
            with world.home.store.writing() as db:
                drafts.set_setting(db, "something", "else")
        return Response("")

    doors = Doors(world.home, Visitors(world.home, Callers(world.home, usual), usual), usual)
    editor = Browser(Starlette(routes=[doors.route("POST", "/workspace/publish", page)]), editor.account, editor.secret)
    before = len(logged(world))
    for writes in (False, True):
        assert editor.form("/workspace/publish").status == 200
        assert [one.act for one in logged(world)[before:]] == ["publish"] * writes
