from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.formats.columns import FIELDS
from fednet.node import erasure, publish, uploads
from fednet.node.home import Home
from fednet.node.roll import roll
from fednet.store import accounts, waiting
from fednet.web.asgi import MAX_POST, MAX_UPLOAD
from fednet.web.workspace import columns
from tests.asgi import Answer
from tests.web.place import HOSTILE_NAMES, NOW, node
from tests.web.signed_in import Browser, client_as

LIST = "Nom;Sigle;Pays;Secteur;Remarque\n" + "".join(
    f"{name};{sign};{land};{sector};x\n"
    for name, sign, land, sector in (
        ("Maison des Tilleuls", "MDT", "Tchad", "Santé"),
        ("Abri du Fleuve", "ADF", "Wakanda", "Santé"),
        ("Porte Ouverte", "PO", "Cameroun", "Éducation"),
    )
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


def sent(browser: Browser, *files: tuple[str, bytes], token: str | None = None, site: str = "same-origin") -> Answer:
    """POST files as a browser does (RFC 7578)."""
    boundary = "----fednet-test"
    token = browser.token if token is None else token
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'.encode()]
    for name, content in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return browser.post(
        "/workspace/import", body, content_type=f"multipart/form-data; boundary={boundary}", sec_fetch_site=site
    )


def fields_of(page: str) -> dict[str, str]:
    """What the form of the wizard would send as it stands, without its token."""
    form = page[page.index('class="choose"') : page.index("</form>", page.index('class="choose"'))]
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return {name: value for name, value in found.items() if name != "token"}


def looked(browser: Browser, *files: tuple[str, bytes]) -> tuple[str, str]:
    """The address after an upload, and its page."""
    answer = sent(browser, *files)
    assert answer.status == 303
    return answer.headers["location"], browser.get(answer.headers["location"]).text


def names(home: Home, kind: str = "organization") -> set[str]:
    with home.store.reading() as db:
        return {name for one in roll(db, home, kind) for name in getattr(one.record, "names", {}).values()}


def test_a_list_is_uploaded_looked_at_corrected_imported_and_taken_back(home: Home) -> None:
    browser = client_as(home, "editor")
    before = names(home)
    address, page = looked(browser, ("membres.csv", LIST.encode()))
    assert names(home) == before
    assert "Wakanda" in page and "Maison des Tilleuls" in page
    fields = fields_of(page)
    assert {"names", "acronym", "services"} <= set(fields.values())
    done = browser.form(f"{address}/import", fields)
    assert done.status == 303
    page = browser.get(done.headers["location"]).text
    assert "refused.csv" in page
    assert {"Maison des Tilleuls", "Porte Ouverte"} <= names(home)
    corrections = browser.get(f"{address}/refused.csv")
    assert corrections.headers["content-disposition"] == 'attachment; filename="refused.csv"'
    corrected = corrections.body.replace(b"Wakanda", b"Tchad", 1).replace(b"Wakanda", b"Tchad")
    address, page = looked(browser, ("refused.csv", corrected))
    assert browser.form(f"{address}/import", fields_of(page)).status == 303
    with home.store.reading() as db:
        assert waiting.refused(db) == []
    for number in ("2", "1"):
        assert browser.form("/workspace/import/undo", {"import": number}).status == 200
    assert names(home) == before
    again = browser.form("/workspace/import/undo", {"import": "1"})
    assert again.status == 400 and "taken back already" in again.text


def test_a_column_can_be_said_to_be_something_else_and_that_is_remembered_until_it_is_forgotten(home: Home) -> None:
    browser = client_as(home, "editor")
    address, page = looked(browser, ("membres.csv", LIST.encode()))
    fields = fields_of(page)
    at = next(name for name, value in fields.items() if value == "Remarque").removeprefix("header-")
    chosen = browser.form(address, fields | {f"field-{at}": "former_names"})
    assert chosen.headers["location"] == address
    page = browser.get(address).text
    assert fields_of(page)[f"field-{at}"] == "former_names"
    browser.form(f"{address}/import", fields_of(page))
    page = browser.get("/workspace/import").text
    assert "Remarque" in page
    assert browser.form("/workspace/import/forget", source="membres").status == 303
    assert "Remarque" not in browser.get("/workspace/import").text
    assert browser.form("/workspace/import/forget", source="membres").status == 404


def test_the_page_says_that_an_import_is_signed_within_seconds_and_lets_it_be_held_before_and_after(home: Home) -> None:
    publish.publish(home, NOW)
    browser = client_as(home, "administrator")
    address, page = looked(browser, ("membres.csv", LIST.encode()))
    upload = address.rpartition("/")[2]
    assert "signed within seconds" in page and "Put signing on hold first" in page
    assert "Put signing on hold" not in client_as(home, "editor").get("/workspace/import").text
    held = browser.form("/workspace/publish/hold", hold="1", upload=upload)
    assert held.headers["location"] == address
    page = browser.get(address).text
    assert "stays on this node until somebody signs it" in page and "signed within seconds" not in page
    browser.form(f"{address}/import", fields_of(page))
    page = browser.get(address).text
    assert "nobody else has seen any of it" in page and "Sign it now" in page and "Take it back" in page
    assert "Put signing on hold" not in page
    browser.form("/workspace/publish/hold", upload=upload)
    page = browser.get(address).text
    assert "unless you put signing on hold" in page and "Put signing on hold" in page
    browser.form("/workspace/publish")
    page = browser.get(address).text
    assert "It is signed" in page and "Sign it now" not in page and "Put signing on hold" not in page
    strange = browser.form("/workspace/publish/hold", upload="//evil.example/aaaaaaaa")
    assert strange.headers["location"].startswith("/workspace/publish?")


def test_examples_and_counts_are_in_words(home: Home) -> None:
    browser = client_as(home, "editor")
    address, page = looked(browser, ("membres.csv", LIST.encode()))
    shown = re.sub(r"<[^>]+>", "", page)
    assert "Santé → Health" in shown and "Tchad → Chad" in shown and "→ TD" not in shown
    assert "2 values or rows not understood" in shown or "1 values or rows not understood" in shown
    assert "Records in it: 3 organisations" in shown
    browser.headers["cookie"] += "; language=fr"
    assert "Tchad → " not in re.sub(r"<[^>]+>", "", browser.get(address).text)  # what is the same in words says nothing


def test_what_was_not_looked_at_is_not_imported(home: Home) -> None:
    browser = client_as(home, "editor")
    before = names(home)
    address, page = looked(browser, ("membres.csv", LIST.encode()))
    answer = browser.form(f"{address}/import", fields_of(page) | {"kind": "person"})
    assert answer.headers["location"] == f"{address}?changed=1"
    assert names(home) == before
    assert "Nothing was imported yet" in browser.get(answer.headers["location"]).text
    browser.form(address, {"afresh": "1"})
    assert fields_of(browser.get(address).text)["kind"] == "organization"


def test_an_upload_is_seen_by_nobody_else_and_goes_with_the_import(home: Home) -> None:
    browser, other = client_as(home, "administrator"), client_as(home, "administrator")
    address, page = looked(browser, ("membres.csv", LIST.encode()))
    assert other.get(address).status == 404
    assert other.form(f"{address}/import", fields_of(page)).status == 404
    assert client_as(home, "auditor").get(address).status == 403
    place = home.path / uploads.FOLDER / address.rpartition("/")[2]
    assert (place / "0").read_bytes() == LIST.encode()
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}
    browser.form(f"{address}/import", fields_of(page))
    left = b"".join(path.read_bytes() for path in place.iterdir())
    assert b"Abri du Fleuve" in left and b"Maison des Tilleuls" not in left  # the row to correct, for a day
    address, _ = looked(browser, ("other.csv", LIST.encode()))
    assert browser.form(f"{address}/drop").status == 303
    assert browser.get(address).status == 404


