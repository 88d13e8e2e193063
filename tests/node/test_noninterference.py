"""What restricted circles hold makes no difference to anybody who may not read them: not one byte of any public answer.

Two nodes with the same keys, salts, handles and clock go through the same public history. One of them has restricted
records, circles, members and partners besides. Whoever asks both is answered alike. What this does not hide, and does
not try to: how long an answer takes, and that the node is busy.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet.directory.joining import joins
from fednet.directory.matching import bring_up_to_date
from fednet.directory.search import OPERATOR, PUBLIC, Reader, readable
from fednet.feed import tlog, tree, wire
from fednet.feed.introduction import Details, Side
from fednet.feed.wire import PageName
from fednet.node import circles, doctor, edits, erasure, following, hearing, introductions, publish
from fednet.node import home as homes
from fednet.node.background import DEBOUNCE, LONGEST_WAIT, Background
from fednet.node.home import Home
from fednet.node.signatures import Signer
from fednet.store import feeds
from fednet.web.app import create_app
from tests.asgi import Answer, Client
from tests.feed.network import Network, handle, seed
from tests.web.place import followed

BEGAN = datetime(2026, 11, 21, 18, 0, 0, tzinfo=UTC)
LATER = BEGAN + timedelta(days=2)
WORDS = "alpha beta gamma delta legal aid house mae sot border children clinic".split()
PEERS = {name: Network(name) for name in ("Partner", "Outsider")}


# --- two nodes that are alike


def alike(first: Path, second: Path) -> None:
    """A copy of a node that may sign, as the original may: a test's liberty."""
    shutil.copytree(first, second)
    copy = Home(second)
    doctor.adopt(copy, newest=True)
    copy.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node that has signed its first edition, follows one network, and has pinned two that may ask."""
    path = tmp_path_factory.mktemp("template")
    made, _ = homes.create(path / "node", "Example Network", "http://node.example", path / "recovery.txt")
    with made.store.writing() as db:
        for peer in PEERS.values():
            feeds.pin(db, peer.identity, BEGAN)
    organizations = [{"kind": "organization", "names": {"en": f"{word} House"}, "countries": ["TH"]} for word in WORDS]
    followed(made, "Followed", organizations)
    publish.publish(made, BEGAN)
    made.close()
    return path / "node"


class World(NamedTuple):
    """A node, whose handles and salts follow from what is done to it and not from chance."""

    home: Home
    patch: pytest.MonkeyPatch

    def act(self, number: int, circle: str, do: Callable[[Home, datetime], object]) -> None:
        """Act number so-and-so of a history, signed at once; those of the public history have even numbers."""
        numbers = count(1000 * number)
        self.patch.setattr(edits, "new_handle", lambda: handle(next(numbers)))
        moment = BEGAN + timedelta(minutes=number)
        do(self.home, moment)
        salts = (sha256(b"%d %d" % (number, at)).digest() for at in count())
        publish.publish(self.home, moment, circles=[circle], salt=lambda: next(salts))


@pytest.fixture
def worlds(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, World]]:
    with monkeypatch.context() as patch:
        yield from opened(template, tmp_path, patch)


def opened(template: Path, path: Path, patch: pytest.MonkeyPatch) -> Iterator[tuple[World, World]]:
    found = []
    for name in ("plain", "secretive"):
        alike(template, path / name)
        found.append(World(Home(path / name), patch))
    yield found[0], found[1]
    for world in found:
        world.home.close()


# --- everything that can be asked


ACCEPTED = ("text/html", "application/json")
CIRCLES = ("public", "partners", "board", "nothing")


def crawl(home: Home, handles: Iterable[str]) -> dict[str, Answer]:
    """Every answer to outsiders, by what was asked: with nobody's name, and signed by a network that is no partner."""
    app = create_app(home, clock=lambda: LATER)
    answers: dict[str, Answer] = {}
    outsider = Signer(PEERS["Outsider"].id, seed("Outsider transport 1"), clock=lambda: LATER)
    for accept in ACCEPTED:
        client = Client(app, accept=accept, host="node.example")
        for url in addresses(client, home, handles):
            answers[f"{accept} {url}"] = client.get(url)
            if accept == "application/json" and url.startswith(("/feeds/", "/api/")):
                answers[f"HEAD {url}"] = client.ask("HEAD", url, b"")
                answers[f"signed {url}"] = client.get(url, **outsider.headers("GET", f"http://node.example{url}"))
    client = Client(app, host="node.example", accept_encoding="gzip")
    for word in WORDS:
        answers[f"post {word}"] = client.post("/api/v1/organizations", b'{"text":"%s aid"}' % word.encode())
        for page in ("/", "/count", "/suggest"):
            form = {"content_type": "application/x-www-form-urlencoded"}
            answers[f"post {page} {word}"] = client.post(page, b"text=" + word.encode(), **form)
    return answers


