from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import BusyError, FednetError, ForbiddenError, NotFoundError, UsageError
from fednet.node import accounts as people
from fednet.node import circles, edits, erasure, hiding, links, ownership, sessions, totp
from fednet.node import home as homes
from fednet.node.accounts import Hashing
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import accounts, acts, backup, letters
from fednet.store.accounts import Account

NOW = datetime.fromisoformat("2026-11-21T18:30:00+00:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CHEAP = Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    yield found
    found.close()


def invited(home: Home, role: str, name: str = "Mina Example", organization: str | None = None) -> Account:
    email = f"{role}.{name.split()[0].lower()}@members.example"
    return people.invite(home, name=name, email=email, role=role, organization=organization, now=NOW)[0]


def listed(home: Home, name: str) -> str:
    return edits.add(home, "organization", {"names": {"en": name}}, NOW).handle


# --- passwords --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "password1234",
        "Passw0rd!" * 30,
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "123456789012345",
        "mina example 2026",
        "editor.mina@members",
        "ExampleNetwork1",
        "qwertyuiopasdfghjkl",
        "passwordpassword",
        "password" * 40,
    ],
)
def test_a_password_that_would_be_guessed_soon_is_refused(password: str) -> None:
    with pytest.raises(UsageError):
        people.check_password(password, ("Mina Example", "editor.mina@members.example", "Example Network"))


@pytest.mark.parametrize(
    "password",
    ["copper lantern seven rivers", "กระดาษเรือฝนตกหนัก", "x9!kQz#27Lm&", "مصباح النهر الأزرق", "  blank at both ends  "],
)
def test_any_script_and_any_character_will_do(password: str) -> None:
    assert people.check_password(password, ("Mina Example",)) == password


def test_a_hash_fits_its_password_alone_and_says_nothing_of_it() -> None:
    kept = people.HASHING.hashed("copper lantern seven rivers")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and "lantern" not in kept
    assert people.HASHING.fits("copper lantern seven rivers", kept)
    assert not people.HASHING.fits("copper lantern seven river", kept)


def test_a_password_is_the_same_however_a_keyboard_spells_its_accents() -> None:
    kept = CHEAP.hashed("la rivière sous l'été")
    assert CHEAP.fits("la rivie\u0300re sous l'e\u0301te\u0301", kept) and not CHEAP.fits("la riviere sous l'ete", kept)


def test_where_there_is_no_password_none_fits_and_it_is_hashed_all_the_same() -> None:
    hashed = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            hashed.append(hash)
            return super().verify(hash, password)

    hashing = Hashing(Counting(time_cost=1, memory_cost=8, parallelism=1))
    assert not hashing.fits("nobody's password", None) and not hashing.fits("", None)
    assert len(hashed) == 2
    assert not hashing.fits("anything", "no hash at all")


def test_only_so_many_hash_at_once_and_who_comes_too_many_is_told_so() -> None:
    inside = []

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            inside.append(1)
            with pytest.raises(BusyError, match="many people"):
                crowded.hashed("the one too many")
            return super().hash(password, salt=salt)

    crowded = Hashing(Slow(time_cost=1, memory_cost=8, parallelism=1), at_once=1, waiting=0)
    crowded.hashed("copper lantern seven rivers")
    crowded.hashed("and the next one after it")
    assert len(inside) == 2


def test_old_parameters_are_noticed() -> None:
    assert people.HASHING.is_old(CHEAP.hashed("copper lantern seven rivers"))
    assert not CHEAP.is_old(CHEAP.hashed("copper lantern seven rivers"))


# --- who is let in ----------------------------------------------------------------------------------------------------


def test_an_invitation_works_once_and_for_two_weeks(home: Home) -> None:
    account, secret = people.invite(home, name="Mina", email="mina@members.example", role="editor", now=NOW)
    with home.store.writing() as db:
        assert links.find(db, "welcome", secret, NOW + 13 * DAY).account_id == account.id
        for when, purpose, which in (
            (14 * DAY, "welcome", secret),
            (DAY, "sign-in", secret),
            (DAY, "welcome", secret[1:]),
        ):
            with pytest.raises(NotFoundError):
                links.find(db, purpose, which, NOW + when)
        found = links.find(db, "welcome", secret, NOW)
        links.use(db, found, NOW)
        with pytest.raises(NotFoundError):
            links.use(db, found, NOW)
        with pytest.raises(NotFoundError):
            links.find(db, "welcome", secret, NOW)