def test_erasing_anything_destroys_what_was_uploaded(home: Home) -> None:
    browser = client_as(home, "editor")
    address, _ = looked(browser, ("membres.csv", LIST.encode()))
    with home.store.reading() as db:
        handle = roll(db, home, "organization")[0].handle
    erasure.erase(home, handle, NOW)
    assert browser.get(address).status == 404
    assert not list((home.path / uploads.FOLDER).iterdir())


def test_hostile_names_are_text_on_every_page_of_the_wizard(home: Home) -> None:
    browser = client_as(home, "editor")
    rows = "".join('"' + name.replace('"', '""') + '",TH\n' for name in HOSTILE_NAMES)
    file = '"><script>alert(1)</script>.csv'.replace('"', "'")
    address, page = looked(browser, (file, f"Name,Country\n{rows}<i>x</i>,<b>Nowhere</b>\n".encode()))
    assert "<script>alert" not in page and "<b>Nowhere" not in page and "<i>x" not in page
    assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", page)
    answer = browser.form(f"{address}/import", fields_of(page))
    for where in (answer.headers["location"], "/workspace/import", "/workspace/publish",
                  "/workspace/records/organization", "/workspace/confirmations"):  # fmt: skip
        shown = browser.get(where)
        assert shown.status == 200
        assert "<script>alert" not in shown.text and "<img src=x" not in shown.text


def test_what_is_no_file_of_the_trade_is_refused_in_words(home: Home) -> None:
    browser = client_as(home, "editor")
    assert sent(browser).status == 400
    for content in (b"", b"\x00\x01\x02", b"%PDF-1.7", b"PK\x03\x04broken"):
        answer = sent(browser, ("file.bin", content))
        shown = browser.get(answer.headers["location"])
        assert shown.status == 422 or shown.status == 400
        assert 'role="alert"' in shown.text