def addresses(client: Client, home: Home, handles: Iterable[str]) -> list[str]:
    handles = list(handles)
    base = f"/feeds/{home.network.network}"
    found = [
        "/.well-known/fednet",
        "/healthz",
        "/readyz",
        "/nowhere",
        "/evidence",
        f"{base}/identity",
        f"{base}/circles",
    ]
    found += [f"{base}/{circle}/{resource}" for circle in CIRCLES for resource in resources(client, base, handles)]
    found += ["/", "/events", "/networks", f"/networks/{home.network.network}", f"/networks/{PEERS['Partner'].id}"]
    found += [f"/{page}/{one}" for page in ("organizations", "events", "api/v1/organizations") for one in handles]
    found += ["/groups", "/resources", "/check", "/about", "/privacy", "/accessibility", "/status"]
    found += ["/events?view=month", "/resources?text=alpha", f"/groups?network={home.network.network}"]
    found += ["/embed/search", "/embed/search?text=alpha", "/embed/events", "/?text=alpha&why=1", "/?private=yes"]
    found += [f"/{page}/{one}" for page in ("groups", "resources", "people") for one in handles]
    found += [f"/{page}/{one}/proof" for page in ("organizations", "records") for one in handles]
    found += ["/calendar.ics", "/calendar.ics?text=alpha", "/api/v1/planning?start=2026-12-01T10:00&zone=UTC"]
    found += [f"/events/{one}.ics" for one in handles]
    found += [f"/{page}/{one}?format=jsonld" for page in ("organizations", "events") for one in handles]
    found += [f"/organizations/{one}?format=vcf" for one in handles]
    found += ["/feed.json", "/feed.json?limit=2", "/feed.json?text=alpha+aid", "/openapi.json", "/docs"]
    found += [f"/api/v1/organizations?format={form}" for form in ("csv", "vcf", "jsonl", "jsonld")]
    found += ["/api/v1/people?format=csv", "/api/v1/events?format=jsonl", "/api/v1/organizations?format=csv&limit=1"]
    for name in ("organizations", "services", "service_at_locations"):
        found += [
            f"/hsds/{name}{asked}" for asked in ("", "?search=alpha+aid&profile=true", "?format=ndjson&full=true")
        ]
    found += ["/exchange", "/exchange/chart", "/exchange/chart.csv", "/twinnings", "/api/v1/twinnings", "/api/v1/chart"]
    found += [f"/exchange/{one}" for one in handles] + [f"/api/v1/exchanges/{one}/matches" for one in handles]
    for kind in ("organizations", "people", "events", "exchanges", "resources", "networks"):
        found += [f"/api/v1/{kind}", f"/api/v1/{kind}?text=alpha+aid"]
    pairs = zip(WORDS, WORDS[1:] + WORDS[:1], strict=True)
    found += [f"/api/v1/organizations?text={one}+{two}&limit=100" for one, two in pairs]
    found += [f"/api/v1/organizations?text={word[1:]}" for word in WORDS]  # one letter off
    found += [f"/?text={word}&kind=contact" for word in WORDS[:3]] + ["/?text=house&country=TH", "/?network=secret"]
    return found


