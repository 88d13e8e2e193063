from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.web.app import create_app
from tests.asgi import Client
from tests.web.place import HOSTILE_NAMES, NOW, followed
from tests.web.public.test_pages import Outline, text_of
from tests.web.signed_in import client_as

SECRET = "Individual member 07 (fictitious)"
OPEN = "Individual member 08 (fictitious)"


class World(NamedTuple):
    home: Home
    browser: Client
    group: str
    secret: str
    open: str
    organization: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("groups")
    home, _ = homes.create(path / "node", "Example Network", None, path / "recovery.txt")
    organization = edits.add(home, "organization", {"names": {"en": "Paper Boat"}}, NOW).handle
    secret = edits.add(home, "person", {"name": SECRET, "organization": organization}, NOW).handle
    shown = {"name": OPEN, "organization": organization, "expertise": ["legal-aid"], "country": "TH"}
    public = edits.add(home, "person", shown, NOW, "public").handle
    roles = [
        {"role": "chair", "holder": public, "since": "2025"},
        {"role": "vice-chair", "holder": secret, "since": "2025"},
        {"role": "chair", "holder": "Somebody before", "since": "2020", "until": "2024"},
        {"role": "chair", "holder": "Somebody after", "since": "2028"},
        {"role": "focal person", "holder": organization, "country": "BD"},
        {"role": "focal person", "holder": "Nobody's handle", "country": "TH", "since": "2026-01"},
        {"role": "secretary"},
    ]
    fields = {"names": {"en": "Detention", "fr": "Détention"}, "type": "working-group", "roles": roles}
    group = edits.add(home, "group", fields, NOW).handle
    edits.edit(home, organization, {"groups": [group]}, NOW)
    edits.add(home, "group", {"names": {"en": "Board of the partners"}, "type": "committee"}, NOW, "partners")
    publish(home, NOW)
    hostile = [
        {"kind": "group", "names": {"en": name}, "roles": [{"role": name, "holder": name}]} for name in HOSTILE_NAMES
    ]
    hostile += [{"kind": "resource", "titles": {"en": name}, "url": "javascript:alert(1)"} for name in HOSTILE_NAMES]
    followed(home, HOSTILE_NAMES[0], hostile)
    yield World(
        home, Client(create_app(home, clock=lambda: NOW), accept="text/html"), group, secret, public, organization
    )
    home.close()


def test_the_list_says_who_holds_which_role_today(world: World) -> None:
    page = text_of(world.browser.get("/groups").text)
    assert f"chair : {OPEN} since 2025" in page or f"chair: {OPEN} since 2025" in page
    assert "Somebody before" not in page and "Somebody after" not in page
    assert "secretary" in page and "nobody at present" in page


def test_focal_persons_stand_by_country(world: World) -> None:
    page = world.browser.get("/groups").text
    rows = [text_of(row) for row in re.findall('<tr><th scope="row">.*?</tr>', page, re.S)]
    assert [row.split(" ", 1)[0] for row in rows] == ["Bangladesh", "Thailand"]
    assert "Paper Boat" in rows[0] and "Nobody's handle" in rows[1] and "since January 2026" in rows[1]


def test_a_group_tells_its_roles_by_time_and_who_takes_part(world: World) -> None:
    page = world.browser.get(f"/groups/{world.group}").text
    today, later, before = (page.index(f'id="{part}"') for part in ("now", "later", "before"))
    assert today < page.index(OPEN) < later < page.index("Somebody after") < before < page.index("Somebody before")
    members = text_of(page.partition('id="members"')[2])
    assert "Paper Boat" in members


def test_a_holder_who_is_not_for_the_reader_is_not_named(world: World) -> None:
    for url in ("/groups", f"/groups/{world.group}", f"/organizations/{world.organization}"):
        page = world.browser.get(url).text
        assert SECRET not in page and world.secret not in page, url
    assert "somebody who is not shown here" in world.browser.get(f"/groups/{world.group}").text
    for role in ("editor", "auditor", "individual"):
        assert SECRET in client_as(world.home, role).get(f"/groups/{world.group}").text


def test_a_person_has_a_page_for_those_who_may_see_them(world: World) -> None:
    assert world.browser.get(f"/people/{world.secret}").status == 404
    assert client_as(world.home, "individual").get(f"/people/{world.secret}").status == 200
    page = text_of(world.browser.get(f"/people/{world.open}").text)
    for words in (OPEN, "Paper Boat", "Thailand", "Legal aid", "Detention", "chair since 2025"):
        assert words in page


def test_a_card_names_the_people_and_roles_of_an_organisation(world: World) -> None:
    page = world.browser.get(f"/organizations/{world.organization}").text
    assert OPEN in page and f'href="/people/{world.open}"' in page
    assert "focal person" in page and f'href="/groups/{world.group}"' in page
    assert SECRET in client_as(world.home, "editor").get(f"/organizations/{world.organization}").text


