"""Joining this network: an organisation applies, members speak for it, the secretariat decides.

```
apply -> waits <-> asked            a question of the secretariat, an answer of the applicant
         waits, asked -> approved   records and account are made in the transaction that decides
         waits, asked -> declined   many at once too, for one reason
         waits, asked -> withdrawn  what was filled in is destroyed at once
```
Each step is compare-and-swap: what somebody else decided meanwhile is not decided again, and nobody approves or
endorses what the applicant has changed since they looked (`version_of`). What was filled in is destroyed after
`KEEP_DECIDED`; who is reached where, of whoever is approved, at once: that is a record of its own by then. Letters are
for the edge to write: it hands in `tell`, which is called in the transaction of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import ChangedError, FednetError, NotFoundError, UsageError
from fednet.feed.text import utc_text
from fednet.listing import ListingError
from fednet.listing.check import text as checked_text
from fednet.listing.check import url
from fednet.node import accounts, edits, links, post, terms
from fednet.node.home import Home
from fednet.store import accounts as people
from fednet.store import applications, destruction, drafts, feeds
from fednet.store.accounts import Account
from fednet.store.applications import OPEN, Application, Endorsement, Message
from fednet.store.circles import PARTNERS, PUBLIC

MAX_OPEN = 500
"""Applications that nobody has decided."""
MAX_OF_ONE = 3
"""Of these, from one address."""
MAX_DOCUMENTS = 10
MAX_OFFERED = 1_000
"""Members whom an applicant may choose from."""
MAX_TEXT = 4_000
MAX_ENTRY = 32_768
"""Bytes of each of the two records that an applicant fills in: what is too long cannot be approved."""
MAX_MESSAGES = 60
"""Characters of a message; messages of one application."""

KEEP_DECIDED = timedelta(days=90)
"""How long what was filled in is kept of an application that was approved or declined."""
LINK_LASTS = timedelta(days=400)
ENDORSING_LASTS = timedelta(days=60)

ORGANIZATION = (
    "names description original acronym former_names type refugee_led website seat countries services client_groups "
    "languages identifiers"
).split()
CONTACT = ["emails", "phones", "address", "person"]
"""Fields of the records that an applicant fills in."""

_SOMEBODY = "00000000-0000-4000-8000-000000000000"


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An application as it is kept. `circle`: in which of `public` and `partners` the entry is to be; `why`: in the
    applicant's own words; `documents`: addresses, which this node never opens; `endorsers`: handles of members."""

    organization: dict[str, Any]
    contact: dict[str, Any]
    circle: Literal["public", "partners"] = "public"
    category: str = ""
    why: str = ""
    documents: tuple[str, ...] = ()
    endorsers: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """Where the applicant is reached, and signs in later."""
        return str(self.contact["emails"][0])

    @property
    def title(self) -> str:
        found = listing.parse(listing.encode({**self.organization, "kind": "organization"}))
        return listing.title(found) if found is not None else ""


class Applied(NamedTuple):
    """A new application; `secret` is that of its page, for the applicant."""

    id: int
    secret: str


class Approved(NamedTuple):
    """What an application became. `secret` is that of the account's welcome link."""

    handle: str
    contact: str
    account: Account
    secret: str


class Asked(NamedTuple):
    """What a member was asked to endorse; `version` names what was filled in."""

    application: int
    name: str
    at: str
    verdict: str | None
    version: str


Tell = Callable[[Database], object]


# --- what applicants do -----------------------------------------------------------------------------------------------


def read(home: Home, fields: Mapping[str, Any]) -> Form:
    """What was filled in, checked strictly; raises ListingError naming the field, or UsageError."""
    try:
        form = msgspec.convert(dict(fields), Form)
    except msgspec.ValidationError as error:
        raise UsageError(f"no application: {error}") from None
    organization = _checked("organization", form.organization, ORGANIZATION)
    contact = _checked("contact", {**form.contact, "organization": _SOMEBODY}, [*CONTACT, "organization"])
    del contact["organization"]
    if not contact.get("emails"):
        raise ListingError("emails", None, "an e-mail address is needed")
    categories = home.config.joining.categories
    if categories and form.category not in categories:
        raise ListingError("category", None, "choose one of the categories")
    return Form(
        organization=organization,
        contact=contact,
        circle=form.circle,
        category=form.category if categories else "",
        why=_text(form.why, "why"),
        documents=tuple(url(one, "documents") for one in form.documents if one.strip())[:MAX_DOCUMENTS],
        endorsers=_endorsers(home, form.endorsers),
    )