def test_the_database_holds_no_secret_that_would_let_somebody_in(home: Home) -> None:
    account, welcome = people.invite(home, name="Mina", email="mina@members.example", role="editor", now=NOW)
    with home.store.writing() as db:
        session = sessions.begin(db, account, NOW, whole=True)
    held = b"".join(path.read_bytes() for path in home.path.glob("fednet.db*"))
    assert account.email.encode() in held
    assert welcome.encode() not in held and session.encode() not in held


def test_one_address_has_one_account_whatever_its_letters(home: Home) -> None:
    invited(home, "editor")
    with pytest.raises(UsageError, match="there is an account"):
        people.invite(home, name="Other", email=" Editor.MINA@members.example ", role="auditor", now=NOW)


@pytest.mark.parametrize(
    "email", ["", "mina", "mina@", "a@b", "a b@c.example", "a@b.example\nBcc: x@y.example", f"{'a' * 250}@b.example"]
)
def test_what_is_no_address_is_refused(home: Home, email: str) -> None:
    with pytest.raises(UsageError):
        people.invite(home, name="Mina", email=email, role="editor", now=NOW)


def test_a_role_needs_what_goes_with_it(home: Home) -> None:
    for role, organization in (("organization", None), ("organization", "nothing"), ("queen", None)):
        with pytest.raises(UsageError):
            invited(home, role, organization=organization)
    event = edits.add(
        home, "event", {"titles": {"en": "Talk"}, "type": "webinar", "start": "2026-12-01", "all_day": True}, NOW
    )
    with pytest.raises(UsageError):
        invited(home, "organization", organization=event.handle)
    handle = listed(home, "Paper Boat")
    assert invited(home, "organization", organization=handle).organization == handle
    assert invited(home, "auditor", organization=handle).organization is None


def test_who_left_can_be_let_in_again_as_somebody_new(home: Home) -> None:
    invited(home, "administrator", "Ada Example")
    before = invited(home, "editor")
    with home.store.writing() as db:
        people.end(db, before, NOW)
    after = people.invite(home, name="Mina", email=before.email, role="auditor", now=NOW)[0]
    assert (after.role, after.ended_at) == ("auditor", None)
    with home.store.reading() as db:
        assert [one.email for one in accounts.accounts(db)].count(before.email) == 1


# --- the first administrator ------------------------------------------------------------------------------------------


def test_only_the_newest_link_makes_the_first_administrator_and_only_the_first(home: Home) -> None:
    old, new = people.first_link(home, NOW), people.first_link(home, NOW)
    assert old and new
    with home.store.writing() as db:
        with pytest.raises(NotFoundError):
            links.find(db, "first", old, NOW)
        with pytest.raises(NotFoundError):
            links.find(db, "first", new, NOW + DAY)
        link = links.find(db, "first", new, NOW)
        made = people.make_first(db, link, "Ada", "ada@members.example", CHEAP.hashed("copper lantern rivers"), NOW)
        assert made.role == "administrator" and accounts.is_any(db)
        with pytest.raises(ForbiddenError):
            people.make_first(db, link, "Eve", "eve@members.example", "x", NOW)
    assert people.first_link(home, NOW) is None


def test_the_last_administrator_can_neither_be_ended_nor_demoted_nor_delete_themselves(home: Home) -> None:
    ada = invited(home, "administrator", "Ada Example")
    with home.store.writing() as db:
        for act in (
            lambda: people.end(db, ada, NOW),
            lambda: people.delete(db, ada),
            lambda: people.change_role(db, home, ada, "editor", None),
        ):
            with pytest.raises(UsageError, match="last administrator"):
                act()
        people.change_role(db, home, ada, "administrator", None)
    bea = invited(home, "administrator", "Bea Example")
    with home.store.writing() as db:
        people.end(db, ada, NOW)
        with pytest.raises(UsageError, match="last administrator"):
            people.end(db, bea, NOW)


# --- sessions ---------------------------------------------------------------------------------------------------------


