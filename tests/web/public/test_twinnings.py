"""Twinnings on pages: side by side where two networks differ, links for what may be seen, and one more statement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.web.app import create_app
from fednet.web.workspace import twinning
from tests.asgi import Client
from tests.feed.network import handle
from tests.web.place import HOSTILE_NAMES, NOW, followed
from tests.web.public.test_pages import LARGEST, Outline, text_of
from tests.web.signed_in import Browser, client_as

UID = "urn:uuid:0c5d0f2e-8d1b-4c57-9a83-6f0b7a1f4e11"
CEDAR, THEIRS, ALONE, NAMED, LONG = (handle(number) for number in range(5))


class World(NamedTuple):
    home: Home
    app: Any
    aster: str
    need: str
    guide: str
    draft: str
    ours: str
    anybody: Client

    def editor(self) -> Browser:
        return client_as(self.home, "editor", app=self.app)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("twinnings")
    home, _ = homes.create(path / "node", "Example Network", None, path / "recovery.txt")
    aster = edits.add(home, "organization", {"names": {"en": "Aster House"}}, NOW).handle
    need = edits.add(home, "exchange", {"type": "need", "titles": {"en": "To learn of clinics"}}, NOW).handle
    guide = edits.add(home, "resource", {"titles": {"en": "A model clinic"}, "type": "guide"}, NOW).handle
    draft = edits.add(home, "resource", {"titles": {"en": "A lesson in confidence"}}, NOW, "partners").handle
    own = home.network.network
    twins = [{"name": "Aster House", "network": own, "handle": aster}, {"name": "Cedar Centre", "handle": CEDAR}]
    theirs = {"kind": "twinning", "organizations": twins, "uid": UID, "titles": {"en": "Clinics, twinned"}}
    other = followed(
        home,
        "Other Network",
        [
            {"kind": "organization", "names": {"en": "Cedar Centre"}},
            {**theirs, "state": "planned", "start": "2026-11", "goals": {"fr": "Apprendre."}},
            {**theirs, "uid": "urn:uuid:alone", "titles": {"en": HOSTILE_NAMES[0]}, "state": "planned"},
            {**theirs, "uid": "urn:uuid:named", "organizations": [{"name": "aster house"}, {"name": "Birch"}]}
            | {"exchanges": [need], "resources": [guide]},
            {**theirs, "uid": "urn:uuid:long", "titles": {"en": "Long"}, "goals": {"en": "word " * 12_000}},
        ],
    )
    twins[1]["network"] = other.identity.network
    fields = {
        "organizations": twins,
        "uid": UID,
        "titles": {"en": "Twinned clinics"},
        "state": "active",
        "start": "2026-10",
    }
    fields |= {"goals": {"en": "To learn."}, "resources": [guide, draft], "exchanges": [need], "themes": ["legal-aid"]}
    fields |= {
        "activities": [{"date": "2026-12", "text": {"en": "Visit"}}, {"date": "2026-11-02", "text": {"en": "Call"}}]
    }
    ours = edits.add(home, "twinning", fields, NOW).handle
    publish(home, NOW)
    app = create_app(home, clock=lambda: NOW)
    yield World(home, app, aster, need, guide, draft, ours, Client(app, accept="text/html,*/*"))
    home.close()


def test_a_list_shows_each_twinning_once_and_whose_word_it_is(world: World) -> None:
    page = text_of(world.anybody.get("/twinnings").text)
    assert "4 twinnings" in page
    assert page.count("They do not say the same of how it stands") == 1
    assert (
        "Stated by Example Network and Other Network ." in page and "Only Other Network has stated it so far." in page
    )
    found = text_of(world.anybody.get("/twinnings?state=planned&text=clinics").text)
    assert "1 twinning" in found and "Clinics, twinned" in found
    assert "2 twinnings" in text_of(world.anybody.get("/twinnings?state=planned").text)
    assert "That cannot be read" in world.anybody.get("/twinnings?state=nonsense").text


def test_where_the_two_networks_differ_both_are_shown(world: World) -> None:
    page = text_of(world.anybody.get(f"/twinnings/{world.ours}").text)
    assert "Title they differ Example Network Twinned clinics Other Network Clinics, twinned" in page
    assert "State they differ Example Network Under way Other Network Planned" in page
    assert "Begins they differ" in page and "Goals To learn. Apprendre." in page
    assert page.index("2 November 2026 Call") < page.index("December 2026 Visit")


def test_organisations_models_and_what_it_grew_from_are_linked_as_far_as_they_may_be_seen(world: World) -> None:
    page = world.anybody.get(f"/twinnings/{THEIRS}").text
    for to in (f"/organizations/{world.aster}", f"/organizations/{CEDAR}", f"/resources/{world.guide}"):
        assert f'href="{to}"' in page
    assert f'href="/exchange/{world.need}"' in page
    assert world.draft not in page and "in confidence" not in page
    assert "A lesson in confidence" in world.editor().get(f"/twinnings/{world.ours}").text


def test_it_stands_on_the_pages_of_both_organisations_and_of_the_need(world: World) -> None:
    for url in (f"/organizations/{world.aster}", f"/organizations/{CEDAR}", f"/exchange/{world.need}"):
        page = world.anybody.get(url).text
        assert re.search(rf'href="/twinnings/({world.ours}|{THEIRS})"', page), url
        assert "Stated by" in page


def test_the_secretariat_and_the_member_hear_of_what_another_network_states_of_them(world: World) -> None:
    desk = world.editor().get("/workspace").text
    assert "2 twinnings with organisations of this network are stated by the other side" in desk
    listed = world.editor().get("/workspace/records/twinning").text
    assert listed.count("State it from our side, too") == 2 and f"/new?from={ALONE}" in listed
    assert f"/new?from={THEIRS}" not in listed, "that is stated already"
    assert (
        "State it from our side"
        not in client_as(world.home, "auditor", app=world.app).get("/workspace/records/twinning").text
    )
    member = client_as(world.home, "organization", organization=world.aster, app=world.app).get("/member").text
    assert f'href="/twinnings/{world.ours}"' in member and f'href="/twinnings/{ALONE}"' in member


def test_a_search_leads_to_it(world: World) -> None:
    assert f'href="/twinnings/{world.ours}"' in world.anybody.get("/?text=twinned+clinics").text


def test_no_page_breaks_or_grows_heavy_whatever_a_record_holds(world: World) -> None:
    for handle_ in (ALONE, LONG, THEIRS, world.ours):
        answer = world.anybody.get(f"/twinnings/{handle_}")
        assert answer.status == 200 and len(answer.body) < LARGEST
        assert "<script>alert" not in answer.text and Outline(answer.text).elements
    assert world.anybody.get(f"/twinnings/{world.aster}").status == 404


def test_programs_find_it_with_its_number(world: World) -> None:
    found = Client(world.app).get("/api/v1/twinnings?text=twinned").json
    assert {item["uid"] for item in found["items"]} >= {UID}
    assert "exchange" not in {item["kind"] for item in found["items"]}
    assert world.anybody.get("/api/v1/twinnings?format=csv").status == 200


# --- from our side, too -----------------------------------------------------------------------------------------------


def test_what_another_network_stated_is_stated_from_our_side_with_the_same_number(world: World) -> None:
    browser = world.editor()
    to = f"/workspace/records/twinning/new?from={ALONE}"
    assert f'href="{to}"' in browser.get(f"/twinnings/{ALONE}").text
    assert to not in world.anybody.get(f"/twinnings/{ALONE}").text
    assert to.replace(ALONE, THEIRS) not in browser.get(f"/twinnings/{THEIRS}").text  # it is stated already
    form = browser.get(to)
    assert form.status == 200 and "Aster House" in form.text and "Cedar Centre" in form.text
    sent = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form.text))
    kept = {name: value for name, value in sent.items() if name.startswith(("organizations", "start", "end", "base"))}
    saved = browser.form(to, {**kept, "state": "active", "understood": "1"})
    assert saved.status == 303, text_of(saved.text)
    made = saved.headers["location"].partition("?")[0].rpartition("/")[2]
    with world.home.store.reading() as db:
        fields = edits.find(db, world.home, made).fields
    assert fields["uid"] == "urn:uuid:alone" and fields["state"] == "active"
    assert {(one.get("network", ""), one["handle"]) for one in fields["organizations"]} == {
        (world.home.network.network, world.aster),
        (_network_of(world), CEDAR),
    }


def _network_of(world: World) -> str:
    found = Client(world.app).get("/api/v1/networks?text=other").json
    network: str = found["items"][0]["network"]
    return network


def test_an_own_organisation_that_the_other_network_knew_by_name_alone_is_known(world: World) -> None:
    browser, to = world.editor(), f"/workspace/records/twinning/new?from={NAMED}"
    assert f'href="{to}"' in browser.get(f"/twinnings/{NAMED}").text
    begun = twinning.begun(world.home, "twinning", {"from": NAMED}, NOW)
    assert [one.get("handle") for one in begun.starts["organizations"]] == [world.aster, None]
    assert "/new?from=" not in client_as(world.home, "auditor", app=world.app).get(f"/twinnings/{NAMED}").text


def test_a_statement_that_is_not_here_is_not_found(world: World) -> None:
    assert world.editor().get(f"/workspace/records/twinning/new?from={handle(99)}").status == 404
    assert world.editor().get("/workspace/records/twinning/new?introduction=ffffffff").status == 404


def test_the_form_of_another_kind_begins_with_nothing_of_it(world: World) -> None:
    answer = world.editor().get(f"/workspace/records/event/new?from={ALONE}")
    assert answer.status == 200 and "Cedar" not in answer.text


def test_pages_exist_in_every_language_and_change_nothing(world: World, tmp_path: Path) -> None:
    before = world.home.store.written()
    for language in ("fr", "es", "ar"):
        answer = world.anybody.get(f"/twinnings/{world.ours}", accept_language=language)
        assert answer.status == 200 and f'lang="{language}"' in answer.text
    assert world.home.store.written() == before


def test_a_statement_points_to_nothing_but_what_its_own_network_lists(world: World) -> None:
    page = world.anybody.get(f"/twinnings/{NAMED}").text
    assert "To learn of clinics" not in page and world.guide not in page