def resources(client: Client, base: str, handles: Sequence[str]) -> list[str]:
    """Paths below a circle, those that exist in the public one."""
    answer = wire.parse_answer(client.get(f"{base}/public/changes?since=0.0").body)
    size = len(answer.editions)
    found = [f"changes?since=1.{edition}" for edition in range(size + 2)] + ["changes?since=0.0", "changes?since=x"]
    found += [
        "1/checkpoint",
        "2/checkpoint",
        f"1/checkpoint?after=1.{size - 1}&wait=0",
        "1/checkpoint?after=9.9&wait=0",
    ]
    found += [f"1/{tile.path}" for level in (0, -1) for tile in tlog.tiles_of(size, level)]
    commitments = {change.key: change.commitment for change in answer.changes if hasattr(change, "commitment")}
    pages = tree.updated(lambda prefix: None, commitments)
    found += [f"page/{PageName('', tree.root_hash(pages.root))}", f"page/root-{'0' * 64}"]
    return found + [f"proof/{one}" for one in handles]


def assert_alike(plain: World, secretive: World, handles: Iterable[str]) -> None:
    handles = [*handles, handle(123_456)]
    for world in (plain, secretive):
        bring_up_to_date(world.home.store)
    one, other = crawl(plain.home, handles), crawl(secretive.home, handles)
    assert one.keys() == other.keys()
    assert sum(answer.status == 200 for answer in one.values()) > 100
    differing = {asked for asked in one if one[asked] != other[asked]}
    assert differing == set()


# --- histories


def organization(*words: str, **fields: Any) -> dict[str, Any]:
    """One that is complete for whoever may read a contact that names it."""
    told = {"countries": ["TH"], "languages": ["th"], "type": "ngo"}
    return {"kind": "organization", "names": {"en": " ".join(words)}, **told, **fields}


def listed(world: World, circle: str) -> list[str]:
    """Handles of what a circle lists, in one order everywhere."""
    with world.home.store.reading() as db:
        rows = db.execute(
            "SELECT handle FROM record JOIN feed ON feed.id = feed_id JOIN network n ON n.id = network_id "
            "WHERE own AND circle = ? AND handle IS NOT NULL ORDER BY handle",
            (circle,),
        ).fetchall()
    return [one for (one,) in rows]


def about(world: World, at: int) -> str:
    """A public record to speak of, or if there is none nobody's."""
    there = listed(world, "public")
    return there[at % len(there)] if there else handle(123_456)


class Op(NamedTuple):
    """One act on the records of a circle: `words` make an organisation, `at` chooses the record it is about."""

    what: str
    words: tuple[str, ...]
    at: int


def applied(world: World, number: int, circle: str, op: Op) -> None:
    there = listed(world, circle)
    chosen = there[op.at % len(there)] if there else None

    def do(home: Home, now: datetime) -> None:
        match op.what:
            case "add":
                for extra in range(1 + op.at % 4):
                    edits.add(home, "organization", organization(*op.words, str(extra)), now, circle)
            case "person" if circle != "public":
                edits.add(home, "person", {"name": " ".join(op.words)}, now, circle)
            case "contact" if circle != "public":
                reached = {"organization": about(world, op.at), "emails": [f"desk@{op.words[0]}.example"]}
                edits.add(home, "contact", reached, now, circle)
            case "opinion" if circle != "public":
                subjects = [{"network": home.network.network, "handle": about(world, op.at + at)} for at in (0, 1)]
                if subjects[0] != subjects[1]:
                    verdict = ("same", "different")[op.at % 2]
                    edits.add(home, "opinion", {"verdict": verdict, "subjects": subjects}, now, circle)
            case "edit" if chosen:
                edits.edit(home, chosen, {"names": {"en": " ".join(op.words)}}, now)
            case "withdraw" if chosen:
                edits.withdraw(home, chosen, now)
            case "erase" if chosen:
                erasure.erase(home, chosen, now)
            case "narrow" if chosen and circle == "partners":
                edits.edit(home, chosen, {}, now, "board")
            case "heartbeat":
                pass

    world.act(number, circle, do)