def begun(home: Home, account: Account, when: datetime = NOW, *, whole: bool = True) -> str:
    with home.store.writing() as db:
        return sessions.begin(db, account, when, whole=whole)


def is_in(home: Home, secret: str, when: datetime = NOW) -> bool:
    with home.store.reading() as db:
        return sessions.find(db, secret, when) is not None


@pytest.mark.parametrize("role, idle, whole", [("editor", 12 * HOUR, 30 * DAY), ("individual", 30 * DAY, 90 * DAY)])
def test_a_session_ends_after_a_time_without_requests_and_in_any_case(
    home: Home, role: str, idle: timedelta, whole: timedelta
) -> None:
    secret = begun(home, invited(home, role))
    assert is_in(home, secret, NOW + idle - MINUTE) and not is_in(home, secret, NOW + idle)
    when = NOW
    while when + idle / 2 < NOW + whole:
        when += idle / 2
        assert is_in(home, secret, when)
        with home.store.writing() as db:
            sessions.seen(db, secret, when)
    assert not is_in(home, secret, NOW + whole)


def test_half_a_session_waits_a_quarter_of_an_hour(home: Home) -> None:
    secret = begun(home, invited(home, "editor"), whole=False)
    assert is_in(home, secret, NOW + 14 * MINUTE) and not is_in(home, secret, NOW + 15 * MINUTE)


def test_what_changes_an_account_signs_it_out_everywhere(home: Home) -> None:
    invited(home, "administrator", "Ada Example")
    mina = invited(home, "editor")
    changes = {
        "password": lambda db: people.set_password(db, mina, "hash"),
        "role": lambda db: people.change_role(db, home, mina, "auditor", None),
        "reset": lambda db: people.reset(db, mina, NOW),
        "end": lambda db: people.end(db, mina, NOW),
    }
    for change in changes.values():
        held = [begun(home, mina), begun(home, mina, whole=False)]
        with home.store.writing() as db:
            link = links.make(db, "sign-in", account_id=mina.id, now=NOW, lasts=HOUR)
            change(db)
        assert not any(is_in(home, secret) for secret in held)
        with home.store.reading() as db, pytest.raises(NotFoundError):
            links.find(db, "sign-in", link, NOW)


def test_a_member_who_joins_the_secretariat_begins_anew(home: Home) -> None:
    handle, new = listed(home, "Paper Boat"), {"name": "Mina", "email": "m@boat.example", "now": NOW}
    mina, welcome = people.invite(home, role="individual", organization=handle, **new)
    with home.store.writing() as db:
        accounts.set_password(db, mina.id, CHEAP.hashed("copper lantern seven rivers"))
        people.change_role(db, home, mina, "administrator", None)
        assert accounts.factors(db, mina.id) == accounts.Factors(None, None, 0, 0)
        with pytest.raises(NotFoundError):
            links.find(db, "welcome", welcome, NOW)


def test_an_organisation_invites_whom_it_likes_and_never_learns_who_had_an_account(home: Home) -> None:
    boat, house = listed(home, "Paper Boat"), listed(home, "Lantern House")
    editor = invited(home, "editor")
    elsewhere, _ = people.invite(
        home, name="Noor", email="noor@house.example", role="individual", organization=house, now=NOW
    )
    left, _ = people.invite(home, name="Lee", email="lee@members.example", role="editor", now=NOW)
    with home.store.writing() as db:
        people.end(db, left, NOW)
    for email in (editor.email, elsewhere.email, left.email.upper()):
        assert people.invite_person(home, boat, name="X", email=email, now=NOW) is None
    made = people.invite_person(home, boat, name="Mina", email="Mina@boat.example", now=NOW)
    assert made is not None
    with home.store.reading() as db:
        assert {one.email for one in people.invitations(db, boat, NOW)} == {
            editor.email, elsewhere.email, left.email, "mina@boat.example"
        }  # fmt: skip
        assert people.invitations(db, house, NOW) == [] == people.invitations(db, boat, NOW + 14 * DAY)
        assert accounts.account(db, left.id) is not None, "who had access until when is not for members to forget"
        assert [accounts.account(db, one.id) for one in (editor, elsewhere)] == [editor, elsewhere]


