"""Introductions: what each of two networks says about putting two of their own in touch, and what may follow what.

Each network has one **side** of an introduction: its current word, with a version. A newer version takes the place of
an older one, so that whatever carries sides may lose, repeat and reorder them.

```
asker   1 asked                      somebody of ours would like to be put in touch about an entry of yours
asked     1 accepted, with details   or declined, which may become accepted while the asker still asks
asker   2 asked, with details        by itself: these were chosen when asking, and stayed at home until now
either    withdrawn                  final; texts and details are gone
```
Details thus leave a node only when both have agreed. A side carries what it knows of the other (`seen`, `heard`):
that is how a version is acknowledged, and how a node that was restored from a backup learns what it has said since.
Pure: a node keeps a `Held` for each introduction, and every step makes a new one or raises.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from fednet.errors import FednetError, LimitError, RefusedError
from fednet.feed.record import check_handle
from fednet.feed.text import utc_time

MAX_SIDE = 16 * 1024
"""Bytes of a side as JSON."""
MAX_TEXT = 4_000
MAX_TITLES, MAX_TITLE = 8, 200
"""Titles of an entry, and characters of each, and of the name of its organisation."""
MAX_NAME, MAX_NOTE = 120, 500
MAX_EACH, MAX_EMAIL, MAX_PHONE = 5, 254, 40
"""E-mail addresses, and telephone numbers, of a side; and characters of each."""
MAX_VERSION = 1_000
MAX_CLAIMED = 900
"""The highest version of its own side that a restored node believes the other to hold: so that there is always room
for what it says next, above all that it withdraws."""
MAX_ASKS_A_DAY = 50
"""Introductions that one network may begin here within 24 hours."""
MAX_WAITING = 200
"""Introductions that one network may have waiting here for an answer."""

Stance = Literal["asked", "accepted", "declined", "withdrawn"]
Role = Literal["asker", "asked"]
State = Literal["waiting", "accepted", "introduced", "declined", "taken-back"]
"""`accepted`: by the asked side; the asker's details are on their way, and come by themselves."""

_Short = Annotated[str, Meta(max_length=MAX_TITLE)]
_Address = Annotated[str, Meta(max_length=MAX_EMAIL)]
_Number = Annotated[str, Meta(max_length=MAX_PHONE)]
_Version = Annotated[int, Meta(ge=1, le=MAX_VERSION)]


class OutOfOrderError(FednetError):
    """This introduction has gone on, or ended: what was asked for cannot follow on that."""

    word = "out-of-order"
    status = 409


