"""Backups in the browser: encrypted, fetched by whoever is sure to be an administrator, rehearsed in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pyrage
import pytest

from fednet.errors import UsageError
from fednet.node import backup
from fednet.node.backup import Key, Lock
from fednet.node.home import Home
from fednet.store import drafts
from fednet.web.app import create_app
from tests.web.place import NOW, node
from tests.web.signed_in import Browser, client_as

pytestmark = pytest.mark.usefixtures("quick_passphrases")

PHRASE = "seven wet boats at dawn"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


@pytest.fixture
def administrator(home: Home) -> Browser:
    return client_as(home, "administrator")


def setting(home: Home, name: str) -> str | None:
    with home.store.reading() as db:
        return drafts.setting(db, name)


def test_a_backup_is_made_fetched_rehearsed_and_deleted(home: Home, administrator: Browser) -> None:
    assert administrator.form("/workspace/backups", passphrase=PHRASE, again=PHRASE).status == 303
    (kept,) = backup.kept(home)
    file = home.path / "backups" / kept.name
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    fetched = administrator.form(f"/workspace/backups/{kept.name}/download")
    assert fetched.status == 200 and fetched.body == file.read_bytes()
    assert fetched.headers["cache-control"] == "no-store"
    assert b"Paper Boat" not in fetched.body
    found = administrator.form("/workspace/backups/rehearse", which=kept.name, passphrase=PHRASE)
    assert "This backup restores the node" in found.text
    assert setting(home, "last_backup") == setting(home, "last_rehearsal") == "2026-11-21T18:30:00Z"
    assert administrator.form(f"/workspace/backups/{kept.name}/delete").status == 303
    assert not backup.kept(home)
    assert not list(home.path.glob(".restore-*"))


def test_one_that_is_uploaded_is_rehearsed(home: Home, administrator: Browser) -> None:
    plain, sealed = BytesIO(), BytesIO()
    backup.write(home, plain, NOW)
    backup.write(home, sealed, NOW, lock=Lock(recipient=str(pyrage.x25519.Identity.generate().to_public())))
    for content, said in [
        (plain.getvalue(), "This backup restores the node"),
        (plain.getvalue()[:-1000], 'role="alert"'),
        (sealed.getvalue(), "encrypted with age"),
        (b"", "Choose a file first"),
        (b"no backup", 'role="alert"'),
    ]:
        assert said in _uploaded(administrator, content, ""), said


def test_a_backup_that_was_cut_is_refused_in_words(home: Home, tmp_path: Path) -> None:
    identity, sealed = pyrage.x25519.Identity.generate(), BytesIO()
    backup.write(home, sealed, NOW, lock=Lock(recipient=str(identity.to_public())))
    (tmp_path / "cut").write_bytes(sealed.getvalue()[:-1000])
    (tmp_path / "place").mkdir()
    with pytest.raises(UsageError, match="damaged"):
        backup.extract(tmp_path / "cut", tmp_path / "place", Key(identity=str(identity)))


def _uploaded(browser: Browser, content: bytes, passphrase: str) -> str:
    fields = {"token": browser.token, "which": "upload", "passphrase": passphrase}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
    parts.append(
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\n' + content + b"\r\n--x--\r\n"
    )
    return browser.post(
        "/workspace/backups/rehearse",
        b"".join(parts),
        content_type="multipart/form-data; boundary=x",
        sec_fetch_site="same-origin",
    ).text


@pytest.mark.parametrize(("one", "other"), [("short", "short"), (PHRASE, f"{PHRASE} not"), ("", "")])
def test_a_weak_or_mistyped_passphrase_makes_none(home: Home, administrator: Browser, one: str, other: str) -> None:
    assert administrator.form("/workspace/backups", passphrase=one, again=other).status == 422
    assert not backup.kept(home) and setting(home, "last_backup") is None


def test_a_stranger_at_an_open_screen_makes_and_fetches_none(home: Home) -> None:
    browser = client_as(home, "administrator")
    browser.form("/workspace/backups", passphrase=PHRASE, again=PHRASE)
    later = create_app(home, clock=lambda: NOW + timedelta(minutes=11))
    browser.app = later
    assert "password, once more" in browser.get("/workspace/backups").text
    assert browser.form("/workspace/backups", passphrase=PHRASE, again=PHRASE).status == 422
    (kept,) = backup.kept(home)
    assert browser.form(f"/workspace/backups/{kept.name}/download").headers["content-type"].startswith("text/html")


def test_nobody_else_has_to_do_with_them(home: Home, administrator: Browser) -> None:
    administrator.form("/workspace/backups", passphrase=PHRASE, again=PHRASE)
    (kept,) = backup.kept(home)
    for role in ("editor", "auditor", "organization", "anybody"):
        _refused(client_as(home, role), kept.name)
    assert backup.kept(home) == [kept]


def _refused(browser: Browser, name: str) -> None:
    for path in ("", f"/{name}/download", f"/{name}/delete", "/rehearse"):
        assert browser.form(f"/workspace/backups{path}", passphrase=PHRASE, again=PHRASE).status in (303, 403)


@pytest.mark.parametrize("name", ["../keys.json", "..%2Fkeys.json", "keys.json", "20261121-183001.backup"])
def test_no_other_file_is_fetched_or_deleted(home: Home, administrator: Browser, name: str) -> None:
    assert administrator.form(f"/workspace/backups/{name}/download").status == 404
    assert administrator.form(f"/workspace/backups/{name}/delete").status == 404
    assert (home.path / "keys.json").exists()


def test_so_many_are_kept_and_no_more(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "MAX_KEPT", 1)
    backup.keep(home, PHRASE, NOW)
    with pytest.raises(Exception, match="kept here already"):
        backup.keep(home, PHRASE, NOW + timedelta(seconds=1))