def test_who_has_not_come_is_invited_again_and_who_has_is_nobodys_to_invite(home: Home) -> None:
    boat = listed(home, "Paper Boat")
    new = {"name": "Mina", "email": "mina@boat.example", "now": NOW}
    first, again = people.invite_person(home, boat, **new), people.invite_person(home, boat, **new)
    assert first is not None and again is not None and first[0] == again[0]
    with home.store.reading() as db:
        assert links.find(db, "welcome", again[1], NOW).account_id == first[0].id
        with pytest.raises(NotFoundError):
            links.find(db, "welcome", first[1], NOW)
    begun(home, first[0])
    assert people.invite_person(home, boat, **new) is None
    with home.store.writing() as db:
        people.reset(db, first[0], NOW)
        people.take_back_invitation(db, boat, first[0].email)
        assert people.invitations(db, boat, NOW) == [] and accounts.account(db, first[0].id) is not None
    assert people.invite_person(home, boat, **new) is None, "the secretariat lets them begin anew, nobody else"


def test_an_invitation_that_is_taken_back_leaves_nothing(home: Home) -> None:
    boat = listed(home, "Paper Boat")
    made = people.invite_person(home, boat, name="Mina", email="mina@boat.example", now=NOW)
    assert made is not None
    with home.store.writing() as db:
        people.take_back_invitation(db, boat, "MINA@boat.example")
        assert people.invitations(db, boat, NOW) == [] and accounts.by_email(db, "mina@boat.example") is None
        people.take_back_invitation(db, boat, "nobody@boat.example")


def test_letters_go_with_the_account_that_they_are_for(home: Home) -> None:
    invited(home, "administrator", "Ada Example")
    for change in (people.delete, lambda db, one: people.end(db, one, NOW), lambda db, one: people.reset(db, one, NOW)):
        mina = invited(home, "editor")
        with home.store.writing() as db:
            letters.put(db, mina.email.upper(), "Subject", "Text", NOW)
            letters.put(db, "else@members.example", "Subject", "Text", NOW)
            change(db, mina)
            assert [one.recipient for one in letters.waiting(db)] == ["else@members.example"]
            accounts.delete(db, mina.id)


def test_another_address_is_nobodys_yet_and_ends_what_was_sent_to_the_old_one(home: Home) -> None:
    mina, noor = invited(home, "editor"), invited(home, "editor", "Noor")
    with home.store.writing() as db:
        first = people.address_link(db, mina, "new@members.example", NOW)
        second = people.address_link(db, mina, "newer@members.example", NOW)
        with pytest.raises(NotFoundError):
            links.find(db, "address", first, NOW)
        assert links.find(db, "address", second, NOW).subject == "newer@members.example"
        letters.put(db, mina.email, "Subject", "Text", NOW)
        with pytest.raises(UsageError, match="there is an account"):
            people.set_address(db, mina, noor.email)
        people.set_address(db, mina, "newer@members.example")
        assert people.active(db, mina.id).email == "newer@members.example" and letters.waiting(db) == []
        with pytest.raises(NotFoundError):
            links.find(db, "address", second, NOW)


def test_an_account_that_ended_keeps_nothing_to_sign_in_with(home: Home) -> None:
    invited(home, "administrator", "Ada Example")
    mina = invited(home, "editor")
    with home.store.writing() as db:
        people.set_password(db, mina, CHEAP.hashed("copper lantern seven rivers"))
        accounts.set_totp(db, mina.id, b"k" * 20)
        accounts.add_passkey(db, accounts.Passkey(b"id", mina.id, b"key", 0, "Passkey", "2026-11-21T18:30:00Z", None))
        people.end(db, mina, NOW)
        assert accounts.factors(db, mina.id) == accounts.Factors(None, None, 0, 0)
        with pytest.raises(NotFoundError):
            people.active(db, mina.id)


def test_what_works_no_more_is_swept(home: Home) -> None:
    invited(home, "administrator", "Ada Example")
    mina, _ = people.invite(home, name="Mina", email="m@members.example", role="editor", now=NOW)
    begun(home, mina)
    with home.store.writing() as db:
        people.end(db, mina, NOW)
    people.sweep(home, NOW + 366 * DAY)
    with home.store.reading() as db:
        assert [db.table(name).count for name in ("session", "link")] == [0, 0]
        assert [one.name for one in accounts.accounts(db)] == ["Ada Example"]