def test_only_whoever_may_upload_may_send_more_than_a_form(home: Home) -> None:
    large = ("membres.csv", LIST.encode() + b"\n" * (2 * MAX_POST))
    assert sent(client_as(home, "editor"), large).status == 303
    assert sent(client_as(home, "anybody"), large).status == 303  # to sign in: nothing of it is read
    assert sent(client_as(home, "auditor"), large).status == 403
    assert sent(client_as(home, "editor"), large, token="x").status == 403
    assert sent(client_as(home, "editor"), large, site="cross-site").status == 403
    too_large = ("membres.csv", b"\n" * (MAX_UPLOAD + 1))
    assert sent(client_as(home, "editor"), too_large).status == 413
    form = client_as(home, "editor").form("/workspace/import/undo", {"import": "1" * 2 * MAX_POST})
    assert form.status == 413
    assert len(list((home.path / uploads.FOLDER).iterdir())) == 1


def test_several_files_are_read_as_one(home: Home) -> None:
    browser = client_as(home, "editor")
    english = b"id,name,country\n7,House of Lime Trees,TD\n"
    french = b"id,nom,pays\n7,Maison des Tilleuls,TD\n"
    address, page = looked(browser, ("list-en.csv", english), ("list-fr.csv", french))
    browser.form(f"{address}/import", fields_of(page))
    assert {"House of Lime Trees", "Maison des Tilleuls"} <= names(home)


def test_a_file_of_another_name_can_be_said_to_be_a_new_version_of_a_list(home: Home) -> None:
    browser = client_as(home, "editor")
    address, page = looked(browser, ("membres.csv", b"id,name,country\n7,Lime House,TD\n8,Elm House,KE\n"))
    browser.form(f"{address}/import", fields_of(page))
    address, page = looked(browser, ("neu.csv", b"id,name,country\n7,Lime Tree House,TD\n"))
    browser.form(address, fields_of(page) | {"source": "membres"})
    page = browser.get(address).text
    assert "Elm House" in page[page.index('id="missing"') :]
    browser.form(address, fields_of(page) | {"withdraw_missing": "1", "most_are_gone": "1"})
    page = browser.get(address).text
    wanted = fields_of(page) | {"withdraw_missing": "1", "most_are_gone": "1"}
    assert browser.form(f"{address}/import", wanted).headers["location"] == address
    assert "Elm House" not in names(home) and "Lime Tree House" in names(home)


def test_every_column_of_every_kind_has_a_name() -> None:
    for kind, fields in FIELDS.items():
        assert set(fields) <= columns.NAMES.keys(), kind


def test_refused_rows_can_be_left_out_for_good(home: Home) -> None:
    browser = client_as(home, "editor")
    address, page = looked(browser, ("membres.csv", LIST.encode()))
    browser.form(f"{address}/import", fields_of(page))
    assert "Leave the refused rows out" in browser.get("/workspace/import").text
    assert browser.form("/workspace/import/settle", {"import": "1"}).status == 303
    with home.store.reading() as db:
        assert waiting.refused(db) == []
        assert accounts.accounts(db)
    assert "Leave the refused rows out" not in browser.get("/workspace/import").text
    assert browser.form("/workspace/import/settle", {"import": "99"}).status == 404
    assert browser.form("/workspace/import/settle", {"import": "²"}).status == 400


REAL = Path(__file__).parents[3] / "../shared/data"


@pytest.mark.skipif(not REAL.exists(), reason="the real files are not on this machine")
@pytest.mark.parametrize(
    ("files", "kind", "count"),
    [
        (["organisations/hdx-chad-3w.xlsx"], "organization", 208),
        (["organisations/hdx-organisations.csv"], "organization", 719),
        ([f"organisations/unhcr-jordan-services-{one}.json" for one in ("en", "ar")], "organization", 44),
        (["calendars/pycon-us-2025/all_events.ics"], "event", 224),
    ],
)
def test_a_real_file_is_imported_as_it_was_shown_and_taken_back(
    home: Home, files: list[str], kind: str, count: int
) -> None:
    browser = client_as(home, "editor")

    def standing() -> int:
        with home.store.reading() as db:
            return len(roll(db, home, kind))

    before = standing()
    address, page = looked(browser, *((Path(one).name, (REAL / one).read_bytes()) for one in files))
    assert f"<b>{count}</b> new" in page
    assert browser.form(f"{address}/import", fields_of(page)).headers["location"] == address
    assert f"<b>{count}</b>" in browser.get(address).text
    assert standing() == before + count
    assert browser.form("/workspace/import/undo", {"import": "1"}).status == 200
    assert standing() == before


def test_an_import_that_is_sent_twice_is_done_once(home: Home) -> None:
    browser = client_as(home, "editor")
    address, page = looked(browser, ("membres.csv", LIST.encode()))
    fields = fields_of(page)
    assert browser.form(f"{address}/import", fields).status == 303
    done = browser.get(address).text
    for again in (f"{address}/import", address):
        assert browser.form(again, fields).headers["location"] == address
        assert "Take it back" in browser.get(address).text
    assert browser.get(f"{address}/refused.csv").status == 200
    with home.store.reading() as db:
        assert db.execute("SELECT count(*) FROM import").fetchone() == (1,)
    assert re.sub(r"\s+", " ", done) == re.sub(r"\s+", " ", browser.get(address).text)
