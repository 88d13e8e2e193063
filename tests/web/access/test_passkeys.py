from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError
from fednet.node import accounts as people
from fednet.node import home as homes
from fednet.node import sessions
from fednet.node.home import Home
from fednet.store import accounts
from fednet.web.access import passkeys
from fednet.web.access.passkeys import Challenges
from fednet.web.app import create_app
from tests.asgi import Answer
from tests.web.authenticator import Authenticator
from tests.web.place import NOW
from tests.web.signed_in import Browser, client_as


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    yield found
    found.close()


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(home: Home, clock: Clock) -> Any:
    return create_app(home, clock=clock)


def options(browser: Browser, path: str) -> dict[str, Any]:
    answer = browser.form(path)
    assert answer.status == 200 and answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json
    return found


def with_passkey(home: Home, app: Any, role: str = "editor", **more: Any) -> tuple[Browser, Authenticator]:
    """Somebody who has a passkey."""
    browser, key = client_as(home, role, app=app), Authenticator(**more)
    answer = browser.form(
        "/account/passkeys", credential=key.make(options(browser, "/account/passkeys/options")), name="Key"
    )
    assert (answer.status, answer.headers["location"]) == (303, "/account?done=factor")
    return browser, key


def alone(app: Any, key: Authenticator) -> Answer:
    """Signing in with a passkey and nothing else."""
    nobody = Browser(app, None)
    return nobody.form("/sign-in/passkey", credential=key.sign(options(nobody, "/sign-in/passkey/options")))


def test_a_passkey_alone_is_the_whole_sign_in(home: Home, app: Any) -> None:
    _, key = with_passkey(home, app)
    answer = alone(app, key)
    assert (answer.status, answer.headers["location"]) == (303, "/workspace")
    secret = answer.cookies[0].partition("=")[2].partition(";")[0]
    with home.store.reading() as db:
        session = sessions.find(db, secret, NOW)
    assert session is not None and session.whole and session.account.role == "editor"


def test_without_a_finger_it_is_a_second_factor_and_no_more(home: Home, app: Any) -> None:
    browser, key = with_passkey(home, app, verified=False)
    assert alone(app, key).status == 400
    assert browser.account is not None
    with home.store.writing() as db:
        half = Browser(app, browser.account, sessions.begin(db, browser.account, NOW, whole=False))
    answer = half.form("/sign-in/second/passkey", credential=key.sign(options(half, "/sign-in/second/options")))
    assert (answer.status, answer.headers["location"]) == (303, "/workspace")


def test_the_first_passkey_can_be_the_second_factor_that_is_set_up(home: Home, app: Any) -> None:
    half, key = client_as(home, "editor", app=app, whole=False), Authenticator()
    answer = half.form("/sign-in/second/passkey", credential=key.make(options(half, "/sign-in/second/options")))
    assert (answer.status, answer.headers["location"]) == (303, "/workspace")
    assert alone(app, key).status == 303


def test_an_answer_counts_once_and_for_five_minutes(home: Home, app: Any, clock: Clock) -> None:
    _, key = with_passkey(home, app)
    nobody = Browser(app, None)
    answered = key.sign(options(nobody, "/sign-in/passkey/options"))
    assert [nobody.form("/sign-in/passkey", credential=answered).status for _ in range(2)] == [303, 400]
    late = key.sign(options(nobody, "/sign-in/passkey/options"))
    clock.now += timedelta(minutes=5)
    assert nobody.form("/sign-in/passkey", credential=late).status == 400


def test_a_challenge_is_for_one_thing(home: Home, app: Any) -> None:
    browser, key = with_passkey(home, app)
    nobody, other = Browser(app, None), Authenticator()
    elsewhere = options(browser, "/account/passkeys/options")
    assert nobody.form("/sign-in/passkey", credential=key.sign(elsewhere)).status == 400
    to_sign_in = options(nobody, "/sign-in/passkey/options")
    assert browser.form("/account/passkeys", credential=other.make(to_sign_in)).status == 422
    assert nobody.form("/sign-in/passkey", credential=key.sign({"challenge": "A" * 54})).status == 400


@pytest.mark.parametrize("more", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}])
def test_what_was_signed_for_another_site_is_refused(home: Home, app: Any, more: dict[str, str]) -> None:
    _, key = with_passkey(home, app)
    for name, value in more.items():
        setattr(key, name, value)
    assert alone(app, key).status == 400