def test_nobody_is_signed_in_in_a_backup_and_no_link_works_there(home: Home, tmp_path: Path) -> None:
    mina, welcome = people.invite(home, name="Mina", email="m@members.example", role="editor", now=NOW)
    session = begun(home, mina)
    with home.store.reading() as db, closing(backup.copied(db, tmp_path)) as copy:
        held = copy.read()
    assert list(tmp_path.glob(".copy-*")) == []
    assert mina.email.encode() in held
    for secret in (welcome, session):
        assert sessions.digest(secret) not in held
    assert is_in(home, session)


# --- whose records ----------------------------------------------------------------------------------------------------


def test_members_own_what_is_theirs_and_nothing_else(home: Home) -> None:
    mine, other = listed(home, "Paper Boat"), listed(home, "Lantern House")
    ada = invited(home, "organization", organization=mine)
    person = edits.add(home, "person", {"name": "Mina", "organization": mine}, NOW).handle
    mina = invited(home, "individual", organization=mine)
    with home.store.writing() as db:
        accounts.set_person(db, mina.id, person)
        mina = people.active(db, mina.id)
    when = {"type": "webinar", "start": "2026-12-01", "all_day": True}
    theirs = {
        "contact": edits.add(home, "contact", {"organization": mine, "emails": ["a@b.example"]}, NOW).handle,
        "event": edits.add(home, "event", {"titles": {"en": "Talk"}, "hosts": [mine, other], **when}, NOW).handle,
        "need": edits.add(
            home, "exchange", {"type": "need", "titles": {"en": "A need"}, "organization": mine}, NOW
        ).handle,
        "named": edits.add(
            home, "exchange", {"type": "need", "titles": {"en": "N"}, "organization": "Paper Boat"}, NOW
        ).handle,
        "itself": mine,
    }
    strange = {
        "organization": other,
        "contact": edits.add(home, "contact", {"organization": other, "emails": ["a@b.example"]}, NOW).handle,
        "event": edits.add(
            home, "event", {"titles": {"en": "Talk"}, "hosts": [other], "speakers": [mine], **when}, NOW
        ).handle,
        "named": edits.add(
            home, "exchange", {"type": "need", "titles": {"en": "N"}, "organization": "Paper Boats"}, NOW
        ).handle,
        "resource": edits.add(home, "resource", {"titles": {"en": mine}}, NOW).handle,
        "person": person,
        "none": "00000000-0000-4000-8000-000000000000",
        "no handle": "../../etc/passwd",
    }
    with home.store.reading() as db:
        assert [name for name, handle in theirs.items() if not ownership.owns(db, home, ada, handle)] == []
        assert [name for name, handle in strange.items() if ownership.owns(db, home, ada, handle)] == []
        assert ownership.owns(db, home, mina, person)
        assert not any(ownership.owns(db, home, mina, handle) for handle in (*theirs.values(), other))
    circles.add(home, "board", NOW)
    kept = edits.add(home, "contact", {"organization": mine, "emails": ["k@b.example"]}, NOW, "board").handle
    moved = edits.edit(home, theirs["event"], {}, NOW, circle="board").handle
    quiet = edits.add(home, "organization", {"names": {"en": "Quiet"}}, NOW, "board").handle
    noor = invited(home, "organization", "Noor", quiet)
    with home.store.reading() as db:
        assert not any(ownership.owns(db, home, ada, handle) for handle in (kept, moved)), "the network's own affair"
        assert ownership.owns(db, home, noor, quiet), "but for its own entry"
    edits.withdraw(home, theirs["need"], NOW)
    with home.store.reading() as db:
        assert not ownership.owns(db, home, ada, theirs["need"])


def test_accounts_stand_and_fall_with_their_organisation(home: Home) -> None:
    mine = listed(home, "Paper Boat")
    ada, mina = invited(home, "organization", organization=mine), invited(home, "individual", organization=mine)
    alone, editor = invited(home, "individual", "Noor Alone"), invited(home, "editor")

    def standing() -> list[bool]:
        with home.store.reading() as db:
            return [ownership.is_standing(db, home, one) for one in (ada, mina, alone, editor)]

    assert standing() == [True] * 4
    edits.withdraw(home, mine, NOW)
    assert standing() == [False, False, True, True]


