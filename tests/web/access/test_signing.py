from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from pyotp import TOTP

from fednet.node import accounts as people
from fednet.node import edits, links
from fednet.node import home as homes
from fednet.node.accounts import Hashing
from fednet.node.home import Home
from fednet.store import accounts, acts
from fednet.store.accounts import Account
from fednet.web.access import signing
from fednet.web.access.pauses import ACCOUNT
from fednet.web.app import create_app
from fednet.web.visitors import COOKIE
from tests.asgi import Answer
from tests.web.place import NOW
from tests.web.signed_in import Browser, client_as

PASSWORD = "copper lantern seven rivers"
CHEAP = Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def on(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    yield found
    found.close()


@pytest.fixture
def app(home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(people, "HASHING", CHEAP)
    monkeypatch.setattr(signing.Gate.__init__, "__defaults__", (CHEAP,))
    return create_app(home, clock=clock)


class Person(Browser):
    """A browser that keeps cookies, as people use it."""

    def __init__(self, app: Any) -> None:
        super().__init__(app, None)
        self.jar: dict[str, str] = {}

    def ask(self, method: str, url: str, body: bytes, **headers: str) -> Answer:
        self.headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        found = super().ask(method, url, body, **headers)
        for line in found.cookies:
            name, _, value = line.partition(";")[0].partition("=")
            self.jar[name] = value
            if "Max-Age=0" in line:
                del self.jar[name]
        return found

    @property
    def token(self) -> str:
        from fednet.web.visitors import token_of

        return token_of(self.jar[COOKIE]) if COOKIE in self.jar else ""

    def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> Answer:
        return self.form("/sign-in", email=email, password=password, **more)


def account(
    home: Home, role: str = "individual", *, organization: str | None = None, key: bytes | None = None
) -> Account:
    """Somebody with a password."""
    with home.store.writing() as db:
        number = len(accounts.accounts(db))
        made = accounts.add(db, f"Person {number}", f"p{number}@members.example", role, NOW, organization=organization)
        accounts.set_password(db, made.id, CHEAP.hashed(PASSWORD))
        accounts.set_totp(db, made.id, key)
    return made


def code_of(key: bytes | str, now: datetime) -> str:
    from base64 import b32encode

    return TOTP(key.replace(" ", "") if isinstance(key, str) else b32encode(key).decode()).at(now)


def log(home: Home) -> list[tuple[str, str, str]]:
    with home.store.reading() as db:
        return [(act.name, act.act, act.outcome) for act in acts.latest(db)]


# --- in ---------------------------------------------------------------------------------------------------------------


def test_a_member_signs_in_and_out(home: Home, app: Any) -> None:
    mina, person = account(home), Person(app)
    answer = person.sign_in(mina.email.upper(), to="/account")
    assert (answer.status, answer.headers["location"]) == (303, "/account")
    assert mina.name in person.get("/account").text
    answer = person.form("/sign-out")
    assert answer.status == 303 and answer.headers["clear-site-data"] == '"cache", "storage"'
    assert COOKIE not in person.jar
    assert person.get("/account").headers["location"] == "/sign-in?to=%2Faccount"
    assert log(home) == [(mina.name, "sign-out", "done"), (mina.name, "sign-in", "done")]


def test_the_pages_stay_in_the_language_in_which_somebody_signs_in(home: Home, app: Any) -> None:
    mina, person = account(home), Person(app)
    with home.store.writing() as db:
        accounts.rename(db, mina.id, mina.name, mina.email, "en")
    person.headers["accept-language"] = "ar"
    assert 'lang="ar"' in person.get("/sign-in").text
    person.sign_in(mina.email)
    assert 'lang="ar"' in person.get("/account").text


def test_the_cookie_goes_to_this_host_only_over_https_only_and_to_no_script(home: Home, app: Any) -> None:
    answer = Person(app).sign_in(account(home).email)
    cookie = next(line for line in answer.cookies if line.startswith("__Host-session="))
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts and not any(p.startswith("domain") for p in parts)
    assert len(cookie.partition("=")[2].partition(";")[0]) == 43
    assert answer.headers["cache-control"] == "no-store" or answer.status == 303


def test_each_sign_in_has_a_new_secret_and_the_one_before_is_worth_nothing(home: Home, app: Any) -> None:
    mina, person = account(home), Person(app)
    person.sign_in(mina.email)
    before = person.jar[COOKIE]
    person.sign_in(mina.email)
    assert person.jar[COOKIE] != before
    other = Person(app)
    other.jar[COOKIE] = before
    assert other.get("/account").status == 303


def test_nodes_on_one_machine_do_not_take_each_others_cookies(home: Home, app: Any) -> None:
    mina, person = account(home), Person(app)
    person.headers["host"] = "localhost:8401"
    person.sign_in(mina.email)
    assert {"__Host-session-8401", "__Host-device-8401"} <= set(person.jar) and COOKIE not in person.jar
    assert person.get("/account").status == 200
    person.headers["host"] = "localhost:8402"
    assert person.get("/account").status == 303


def test_a_port_that_there_is_not_breaks_nothing(home: Home, app: Any) -> None:
    person = Person(app)
    person.headers["host"] = "localhost:99999"
    assert person.get("/sign-in").status == 200 and person.get("/").status == 200


@pytest.mark.parametrize(
    "to", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/nowhere", "javascript:alert(1)", "/sign-in",
           "/workspace", "/account\r\nx: y", "\\\\evil.example", "/account/../../evil", "/%2f/evil.example"]
)  # fmt: skip
def test_nobody_is_led_elsewhere(home: Home, app: Any, to: str) -> None:
    assert Person(app).sign_in(account(home).email, to=to).headers["location"] == "/member"


def test_who_has_signed_in_is_not_asked_again(home: Home, app: Any) -> None:
    mina, person = account(home), Person(app)
    person.sign_in(mina.email)
    assert person.get("/sign-in?to=/account").headers["location"] == "/account"


# --- not in -----------------------------------------------------------------------------------------------------------


def test_the_answer_is_the_same_whether_there_is_an_account_or_not(home: Home, app: Any) -> None:
    mina = account(home)
    with home.store.writing() as db:
        gone = accounts.add(db, "Gone", "gone@members.example", "individual", NOW)
        accounts.set_password(db, gone.id, CHEAP.hashed(PASSWORD))
        accounts.set_ended(db, gone.id, NOW)
        accounts.add(db, "Without", "without@members.example", "individual", NOW)
    told = set()
    for email in (mina.email, "nobody@members.example", gone.email, "without@members.example"):
        answer = Person(app).sign_in(email, "another password altogether")
        told.add((answer.status, answer.text.replace(email, "EMAIL")))
    assert len(told) == 1 and next(iter(told))[0] == 422
    assert Person(app).sign_in(gone.email).status == 422


def test_what_strangers_were_refused_does_not_fill_the_log(home: Home, app: Any) -> None:
    mina = account(home)
    Person(app).sign_in("nobody@members.example")
    Person(app).form("/welcome/guessed", password=PASSWORD, again=PASSWORD)
    assert log(home) == []
    Person(app).sign_in(mina.email, "another password altogether")
    assert log(home) == [(mina.name, "sign-in", "refused")]


def test_guesses_cost_ever_longer_pauses_for_any_address(home: Home, app: Any, clock: Clock) -> None:
    mina = account(home)
    for email in (mina.email, "nobody@members.example"):
        person = Person(app)
        assert [person.sign_in(email, "wrong one again").status for _ in range(6)] == [422] * 5 + [429]
        answer = person.sign_in(email)
        assert answer.status == 429 and "Too many attempts" in answer.text and "retry-after" in answer.headers
        clock.on(seconds=2)
        assert person.sign_in(email, "wrong one again").status == 422
        clock.on(seconds=1)
        assert person.sign_in(email, "wrong one again").status == 429
        for _ in range(30):
            clock.on(minutes=15)
            assert person.sign_in(email, "wrong one again").status == 422
        clock.on(minutes=15)
    assert Person(app).sign_in(mina.email).status == 303


def test_strangers_cannot_keep_somebody_out_of_a_browser_that_they_used(home: Home, app: Any, clock: Clock) -> None:
    mina, person, stranger = account(home), Person(app), Person(app)
    person.sign_in(mina.email)
    person.form("/sign-out")
    for _ in range(7):
        stranger.sign_in(mina.email, "wrong one again")
    assert stranger.sign_in(mina.email).status == 429
    assert person.sign_in(mina.email).status == 303
    person.form("/sign-out")
    assert [person.sign_in(mina.email, "wrong one again").status for _ in range(6)] == [422] * 5 + [429]


def test_a_browsers_mark_is_of_one_account_and_one_password(home: Home, app: Any) -> None:
    mina, noor, person = account(home), account(home), Person(app)
    person.sign_in(mina.email)
    person.form("/sign-out")
    for victim in (mina, noor):
        for _ in range(6):
            Person(app).sign_in(victim.email, "wrong one again")
    assert person.sign_in(noor.email).status == 429
    with home.store.writing() as db:
        accounts.set_password(db, mina.id, CHEAP.hashed(PASSWORD))
    assert person.sign_in(mina.email).status == 429


def test_over_a_connection_that_others_can_read_nobody_signs_in(home: Home, clock: Clock, app: Any) -> None:
    mina, person = account(home), Person(app)
    person.headers["host"] = "192.168.1.7:8400"
    page = person.get("/sign-in")
    assert page.status == 403 and "not private" in page.text and "<input" not in page.text.partition("<main")[2]
    answer = person.sign_in(mina.email)
    assert answer.status == 403 and not person.jar
    with home.store.writing() as db:
        secret = people.welcome(db, mina, NOW)
    assert "not private" in person.get(f"/welcome/{secret}").text
    assert person.form(f"/welcome/{secret}", name="M", password=PASSWORD, again=PASSWORD).status == 403
    for host in ("127.0.0.1:8400", "localhost", "[::1]:8400"):
        person.headers["host"] = host
        assert person.get("/sign-in").status == 200


def test_members_of_an_organisation_that_is_not_listed_are_told_why(home: Home, app: Any) -> None:
    handle = edits.add(home, "organization", {"names": {"en": "Paper Boat"}}, NOW).handle
    mina, person = account(home, "organization", organization=handle), Person(app)
    assert person.sign_in(mina.email).status == 303 and person.get("/account").status == 200
    edits.withdraw(home, handle, NOW)
    assert person.get("/account").status == 303
    answer = Person(app).sign_in(mina.email)
    assert answer.status == 403 and "not listed here at this time" in answer.text
    assert Person(app).sign_in(mina.email, "another password altogether").status == 422


# --- the second factor ------------------------------------------------------------------------------------------------

KEY = b"12345678901234567890"


def test_the_secretariat_sets_up_a_second_factor_before_its_desk_opens(home: Home, app: Any, clock: Clock) -> None:
    mina, person = account(home, "editor"), Person(app)
    assert person.sign_in(mina.email, to="/workspace").headers["location"] == "/sign-in/second?to=%2Fworkspace"
    for path in ("/workspace", "/account", "/workspace/acts"):
        assert person.get(path).headers["location"].startswith("/sign-in/second")
    page = person.get("/sign-in/second")
    key = re.search(r'name="key" value="([A-Z2-7 ]+)"', page.text)[1]  # type: ignore[index]
    assert "<svg" in page.text and page.headers["cache-control"] == "no-store"
    wrong = person.form("/sign-in/second", key=key, code="000000")
    assert wrong.status == 422 and key in wrong.text
    half = person.jar[COOKIE]
    done = person.form("/sign-in/second", key=key, code=code_of(key, clock.now), to="/workspace")
    assert (done.status, done.headers["location"]) == (303, "/workspace")
    assert person.jar[COOKIE] != half and person.get("/account").status == 200
    other = Person(app)
    other.jar[COOKIE] = half
    assert other.get("/account").status == 303


def test_a_code_is_asked_for_each_time_and_counts_once(home: Home, app: Any, clock: Clock) -> None:
    mina, person = account(home, "administrator", key=KEY), Person(app)
    person.sign_in(mina.email)
    assert "<svg" not in person.get("/sign-in/second").text.partition("<main")[2]
    code = code_of(KEY, clock.now)
    assert person.form("/sign-in/second", code=code).status == 303
    other = Person(app)
    other.sign_in(mina.email)
    assert other.form("/sign-in/second", code=code).status == 422
    assert other.form("/sign-in/second", code=code, key="A" * 32).status == 422
    clock.on(seconds=30)
    assert other.form("/sign-in/second", code=code_of(KEY, clock.now)).status == 303


def test_nobody_who_has_a_second_factor_can_set_up_another_with_the_password_alone(
    home: Home, app: Any, clock: Clock
) -> None:
    mina, person = account(home, "editor", key=KEY), Person(app)
    person.sign_in(mina.email)
    mine = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJA"
    assert person.form("/sign-in/second", key=mine, code=code_of(mine, clock.now)).status == 422
    assert person.get("/account").status == 303


def test_guesses_at_codes_cost_pauses_too(home: Home, app: Any, clock: Clock) -> None:
    mina = account(home, "editor", key=KEY)
    statuses = []
    for _ in range(3):  # signing in again does not help
        person = Person(app)
        person.sign_in(mina.email)
        statuses += [person.form("/sign-in/second", code="000000").status for _ in range(3)]
    assert statuses == [422] * 5 + [429] * 4


def test_a_second_step_without_a_first_is_none(home: Home, app: Any, clock: Clock) -> None:
    account(home, "editor", key=KEY)
    person = Person(app)
    assert person.get("/sign-in/second").headers["location"] == "/sign-in"
    assert person.form("/sign-in/second", code=code_of(KEY, clock.now)).status == 403
    signed = client_as(home, "individual", app=app)
    assert signed.form("/sign-in/second", code=code_of(KEY, clock.now)).status == 403


def test_members_may_have_a_second_factor_and_then_need_it(home: Home, app: Any, clock: Clock) -> None:
    mina, person = account(home, key=KEY), Person(app)
    assert person.sign_in(mina.email).headers["location"] == "/sign-in/second"
    assert person.form("/sign-in/second", code=code_of(KEY, clock.now)).headers["location"] == "/member"


# --- welcome ----------------------------------------------------------------------------------------------------------


def test_an_invitation_is_looked_at_as_often_as_one_likes_and_used_once(home: Home, app: Any) -> None:
    _, secret = people.invite(home, name="Mina", email="mina@members.example", role="individual", now=NOW)
    person = Person(app)
    for _ in range(3):  # programs that look through letters open links
        page = person.get(f"/welcome/{secret}")
        assert page.status == 200 and page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
    short = person.form(f"/welcome/{secret}", name="Mina", password="short", again="short")
    assert short.status == 422 and "at least 12" in short.text
    differ = person.form(f"/welcome/{secret}", name="Mina", password=PASSWORD, again=PASSWORD + "!")
    assert differ.status == 422
    assert person.form(f"/welcome/{secret}", name="Mina B.", password=PASSWORD, again=PASSWORD).status == 303
    assert "Mina B." in person.get("/account").text
    assert Person(app).get(f"/welcome/{secret}").status == 404
    assert Person(app).form(f"/welcome/{secret}", name="Eve", password=PASSWORD, again=PASSWORD).status == 404
    assert Person(app).sign_in("mina@members.example").status == 303


def test_the_first_administrator_comes_by_the_link_of_the_terminal_alone(home: Home, app: Any, clock: Clock) -> None:
    stranger = Person(app)
    assert stranger.get("/workspace").headers["location"] == "/sign-in?to=%2Fworkspace"
    asked = stranger.get("/workspace/introductions/new?theirs=a&ours=b&done=saved").headers["location"]
    assert asked == "/sign-in?to=%2Fworkspace%2Fintroductions%2Fnew%3Ftheirs%3Da%26ours%3Db", "the question stays"
    page = stranger.get("/sign-in")
    assert "no administrator" in page.text and "/welcome/" not in page.text
    assert stranger.get("/welcome/first").status == 404
    secret = people.first_link(home, clock.now)
    fields = {"name": "Ada", "email": "ada@members.example", "password": PASSWORD, "again": PASSWORD}
    bad = stranger.form(f"/welcome/{secret}", {**fields, "email": "no address"})
    assert bad.status == 422 and "Ada" in bad.text
    answer = stranger.form(f"/welcome/{secret}", fields)
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in/second")
    with home.store.reading() as db:
        assert [(one.name, one.role) for one in accounts.accounts(db)] == [("Ada", "administrator")]
    assert Person(app).form(f"/welcome/{secret}", fields).status == 404
    assert log(home) == [("Ada", "welcome", "done")]


def test_a_link_of_the_terminal_is_worth_nothing_once_there_is_an_administrator(home: Home, app: Any) -> None:
    secret = people.first_link(home, NOW)
    account(home, "administrator")
    assert Person(app).get(f"/welcome/{secret}").status == 403
    fields = {"name": "Eve", "email": "eve@members.example", "password": PASSWORD, "again": PASSWORD}
    assert Person(app).form(f"/welcome/{secret}", fields).status == 403


# --- letters ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mailing(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(signing.Gate.__init__, "__defaults__", (CHEAP,))
    found, _ = homes.create(tmp_path / "m", "Example Network", "https://node.example", tmp_path / "r.txt")
    with (found.path / "node.toml").open("a") as file:
        file.write('\n[mail]\nhost = "mail.example"\nsender = "office@node.example"\n')
    found.config = homes.read_config(found.path / "node.toml")
    yield found
    found.close()


def letters(home: Home) -> list[tuple[str, str]]:
    with home.store.reading() as db:
        return [(row["recipient"], row["text"]) for row in db.table("outgoing").rows]


def test_a_link_by_letter_signs_in_once_and_for_a_quarter_of_an_hour(mailing: Home, clock: Clock) -> None:
    app = create_app(mailing, clock=clock)
    mina = account(mailing)
    person = Person(app)
    known, unknown = (person.form("/sign-in/letter", email=email) for email in (mina.email, "nobody@members.example"))
    assert (known.status, known.headers["location"]) == (unknown.status, unknown.headers["location"])
    [(recipient, text)] = letters(mailing)
    assert recipient == mina.email
    path = re.search(r"https://node\.example(/sign-in/\S+)", text)[1]  # type: ignore[index]
    for _ in range(2):
        assert mina.email in person.get(path).text
    assert person.get("/account").status == 303
    assert person.form(path).headers["location"] == "/member" and person.get("/account").status == 200
    assert Person(app).form(path).status == 404
    person.form("/sign-in/letter", email=mina.email)
    path = re.search(r"https://node\.example(/sign-in/\S+)", letters(mailing)[-1][1])[1]  # type: ignore[index]
    clock.on(minutes=15)
    assert Person(app).get(path).status == 404


def test_a_letter_does_not_spare_the_second_factor(mailing: Home, clock: Clock) -> None:
    app = create_app(mailing, clock=clock)
    mina, person = account(mailing, "editor", key=KEY), Person(app)
    with mailing.store.writing() as db:
        secret = links.make(db, "sign-in", account_id=mina.id, now=NOW, lasts=timedelta(minutes=15))
    assert person.form(f"/sign-in/{secret}").headers["location"] == "/sign-in/second"
    assert person.get("/workspace").status == 303


def test_nobody_is_flooded_with_letters(mailing: Home, clock: Clock) -> None:
    app = create_app(mailing, clock=clock)
    mina, person = account(mailing), Person(app)
    for email in (mina.email, "nobody@members.example"):
        statuses = [person.form("/sign-in/letter", email=email).status for _ in range(5)]
        assert statuses == [303] * 3 + [429] * 2
    assert len(letters(mailing)) == 3


def test_strangers_do_not_use_up_the_letters_of_a_browser_that_somebody_used(mailing: Home, clock: Clock) -> None:
    app = create_app(mailing, clock=clock)
    mina, person = account(mailing), Person(app)
    with mailing.store.writing() as db:
        secret = links.make(db, "sign-in", account_id=mina.id, now=NOW, lasts=timedelta(minutes=15))
    person.form(f"/sign-in/{secret}")
    person.form("/sign-out")
    assert [Person(app).form("/sign-in/letter", email=mina.email).status for _ in range(4)] == [303] * 3 + [429]
    assert [person.form("/sign-in/letter", email=mina.email).status for _ in range(4)] == [303] * 3 + [429]


def test_many_guesses_at_once_are_no_more_than_few_one_after_the_other(home: Home, app: Any) -> None:
    mina = account(home)

    async def ask() -> list[int]:
        body = urlencode({"email": mina.email, "password": "wrong one again"}).encode()
        kind = {"content_type": "application/x-www-form-urlencoded", "sec_fetch_site": "same-origin"}
        person = Person(app)
        asked = [person._ask("POST", "/sign-in", body, {**person.headers, **kind}) for _ in range(20)]
        return [one.status for one in await asyncio.gather(*asked)]

    assert 0 < asyncio.run(ask()).count(422) <= ACCOUNT.free
    assert asyncio.run(ask()) == [429] * 20


def test_without_mail_no_letter_is_promised(home: Home, app: Any) -> None:
    account(home)
    assert "/sign-in/letter" not in Person(app).get("/sign-in").text
    assert Person(app).form("/sign-in/letter", email="p0@members.example").status == 400
