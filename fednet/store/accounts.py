"""The people who sign in: their accounts, sessions, passkeys and secret links."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from sqlite_utils import Database

from fednet.feed.text import utc_text
from fednet.store import proposals

Role = Literal["administrator", "editor", "auditor", "organization", "individual"]
STAFF = frozenset({"administrator", "editor", "auditor"})
"""Roles of the secretariat."""

_COLUMNS = "a.id, a.name, a.email, a.role, a.organization, a.person, a.language, a.made_at, a.ended_at"


class Account(NamedTuple):
    """Who somebody is here, and what for: `organization` and `person` are handles of own records."""

    id: int
    name: str
    email: str
    role: Role
    organization: str | None
    person: str | None
    language: str | None
    made_at: str
    ended_at: str | None


class Session(NamedTuple):
    """Somebody who is signed in. Not `whole`: the second factor is still to come."""

    account: Account
    made_at: str
    seen_at: str
    whole: bool


class Factors(NamedTuple):
    """What an account signs in with. `totp_step`: the latest time step whose code was used (RFC 6238, 5.2)."""

    password: str | None
    totp: bytes | None
    totp_step: int
    passkeys: int

    @property
    def second(self) -> bool:
        """Whether there is a second factor."""
        return self.totp is not None or self.passkeys > 0


class Passkey(NamedTuple):
    """A WebAuthn credential, by the id that the authenticator gave it."""

    id: bytes
    account_id: int
    public_key: bytes
    sign_count: int
    name: str
    made_at: str
    used_at: str | None


class Link(NamedTuple):
    """A secret link that is out; `digest` is the SHA-256 of its secret."""

    digest: bytes
    purpose: str
    account_id: int | None
    subject: str
    made_at: str
    expires_at: str


# --- accounts ---------------------------------------------------------------------------------------------------------


def add(
    db: Database,
    name: str,
    email: str,
    role: str,
    now: datetime,
    *,
    organization: str | None = None,
    person: str | None = None,
    language: str | None = None,
) -> Account:
    """A new account, which cannot sign in before it has a password or a link."""
    row = db.execute(
        "INSERT INTO account (name, email, role, organization, person, language, made_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (name, email, role, organization, person, language, utc_text(now)),
    ).fetchone()
    return _sure(account(db, int(row[0])))


def account(db: Database, account_id: int) -> Account | None:
    """An account by its number, one that has ended too."""
    return _one(db, "a.id = ?", account_id)


def by_email(db: Database, email: str) -> Account | None:
    """An account by its address (ASCII letters of either case), one that has ended too."""
    return _one(db, "a.email = ?", email.strip())


def _one(db: Database, where: str, value: object) -> Account | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM account a WHERE {where}", (value,)).fetchone()
    return None if row is None else Account(*row)


def _sure(found: Account | None) -> Account:
    if found is None:
        raise LookupError("an account that was just written is not there")
    return found


def accounts(db: Database, organization: str | None = None) -> list[Account]:
    """All accounts, or those of one organisation: those that have ended last, by name."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM account a WHERE :of IS NULL OR a.organization = :of "
        "ORDER BY a.ended_at IS NOT NULL, a.name COLLATE NOCASE, a.id",
        {"of": organization},
    )
    return [Account(*row) for row in rows]


def is_any(db: Database) -> bool:
    """Whether anybody could sign in as administrator."""
    return administrators(db) > 0


def administrators(db: Database, but: int = 0) -> int:
    """How many administrators there are, beside one."""
    sql = "SELECT count(*) FROM account WHERE role = 'administrator' AND ended_at IS NULL AND id != ?"
    return int(db.execute(sql, (but,)).fetchone()[0])


def rename(db: Database, account_id: int, name: str, email: str, language: str | None) -> None:
    db.execute("UPDATE account SET name = ?, email = ?, language = ? WHERE id = ?", (name, email, language, account_id))


def set_role(db: Database, account_id: int, role: str, organization: str | None) -> None:
    db.execute("UPDATE account SET role = ?, organization = ? WHERE id = ?", (role, organization, account_id))


def set_person(db: Database, account_id: int, person: str | None) -> None:
    """Which entry is somebody's own."""
    db.execute("UPDATE account SET person = ? WHERE id = ?", (person, account_id))


def set_ended(db: Database, account_id: int, now: datetime | None) -> None:
    """Let an account sign in no more, or (None) again."""
    db.execute("UPDATE account SET ended_at = ? WHERE id = ?", (utc_text(now) if now else None, account_id))


def arrive(db: Database, account_id: int, now: datetime) -> None:
    """Somebody signs in, perhaps for the first time."""
    db.execute("UPDATE account SET arrived_at = ? WHERE id = ? AND arrived_at IS NULL", (utc_text(now), account_id))


def has_arrived(db: Database, account_id: int) -> bool:
    """Whether somebody has ever signed in with an account; being made to begin anew does not undo that."""
    row = db.execute("SELECT arrived_at FROM account WHERE id = ?", (account_id,)).fetchone()
    return row is not None and row[0] is not None