def test_accounts_and_links_go_with_a_record_that_is_hidden_put_back_or_moved(home: Home) -> None:
    mine = listed(home, "Paper Boat")
    publish(home, NOW)
    ada = invited(home, "organization", organization=mine)
    with home.store.writing() as db:
        secret = links.make(db, "confirm", subject=mine, now=NOW, lasts=DAY)

    def found() -> tuple[str | None, bool, str]:
        with home.store.reading() as db:
            account = people.active(db, ada.id)
            standing = ownership.is_standing(db, home, account)
            return account.organization, standing, links.find(db, "confirm", secret, NOW).subject

    hiding.hide(home, mine, NOW)
    publish(home, NOW)
    assert found() == (mine, False, mine)
    again = hiding.unhide(home, mine, NOW).renamed[mine]
    assert found() == (again, True, again) and again != mine
    publish(home, NOW)
    moved = edits.edit(home, again, {}, NOW, circle="partners").handle
    assert found() == (moved, True, moved) and moved != again


def test_what_is_erased_leaves_no_accounts_links_or_subjects_behind(home: Home) -> None:
    mine = listed(home, "Paper Boat")
    person = edits.add(home, "person", {"name": "Mina"}, NOW).handle
    people.invite(
        home, name="Ada Example", email="ada@paper-boat.example", role="organization", organization=mine, now=NOW
    )
    alone = invited(home, "individual", "Noor Alone")
    with home.store.writing() as db:
        accounts.set_person(db, alone.id, person)
        links.make(db, "confirm", subject=mine, now=NOW, lasts=DAY)
        acts.end(db, acts.begin(db, alone, "edit", mine, NOW), "done")
    erasure.erase(home, mine, NOW)
    erasure.erase(home, person, NOW)
    with home.store.reading() as db:
        assert [(one.name, one.person) for one in accounts.accounts(db)] == [("Noor Alone", None)]
        assert db.table("link").count_where("subject = ?", [mine]) == 0
        assert [(one.name, one.act, one.subject) for one in acts.latest(db)] == [("Noor Alone", "edit", "")]
    held = b"".join(path.read_bytes() for path in home.path.glob("fednet.db*"))
    assert b"ada@paper-boat.example" not in held and mine.encode() not in held


def test_organisations_are_named_as_they_stand(home: Home) -> None:
    boat, lantern = listed(home, "Paper Boat"), listed(home, "Lantern House")
    publish(home, NOW)
    edits.edit(home, boat, {"names": {"en": "Paper Ship"}}, NOW)
    edits.withdraw(home, lantern, NOW)
    new = listed(home, "Third House")
    with home.store.reading() as db:
        assert sorted(ownership.organizations(db, home)) == sorted([(boat, "Paper Ship"), (new, "Third House")])


# --- codes ------------------------------------------------------------------------------------------------------------

RFC_KEY = b"12345678901234567890"


@pytest.mark.parametrize(
    "seconds, code", [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    now = datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(seconds=seconds)
    assert totp.step_of(RFC_KEY, code, 0, now) == seconds // 30
    assert totp.step_of(RFC_KEY, f"{code[:3]} {code[3:]}", 0, now + 30 * timedelta(seconds=1)) == seconds // 30
    assert totp.step_of(RFC_KEY, code, seconds // 30, now) is None
    assert totp.step_of(RFC_KEY, code, 0, now + 90 * timedelta(seconds=1)) is None


def test_a_code_counts_once(home: Home) -> None:
    mina = invited(home, "editor")
    with home.store.writing() as db:
        accounts.set_totp(db, mina.id, RFC_KEY, 5)
        assert not accounts.use_totp(db, mina.id, 5)
        assert accounts.use_totp(db, mina.id, 6) and not accounts.use_totp(db, mina.id, 6)


@given(st.binary(min_size=20, max_size=20))
def test_a_key_is_read_as_it_is_spelled(key: bytes) -> None:
    assert totp.read_key(totp.spelled(key).lower()) == key


@given(st.text(max_size=60))
def test_nothing_that_is_typed_as_a_code_or_key_breaks_anything(text: str) -> None:
    if totp.step_of(RFC_KEY, text, 0, NOW) is not None:
        assert text.strip()
    with suppress(FednetError):
        totp.read_key(text)