ops = st.builds(
    Op,
    st.sampled_from(["add", "add", "edit", "withdraw", "erase", "heartbeat"]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(tuple),
    st.integers(0, 20),
)
secrets = st.tuples(
    st.sampled_from(["partners", "board"]),
    st.builds(
        Op,
        st.sampled_from("add add person contact contact opinion edit withdraw erase narrow heartbeat".split()),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(tuple),
        st.integers(0, 20),
    ),
)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(st.tuples(ops, st.lists(secrets, max_size=3)), min_size=2, max_size=6))
def test_whatever_happens_in_secret_no_public_byte_differs(
    template: Path, tmp_path_factory: pytest.TempPathFactory, history: list[tuple[Op, list[tuple[str, Op]]]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for plain, secretive in opened(template, tmp_path_factory.mktemp("worlds"), patch):
            circles.add(secretive.home, "board", BEGAN)
            member = pinned(secretive, "Partner")
            following.partner(secretive.home, member)
            circles.set_member(secretive.home, "board", member)
            for step, (op, secret) in enumerate(history, 1):
                for at, (circle, hidden) in enumerate(secret):
                    applied(secretive, 20 * step + 2 * at + 1, circle, hidden)
                for world in (plain, secretive):
                    applied(world, 20 * step, "public", op)
            hidden_handles = [one for circle in ("partners", "board") for one in listed(secretive, circle)]
            assert_alike(plain, secretive, [*listed(plain, "public")[:4], *hidden_handles[:4]])


def pinned(world: World, name: str) -> feeds.Network:
    with world.home.store.reading() as db:
        return feeds.named(db, PEERS[name].id)


def test_restricted_records_do_not_change_the_order_of_what_anybody_finds(worlds: tuple[World, World]) -> None:
    plain, secretive = worlds
    names = [("alpha", "alpha", "beta"), ("alpha", "beta", "beta"), ("alpha", "clinic")]

    def some(home: Home, now: datetime) -> None:
        for words in names:
            edits.add(home, "organization", organization(*words), now)

    def many(home: Home, now: datetime) -> None:
        for at in range(40):  # were they counted, "beta" would be the commoner word, and weigh less
            edits.add(home, "organization", organization("beta", str(at)), now, "partners")

    for world in worlds:
        world.act(2, "public", some)
    secretive.act(3, "partners", many)
    assert_alike(plain, secretive, listed(secretive, "partners")[:2])


def test_introductions_change_no_public_answer(worlds: tuple[World, World]) -> None:
    plain, secretive = worlds
    need = {"type": "need", "titles": {"en": "alpha legal aid"}, "themes": ["legal-aid"], "countries": ["TH"]}
    for world in worlds:
        world.act(2, "public", lambda home, now: edits.add(home, "exchange", need, now))
    (asked,) = listed(secretive, "public")
    side = Side(handle(77), 1, "asked", asked, "2026-11-21T18:30:00Z", text="alpha beta")
    hearing.taken(secretive.home, pinned(secretive, "Partner"), [side], (), BEGAN)
    introductions.accept(secretive.home, handle(77), Details("Alpha Desk", ("desk@alpha.example",)), BEGAN, "")
    for world in worlds:
        world.act(4, "public", lambda home, now: edits.add(home, "organization", organization("gamma"), now))
    assert introductions.introductions(secretive.home)
    clients = [Client(create_app(world.home, clock=lambda: LATER), host="node.example") for world in worlds]
    said = ("exchange", "/feeds/", "/networks", "/status", "/feed.json", "/evidence", "/readyz", "/.well-known")
    asking = [
        url for url in addresses(clients[0], plain.home, [asked, handle(77)]) if any(word in url for word in said)
    ]
    assert len(asking) > 60
    assert [url for url in asking if len({str(client.get(url)) for client in clients}) > 1] == []


def test_what_a_circle_knows_joins_no_cards_for_anybody_else(worlds: tuple[World, World]) -> None:
    plain, secretive = worlds
    for world in worlds:
        for name in ("Another", "Third"):
            site = f"https://{name.lower()}.example"
            followed(world.home, name, [organization("alpha", "House", website=site)])
        world.act(2, "public", lambda home, now: edits.add(home, "organization", organization("alpha", "House"), now))
    [public] = listed(plain, "public")

    def reached(home: Home, now: datetime) -> None:
        edits.add(home, "contact", {"organization": public, "emails": ["desk@another.example"]}, now, "partners")
        for at in range(8):  # were they counted, the domain would tell nothing to anybody
            site = organization("delta", str(at), website="https://third.example")
            edits.add(home, "organization", site, now, "partners")

    secretive.act(3, "partners", reached)
    assert_alike(plain, secretive, [public])
    with secretive.home.store.reading() as db:
        shown = [
            joins(db, readable(db, reader, BEGAN)).count
            for reader in (PUBLIC, Reader(frozenset(["partners"])), OPERATOR)
        ]
    assert shown[0] == 0 and shown[1] == shown[2] == 1


def test_narrowing_looks_like_erasing(worlds: tuple[World, World]) -> None:
    plain, secretive = worlds
    for world in worlds:
        world.act(2, "public", lambda home, now: edits.add(home, "organization", organization("alpha"), now))
    [public] = listed(plain, "public")
    plain.act(4, "public", lambda home, now: erasure.erase(home, public, now))
    secretive.act(4, "public", lambda home, now: edits.edit(home, public, {}, now, "partners"))
    publish.publish(secretive.home, BEGAN + timedelta(minutes=5))
    assert len(listed(secretive, "partners")) == 1
    assert_alike(plain, secretive, [public, *listed(secretive, "partners")])


def test_the_check_would_see_a_difference(worlds: tuple[World, World]) -> None:
    plain, secretive = worlds
    secretive.act(2, "public", lambda home, now: None)
    publish.renew(secretive.home, BEGAN + timedelta(days=20))
    with pytest.raises(AssertionError):
        assert_alike(plain, secretive, [])


def test_when_the_public_circle_is_signed_depends_on_its_own_edits_only(
    worlds: tuple[World, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = worlds[1].home
    act = Background(home, allow_private=True)
    clock = [0.0]
    with monkeypatch.context() as patch:
        patch.setattr(act._loop, "time", lambda: clock[0])
        edits.add(home, "organization", organization("alpha"), BEGAN)
        edited = act._edited({})
        for at in range(1, 80):
            clock[0] = at / 2
            edits.add(home, "person", {"name": f"Person {at}"}, BEGAN)
            edited = act._edited(edited)
        assert edited["public"].due == DEBOUNCE
        assert edited["partners"].due == 0.5 + LONGEST_WAIT
        edits.add(home, "organization", organization("beta"), BEGAN)
        edited = act._edited(edited)
        assert edited["public"].due == min(clock[0] + DEBOUNCE, LONGEST_WAIT)
        assert list(edited) == ["public", "partners"]
    act._loop.close()


def test_editions_of_the_public_circle_wait_for_no_other(worlds: tuple[World, World]) -> None:
    home = worlds[1].home
    circles.add(home, "zeal", BEGAN)
    for circle in ("zeal", "public", "partners"):
        edits.add(home, "organization", organization(circle), BEGAN, circle)
    assert [one.circle for one in publish.publish(home, BEGAN)] == ["public", "partners", "zeal"]