def delete(db: Database, account_id: int) -> None:
    """Take an account out, with all that hangs on it."""
    proposals.forget_of(db, account_id)
    db.execute("DELETE FROM account WHERE id = ?", (account_id,))


def repoint(db: Database, old: str, new: str) -> None:
    """A record goes on under another handle: whoever it is, or is of, goes with it, and so do links that are out."""
    db.execute("UPDATE account SET organization = ? WHERE organization = ?", (new, old))
    db.execute("UPDATE account SET person = ? WHERE person = ?", (new, old))
    db.execute("UPDATE link SET subject = ? WHERE subject = ?", (new, old))


def forget(db: Database, handle: str) -> None:
    """Of a record that is erased: what is kept of an organisation's accounts goes with it; a person's stays theirs."""
    for account in accounts(db, handle):
        delete(db, account.id)
    db.execute("DELETE FROM link WHERE subject = ?", (handle,))
    db.execute("UPDATE account SET person = NULL WHERE person = ?", (handle,))


def handles(db: Database) -> list[str]:
    """Handles of the records that accounts and links speak of."""
    rows = db.execute(
        "SELECT organization FROM account WHERE organization NOT NULL UNION "
        "SELECT person FROM account WHERE person NOT NULL UNION SELECT subject FROM link"
    )
    return [handle for (handle,) in rows]


# --- what they sign in with -------------------------------------------------------------------------------------------


def factors(db: Database, account_id: int) -> Factors:
    row = db.execute(
        "SELECT password, totp, totp_step, (SELECT count(*) FROM passkey WHERE account_id = account.id) "
        "FROM account WHERE id = ?",
        (account_id,),
    ).fetchone()
    return Factors(None, None, 0, 0) if row is None else Factors(*row)


def set_password(db: Database, account_id: int, password: str | None) -> None:
    """`password`: argon2id in PHC form; None: there is none."""
    db.execute("UPDATE account SET password = ? WHERE id = ?", (password, account_id))


def set_totp(db: Database, account_id: int, secret: bytes | None, step: int = 0) -> None:
    db.execute("UPDATE account SET totp = ?, totp_step = ? WHERE id = ?", (secret, step, account_id))


def use_totp(db: Database, account_id: int, step: int) -> bool:
    """Note that the code of a time step was used; False when that one or a later one was before."""
    sql = "UPDATE account SET totp_step = :step WHERE id = :id AND totp_step < :step RETURNING id"
    return db.execute(sql, {"step": step, "id": account_id}).fetchone() is not None


_PASSKEY = "id, account_id, public_key, sign_count, name, made_at, used_at"


def add_passkey(db: Database, passkey: Passkey) -> None:
    db.execute(f"INSERT INTO passkey ({_PASSKEY}) VALUES (?, ?, ?, ?, ?, ?, ?)", tuple(passkey))


def passkey(db: Database, credential: bytes) -> Passkey | None:
    row = db.execute(f"SELECT {_PASSKEY} FROM passkey WHERE id = ?", (credential,)).fetchone()
    return None if row is None else Passkey(*row)


def passkeys(db: Database, account_id: int) -> list[Passkey]:
    rows = db.execute(f"SELECT {_PASSKEY} FROM passkey WHERE account_id = ? ORDER BY made_at, id", (account_id,))
    return [Passkey(*row) for row in rows]


def used_passkey(db: Database, credential: bytes, sign_count: int, now: datetime) -> None:
    db.execute("UPDATE passkey SET sign_count = ?, used_at = ? WHERE id = ?", (sign_count, utc_text(now), credential))


def drop_passkeys(db: Database, account_id: int, credential: bytes | None = None) -> None:
    """Take one passkey of an account away, or all."""
    db.execute(
        "DELETE FROM passkey WHERE account_id = :id AND (:credential IS NULL OR id = :credential)",
        {"id": account_id, "credential": credential},
    )


# --- from one database to another -------------------------------------------------------------------------------------

_KEPT = (
    "id, name, email, role, organization, person, password, totp, totp_step, language, made_at, arrived_at, ended_at"
)


class Kept(NamedTuple):
    """All accounts and passkeys of a database, as rows, and the highest number that an account ever had."""

    accounts: list[tuple[object, ...]]
    passkeys: list[tuple[object, ...]]
    highest: int


def kept(db: Database) -> Kept:
    highest = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'account'").fetchone()
    return Kept(
        db.execute(f"SELECT {_KEPT} FROM account").fetchall(),
        db.execute(f"SELECT {_PASSKEY} FROM passkey").fetchall(),
        highest[0] if highest else 0,
    )