def _checked(kind: str, fields: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    body = edits.body_of({name: value for name, value in fields.items() if name in known} | {"kind": kind})
    if len(body) > MAX_ENTRY:
        raise UsageError("what was filled in is too long", hint="tell the network more about it once you are a member")
    found: dict[str, Any] = msgspec.json.decode(body)
    del found["kind"]
    return found


def _text(text: str, field: str) -> str:
    found = checked_text(text, field)
    if len(found) > MAX_TEXT:
        raise ListingError(field, None, f"is longer than {MAX_TEXT} characters")
    return found


def _endorsers(home: Home, named: Collection[str]) -> tuple[str, ...]:
    wanted = home.config.joining.endorsements
    found = tuple(dict.fromkeys(named))
    if not wanted:
        return ()
    with home.store.reading() as db:
        offered = members(db, home)
    if any(handle not in offered for handle in found):
        raise ListingError("endorsers", None, "choose members from the list")
    if len(found) != min(wanted, len(offered)):
        raise ListingError("endorsers", None, f"choose {min(wanted, len(offered))} different members")
    return found


def members(db: Database, home: Home) -> dict[str, str]:
    """This network's members that everybody may know of, by name: handle -> name. Where no entry says that it is of a
    member, all own organisations."""
    found: dict[str, str] = {}
    others: dict[str, str] = {}
    feed = feeds.feed(db, home.network, PUBLIC)
    for handle, body in drafts.bodies_with(db, [feed.id] if feed else [], '"kind":"organization"'):
        listed = listing.parse(body)
        waiting = drafts.draft(db, handle)
        stands = waiting is None or (waiting.body is not None and waiting.circle == PUBLIC)
        if stands and isinstance(listed, listing.Organization):
            (found if listed.membership else others)[handle] = listing.title(listed)
    return dict(sorted((found or others).items(), key=lambda one: one[1].casefold())[:MAX_OFFERED])


def apply(
    home: Home, form: Form, language: str, now: datetime, tell: Callable[[Database, Applied], object] | None = None
) -> Applied:
    """A new application. Raises UsageError when too many wait, in all or of this applicant."""
    with home.store.writing() as db:
        if applications.count_open(db) >= MAX_OPEN:
            raise UsageError("too many applications wait already", hint="please write to the network instead")
        if applications.count_open(db, form.email) >= MAX_OF_ONE:
            raise UsageError(
                "there are applications with this e-mail address already", hint="use the link that you were given"
            )
        id_ = applications.add(db, msgspec.to_builtins(form), form.email, language, now)
        applications.name_endorsers(db, id_, form.endorsers)
        applied = Applied(id_, link_for(db, id_, now))
        if tell:
            tell(db, applied)
    return applied


def link_for(db: Database, id_: int, now: datetime) -> str:
    """A secret more for the page of an application; those before work as well."""
    return links.make(db, "apply", subject=str(id_), now=now, lasts=LINK_LASTS)


def new_link(home: Home, id_: int, now: datetime) -> str:
    """A new secret for the page of an application, whose applicant has lost the old one: that works no more."""
    with home.store.writing() as db:
        links.forget(db, "apply", subject=str(find(db, id_).id))
        return link_for(db, id_, now)


def by_secret(db: Database, secret: str, now: datetime) -> Application:
    """The application whose page has that secret; raises NotFoundError."""
    return find(db, int(links.find(db, "apply", secret, now).subject))


def find(db: Database, id_: int) -> Application:
    found = applications.application(db, id_)
    if found is None:
        raise NotFoundError("there is no such application")
    return found


def form_of(application: Application) -> Form | None:
    """What was filled in; None once it is destroyed."""
    return msgspec.convert(application.fields, Form) if application.fields else None


def version_of(application: Application) -> str:
    """A word that differs when the applicant has filled in or said something else."""
    said = [application.fields, [one.text for one in application.messages if one.by == "applicant"]]
    return sha256(msgspec.json.encode(said, order="sorted")).hexdigest()[:32]


def _check_seen(application: Application, seen: str | None) -> None:
    """Refuse to act on an application that is another one than somebody saw; None: by whoever looks at no page."""
    if seen is not None and seen != version_of(application):
        raise ChangedError("the applicant has changed this application meanwhile", hint="look at it again")


def answer(home: Home, id_: int, text: str, now: datetime, tell: Tell | None = None) -> None:
    """The applicant says something: the application waits for the secretariat again."""
    said = Message("applicant", utc_text(now), _message(text))
    with home.store.writing() as db:
        _turn(db, id_, "waits", now)
        _say(db, id_, said)
        if tell:
            tell(db)


def change(home: Home, id_: int, form: Form, now: datetime) -> None:
    """The applicant fills in something else: who has spoken for what it was has not spoken for that."""
    with home.store.writing() as db:
        before = form_of(find(db, id_))
        _turn(db, id_, "waits", now)
        applications.refill(db, id_, msgspec.to_builtins(form), form.email)
        if form != before:
            applications.unsay(db, id_)
        applications.name_endorsers(db, id_, form.endorsers)
        destruction.owe(db, prompt=True)


def withdraw(home: Home, id_: int, now: datetime) -> None:
    """The applicant takes it back: nothing that was filled in stays."""
    with home.store.writing() as db:
        _turn(db, id_, "withdrawn", now)
        applications.empty(db, id_)
        destruction.owe(db, prompt=True)


# --- what the secretariat does ----------------------------------------------------------------------------------------


def ask_back(home: Home, id_: int, text: str, now: datetime, tell: Callable[[Database, str], object]) -> None:
    """A question to the applicant; `tell` gets a secret of the page on which to answer."""
    said = Message("network", utc_text(now), _message(text))
    with home.store.writing() as db:
        _turn(db, id_, "asked", now)
        _say(db, id_, said)
        tell(db, link_for(db, id_, now))


def decline(
    home: Home, ids: Collection[int], reason: str, now: datetime,
    tell: Callable[[Database, Application], object] | None = None,
) -> None:  # fmt: skip
    """Not these, all or none; `reason` is for the applicants and may be empty."""
    reason = _text(reason, "reason")
    with home.store.writing() as db:
        for id_ in dict.fromkeys(ids):
            _turn(db, id_, "declined", now, reason=reason)
            if tell:
                tell(db, find(db, id_))


def approve(
    home: Home, id_: int, now: datetime, tell: Callable[[Database, Approved], object] | None = None,
    *, seen: str | None = None,
) -> Approved:  # fmt: skip
    """Make an applicant a member: its entry, its contact, its account, and the decision, all or nothing.

    Raises ChangedError when it was decided meanwhile, or is another one than was `seen` (`version_of`); ListingError or
    UsageError when something of it cannot be.
    """
    with home.store.writing() as db:
        application = find(db, id_)
        _check_seen(application, seen)
        form = form_of(application)
        if form is None or not application.open:
            raise _decided()
        confirmed = _confirmed(application, form)
        fields = {**_entry(home, form, now), "confirmed": confirmed}
        entry = edits.add_in(db, home, "organization", fields, now, form.circle)
        about = {**form.contact, "organization": entry.handle, "confirmed": confirmed}
        contact = edits.add_in(db, home, "contact", about, now, PARTNERS)
        account, secret = accounts.invite_in(
            db,
            name=form.contact.get("person") or form.title,
            email=form.email,
            role="organization",
            organization=entry.handle,
            language=application.language,
            now=now,
        )
        _turn(db, id_, "approved", now, handle=entry.handle)
        approved = Approved(entry.handle, contact.handle, account, secret)
        if tell:
            tell(db, approved)
        for earlier in applications.closed_of(db, form.email):
            applications.empty(db, earlier)
        applications.without_contact(db, id_)
        destruction.owe(db, prompt=True)
    return approved


def _entry(home: Home, form: Form, now: datetime) -> dict[str, Any]:
    """The entry as it is listed: a member for a term from today on."""
    since = terms.today(home, now)
    months = home.config.joining.term_months
    membership = {"category": form.category, "since": since.isoformat()}
    if months:
        membership["until"] = terms.later(since, months).isoformat()
    return {**form.organization, "membership": membership}


def _confirmed(application: Application, form: Form) -> dict[str, str]:
    """Who has confirmed what was filled in, and when: the applicant, as it last said something."""
    said = [one.at for one in application.messages if one.by == "applicant"]
    return {"at": max([application.at, *said])[:10], "by": form.title}


def sweep(home: Home, now: datetime) -> int:
    """Destroy what was filled in by those about whom was decided long ago; how many these were."""
    with home.store.reading() as db:
        if not applications.decided_before(db, now - KEEP_DECIDED):
            return 0
    with home.store.writing() as db:
        old = applications.decided_before(db, now - KEEP_DECIDED)
        for id_ in old:
            applications.empty(db, id_)
        destruction.owe(db, prompt=True)
    return len(old)


# --- members who speak for an applicant -------------------------------------------------------------------------------


class Reached(NamedTuple):
    """Where somebody of an organisation is reached by letter."""

    email: str
    language: str | None


def reached(db: Database, home: Home, handle: str) -> list[Reached]:
    """Those who keep the entry of an own organisation; else the addresses of its contacts."""
    keeping = [
        Reached(account.email, account.language)
        for account in people.accounts(db, handle)
        if account.role == "organization" and account.ended_at is None
    ]
    return keeping or [Reached(email, None) for email in _contact_emails(db, home, handle)]


def _contact_emails(db: Database, home: Home, handle: str) -> list[str]:
    found = []
    for own in edits.referring(db, home, handle):
        fields = own.fields
        if fields.get("kind") == "contact" and fields.get("organization") == handle:
            found += [email for email in fields.get("emails", ())[:1] if _is_address(email)]
    return list(dict.fromkeys(found))[:3]


def _is_address(email: object) -> bool:
    try:
        return bool(post.check_address(str(email)))
    except FednetError:
        return False


def ask_endorsers(
    home: Home, id_: int, now: datetime, tell: Callable[[Database, Application, Endorsement, str], object]
) -> dict[str, str]:
    """Ask each member whom the applicant named and who has not said yet: handle -> secret of the page to say it on.

    Earlier secrets work no more.
    """
    secrets = {}
    with home.store.writing() as db:
        application = find(db, id_)
        if not application.open:
            raise _decided()
        for one in applications.endorsements(db, id_):
            if one.verdict is None:
                subject = f"{id_} {one.organization}"
                links.forget(db, "endorse", subject=subject)
                secret = links.make(db, "endorse", subject=subject, now=now, lasts=ENDORSING_LASTS)
                applications.ask(db, id_, one.organization, now)
                tell(db, application, one, secret)
                secrets[one.organization] = secret
    return secrets


def endorsing(db: Database, secret: str, now: datetime) -> tuple[Application, str]:
    """The application that a link asks about, and the member it asks; raises NotFoundError."""
    id_, _space, handle = links.find(db, "endorse", secret, now).subject.partition(" ")
    return find(db, int(id_)), handle


def endorsements_for(home: Home, handle: str) -> list[Asked]:
    """What a member was asked to endorse, of applications that nobody has decided; those it has not answered first."""
    with home.store.reading() as db:
        found = []
        for one in applications.asked_of(db, handle):
            about = find(db, one.application_id)
            form = form_of(about)
            title, version = form.title if form else "", version_of(about)
            found.append(Asked(about.id, title, one.asked_at or "", one.verdict, version))
    return sorted(found, key=lambda one: one.verdict is not None)


def endorse(
    home: Home, id_: int, handle: str, verdict: str, by: str, now: datetime,
    *, secret: str | None = None, seen: str | None = None,
) -> None:  # fmt: skip
    """A member says "endorsed" or "declined", once. `by`: the name of an account, or empty by a link.

    Raises ChangedError when it has said, was not asked, the application is decided, or another one than was `seen`.
    """
    if verdict not in ("endorsed", "declined"):
        raise UsageError("say whether you endorse it")
    with home.store.writing() as db:
        _check_seen(find(db, id_), seen)
        if not applications.endorse(db, id_, handle, verdict, by, now):
            raise ChangedError("this was answered or decided already")
        if secret is not None:
            links.use(db, links.find(db, "endorse", secret, now), now)


# --- steps ------------------------------------------------------------------------------------------------------------


def _turn(
    db: Database,
    id_: int,
    after: applications.State,
    now: datetime,
    reason: str | None = None,
    handle: str | None = None,
) -> None:
    find(db, id_)
    if not applications.turn(db, id_, OPEN, after, now, reason=reason, handle=handle):
        raise _decided()


def _decided() -> ChangedError:
    return ChangedError("this application was decided already", hint="reload the page")


def _message(text: str) -> str:
    found = _text(text, "text")
    if not found:
        raise ListingError("text", None, "something must be said")
    return found


def _say(db: Database, id_: int, said: Message) -> None:
    if len(find(db, id_).messages) >= MAX_MESSAGES:
        raise UsageError("too much was said here already")
    applications.say(db, id_, said)
