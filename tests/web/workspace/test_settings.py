"""Settings and circles in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.node import edits
from fednet.node.home import CONFIG, Home, read_config
from fednet.store import circles, feeds, letters
from tests.web.place import NOW, node
from tests.web.signed_in import Browser, client_as


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


@pytest.fixture
def administrator(home: Home) -> Browser:
    return client_as(home, "administrator")


NODE = {
    "url": "node.example",
    "hosts": "a.example\nb.example",
    "zone": "Asia/Bangkok",
    "languages": "en th",
    "introduce": "1",
}


def since(browser: Browser) -> str:
    (found,) = set(re.findall(r'name="since" value="([0-9a-f]+)"', browser.get("/workspace/settings").text))
    return found


def test_each_part_is_saved_and_holds_at_once(home: Home, administrator: Browser) -> None:
    done = administrator.form("/workspace/settings/node", NODE, since=since(administrator))
    assert (done.status, done.headers["location"]) == (303, "/workspace/settings?done=changed#node")
    assert home.config.url == "https://node.example" and home.config.hosts == ("a.example", "b.example")
    assert administrator.get("/", host="b.example").status == 200
    assert administrator.get("/", host="c.example").status == 421
    joining = {
        "open": "1",
        "categories": "full member\r\nassociate\r\n",
        "endorsements": "2",
        "term_months": "24",
        "about": "Ask.",
    }
    assert administrator.form("/workspace/settings/joining", joining, since=since(administrator)).status == 303
    assert home.config.joining.categories == ("full member", "associate")
    assert not home.config.joining.edits_need_approval
    assert (
        administrator.form(
            "/workspace/settings/embed", sites="www.example.org\nhttps://b.example:8443/", since=since(administrator)
        ).status
        == 303
    )
    assert home.config.embed.sites == ("https://www.example.org", "https://b.example:8443")
    assert "&lt;iframe src=" in administrator.get("/workspace/settings").text
    assert (
        administrator.form("/workspace/settings/signing-in", second_factor="offered", since=since(administrator)).status
        == 303
    )
    assert read_config(home.path / CONFIG) == home.config


@pytest.mark.parametrize(
    ("part", "fields", "field"),
    [
        ("node", NODE | {"zone": "Mars/Olympus"}, "zone"),
        ("node", NODE | {"url": "ftp://node.example"}, "url"),
        ("node", NODE | {"hosts": "a b"}, "hosts"),
        ("node", NODE | {"languages": "<script>"}, "languages"),
        ("joining", {"endorsements": "many", "term_months": "12"}, "endorsements"),
        ("embed", {"sites": "http://www.example.org"}, "sites"),
        ("embed", {"sites": "https://x.example; script-src *"}, "sites"),
        ("embed", {"sites": "https://*"}, "sites"),
        ("mail", {"host": "mail.example", "sender": "nobody", "port": "25"}, "sender"),
        ("mail", {"host": "mail.example", "sender": "a@b.example", "port": "99999"}, "port"),
    ],
)  # fmt: skip
def test_a_wrong_value_never_reaches_the_file_and_is_told_at_its_field(
    home: Home, administrator: Browser, part: str, fields: dict[str, str], field: str
) -> None:
    before = (home.path / CONFIG).read_bytes()
    answer = administrator.form(f"/workspace/settings/{part}", fields, since=since(administrator))
    assert answer.status == 422 and f'id="{field}-error"' in answer.text and 'role="alert"' in answer.text
    assert (home.path / CONFIG).read_bytes() == before


def test_two_who_change_settings_at_once_lose_nothing(home: Home, administrator: Browser) -> None:
    seen = since(administrator)
    assert administrator.form("/workspace/settings/node", NODE, since=seen).status == 303
    late = administrator.form("/workspace/settings/node", NODE | {"zone": "Europe/Paris"}, since=seen)
    assert late.status == 409 and home.config.zone == "Asia/Bangkok"
    assert 'value="Europe/Paris"' in late.text


def test_the_password_of_the_mail_server_is_not_said_here(home: Home, administrator: Browser) -> None:
    mail = {
        "host": "mail.example",
        "sender": "a@b.example",
        "port": "465",
        "security": "tls",
        "password_file": "/etc/passwd",
    }
    assert administrator.form("/workspace/settings/mail", mail, since=since(administrator)).status == 303
    assert home.config.mail is not None and not home.config.mail.password_file


def test_a_test_letter_waits_to_be_sent(home: Home, administrator: Browser) -> None:
    assert administrator.form("/workspace/settings/letter").status == 400
    administrator.form("/workspace/settings/node", NODE, since=since(administrator))
    administrator.form(
        "/workspace/settings/mail",
        {"host": "mail.example", "sender": "a@b.example", "port": "587"},
        since=since(administrator),
    )
    assert administrator.form("/workspace/settings/letter").status == 303
    with home.store.reading() as db:
        (letter,) = letters.due(db, NOW, 10)
    assert administrator.account is not None and letter.recipient == administrator.account.email


def test_how_long_a_confirmation_holds_is_said_in_the_networks_own_record(home: Home, administrator: Browser) -> None:
    assert "Say what your network is" in administrator.get("/workspace/settings").text
    edits.add(home, "network", {"names": {"en": "Us"}}, NOW)
    assert administrator.form("/workspace/settings/freshness", confirm_within_days="180").status == 303
    with home.store.reading() as db:
        own = edits.of_itself(db, home)
    assert own is not None and own.fields["confirm_within_days"] == 180


@pytest.mark.parametrize("role", ["editor", "auditor"])
def test_others_of_the_secretariat_look_and_change_nothing(home: Home, role: str) -> None:
    browser = client_as(home, role)
    assert browser.get("/workspace/settings").status == 200
    assert browser.form("/workspace/settings/node", NODE).status == 403


def test_a_circle_is_made_and_a_network_let_in_and_out(home: Home, administrator: Browser) -> None:
    with home.store.reading() as db:
        (other,) = feeds.peers(db)
    assert administrator.form("/workspace/circles", name="Board").status == 303
    assert administrator.form("/workspace/circles", name="Lake Chad").status == 303
    assert "<bdi>lake-chad</bdi>" in administrator.get("/workspace/circles").text
    refused = administrator.form("/workspace/circles", name="مجلس")
    assert refused.status == 422 and "Latin letters, digits and hyphens, 32 at most" in refused.text
    assert administrator.form("/workspace/circles", name="public").status == 422
    page = administrator.get("/workspace/circles").text
    assert "Nobody but our secretariat reads it yet" in page and other.name in page
    assert administrator.form("/workspace/circles/board/add", network=other.network).status == 303
    with home.store.reading() as db:
        assert circles.trusted(db) == {("board", other.network)}
    assert administrator.form("/workspace/circles/board/remove", network=other.network).status == 303
    with home.store.reading() as db:
        assert circles.trusted(db) == set()
    assert administrator.form("/workspace/circles/public/add", network=other.network).status == 400
    assert administrator.form("/workspace/circles/board/add", network="x").status == 404
