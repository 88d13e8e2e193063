"""Other networks, keys and witnesses in the browser, with a second node on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.feed.identity import fingerprint
from fednet.node import circles as own_circles
from fednet.node import edits, evidence
from fednet.node import home as homes
from fednet.node.accept import accept
from fednet.node.home import Home
from fednet.node.invitation import invitation
from fednet.node.publish import publish
from fednet.store import blocks, circles, feeds, sources, witnesses
from fednet.web.app import create_app
from tests.feed.test_evidence import forked, grown, split
from tests.node.nodes import Served
from tests.web.place import NOW, node
from tests.web.signed_in import Browser, client_as


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[Home, str]]:
    """Another network, served."""
    found = homes.create(tmp_path / "other", "The Other Network", None, tmp_path / "other.txt")[0]
    edits.add(found, "organization", {"names": {"en": "Far Away Legal Aid"}}, NOW)
    edits.add(found, "person", {"name": "Individual 9 (fictitious)"}, NOW)
    publish(found, NOW)
    served = Served(found, create_app(found, clock=lambda: NOW))
    yield found, served.url
    served.close()
    found.close()


@pytest.fixture
def administrator(home: Home) -> Browser:
    return client_as(home, "administrator", app=create_app(home, clock=lambda: NOW, allow_private=True))


def pinned(home: Home, network: str) -> feeds.Network | None:
    with home.store.reading() as db:
        return feeds.pinned(db, network)


def test_a_network_is_followed_after_its_fingerprint_was_compared(
    home: Home, other: tuple[Home, str], administrator: Browser
) -> None:
    theirs, url = other
    id_ = theirs.network.network
    looked = administrator.form("/workspace/peers/look", invitation=invitation(url, id_))
    assert looked.status == 200 and "The Other Network" in looked.text
    assert all(group in looked.text for group in fingerprint(id_).split())
    hidden = dict(re.findall(r'type="hidden" name="(url|network)" value="([^"]*)"', looked.text))
    assert administrator.form("/workspace/peers", hidden).status == 400
    assert administrator.form("/workspace/peers", hidden, typed="aaaa " * 8).status == 422
    assert pinned(home, id_) is None
    done = administrator.form("/workspace/peers", hidden, typed=fingerprint(id_).upper())
    assert done.headers["location"] == f"/workspace/peers/{id_}?done=followed"
    assert "for the first time" in administrator.get(done.headers["location"]).text
    synced = administrator.form(f"/workspace/peers/{id_}/sync")
    assert synced.headers["location"].endswith("done=synced")
    assert "Far Away" in administrator.get("/?text=far+away").text
    assert "The Other Network" in administrator.get("/workspace/peers").text


def test_an_invitation_to_somebody_else_is_refused(home: Home, other: tuple[Home, str], administrator: Browser) -> None:
    answer = administrator.form("/workspace/peers/look", invitation=invitation(other[1], home.network.network))
    assert answer.status == 422 and "Expected the fingerprint" in answer.text
    for wrong in ("", "nonsense", "http://127.0.0.1:1/"):
        assert administrator.form("/workspace/peers/look", invitation=wrong).status in (400, 502)


def test_nobody_is_connected_to_at_a_private_address_unless_it_is_allowed(home: Home, other: tuple[Home, str]) -> None:
    closed = client_as(home, "administrator")
    assert closed.form("/workspace/peers/look", invitation=other[1]).status == 502


def followed(home: Home) -> feeds.Network:
    with home.store.reading() as db:
        return feeds.peers(db)[0]


def test_a_partner_is_made_and_unmade_with_words_on_what_it_reads(home: Home, administrator: Browser) -> None:
    network = followed(home)
    page = f"/workspace/peers/{network.network}"
    assert "1 contact" in administrator.get(page).text
    assert administrator.form(f"{page}/partner").status == 303
    with home.store.reading() as db:
        assert circles.audience(db, "partners") == {network.id}
    assert "It is our partner" in administrator.get(page).text
    assert administrator.form(f"{page}/partner/end").status == 303
    with home.store.reading() as db:
        assert not circles.audience(db, "partners")


def test_blocking_and_letting_go_are_meant(home: Home, administrator: Browser) -> None:
    network = followed(home)
    page = f"/workspace/peers/{network.network}"
    assert administrator.form(f"{page}/block").status == 422
    assert administrator.form(f"{page}/block", sure="1").status == 303
    with home.store.reading() as db:
        assert blocks.is_blocked(db, network.network)
    assert "blocked" in administrator.get("/workspace/peers").text
    assert administrator.form("/workspace/peers/unblock", network=network.network).status == 303
    assert administrator.form(f"{page}/unfollow").status == 422
    assert administrator.form(f"{page}/unfollow", sure="1").status == 303
    assert pinned(home, network.network) is None
    assert administrator.get(page).status == 404


def test_addresses_and_a_policy_are_kept(home: Home, administrator: Browser) -> None:
    network = followed(home)
    page = f"/workspace/peers/{network.network}"
    assert administrator.form(f"{page}/sources", url="mirror.example", origin="1").status == 303
    with home.store.reading() as db:
        assert sources.origin(db, network) == "https://mirror.example"
    assert administrator.form(f"{page}/sources", url="not an address").status == 422
    assert administrator.form(f"{page}/sources/remove", url="https://mirror.example").status == 303
    cosigner = home.network.identity.cosigner.vkey
    policy = f"witness w1 {cosigner}\nquorum w1"
    assert administrator.form(f"{page}/policy", policy=policy).status == 303
    assert "w1" in administrator.get(page).text
    assert administrator.form(f"{page}/policy", policy="nonsense").status == 422
    assert administrator.form(f"{page}/policy", policy="").status == 303
    known = pinned(home, network.network)
    assert known is not None and known.policy is None


def test_a_file_is_sealed_for_a_network_that_reads_it_here(
    home: Home, other: tuple[Home, str], administrator: Browser
) -> None:
    theirs, url = other
    id_ = theirs.network.network
    administrator.form("/workspace/peers", url=url, network=id_, compared="1")
    administrator.form(f"/workspace/peers/{id_}/partner")
    sealed = administrator.form(f"/workspace/peers/{id_}/bundle")
    assert sealed.headers["content-type"] == "application/octet-stream"
    public = administrator.form("/workspace/peers/own/bundle", mirrors="1")
    assert public.status == 200 and len(public.body) > 1000
    reader = client_as(theirs, "administrator")
    offered = _read(reader, public.body)
    assert "left alone" in offered
    assert "taken: verified" in _read(reader, public.body, fingerprint(home.network.network))
    assert _read(reader, b"no bundle").count('role="alert"') == 1


def _read(browser: Browser, content: bytes, said: str = "") -> str:
    fields = {"token": browser.token, "fingerprint": said}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
    parts.append(
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\n' + content + b"\r\n--x--\r\n"
    )
    return browser.post(
        "/workspace/peers/bundle",
        b"".join(parts),
        content_type="multipart/form-data; boundary=x",
        sec_fetch_site="same-origin",
    ).text


def test_keys_are_shown_in_words_and_no_private_one(home: Home, administrator: Browser) -> None:
    page = administrator.get("/workspace/keys").text
    assert all(group in page for group in fingerprint(home.network.network).split())
    secrets = re.findall(r'"([A-Za-z0-9+/=_-]{40,})"', (home.path / "keys.json").read_text())
    checked = administrator.form("/workspace/keys/check").text
    sheet = administrator.get("/workspace/keys/sheet").text
    assert secrets and not any(secret in text for secret in secrets for text in (page, checked, sheet))
    assert "SQLite finds no fault" in checked
    assert "<input" not in sheet


def test_a_witness_is_asked_and_asked_no_more(home: Home, other: tuple[Home, str], administrator: Browser) -> None:
    theirs, url = other
    assert administrator.form("/workspace/keys/witnesses", url=url).status == 400  # not followed
    administrator.form("/workspace/peers", url=url, network=theirs.network.network, compared="1")
    assert administrator.form("/workspace/keys/witnesses", url=url).status == 303
    assert "has not signed the newest edition yet" in administrator.get("/workspace/keys").text
    with home.store.reading() as db:
        (witness,) = witnesses.witnesses(db)
    assert administrator.form("/workspace/keys/witnesses/remove", url=witness.url).status == 303
    assert administrator.form("/workspace/keys/witnesses/remove", url=witness.url).status == 404


@pytest.mark.parametrize("role", ["editor", "auditor"])
def test_others_of_the_secretariat_see_and_decide_nothing(home: Home, role: str) -> None:
    browser, network = client_as(home, role), followed(home)
    for page in ("peers", f"peers/{network.network}", "keys", "keys/sheet", "circles", "backups", "hide"):
        assert browser.get(f"/workspace/{page}").status == 200
    for path in ("partner", "block", "unfollow", "policy", "resolve", "sources"):
        assert browser.form(f"/workspace/peers/{network.network}/{path}", sure="1").status == 403
    assert followed(home) == network


def test_what_a_named_circle_lets_a_network_read_is_told(home: Home, administrator: Browser) -> None:
    network = followed(home)
    own_circles.add(home, "board", NOW)
    own_circles.set_member(home, "board", network)
    assert "The circle <bdi>board</bdi>" in administrator.get(f"/workspace/peers/{network.network}").text


@pytest.mark.parametrize("side", ["keep", "other"])
def test_a_network_that_contradicts_itself_waits_for_a_decision(home: Home, administrator: Browser, side: str) -> None:
    network = grown(4)
    with home.store.writing() as db:
        pinned_here = feeds.pin(db, network.identity, NOW)
        feed = feeds.open_feed(db, pinned_here, "public")
        accept(db, feed, network.identity, network.answer(feed.followed), NOW, None)
        found = split(network, forked(network, 1))
        evidence.keep(db, pinned_here, found, NOW)
    page = f"/workspace/peers/{network.id}"
    shown = administrator.get(page).text
    assert "It has contradicted itself" in shown and "two histories" in shown
    assert "has contradicted itself: decide what counts" in administrator.get("/workspace/peers").text
    assert administrator.form(f"{page}/resolve").status == 400
    assert administrator.form(f"{page}/resolve", side="0" * 64).status == 400
    (other,) = re.findall(r'name="side" value="([0-9a-f]{64})"', shown)
    chosen = "keep" if side == "keep" else other
    assert administrator.form(f"{page}/resolve", side=chosen).status == 303
    again = pinned(home, network.id)
    assert again is not None and again.frozen is None
    assert "It has contradicted itself" not in administrator.get(page).text
    assert administrator.form(f"{page}/resolve", side="keep").status == 404