def test_an_auditor_looks_and_changes_nothing(world: World) -> None:
    page = client_as(world.home, "auditor").get(f"/organizations/{world.organization}").text
    assert "Look at this entry in the workspace" in page and "/confirm" not in page


@pytest.mark.parametrize("start", ["9" * 5000, "-1", "٣", "x", ""])
def test_a_number_that_is_none_begins_at_the_beginning(world: World, start: str) -> None:
    for url in ("/groups", "/resources", "/networks"):
        assert world.browser.get(f"{url}?start={start}").status == 200


def test_groups_are_narrowed_to_a_network(world: World) -> None:
    own = world.home.network.network
    assert "Detention" in world.browser.get(f"/groups?network={own}").text
    assert "Détention" in world.browser.get("/groups?network=Example+Network").text
    assert world.browser.get("/groups?network=nobody").status == 404
    assert world.browser.get("/groups?unknown=1").status == 400


def test_what_is_for_partners_is_on_no_page(world: World) -> None:
    for url in ("/groups", "/resources", f"/networks/{world.home.network.network}", "/status", "/about", "/privacy"):
        assert "Board of the partners" not in world.browser.get(url).text
    assert "Board of the partners" in client_as(world.home, "auditor").get("/groups").text


def test_hostile_names_are_only_text_on_all_these_pages(world: World) -> None:
    urls = ["/groups", "/resources", "/networks", "/about", "/status"]
    urls += re.findall("/(?:groups|resources)/[0-9a-f-]{36}", "".join(world.browser.get(url).text for url in urls))
    assert len(set(urls)) > 10
    for url in set(urls):
        answer = world.browser.get(url)
        assert answer.status == 200 and len(answer.body) < 60_000, url
        elements = Outline(answer.text).elements
        assert not any(given.get("src") == "x" or "onerror" in given or "onmouseover" in given for _, given in elements)
        assert [given for name, given in elements if name == "script" and given.get("src") is None] == []
        assert not re.search('[\u202a-\u202e\u2066-\u2069]|href="javascript', answer.text)


def test_these_pages_stay_light_whatever_their_records_hold(tmp_path: Path) -> None:
    heavy = "<'\"&" * 600
    texts = {f"x{at:02}": heavy[:600] for at in range(20)}
    codes = [f"<{at:03}" + '"' * 50 for at in range(60)]
    role = {"role": heavy[:120], "holder": heavy[:240], "since": "2020"}
    roles = [role, {**role, "country": "TH"}] * 25
    bodies: list[dict[str, Any]] = [
        {
            "kind": "group",
            "names": {**texts, "en": f"{at}{heavy}"},
            "description": texts,
            "type": "<" * 64,
            "roles": roles,
        }
        for at in range(8)
    ]
    bodies += [
        {"kind": "resource", "titles": {**texts, "en": f"{at}{heavy}"}, "description": texts, "themes": codes}
        for at in range(20)
    ]
    home, _ = homes.create(tmp_path / "node", HOSTILE_NAMES[0], None, tmp_path / "recovery.txt")
    followed(home, ("N<>&\"' network " * 20)[:200], bodies)
    client = Client(create_app(home, clock=lambda: NOW), accept="text/html")
    for first, number in (("/groups", 8), ("/resources", 20)):
        seen: set[str] = set()
        url = first
        while url:
            answer = client.get(url)
            assert answer.status == 200 and len(answer.body) < 60_000, url
            handles = set(re.findall(f'<h3><a href="({first}/[^"]+)"', answer.text))
            assert handles and not handles & seen
            seen |= handles
            following = re.search('<a href="([^"]+)" rel="nofollow">Next page', answer.text)
            url = unescape(following[1]) if following else ""
        assert len(seen) == number
        assert len(client.get(min(seen)).body) < 60_000
    home.close()


def test_who_is_signed_in_finds_the_way_to_change_an_entry(world: World) -> None:
    page = world.browser.get(f"/organizations/{world.organization}").text
    assert "/workspace/record/" not in page and "/member/records/" not in page
    member = client_as(world.home, "organization", organization=world.organization)
    page = member.get(f"/organizations/{world.organization}").text
    assert f'href="/member/records/{world.organization}"' in page
    assert f'action="/member/records/{world.organization}/confirm"' in page and member.token in page
    assert f'href="/member/records/{world.group}"' not in member.get(f"/groups/{world.group}").text
    editor = client_as(world.home, "editor")
    for url in (f"/organizations/{world.organization}", f"/groups/{world.group}", f"/people/{world.secret}"):
        assert f'href="/workspace/record/{url.rpartition("/")[2]}"' in editor.get(url).text