def put_kept(db: Database, those: Kept) -> None:
    """Let the accounts and passkeys be those of another database of the same node, in place of all that are here."""
    db.execute("DELETE FROM passkey")
    db.execute("UPDATE account SET email = id")  # an address may have gone from one account to another
    marks = ", ".join("?" * len(_KEPT.split(",")))
    for row in those.accounts:
        known = db.execute("SELECT 1 FROM account WHERE id = ?", (row[0],)).fetchone()
        if known:  # nothing that hangs on it goes
            names = ", ".join(f"{name.strip()} = ?" for name in _KEPT.split(","))
            db.execute(f"UPDATE account SET {names} WHERE id = ?", (*row, row[0]))
        else:
            db.execute(f"INSERT INTO account ({_KEPT}) VALUES ({marks})", row)
    left = ",".join(str(int(str(row[0]))) for row in those.accounts)
    db.execute(f"DELETE FROM account WHERE id NOT IN ({left})")
    for row in those.passkeys:
        db.execute(f"INSERT INTO passkey ({_PASSKEY}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'account'", (those.highest,))


# --- sessions ---------------------------------------------------------------------------------------------------------


def session(db: Database, digest: bytes) -> Session | None:
    """The session whose cookie has this SHA-256, unless its account has ended."""
    row = db.execute(
        f"SELECT {_COLUMNS}, s.made_at, s.seen_at, s.whole FROM session s JOIN account a ON a.id = s.account_id "
        "WHERE s.digest = ? AND a.ended_at IS NULL",
        (digest,),
    ).fetchone()
    return None if row is None else _session(row)


def sessions(db: Database, account_id: int) -> list[tuple[bytes, Session]]:
    """Digest and session of each place where an account is signed in, the latest first."""
    rows = db.execute(
        f"SELECT s.digest, {_COLUMNS}, s.made_at, s.seen_at, s.whole FROM session s "
        "JOIN account a ON a.id = s.account_id WHERE a.id = ? ORDER BY s.seen_at DESC, s.digest",
        (account_id,),
    )
    return [(row[0], _session(row[1:])) for row in rows]


def _session(row: tuple[object, ...]) -> Session:
    return Session(Account(*row[:-3]), str(row[-3]), str(row[-2]), bool(row[-1]))  # type: ignore[arg-type]


def begin(db: Database, digest: bytes, account_id: int, whole: bool, now: datetime) -> None:
    """A new session."""
    at = utc_text(now)
    db.execute(
        "INSERT INTO session (digest, account_id, made_at, seen_at, whole) VALUES (?, ?, ?, ?, ?)",
        (digest, account_id, at, at, whole),
    )


def seen(db: Database, digest: bytes, now: datetime) -> None:
    db.execute("UPDATE session SET seen_at = ? WHERE digest = ?", (utc_text(now), digest))


def end_session(db: Database, digest: bytes) -> None:
    db.execute("DELETE FROM session WHERE digest = ?", (digest,))


def end_sessions(db: Database, account_id: int, but: bytes | None = None) -> None:
    db.execute("DELETE FROM session WHERE account_id = ? AND digest IS NOT ?", (account_id, but))


# --- secret links -----------------------------------------------------------------------------------------------------


def add_link(db: Database, link: Link) -> None:
    db.execute(
        "INSERT INTO link (digest, purpose, account_id, subject, made_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)", link
    )


def link(db: Database, digest: bytes, purpose: str, now: datetime) -> Link | None:
    """A link that can be used now."""
    row = db.execute(
        "SELECT digest, purpose, account_id, subject, made_at, expires_at FROM link "
        "WHERE digest = ? AND purpose = ? AND used_at IS NULL AND expires_at > ?",
        (digest, purpose, utc_text(now)),
    ).fetchone()
    return None if row is None else Link(*row)


def use_link(db: Database, digest: bytes, now: datetime) -> bool:
    """Note that a link was used; False when it was before."""
    sql = "UPDATE link SET used_at = ? WHERE digest = ? AND used_at IS NULL RETURNING purpose"
    return db.execute(sql, (utc_text(now), digest)).fetchone() is not None


def drop_links(db: Database, purpose: str, subject: str, account_id: int | None) -> None:
    db.execute("DELETE FROM link WHERE purpose = ? AND subject = ? AND account_id IS ?", (purpose, subject, account_id))


def drop_links_of(db: Database, account_id: int) -> None:
    """Let all links of an account work no more."""
    db.execute("DELETE FROM link WHERE account_id = ?", (account_id,))


# --- what works no more -----------------------------------------------------------------------------------------------


def sweep(db: Database, now: str, idle: str, made: str) -> None:
    """Take out links that were used or have expired, and sessions not seen since `idle` or made before `made`."""
    db.execute("DELETE FROM link WHERE used_at IS NOT NULL OR expires_at <= ?", (now,))
    db.execute("DELETE FROM session WHERE seen_at <= ? OR made_at <= ?", (idle, made))


def drop_secrets(db: Database) -> None:
    """Of a copy: nobody is signed in there, no link that is out works, and no letter that holds one is sent again."""
    for table in ("session", "link", "outgoing"):
        db.execute(f"DELETE FROM {table}")


def sweep_ended(db: Database, before: datetime) -> None:
    """Take out accounts that ended before a moment."""
    db.execute("DELETE FROM account WHERE ended_at < ?", (utc_text(before),))
