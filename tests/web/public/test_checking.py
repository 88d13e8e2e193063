from __future__ import annotations

from pathlib import Path

import pytest

from fednet.feed.proof import check, parse_proof
from fednet.node import edits, proofs
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from tests.asgi import Answer, Client
from tests.web.place import HOSTILE_NAMES, NOW
from tests.web.public.test_pages import text_of
from tests.web.signed_in import client_as

BOUNDARY = "fednet-test"


def upload(client: Client, raw: bytes, **headers: str) -> Answer:
    """The form of /check with a file, as a browser sends it."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="proof"; filename="a.proof"\r\n\r\n'
    body = head.encode() + raw + f"\r\n--{BOUNDARY}--\r\n".encode()
    return client.post("/check", body, content_type=f"multipart/form-data; boundary={BOUNDARY}", **headers)


def proof_of(browser: Client, program: Client, kind: str = "organizations", at: int = 0) -> tuple[str, bytes]:
    item = program.get(f"/api/v1/{kind}?limit=100").json["items"][at]
    return item["handle"], browser.get(f"/records/{item['handle']}/proof?network={item['network']}").body


@pytest.mark.parametrize("kind", ["organizations", "events", "exchanges", "resources"])
def test_the_proof_of_each_record_holds(browser: Client, program: Client, kind: str) -> None:
    for item in program.get(f"/api/v1/{kind}?limit=100").json["items"]:
        answer = browser.get(f"/records/{item['handle']}/proof?network={item['network']}")
        proven = check(parse_proof(answer.body))
        assert (proven.verdict, proven.handle, proven.network) == ("listed", item["handle"], item["network"])
        assert answer.headers["content-disposition"] == f'attachment; filename="{item["handle"]}.proof"'


def test_each_statement_of_a_card_has_a_proof_of_its_own_network(browser: Client, program: Client) -> None:
    (item,) = program.get("/api/v1/organizations?text=paper+boat").json["items"]
    page = browser.get(f"/organizations/{item['handle']}").text
    statements = program.get(f"/api/v1/organizations/{item['handle']}").json["statements"]
    assert len(statements) == 2
    for one in statements:
        url = f"/records/{one['handle']}/proof?network={one['network']}"
        assert f'href="{url}"' in page
        assert check(parse_proof(browser.get(url).body)).network == one["network"]


def restricted(home: Home) -> list[str]:
    with home.store.reading() as db:
        rows = db.execute(
            "SELECT handle FROM record WHERE feed_id IN (SELECT id FROM feed WHERE circle != 'public') "
            "AND handle NOT NULL"
        ).fetchall()
    return [handle for (handle,) in rows]


def test_what_a_reader_may_not_see_has_no_proof_and_looks_like_nothing(browser: Client, home: Home) -> None:
    for handle in restricted(home):
        for path in ("records", "organizations"):
            answer = browser.get(f"/{path}/{handle}/proof")
            assert answer.status == 404
            nothing = browser.get(f"/{path}/00000000-0000-4000-a000-000000000000/proof")
            assert answer.text.replace(handle, "") == nothing.text.replace("00000000-0000-4000-a000-000000000000", "")


def test_whoever_may_see_a_record_may_have_its_proof_and_nobody_keeps_it(home: Home) -> None:
    for handle in restricted(home):
        answer = client_as(home, "editor").get(f"/records/{handle}/proof")
        assert check(parse_proof(answer.body)).circle == "partners"
        assert answer.headers["cache-control"] == "no-store"


def test_a_proof_is_checked_without_an_account(browser: Client, program: Client) -> None:
    handle, raw = proof_of(browser, program)
    answer = upload(browser, raw)
    assert answer.status == 200
    page = text_of(answer.text)
    assert (
        "The proof holds: the network listed this record." in page and handle in page and "known to this node" in page
    )
    assert f'href="/organizations/{handle}"' in answer.text


def test_a_proof_that_was_touched_is_refused_in_words(browser: Client, program: Client) -> None:
    _, raw = proof_of(browser, program)
    for touched in (raw.replace(b"Paper", b"Pager").replace(b"House", b"Mouse"), raw[:-10], b"hello", b"", raw * 2):
        if touched != raw:
            answer = upload(browser, touched)
            assert answer.status == 422 and 'role="alert"' in answer.text
            assert "The proof holds" not in answer.text
            assert ("This file proves nothing" in answer.text) is (touched != b"")


def test_a_name_that_this_node_does_not_know_is_not_believed(program: Client, browser: Client, tmp_path: Path) -> None:
    other, _ = homes.create(tmp_path / "other", "Asia Pacific Example Network", None, tmp_path / "recovery.txt")
    handle = edits.add(other, "organization", {"names": {"en": HOSTILE_NAMES[0]}}, NOW).handle
    publish(other, NOW)
    page = upload(browser, proofs.make(other, handle)).text
    assert "not known to this node" in page and "<script>alert" not in page
    assert f'href="/organizations/{handle}"' not in page
    other.close()


def test_a_file_that_is_too_large_is_not_read(browser: Client) -> None:
    assert upload(browser, b"x" * 70_000).status == 413


def test_a_page_of_another_site_cannot_send_the_form(browser: Client) -> None:
    assert upload(browser, b"x", sec_fetch_site="cross-site").status == 403


def test_nothing_is_kept_of_a_file_that_was_checked(home: Home, browser: Client, program: Client) -> None:
    with home.store.reading() as db:
        before = db.execute("SELECT count(*) FROM act").fetchone()
    upload(browser, proof_of(browser, program)[1])
    with home.store.reading() as db:
        assert db.execute("SELECT count(*) FROM act").fetchone() == before


def test_the_page_says_how_to_check_without_this_node(browser: Client) -> None:
    assert "fednet proof check FILE" in browser.get("/check").text