class Spoken(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a side says of its own entry; all empty when it asks for no entry in particular.

    `titles` by language; `organization` is a name.
    """

    handle: Annotated[str, Meta(max_length=36)] = ""
    type: Annotated[str, Meta(max_length=40)] = ""
    titles: Annotated[dict[Annotated[str, Meta(max_length=35)], _Short], Meta(max_length=MAX_TITLES)] = msgspec.field(
        default_factory=dict
    )
    organization: _Short = ""

    def __post_init__(self) -> None:
        if self.handle:
            _checked_handle(self.handle)


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a side is reached: told when both have agreed, and never before."""

    name: Annotated[str, Meta(max_length=MAX_NAME)] = ""
    emails: Annotated[tuple[_Address, ...], Meta(max_length=MAX_EACH)] = ()
    phones: Annotated[tuple[_Number, ...], Meta(max_length=MAX_EACH)] = ()
    note: Annotated[str, Meta(max_length=MAX_NOTE)] = ""

    @property
    def reaches(self) -> bool:
        """Whether they name anybody, or a way."""
        return any(one.strip() for one in (self.name, self.note, *self.emails, *self.phones))


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """One network's word in one introduction.

    `introduction`: a UUID by whoever asks. `about`: the entry that was asked about, of the asked network. `seen` and
    `heard`: version and stance of the other side as held by whoever speaks; 0 and empty before there is one. `at`: an
    instant (`2026-11-21T18:00:00Z`).
    """

    introduction: str
    version: _Version
    stance: Stance
    about: str
    at: str
    seen: Annotated[int, Meta(ge=0, le=MAX_VERSION)] = 0
    heard: Stance | Literal[""] = ""
    own: Spoken = Spoken()
    text: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    language: Annotated[str, Meta(max_length=35)] = ""
    details: Details | None = None

    def __post_init__(self) -> None:
        _checked_handle(self.introduction)
        _checked_handle(self.about)
        _checked_time(self.at)
        if (self.seen == 0) != (self.heard == ""):
            raise ValueError("seen and heard speak of one side")
        if self.stance == "accepted" and self.details is None:
            raise ValueError("whoever accepts gives details")
        if self.stance in ("declined", "withdrawn") and self.details is not None:
            raise ValueError(f"{self.stance} sides carry no details")
        if self.stance == "withdrawn" and self.text:
            raise ValueError("withdrawn sides carry no text")


class Seen(NamedTuple):
    """The other's side of an introduction is held in this version by one who has no word of its own to tell yet."""

    introduction: str
    version: int


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """An introduction as one of the two nodes holds it.

    `own`: None before this side has spoken. `details`: the asker's, which stay here until the other has accepted.
    `delivered`: the version of `own` that the other is known to hold. `restored`: since when this node, restored from
    a backup, does not know what it said last; it tells nothing before it has heard what the other holds.
    """

    role: Role
    own: Side | None = None
    other: Side | None = None
    details: Details | None = None
    delivered: int = 0
    restored: str = ""

    @property
    def asker(self) -> Side | None:
        return self.own if self.role == "asker" else self.other

    @property
    def asked(self) -> Side | None:
        return self.own if self.role == "asked" else self.other

    @property
    def state(self) -> State:
        """What results of the two sides."""
        return state(self.asker, self.asked)

    @property
    def undelivered(self) -> bool:
        """Whether the other does not know yet what this side says now, and it matters."""
        if self.own is None or self.own.version <= self.delivered:
            return False
        return self.own.stance == "withdrawn" or self.other is None or self.other.stance != "withdrawn"

    @property
    def version(self) -> int:
        """Of the own side; 0 before it has spoken."""
        return self.own.version if self.own else 0


def state(asker: Side | None, asked: Side | None) -> State:
    """What results of two sides. Either may be missing: the asker's when it was lost with an older database."""
    stances = {side.stance for side in (asker, asked) if side}
    if "withdrawn" in stances:
        return "taken-back"
    if "declined" in stances:
        return "declined"
    if "accepted" not in stances:
        return "waiting"
    return "introduced" if asker is not None and asker.details is not None else "accepted"


def encoded(side: Side) -> bytes:
    """A side as it travels. LimitError for one that is too long."""
    raw = msgspec.json.encode(side)
    if len(raw) > MAX_SIDE:
        raise LimitError(f"a side of {len(raw)} bytes, at most {MAX_SIDE} are told", hint="write a shorter text")
    return raw


# --- what the own side does -------------------------------------------------------------------------------------------


def asking(introduction: str, about: str, own: Spoken, text: str, language: str, details: Details, at: str) -> Held:
    """The asker's first word. Its details stay at home."""
    side = Side(introduction, 1, "asked", about, at, own=own, text=text, language=language)
    encoded(msgspec.structs.replace(side, details=details, seen=MAX_VERSION, heard="accepted"))  # as it will be
    return Held("asker", side, details=details)


def accepting(held: Held, own: Spoken, details: Details, at: str, text: str = "", language: str = "") -> Held:
    """The asked side agrees, also after it had declined."""
    _check_asked(held)
    if held.own is not None and held.own.stance != "declined":
        raise OutOfOrderError(_ENDED[held.state])
    return _says(held, "accepted", at, own=own, text=text, language=language, details=details)


def declining(held: Held, at: str, text: str = "", language: str = "") -> Held:
    """The asked side does not agree; it may still do so later."""
    _check_asked(held)
    if held.own is not None:
        raise OutOfOrderError(_ENDED[held.state])
    return _says(held, "declined", at, text=text, language=language)


def withdrawing(held: Held, at: str) -> Held:
    """This side takes back whatever it said, or will never say more; nothing changes when it did so before."""
    if held.own is not None and held.own.stance == "withdrawn":
        return held
    ended = _says(held, "withdrawn", at)
    return msgspec.structs.replace(ended, other=_without_details(held.other), details=None)


def without_texts(held: Held) -> Held:
    """The same course with no text, title or detail left in it."""
    return msgspec.structs.replace(held, own=_bare(held.own), other=_bare(held.other), details=None)


def words(held: Held) -> set[str]:
    """All that anybody wrote, or is called, in an introduction."""
    found = {*_words_of(held.details)}
    for side in filter(None, (held.own, held.other)):
        found |= {side.text, side.own.organization, *side.own.titles.values(), *_words_of(side.details)}
    return found - {""}


def _words_of(details: Details | None) -> tuple[str, ...]:
    return () if details is None else (details.name, details.note, *details.emails, *details.phones)


def erased(handle: str) -> str:
    """What stands for the handle of an entry that was erased: a UUID that leads back to nothing."""
    digest = bytearray(sha256(f"fednet erased entry v1\n{handle}\n".encode()).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x40, digest[8] & 0x3F | 0x80
    text = digest.hex()
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


def without_organization(held: Held, role: Role) -> Held:
    """The same course without the name of the organisation on one side, whose record was erased.

    Of the own side that is its next version, so that the other replaces what it holds.
    """
    side = held.own if role == held.role else held.other
    if side is None or not side.own.organization:
        return held
    side = msgspec.structs.replace(side, own=msgspec.structs.replace(side.own, organization=""))
    if role != held.role:
        return msgspec.structs.replace(held, other=side)
    own = msgspec.structs.replace(side, version=min(side.version + 1, MAX_VERSION))
    return msgspec.structs.replace(held, own=own)


def without_handle(held: Held, handle: str) -> Held:
    """The same course without the handle of an entry that was erased, or goes on under another one."""
    own, other = _without_handle(held.own, handle), _without_handle(held.other, handle)
    return msgspec.structs.replace(held, own=own, other=other)


def _without_handle(side: Side | None, handle: str) -> Side | None:
    if side is None:
        return None
    about = erased(handle) if side.about == handle else side.about
    own = msgspec.structs.replace(side.own, handle=erased(handle)) if side.own.handle == handle else side.own
    return msgspec.structs.replace(side, about=about, own=own)


def _is_same_entry(one: str, other: str) -> bool:
    """Whether two handles are of one entry, which may be erased already as far as either side knows."""
    return one == other or bool(one and other and (erased(one) == other or one == erased(other)))


def mirrored(held: Held) -> Held:
    """The same introduction as its other side holds it, for two who are at one node."""
    return Held("asked" if held.role == "asker" else "asker", held.other, held.own)


_WORDS: dict[Role, tuple[Stance, ...]] = {
    "asked": ("asked", "withdrawn"),
    "asker": ("accepted", "declined", "withdrawn"),
}
"""What a node that holds this role may hear of the other."""

_ENDED: dict[State, str] = {
    "waiting": "nobody has answered yet",
    "accepted": "this was accepted already",
    "introduced": "the two are introduced already",
    "declined": "this was declined already",
    "taken-back": "this was taken back",
}


def _check_asked(held: Held) -> None:
    if held.role != "asked":
        raise OutOfOrderError("only whoever was asked can answer")
    if held.other is None or held.state == "taken-back":
        raise OutOfOrderError(_ENDED["taken-back"])


def _says(
    held: Held,
    stance: Stance,
    at: str,
    *,
    own: Spoken | None = None,
    text: str = "",
    language: str = "",
    details: Details | None = None,
) -> Held:
    """The next version of the own side."""
    known = held.own or held.other
    if known is None:
        raise OutOfOrderError("nobody has said anything yet")
    if held.version >= MAX_VERSION and stance != "withdrawn":
        raise LimitError(f"at most {MAX_VERSION} words are said in one introduction")
    spoken = own or (held.own.own if held.own else Spoken())
    side = Side(
        known.introduction, min(held.version + 1, MAX_VERSION), stance, known.about, at,
        own=spoken, text=text, language=language, details=details,
    )  # fmt: skip
    encoded(msgspec.structs.replace(side, seen=MAX_VERSION, heard="withdrawn"))  # the longest that it travels as
    return msgspec.structs.replace(held, own=side)


def _bare(side: Side | None) -> Side | None:
    """Who, which version, which stance: nothing that anybody wrote."""
    if side is None:
        return None
    blank = None if side.details is None else Details()
    return msgspec.structs.replace(side, own=Spoken(side.own.handle), text="", language="", details=blank)


# --- what is told, and what is heard ----------------------------------------------------------------------------------


def telling(held: Held) -> Side | Seen | None:
    """What a message to the other says of an introduction: the own side; that theirs has come; or nothing.

    To one that has withdrawn nothing that anybody wrote is told any more, even if it was told before.
    """
    if held.own is not None and not held.restored:
        if held.other is None:
            return held.own
        own = _over(held.own) if held.other.stance == "withdrawn" else held.own
        return msgspec.structs.replace(own, seen=held.other.version, heard=held.other.stance)
    return None if held.other is None else Seen(held.other.introduction, held.other.version)


def _over(side: Side) -> Side:
    """Which version and which stance: an acceptance keeps its form."""
    blank = Details() if side.stance == "accepted" else None
    return msgspec.structs.replace(side, own=Spoken(side.own.handle), text="", language="", details=blank)


def taking(held: Held | None, side: Side, at: str, restored: str = "") -> Held:
    """What this node holds after it has heard `side` of the other; RefusedError for what cannot follow.

    Repeated and older sides change nothing but what is known to be delivered. `at`: now, for what this side then says
    by itself. `restored`: when this node was restored from a backup, if ever: it may have forgotten whole
    introductions.
    """
    if held is None:
        return _first(side, at, restored)
    _check_role(held, side)
    before, held = held, _heard(held, side, at, restored)
    if held.other is None or side.version > held.other.version:
        _check_follows(held, side)
        _check_reaches(before, held, side, restored)
        known = held.own or held.other or side
        held = msgspec.structs.replace(held, other=msgspec.structs.replace(_agreed(held, side), about=known.about))
    return _settled(held, at)


def _agreed(held: Held, side: Side) -> Side:
    """A newer word of an asker to whom this side has agreed: what was agreed to stays as it was read, and details that
    were told are not taken away; an organisation that was erased is no longer named."""
    before = held.other
    if before is None or before.stance != "asked" or side.stance != "asked":
        return side
    if held.own is None or held.own.stance != "accepted":
        return side
    named = before.own.organization if side.own.organization else ""
    own = msgspec.structs.replace(before.own, handle=side.own.handle, organization=named)
    details = before.details if side.details is None else side.details
    return msgspec.structs.replace(side, own=own, text=before.text, language=before.language, details=details)


def acknowledged(held: Held, version: int, at: str, restored: str = "") -> Held:
    """The other holds this version of the own side and has not spoken yet. RefusedError when it was never said."""
    if version <= held.version:
        return msgspec.structs.replace(held, delivered=max(held.delivered, version), restored="")
    if not (held.restored or restored) or held.own is None or version > MAX_CLAIMED:
        raise RefusedError(f"version {version} of this side was never said, {held.version} was the last")
    # before the other has spoken only the asker can have said more: that it asks no longer
    return withdrawing(msgspec.structs.replace(held, restored="", own=_renumbered(held, version)), at)


def _first(side: Side, at: str, restored: str) -> Held:
    """An introduction that was never heard of, or was lost with an older database."""
    if side.stance in ("accepted", "declined"):
        if not restored or side.seen > MAX_CLAIMED:
            raise RefusedError("this answers nothing that was asked here")
        lost = Side(side.introduction, side.seen + 1, "withdrawn", side.about, at)
        return Held("asker", lost, _bare(_without_details(side)))
    fresh = Held("asked", other=_without_details(side))
    if side.seen == 0 and side.details is None:
        return fresh
    if not restored:
        raise RefusedError("this goes on from a word that was never said here")
    held = _heard(fresh, side, at, restored)
    _check_follows(msgspec.structs.replace(held, other=None), side)
    return _settled(msgspec.structs.replace(held, other=side), at)


def _check_role(held: Held, side: Side) -> None:
    """A side of whoever is the other one here, about the same entries."""
    if side.stance not in _WORDS[held.role]:
        raise RefusedError(f"{side.stance} is not for that side to say")
    known = held.own or held.other
    if known is not None and side.introduction != known.introduction:
        raise RefusedError("this speaks of another introduction")
    if known is not None and not _is_same_entry(side.about, known.about):
        raise RefusedError("this speaks of another entry than before")
    if held.other is not None and side.stance != "withdrawn" and _handle_changed(held.other, side):
        raise RefusedError("the other side speaks for another entry than before")


def _handle_changed(before: Side, side: Side) -> bool:
    return before.stance == "asked" and not _is_same_entry(before.own.handle, side.own.handle)


def _heard(held: Held, side: Side, at: str, restored: str) -> Held:
    """What the other holds of the own side: delivered, or said before this node was restored and lost with it."""
    since = held.restored or restored
    if side.seen > held.version and (not since or side.seen > MAX_CLAIMED):
        raise RefusedError(f"version {side.seen} of this side was never said, {held.version} was the last")
    fresh = msgspec.structs.replace(held, restored="")
    if side.seen > held.version or (held.restored and side.seen == held.version and side.seen > 0):
        return _recovered(fresh, side, since, at)
    return msgspec.structs.replace(fresh, delivered=side.seen if held.restored else max(held.delivered, side.seen))


def _recovered(held: Held, side: Side, restored: str, at: str) -> Held:
    """The own side as the other holds it; a word said after restoring stands above that, unless it is final."""
    stance = side.heard
    if side.seen == held.version and held.own is not None and stance == held.own.stance:
        return msgspec.structs.replace(held, delivered=side.seen)
    if stance not in _WORDS["asker" if held.role == "asked" else "asked"]:
        raise RefusedError(f"{stance or 'nothing'} cannot have been this side's word")
    if stance == "withdrawn":
        held = withdrawing(held, at)
    elif held.own is not None and held.own.at >= restored:
        return msgspec.structs.replace(held, own=_renumbered(held, side.seen + 1), delivered=side.seen)
    elif stance == "asked":  # with the details, if the other has accepted: they are told again
        return msgspec.structs.replace(held, own=_renumbered(held, side.seen), delivered=side.seen)
    return msgspec.structs.replace(held, own=_lost(held, side, stance, at), delivered=side.seen)


def _lost(held: Held, side: Side, stance: Stance, at: str) -> Side:
    """A word that was said and is known by its stance alone."""
    details = Details() if stance == "accepted" else None
    own = held.own.own if held.own else Spoken(side.about if held.role == "asked" else "")
    return Side(side.introduction, side.seen, stance, side.about, at, own=own, details=details)


def _renumbered(held: Held, version: int) -> Side | None:
    return None if held.own is None else msgspec.structs.replace(held.own, version=version)


def _check_follows(held: Held, side: Side) -> None:
    """Whether a newer word may take the place of the one that is held."""
    before = held.other.stance if held.other else ""
    if before == "withdrawn" and side.stance != "withdrawn":
        raise RefusedError("the other side had withdrawn, which is final")
    if before == "accepted" and side.stance == "declined":
        raise RefusedError("what was accepted is not declined any more, only withdrawn")
    own = held.own.stance if held.own else ""
    if side.stance == "asked" and side.details is not None and own not in ("accepted", "withdrawn"):
        raise RefusedError("details came before anybody here had accepted")


def _check_reaches(before: Held, held: Held, side: Side, restored: str) -> None:
    """Nobody is told details for none, and nobody holds theirs back once they have the other's.

    Only a node that was restored may say by an empty acceptance that it has accepted: to one that was restored as well,
    and has told its details already, as the other remembers.
    """
    if side.details is None or side.details.reaches or (held.own is not None and held.own.stance == "withdrawn"):
        return
    since = before.restored or restored
    if side.stance == "accepted":
        own = before.own
        since = since if own is not None and own.at < since and side.seen > own.version else ""
    if not since:
        raise RefusedError("details by which nobody can be reached")


def _settled(held: Held, at: str) -> Held:
    """What follows by itself: nobody keeps details of what is over, and the asker's are told when it is time."""
    if held.state == "taken-back":
        return msgspec.structs.replace(held, other=_without_details(held.other))
    return _told(held, at)


def _told(held: Held, at: str) -> Held:
    """The asker's details, as soon as the other has accepted."""
    own, other = held.own, held.other
    if held.role == "asked" or own is None or own.details is not None or held.details is None or held.restored:
        return held
    if own.stance != "asked" or other is None or other.stance != "accepted" or held.version >= MAX_VERSION:
        return held
    if other.details is None or not other.details.reaches:  # both were restored, and it says that it holds them already
        return msgspec.structs.replace(held, own=msgspec.structs.replace(own, details=Details()), details=None)
    told = msgspec.structs.replace(own, version=own.version + 1, details=held.details, at=at)
    return msgspec.structs.replace(held, own=told, details=None)


def _without_details(side: Side | None) -> Side | None:
    """Of a side that may not be known any more: an acceptance keeps its form."""
    if side is None or side.details is None:
        return side
    return msgspec.structs.replace(side, details=Details() if side.stance == "accepted" else None)


def _checked_handle(text: str) -> None:
    """As `check_handle`, said so that a decoder understands it."""
    try:
        check_handle(text)
    except FednetError as error:
        raise ValueError(error.detail) from None


def _checked_time(text: str) -> None:
    try:
        utc_time(text)
    except FednetError as error:
        raise ValueError(error.detail) from None
