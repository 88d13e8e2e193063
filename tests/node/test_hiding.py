"""Hiding in an emergency: what goes, what stays, what comes back, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet.directory import search
from fednet.directory.query import Query
from fednet.directory.search import PUBLIC
from fednet.errors import BrokenStoreError, ChangedError, NotFoundError, UsageError
from fednet.feed.record import key_of
from fednet.listing import references
from fednet.node import backup, circles, edits, erasure, hidden_keys, hiding, imports, restore, undo
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.imports import Choices, File
from fednet.node.own import restore_signed
from fednet.node.publish import publish
from fednet.store import drafts, feeds, hidden, index, integrity, letters, receipts
from tests.node.nodes import NOW, Served, held, pin, public, synced


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = homes.create(tmp_path / "node", "Example", None, tmp_path / "recovery.txt")[0]
    yield found
    found.close()


def organization(home: Home, name: str, circle: str | None = None, **fields: Any) -> str:
    return edits.add(home, "organization", {"names": {"en": name}, **fields}, NOW, circle).handle


def hide(home: Home, what: str, serving: bool = False) -> hiding.Hiding:
    """Hidden, and signed."""
    done = hiding.hide(home, what, NOW, serving=serving)
    hiding.spread(home, NOW)
    return done


def listed(home: Home) -> dict[str, bytes]:
    """By handle what the newest editions list, in all own circles."""
    with home.store.reading() as db:
        rows = db.execute(
            "SELECT record.handle, body FROM record JOIN feed ON feed.id = feed_id JOIN network n ON n.id = network_id "
            "WHERE n.own AND body NOT NULL"
        ).fetchall()
    return dict(rows)


def standing(home: Home) -> dict[str, bytes]:
    """By handle the own records, drafts included."""
    found = {}
    with home.store.reading() as db:
        waiting = [handle for (handle,) in db.execute("SELECT handle FROM draft")]
        for handle in {*listed(home), *waiting}:
            try:
                found[handle] = edits.find(db, home, handle).body
            except NotFoundError:
                continue
    return found


def world(home: Home) -> dict[str, str]:
    """An organisation with all that may hang on one, and others beside it."""
    one, other = organization(home, "One", seat={"country": "SY"}), organization(home, "Other", countries=["SY", "LB"])
    made = {"one": one, "other": other}

    def add(word: str, kind: str, **fields: Any) -> None:
        made[word] = edits.add(home, kind, fields, NOW).handle

    add("contact", "contact", organization=one, emails=["a@one.example"])
    add("person", "person", name="Individual 1 (fictitious)", organization=one)
    add("need", "exchange", type="need", titles={"en": "A lawyer"}, organization=one)
    add("alone", "event", titles={"en": "Alone"}, type="webinar", start="2026-12-01", all_day=True, hosts=[one])
    add("session", "event", titles={"en": "Session"}, type="webinar", start="2026-12-01", all_day=True,
        parent=made["alone"])  # fmt: skip
    add("both", "event", titles={"en": "Both"}, type="webinar", start="2026-12-02", all_day=True, hosts=[one, other])
    add(
        "group",
        "group",
        names={"en": "Group"},
        roles=[{"role": "chair", "holder": one}, {"role": "member", "holder": other}],
    )
    return made


def test_with_an_organisation_goes_all_that_is_about_it_from_every_circle_at_once(home: Home) -> None:
    made = world(home)
    publish(home, NOW)
    done = hiding.hide(home, made["one"], NOW)
    hiding.spread(home, NOW)
    assert set(listed(home)) == {made[name] for name in ("other", "both", "group")}
    assert made["one"].encode() not in b"".join(listed(home).values())
    assert {one.reason for one in done.going} == {hiding.NAMED, hiding.ABOUT}
    assert {one.handle for one in done.touched} == {made["both"], made["group"]}


def test_what_is_put_back_is_as_it_was_under_new_handles_and_references_follow(home: Home) -> None:
    made = world(home)
    publish(home, NOW)
    before = standing(home)
    hide(home, made["one"])
    found = hiding.unhide(home, made["one"], NOW)
    publish(home, NOW)
    assert set(found.renamed) == {made[n] for n in ("one", "contact", "person", "need", "alone", "session")}
    assert _under(before, found.renamed) == standing(home) == listed(home)
    assert not hiding.acts(home)


def test_taken_back_before_it_was_signed_nothing_has_changed(home: Home) -> None:
    made = world(home)
    publish(home, NOW)
    before = standing(home)
    hiding.hide(home, made["one"], NOW)
    assert hiding.unhide(home, made["one"], NOW).renamed == {}
    assert standing(home) == before
    with home.store.reading() as db:
        assert not drafts.drafts(db, "public")


def test_drafts_that_were_never_signed_are_hidden_as_well(home: Home) -> None:
    handle = organization(home, "Draft")
    publish(home, NOW)
    waits = organization(home, "Waits", seat={"country": "SY"})
    hide(home, "SY")
    assert set(standing(home)) == {handle}
    renamed = hiding.unhide(home, "SY", NOW).renamed
    assert set(standing(home)) == {handle, renamed.get(waits, waits)}


def test_an_edit_that_waited_comes_back_with_the_record(home: Home) -> None:
    handle = organization(home, "Before")
    publish(home, NOW)
    edits.edit(home, handle, {"names": {"en": "After"}}, NOW)
    hide(home, handle)
    (new,) = hiding.unhide(home, handle, NOW).renamed.values()
    assert b"After" in standing(home)[new]


def test_hiding_signs_nothing_else_that_waits(home: Home) -> None:
    handle = organization(home, "Endangered")
    publish(home, NOW)
    waits = organization(home, "Waits")
    hide(home, handle)
    assert not listed(home)
    assert set(standing(home)) == {waits}


def test_of_a_country_go_those_that_are_there_and_those_for_it_alone(home: Home) -> None:
    there = organization(home, "There", seat={"country": "SY"}, countries=["LB"])
    only, among = organization(home, "Only", countries=["SY"]), organization(home, "Among", countries=["SY", "LB"])
    elsewhere = organization(home, "Elsewhere", seat={"country": "CA"}, countries=["SY"])
    person = edits.add(home, "person", {"name": "Individual 2 (fictitious)", "country": "SY"}, NOW).handle
    planned = {one.handle: one.reason for one in hiding.planned(home, "SY").going}
    assert planned == {there: hiding.SEAT, only: hiding.ONLY, person: hiding.SEAT}
    more = {one.handle: one.reason for one in hiding.planned(home, "SY", serving=True).going}
    assert more == planned | {among: hiding.SERVES, elsewhere: hiding.SERVES}


def test_a_country_may_be_hidden_again_when_more_of_it_is_listed(home: Home) -> None:
    one = organization(home, "One", seat={"country": "SY"})
    group = edits.add(home, "group", {"names": {"en": "G"}, "roles": [{"role": "chair", "holder": one}]}, NOW).handle
    publish(home, NOW)
    before = standing(home)[group]
    hide(home, "SY")
    two = organization(home, "Two", seat={"country": "SY"})
    edits.edit(home, group, {"roles": [{"role": "member", "holder": two}]}, NOW)
    publish(home, NOW)
    hide(home, "SY")
    renamed = hiding.unhide(home, "SY", NOW).renamed
    roles = msgspec.json.decode(standing(home)[group])["roles"]
    assert {role["holder"] for role in roles} == {renamed[one], renamed[two]}
    assert len(roles) > len(msgspec.json.decode(before)["roles"])


def test_acts_are_taken_back_in_any_order(home: Home) -> None:
    made = world(home)
    publish(home, NOW)
    before = standing(home)
    for name in ("one", "other", "group"):
        hide(home, made[name])
    assert listed(home) == {}
    renamed: dict[str, str] = {}
    for name in ("group", "one", "other"):
        renamed |= hiding.unhide(home, made[name], NOW).renamed
    publish(home, NOW)
    expected = {handle: _unordered(body) for handle, body in _under(before, renamed).items()}
    assert {handle: _unordered(body) for handle, body in listed(home).items()} == expected


def test_a_record_that_is_about_a_hidden_one_waits_for_it(home: Home) -> None:
    made = world(home)
    publish(home, NOW)
    hiding.hide(home, made["one"], NOW)
    with pytest.raises(UsageError, match="which is hidden"):
        hiding.unhide(home, made["contact"], NOW)


def test_one_record_of_an_act_can_be_put_back_alone(home: Home) -> None:
    made = world(home)
    publish(home, NOW)
    hide(home, "SY", serving=True)
    (new,) = hiding.unhide(home, made["other"], NOW).renamed.values()
    assert b"Other" in standing(home)[new]
    assert made["one"] not in standing(home)


def test_a_hidden_record_is_edited_by_nobody_and_says_so(home: Home) -> None:
    handle = organization(home, "Hidden")
    hiding.hide(home, handle, NOW)
    with pytest.raises(NotFoundError, match="is hidden since"):
        edits.edit(home, handle, {"acronym": "H"}, NOW)
    with pytest.raises(NotFoundError, match="is hidden since"):
        hiding.hide(home, handle, NOW)


def test_an_erased_record_is_destroyed_where_hidden_ones_are_kept(home: Home) -> None:
    handle = organization(home, "Quinquagesima Erasmus")
    never = organization(home, "Septuagesima Erasmus")
    publish(home, NOW)
    for one in (handle, never):
        hide(home, one)
        erasure.erase(home, one, NOW)
    publish(home, NOW)
    for file in home.path.iterdir():
        assert b"gesima Erasmus" not in file.read_bytes(), file.name
    with pytest.raises(NotFoundError):
        hiding.unhide(home, handle, NOW)


ROWS = b"Organisation,Country,Email\nOne,Syria,a@one.example\nTwo,Lebanon,b@two.example\n"


@pytest.mark.parametrize("name", ["members.csv", "another.csv"])
def test_an_import_does_not_bring_back_what_is_hidden(home: Home, name: str) -> None:
    imports.import_files(home, [File("members.csv", ROWS)], Choices(), NOW)
    publish(home, NOW)
    hide(home, "SY")
    before = standing(home)
    found = imports.import_files(home, [File(name, ROWS)], Choices(), NOW)
    assert {one.reason for one in found.refused} == {"is hidden: put it back first"}
    assert b"One" not in b"".join(standing(home).values())
    assert set(before) <= set(standing(home))
    hiding.unhide(home, "SY", NOW)
    again = imports.import_files(home, [File("members.csv", ROWS)], Choices(), NOW)
    assert not again.refused and again.count("added") == 0


def test_the_account_of_an_organisation_follows_it_to_its_new_handle(home: Home) -> None:
    handle = organization(home, "One")
    publish(home, NOW)
    with home.store.writing() as db:
        db.execute(
            "INSERT INTO account (name, email, role, organization, made_at) VALUES ('A', 'a@one.example', "
            "'organization', ?, '2026-11-21')",
            (handle,),
        )
    hide(home, handle)
    renamed = hiding.unhide(home, handle, NOW).renamed
    with home.store.reading() as db:
        assert db.execute("SELECT organization FROM account").fetchone()[0] == renamed[handle]


def test_hiding_what_only_a_restricted_circle_lists_changes_nothing_in_public(home: Home) -> None:
    circles.add(home, "board", NOW)
    secret = organization(home, "Secret", "board", seat={"country": "SY"})
    edits.add(home, "group", {"names": {"en": "Public"}, "roles": [{"role": "chair", "holder": secret}]}, NOW)
    publish(home, NOW)
    before = public(home, home.network)
    done = hide(home, secret)
    assert public(home, home.network).followed == before.followed
    assert [one.circle for one in done.going] == ["board"] and not done.touched


def test_followers_let_go_and_the_page_tells_who_has_confirmed(home: Home, tmp_path: Path) -> None:
    handle = organization(home, "One")
    publish(home, NOW)
    follower = homes.create(tmp_path / "other", "Follower", None, tmp_path / "other.txt")[0]
    served = Served(home)
    try:
        pin(follower, home, served.url)
        synced(follower)
        us = pin(home, follower)
        hiding.hide(home, handle, NOW)
        (act,) = hiding.acts(home)
        assert hiding.heard(home, act.hidden) == (["public"], [])
        hiding.spread(home, NOW)
        (heard,) = hiding.heard(home, act.hidden)[1]
        assert not heard.confirmed
        synced(follower)
        assert held(follower, home).records == 0
        with home.store.writing() as db:
            receipts.keep(db, us, "public", public(home, home.network).followed.position, NOW)
        (heard,) = hiding.heard(home, act.hidden)[1]
        assert heard.confirmed
    finally:
        served.close()
        follower.close()


def test_other_records_than_were_shown_are_not_hidden(home: Home) -> None:
    organization(home, "One", seat={"country": "SY"})
    shown = hiding.planned(home, "SY").digest
    organization(home, "Two", seat={"country": "SY"})
    with pytest.raises(ChangedError, match="other records"):
        hiding.hide(home, "SY", NOW, expected=shown)


def test_what_a_network_says_of_itself_is_not_hidden(home: Home) -> None:
    handle = edits.add(home, "network", {"names": {"en": "Example"}}, NOW).handle
    with pytest.raises(UsageError):
        hiding.hide(home, handle, NOW)


def test_a_crash_between_hiding_and_signing_leaves_it_hidden_and_to_be_signed(home: Home) -> None:
    handle = organization(home, "One")
    publish(home, NOW)
    hiding.hide(home, handle, NOW)
    home.close()
    again = Home(home.path)
    publish(again, NOW)
    assert listed(again) == {}
    with again.store.reading() as db:
        assert hidden.taken_out(db, handle) is not None
        assert feeds.public_feed(db, again.network.network).records == 0
    again.close()


def test_what_goes_wrong_on_the_way_hides_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(home)
    publish(home, NOW)
    before = standing(home)

    def full(*arguments: object) -> None:
        raise BrokenStoreError("the disk is full")

    monkeypatch.setattr(hidden, "keep", full)
    with pytest.raises(BrokenStoreError):
        hiding.hide(home, made["one"], NOW)
    assert standing(home) == before and not hiding.acts(home)
    with home.store.reading() as db:
        assert not drafts.circles_with_drafts(db)


# --- the law: hidden and put back is as before, whatever names whom

COUNT = 5
graph = st.lists(
    st.tuples(st.sampled_from(["organization", "contact", "person", "exchange", "group", "event", "twinning"]),
              st.lists(st.integers(0, COUNT - 1), max_size=3), st.booleans()),
    min_size=COUNT, max_size=COUNT,
)  # fmt: skip


def _record(at: int, kind: str, handles: list[str], named: list[int]) -> dict[str, Any]:
    whom = [handles[one] for one in dict.fromkeys(named) if one != at]
    name = f"Name {at}"
    match kind:
        case "organization":
            return {"names": {"en": name}, "groups": whom}
        case "contact":
            return {"organization": whom[0] if whom else edits.new_handle(), "hours": name}
        case "person":
            return {"name": name} | ({"organization": whom[0]} if whom else {})
        case "exchange":
            return {"type": "need", "titles": {"en": name}} | ({"organization": whom[0]} if whom else {})
        case "group":
            return {"names": {"en": name}, "roles": [{"role": "member", "holder": one} for one in whom]}
        case "twinning":
            twins = [{"name": f"Twin {n}", "handle": one} for n, one in enumerate(whom[:2])]
            others = [{"name": "Some"}, {"name": "Other"}]
            return {"organizations": (twins + others)[:2], "exchanges": whom[2:], "goals": {"en": name}}
        case _:
            return {"type": "webinar", "titles": {"en": name}, "start": "2026-12-01", "all_day": True, "hosts": whom}


@given(graph=graph, first=st.integers(0, COUNT - 1), second=st.integers(0, COUNT - 1), signed=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hidden_and_put_back_is_as_before(
    home: Home, graph: list[tuple[str, list[int], bool]], first: int, second: int, signed: bool
) -> None:
    with home.store.writing() as db:
        for handle in standing(home):
            edits.withdraw_in(db, home, edits.find(db, home, handle), NOW)
    publish(home, NOW)
    handles = [edits.new_handle() for _ in graph]
    saved = []
    for at, (kind, named, closed) in enumerate(graph):
        named = [one for one in named if closed or not graph[one][2]]  # whom its readers could look up
        body = edits.body_of({"kind": kind, **_record(at, kind, handles, named)})
        saved.append(drafts.Draft(handles[at], "partners" if closed else "public", "put", body))
    with home.store.writing() as db:
        drafts.save(db, saved, NOW)
    if signed:
        publish(home, NOW)
    before = standing(home)
    acts = [handles[first]]
    hide(home, handles[first])
    if handles[second] in standing(home):
        acts.append(handles[second])
        hide(home, handles[second])
    assert not set(acts) & set(listed(home))
    renamed: dict[str, str] = {}
    for act in reversed(acts):
        renamed |= hiding.unhide(home, act, NOW).renamed
    after = standing(home)
    assert {h: _named_within(b, after) for h, b in after.items()} == {
        h: _named_within(b, after) for h, b in _under(before, renamed).items()
    }


def _under(bodies: dict[str, bytes], renamed: dict[str, str]) -> dict[str, bytes]:
    """The same records, under other handles."""
    found = {}
    for handle, body in bodies.items():
        for old, new in renamed.items():
            body = body.replace(old.encode(), new.encode())
        found[renamed.get(handle, handle)] = body
    return found


def _unordered(body: bytes) -> Any:
    fields = msgspec.json.decode(body)
    return {name: sorted(map(repr, value)) if isinstance(value, list) else value for name, value in fields.items()
            if name != "sequence"}  # fmt: skip


def _named_within(body: bytes, among: dict[str, bytes]) -> Any:
    """What a record says; a handle that its readers could look up nowhere is any other."""
    text = body.decode()
    for handle in references.handles(body):
        if handle not in among:
            text = text.replace(handle, "?")
    return _unordered(text.encode())


def test_what_was_about_a_record_erased_meanwhile_does_not_come_back(home: Home) -> None:
    gone, stays = organization(home, "Gone"), organization(home, "Stays")
    contact = edits.add(home, "contact", {"organization": gone, "emails": ["a@x.example"]}, NOW).handle
    person = edits.add(home, "person", {"name": "Ivy", "organization": gone}, NOW).handle
    shared = {"titles": {"en": "Shared"}, "type": "webinar", "start": "2026-12-24", "hosts": [gone, stays]}
    event = edits.add(home, "event", {**shared, "titles": {"en": "Alone"}, "hosts": [gone]}, NOW).handle
    edits.add(home, "event", shared, NOW)
    publish(home, NOW)
    hide(home, gone)
    erasure.erase(home, gone, NOW)
    publish(home, NOW)
    (act,) = hiding.acts(home)
    back = hiding.unhide(home, act.why, NOW)
    publish(home, NOW)
    assert (back.records, back.gone, set(back.renamed)) == (1, 2, {person})
    assert gone.encode() not in b"".join(standing(home).values())
    kinds = sorted(msgspec.json.decode(body)["kind"] for body in standing(home).values())
    assert kinds == ["event", "organization", "person"]
    assert {contact, event}.isdisjoint(standing(home)) and hiding.acts(home) == []


def test_a_hidden_contact_follows_its_organisation_into_another_circle(home: Home) -> None:
    org = organization(home, "Mover")
    contact = edits.add(home, "contact", {"organization": org, "emails": ["a@x.example"]}, NOW).handle
    publish(home, NOW)
    hide(home, contact)
    moved = edits.edit(home, org, {}, NOW, "partners").handle
    publish(home, NOW)
    back = hiding.unhide(home, contact, NOW)
    with home.store.reading() as db:
        assert edits.find(db, home, back.renamed[contact]).fields["organization"] == moved


def test_letters_about_what_is_hidden_are_dropped(home: Home) -> None:
    org, other = organization(home, "Hidden"), organization(home, "Other")
    contact = edits.add(home, "contact", {"organization": org, "emails": ["a@x.example"]}, NOW).handle
    with home.store.writing() as db:
        for about in (org, contact, other):
            letters.put(db, "a@x.example", f"About {about}", "Hidden is due", NOW, about)
    hiding.hide(home, org, NOW)
    with home.store.reading() as db:
        assert [one.about for one in letters.waiting(db)] == [other]


def test_nothing_names_what_is_hidden_again(home: Home) -> None:
    org, other = organization(home, "Hidden"), organization(home, "Other")
    event = {"titles": {"en": "Meeting"}, "type": "webinar", "start": "2026-12-24", "hosts": [other]}
    held_by = edits.add(home, "event", event, NOW).handle
    publish(home, NOW)
    hide(home, org)
    for fields in ({"hosts": [other, org]}, {"description": {"en": f"with {org}"}}):
        with pytest.raises(UsageError, match="hidden"):
            edits.edit(home, held_by, fields, NOW)
        with pytest.raises(UsageError, match="hidden"):
            edits.add(home, "event", {**event, **fields}, NOW)
    with pytest.raises(UsageError, match="hidden"):
        edits.add(home, "contact", {"organization": org, "emails": ["a@x.example"]}, NOW)
    edits.edit(home, held_by, {"titles": {"en": "Meeting, later"}}, NOW)


def test_what_waits_for_its_signature_is_not_taken_back_one_by_one(home: Home) -> None:
    org, other = organization(home, "Hidden"), organization(home, "Other")
    event = {"titles": {"en": "Meeting"}, "type": "webinar", "start": "2026-12-24", "hosts": [other, org]}
    touched = edits.add(home, "event", event, NOW).handle
    publish(home, NOW)
    hiding.hide(home, org, NOW)
    for handle in (org, touched):
        with pytest.raises(UsageError, match="hidden"):
            restore_signed(home, handle, NOW)
    hiding.spread(home, NOW)
    assert org not in listed(home) and org.encode() not in listed(home)[touched]


def test_what_is_hidden_and_listed_all_the_same_is_dropped(home: Home) -> None:
    org = organization(home, "Hidden")
    publish(home, NOW)
    hiding.hide(home, org, NOW)
    with home.store.writing() as db:
        drafts.discard(db, org)
    hiding.spread(home, NOW)
    assert org not in listed(home)


def test_an_import_that_is_taken_back_takes_what_is_hidden_of_it(home: Home) -> None:
    file = File("list.csv", b"name,country,email\nImported House,Thailand,a@x.example\n")
    imports.import_files(home, [file], Choices(), NOW)
    publish(home, NOW)
    (org,) = [one.handle for one in hiding.found(home, "Imported House") if one.kind == "organization"]
    hide(home, org)
    taken = undo.undo(home, None, NOW)
    assert taken.withdrawn == 2 and taken.kept == ()
    assert hiding.acts(home) == []
    with pytest.raises(NotFoundError):
        hiding.unhide(home, org, NOW)


def found_here(home: Home, name: str) -> bool:
    """Whether the own pages and search show something of that name to everybody."""
    return bool(search.search(home.store, Query(text=f'"{name}"'), PUBLIC, NOW).hits)


def test_what_waits_to_be_signed_is_found_here_no_more(home: Home) -> None:
    made = world(home)
    publish(home, NOW)
    assert found_here(home, "One") and shown_by_handle(home, made["one"])
    hiding.hide(home, made["one"], NOW)
    assert made["one"] in listed(home)  # followers still list it
    assert not found_here(home, "One") and not shown_by_handle(home, made["one"])
    assert not shown_by_handle(home, made["alone"]) and shown_by_handle(home, made["other"])
    with home.store.writing() as db:
        index.rebuild(db)
    assert not found_here(home, "One")
    hiding.unhide(home, made["one"], NOW)
    assert found_here(home, "One") and shown_by_handle(home, made["one"])
    hide(home, made["one"])
    assert not found_here(home, "One") and doctor_is_content(home)
    hiding.unhide(home, made["one"], NOW)
    publish(home, NOW)
    assert found_here(home, "One") and doctor_is_content(home)


def shown_by_handle(home: Home, handle: str) -> bool:
    try:
        search.record(home.store, handle, PUBLIC, NOW)
    except NotFoundError:
        return False
    return True


def doctor_is_content(home: Home) -> bool:
    with home.store.reading() as db:
        state = integrity.index_state(db)
    return state.searched == state.facets and not state.strays


def test_what_was_hidden_stays_hidden_when_the_database_of_an_older_day_is_put_back(home: Home, tmp_path: Path) -> None:
    made = world(home)
    publish(home, NOW)
    file = tmp_path / "older.backup"
    backup.backup(home, file, NOW)
    hiding.hide(home, made["one"], NOW)  # nobody could sign it
    assert made["one"].encode() not in (home.path / hidden_keys.NAME).read_bytes()
    with restore.staged(home.path, file) as (copy, _):
        assert found_here(copy, "One")
        assert hiding.reapply(copy, NOW, hidden_keys.kept(home.path)) == 6
        assert not found_here(copy, "One") and not shown_by_handle(copy, made["contact"])
        assert [act.why for act in hiding.acts(copy)] == [made["one"]]
        assert hiding.reapply(copy, NOW, hidden_keys.kept(home.path)) == 0
    hiding.unhide(home, made["one"], NOW)
    assert hidden_keys.kept(home.path) == set()
    with restore.staged(home.path, file) as (copy, _):
        assert hiding.reapply(copy, NOW, hidden_keys.kept(home.path)) == 0 and found_here(copy, "One")


def test_a_line_of_what_is_hidden_that_a_crash_cut_is_none(home: Home) -> None:
    file = home.path / hidden_keys.NAME
    file.write_bytes(b"hide 00")
    assert hidden_keys.kept(home.path) == set()
    handle = organization(home, "One")
    hiding.hide(home, handle, NOW)
    assert hidden_keys.kept(home.path) == {key_of(handle)}
    file.write_bytes(b"nothing that was hidden\n")
    with pytest.raises(BrokenStoreError):
        hidden_keys.kept(home.path)


def test_what_is_hidden_is_called_by_its_own_name_if_it_has_one(home: Home) -> None:
    one = organization(home, "Harbour")
    edits.add(home, "contact", {"organization": one, "person": "Amina"}, NOW)
    edits.add(home, "contact", {"organization": one, "emails": ["a@harbour.example"]}, NOW)
    publish(home, NOW)
    hiding.hide(home, one, NOW)
    [act] = hiding.acts(home)
    assert sorted(hiding.titles(home, act.hidden)) == ["Amina", "Harbour", "Harbour"]


def test_needs_and_twinnings_that_say_only_its_name_go_with_an_organisation(home: Home) -> None:
    need = edits.add(home, "exchange", {"type": "need", "titles": {"en": "A room"}, "organization": "Aster House"}, NOW)
    twins = [{"name": "aster house"}, {"name": "Elsewhere"}]
    twinning = edits.add(home, "twinning", {"organizations": twins}, NOW)
    house = organization(home, "Aster House")
    publish(home, NOW)
    planned = hiding.hide(home, house, NOW)
    assert {one.handle for one in planned.going} == {house, need.handle, twinning.handle}
    with pytest.raises(UsageError, match="hidden"):
        edits.add(home, "exchange", {"type": "need", "titles": {"en": "B"}, "organization": "Aster House"}, NOW)
    assert hiding.unhide(home, house, NOW).records == 3