def test_another_key_under_the_same_name_is_refused(home: Home, app: Any) -> None:
    _, key = with_passkey(home, app)
    other = Authenticator()
    other.id = key.id
    assert alone(app, other).status == 400
    assert alone(app, Authenticator()).status == 400


def test_somebody_elses_passkey_is_no_second_factor_of_mine(home: Home, app: Any) -> None:
    mine, _ = with_passkey(home, app)
    _, theirs = with_passkey(home, app)
    assert mine.account is not None
    with home.store.writing() as db:
        half = Browser(app, mine.account, sessions.begin(db, mine.account, NOW, whole=False))
    answer = half.form("/sign-in/second/passkey", credential=theirs.sign(options(half, "/sign-in/second/options")))
    assert answer.status == 400


def test_a_clone_is_noticed_by_its_count(home: Home, app: Any) -> None:
    _, key = with_passkey(home, app)
    assert alone(app, key).status == 303
    key.count = 0
    assert alone(app, key).status == 400


def test_a_passkey_of_an_account_that_ended_opens_nothing(home: Home, app: Any) -> None:
    client_as(home, "administrator", app=app)
    browser, key = with_passkey(home, app)
    with home.store.writing() as db:
        assert browser.account is not None
        people.end(db, browser.account, NOW)
    assert alone(app, key).status == 400


def test_the_last_second_factor_stays_where_one_is_required(home: Home, app: Any) -> None:
    browser, key = with_passkey(home, app)
    assert browser.form("/account/passkeys/remove", passkey=key.id.hex()).status == 422
    member, key = with_passkey(home, app, "individual")
    assert member.form("/account/passkeys/remove", passkey=key.id.hex()).status == 303
    assert browser.form("/account/passkeys/remove", passkey=key.id.hex()).status == 404


def test_a_number_is_no_name_that_a_passkey_could_be_bound_to(home: Home, app: Any) -> None:
    browser = client_as(home, "individual", app=app)
    assert "data-passkey" in browser.get("/account").text
    browser.headers["host"] = "127.0.0.1"
    assert "data-passkey" not in browser.get("/account").text


def test_where_passkeys_cannot_be_used_the_pages_say_so_why_and_where_they_can(home: Home, app: Any) -> None:
    secret = people.first_link(home, NOW)
    pages = [
        (Browser(app, None), f"/welcome/{secret}", f"/welcome/{secret}"),
        (client_as(home, "editor", app=app, whole=False), "/sign-in/second", "/sign-in"),
        (client_as(home, "editor", app=app), "/account", "/account"),
    ]
    for browser, page, there in pages:
        assert "Passkeys cannot be used" not in browser.get(page).text
        browser.headers["host"] = "127.0.0.1"
        told = browser.get(page).text
        assert "Passkeys cannot be used at this address" in told and "is a number" in told
        assert f'href="http://localhost{there}"' in told
    home.config = msgspec.structs.replace(home.config, url="https://node.example/")
    told = pages[0][0].get(pages[0][1]).text
    assert f'href="https://node.example/welcome/{secret}"' in told


@given(st.binary(max_size=60), st.text(max_size=10))
def test_no_made_up_challenge_is_ours(challenge: bytes, purpose: str) -> None:
    assert not Challenges().take(challenge, purpose, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda one: st.lists(one, max_size=3)
)


@given(
    st.text(max_size=80) | st.dictionaries(st.sampled_from(["response", "rawId", "id", "type"]), JSON).map(json.dumps)
)
def test_nothing_that_is_sent_as_an_answer_breaks_anything(sent: str) -> None:
    with pytest.raises(FednetError):
        passkeys.read(sent)
    with pytest.raises(FednetError):
        passkeys.read(json.dumps({"rawId": "AA", "response": {"clientDataJSON": sent}}))


def test_hostile_bytes_in_an_answer_are_refused(home: Home, app: Any) -> None:
    browser, key = client_as(home, "individual", app=app), Authenticator()
    good = json.loads(key.make(options(browser, "/account/passkeys/options")))
    for name, value in (("attestationObject", "oWNmbXQ"), ("attestationObject", "____"), ("attestationObject", 7)):
        fresh = json.loads(key.make(options(browser, "/account/passkeys/options")))
        fresh["response"][name] = value
        assert browser.form("/account/passkeys", credential=json.dumps(fresh)).status == 422
    assert browser.form("/account/passkeys", credential=json.dumps({**good, "type": []})).status == 422
    with home.store.reading() as db:
        assert browser.account is not None
        assert accounts.passkeys(db, browser.account.id) == []
