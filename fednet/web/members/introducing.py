"""Being put in touch, as pages, for the desk and for members alike: asking, answering, and how it stands.

What somebody will read is shown before it is sent, in two columns: now, and only when they have said yes. `Whose`
tells the two places apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from secrets import token_urlsafe
from typing import NamedTuple, get_args

from starlette.requests import Request
from starlette.responses import Response

from fednet.directory import exchange
from fednet.directory.exchange import Entry
from fednet.directory.search import Hit
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.introduction import MAX_EACH, MAX_NAME, MAX_NOTE, MAX_TEXT, Details, OutOfOrderError, Role
from fednet.listing.check import is_handle
from fednet.node import edits, introductions, messages, reaching
from fednet.node.entries import SeveralListError
from fednet.node.home import Home
from fednet.node.introductions import Act, AskedAlreadyError, Introduction, Party
from fednet.node.messages import Undelivered
from fednet.node.own import title_of
from fednet.node.ownership import OF_MEMBERS
from fednet.node.preview import exposed
from fednet.web import show, translation
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import about, done, looked, see
from fednet.web.once import Once, form_of
from fednet.web.public.parties import page_of
from fednet.web.show import Templates, Text
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

ACTS: tuple[Act, ...] = get_args(Act)
"""What forms on the page of an introduction do, by the last part of their addresses."""
MAX_OFFERED = 60
"""Own entries among which somebody chooses for whom to ask."""

DONE = {
    "asked": noted("Asked. They read your words as soon as their node hears of it; how to reach you stays here."),
    "asked-here": noted("Asked. They read your words on their page here; how to reach you when they have said yes."),
    "accepted": noted(
        "You have said yes. They are told how to reach you as soon as their node hears of it; then you are told how to "
        "reach them."
    ),
    "accepted-here": noted("You have said yes. Each of you is told how to reach the other."),
    "declined": noted("You have said no. They are told that, and nothing but what you wrote."),
    "take-back": noted("Taken back. They are told so."),
    "outcome": noted("Thank you: what came of it counts in the report, without names."),
}
OUTCOMES = {
    "met": noted("It led to what was needed"),
    "partly-met": noted("It led to a part of it"),
    "not-met": noted("It led to nothing"),
    "none-yet": noted("Too early to say"),
}
STATES = {
    "waiting": noted("waits for an answer"),
    "accepted": noted("accepted; how to reach the two is on its way"),
    "introduced": noted("introduced"),
    "declined": noted("declined"),
    "taken-back": noted("taken back"),
}
CUT = {
    "unfollowed": noted("Their network is not followed any more, so that nothing more is told or heard."),
    "blocked": noted("Their network is blocked, so that nothing more is told or heard."),
    "frozen": noted("Their network has contradicted itself, so that nothing is told before somebody decides about it."),
}


TROUBLES = {
    "no-address": noted("This node knows no address of theirs: take a file to them, or wait until their node asks."),
    "unreachable": noted("Their node could not be reached."),
    "unknown-there": noted("They do not follow this network yet, or have not read its newest keys."),
    "not-spoken": noted("Their node takes no messages: it is a plain web host, or an older version of the program."),
    "busy": noted("Their node was busy."),
    "wrong-key": noted("Their node cannot open what is sealed to the key that it shows: tell their secretariat."),
    "refused": noted("Their node refused it: one of the two programs may be too old."),
    "not-believed": noted("What their node answered could not be believed."),
    "not-taken": noted("Their node has not taken all of it yet."),
    "frozen": noted("Their network has contradicted itself: somebody has to decide what counts."),
    "blocked": noted("Their network is blocked here."),
}
"""Why something was not delivered yet, by `fednet.node.messages.TROUBLES`."""
BY_FILE = frozenset({"no-address", "unreachable", "not-spoken"})
"""Troubles in which a file helps."""


def trouble(waits: Undelivered | None) -> str:
    """Why what waits was not delivered yet, in a sentence; empty when nothing was tried."""
    return _(TROUBLES[waits.trouble]) if waits is not None and waits.trouble in TROUBLES else ""


class Whose(NamedTuple):
    """Whose pages these are. `path`: how the addresses begin; `back` and `above`: what lies above, and what that is
    called. `ours`: the entry of a member, whose pages speak of no other (empty: the secretariat's). `circles`: what
    they may read (None: all)."""

    layout: str
    path: str
    back: str
    above: str
    ours: str = ""
    circles: frozenset[str] | None = None


class Typed(NamedTuple):
    """What was filled in, as it was typed."""

    ours: str = ""
    text: str = ""
    language: str = ""
    name: str = ""
    emails: str = ""
    phones: str = ""
    note: str = ""

    @property
    def written(self) -> bool:
        """Whether anything of it would be lost."""
        return any((self.text, self.name, self.emails, self.phones, self.note))


NO_ERRORS: Mapping[str, str] = dict.fromkeys(Typed._fields, "")


class Choice(NamedTuple):
    """An own entry for which somebody may ask."""

    handle: str
    name: str
    grade: str = ""


class Under(NamedTuple):
    """An introduction in a list: what the other side's entry is called, and the own one. `answers`: it waits for this
    side's word."""

    one: Introduction
    name: Text | None
    own: Text | None
    state: str
    answers: bool


class SideShown(NamedTuple):
    """One side of an introduction on a page; `listed`: its entry as it stands, if that may be read."""

    party: Party
    name: Text | None
    page: str | None
    listed: Hit | None


class UnclearError(UsageError):
    """What was typed cannot be told to anybody yet: what is wrong, by field."""

    status = 422

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("look at the fields that are marked below")
        self.errors = dict(errors)


class Introducing:
    """The pages of introductions of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        self._once = Once()

    # --- asking -----------------------------------------------------------------------------------------------------

    def new(self, request: Request, asked: Asked, visitor: Visitor, whose: Whose) -> Response:
        """The form that asks, what they would read, and asking."""
        theirs = first(asked, "theirs")
        if request.method != "POST":
            ours = whose.ours or first(asked, "ours")
            self._entry(theirs, visitor)  # NotFoundError: there is nothing to ask about
            typed = Typed(ours=ours, language=translation.speaking())
            try:
                introductions.addressee(self.home, theirs, whose.circles)
            except SeveralListError as error:
                return self._form(request, asked, visitor, whose, theirs, typed, error=error)
            return self._form(request, asked, visitor, whose, theirs, typed)
        typed = _typed(asked, whose)
        try:
            return self._asked(request, asked, visitor, whose, theirs, typed)
        except FednetError as error:
            return self._form(request, asked, visitor, whose, theirs, typed, error=error)

    def _asked(
        self, request: Request, asked: Asked, visitor: Visitor, whose: Whose, theirs: str, typed: Typed
    ) -> Response:
        if first(asked, "do") == "fill":
            filled = self._filled(typed, whose, typed.ours, "ours")
            return self._form(request, asked, visitor, whose, theirs, filled)
        words, now = (typed.text, typed.language, details_of(typed)), self.clock()
        entry = self._found(theirs, visitor)
        named = f"{entry.hit.network}:{theirs}" if entry else theirs
        if first(asked, "do") != "send" or first(asked, "looked") != digest(named, typed):
            preview = introductions.preview(self.home, theirs, typed.ours, *words, now, circles=whose.circles)
            return self._form(request, asked, visitor, whose, theirs, typed, preview=preview)

        def send() -> Response:
            made = introductions.ask(self.home, named, typed.ours, *words, visitor.name, now, circles=whose.circles)
            if not whose.ours:
                about(request, made.id)
            return see(f"{whose.path}/{made.id}?done={_code('asked', made)}")

        return self._once.answer(form_of(visitor.account.id if visitor.account else "", asked), send)

    def _form(
        self,
        request: Request,
        asked: Asked,
        visitor: Visitor,
        whose: Whose,
        theirs: str,
        typed: Typed,
        *,
        preview: introductions.Preview | None = None,
        error: FednetError | None = None,
    ) -> Response:
        entry = self._found(theirs, visitor)
        choices = [] if whose.ours else self._choices(entry, typed.ours, visitor)
        answer = self.page(
            "introduction-new.html",
            request,
            whose=whose,
            theirs=theirs,
            entry=entry,
            entry_name=show.names(entry.record, show.PAGE_NAMES)[0] if entry else None,
            entry_page=page_of("exchange", theirs),
            ours=self._title(typed.ours) if typed.ours else "",
            choices=choices,
            typed=typed,
            several=isinstance(error, SeveralListError),
            before=self._before(entry, whose),
            preview=preview,
            told=_told_at_once(typed.text) if preview else [],
            stays=titled(preview.now.own.titles) if preview else None,
            changed=preview is not None and first(asked, "do") == "send",
            digest=digest(f"{entry.hit.network}:{theirs}" if entry else theirs, typed),
            form=first(asked, "form") or token_urlsafe(16),
            languages=list(translation.LANGUAGES.items()),
            own_network=self.home.network.name,
            own_network_id=self.home.network.network,
            earlier=error.introduction if isinstance(error, AskedAlreadyError) else "",
            errors={**NO_ERRORS, **(error.errors if isinstance(error, UnclearError) else {})},
            error=error,
        )
        if error is None:
            looked(request)
        return answer

    def _before(self, entry: Entry | None, whose: Whose) -> list[Under]:
        """What became of asking about that entry before."""
        if entry is None:
            return []
        found = introductions.earlier(self.home, entry.hit.network, entry.hit.handle, whose.ours)
        return [under(one, one.seen_as) for one in found]

    def _choices(self, theirs: Entry | None, chosen: str, visitor: Visitor) -> list[Choice]:
        """Own open entries that the other side may know of, those that fit first."""
        store, now, own = self.home.store, self.clock(), self.home.network.network
        found: dict[str, Choice] = {}
        circles = introductions.readers(self.home, theirs.hit.network) if theirs else OF_MEMBERS
        if theirs is not None:
            for one in exchange.matches(store, theirs.hit.handle, visitor.reader, now, limit=MAX_OFFERED):
                other = one.other(theirs.hit.handle)
                if other.hit.network == own and other.hit.circle in circles:
                    found[other.hit.handle] = _choice(other, fits=True)
        asked = exchange.Asked(networks=(own,), limit=MAX_OFFERED)
        for entry in exchange.entries(store, asked, visitor.reader, now).entries:
            if entry.hit.circle in circles:
                found.setdefault(entry.hit.handle, _choice(entry))
        if theirs is not None:
            found.pop(theirs.hit.handle, None)
        if chosen and chosen not in found and (title := self._title(chosen)):
            found[chosen] = Choice(chosen, show.short(title, 160))
        return list(found.values())

    def _title(self, handle: str) -> str:
        """What an own entry is called, also before it is signed; empty when there is none."""
        try:
            with self.home.store.reading() as db:
                return title_of(edits.find(db, self.home, handle).body)
        except FednetError:
            return ""

    def _entry(self, handle: str, visitor: Visitor) -> Entry:
        return exchange.entry(self.home.store, handle, visitor.reader, self.clock())

    def _found(self, handle: str, visitor: Visitor) -> Entry | None:
        try:
            return self._entry(handle, visitor)
        except FednetError:  # not there, or not for this reader
            return None

    def _filled(self, typed: Typed, whose: Whose, handle: str, field: str) -> Typed:
        """With how the organisation of an own entry is listed to be reached, where that is listed.

        What else the network keeps of it, in circles that members do not read, is not shown to it.
        """
        circles = OF_MEMBERS if whose.ours else None
        found = reaching.suggested_details(self.home, handle, circles) if handle else None
        if found is None:
            said = _("No contact of its organisation is listed. Fill it in yourself, please.")
            raise UnclearError({"name": said} if handle else {field: _("Choose for which entry you ask first.")})
        emails, phones = ", ".join(found.emails), ", ".join(found.phones)
        return typed._replace(name=found.name, emails=emails, phones=phones, note=found.note or typed.note)

    # --- one introduction -------------------------------------------------------------------------------------------

    def find(self, request: Request, whose: Whose) -> tuple[Introduction, Role | None]:
        """The introduction that an address names, and whose side looks; NotFoundError for one of other entries."""
        id_ = str(request.path_params["id"])
        if not is_handle(id_):  # a part of one would tell whether others begin so
            raise NotFoundError("there is no such introduction")
        one = introductions.introduction(self.home, id_)
        if not whose.ours:
            return one, None
        if whose.ours not in (one.asker.handle, one.asked.handle):
            raise NotFoundError("there is no such introduction")
        role = introductions.role_of(one, whose.ours)
        return introductions.introduction(self.home, one.id, role), role

    def look(self, request: Request, asked: Asked, visitor: Visitor, whose: Whose) -> Response:
        return self._shown(request, asked, visitor, whose, Typed(language=translation.speaking()))

    def answer(self, request: Request, asked: Asked, visitor: Visitor, whose: Whose) -> Response:
        """Any act on an introduction, by the last part of the address. One form acts once, however often it comes;
        stale ones are told so, and lose nothing that was typed."""
        self.find(request, whose)
        sender = [visitor.account.id if visitor.account else "", request.url.path]
        if "form" not in asked:
            return self._act(request, asked, visitor, whose)
        return self._once.answer(form_of(sender, asked), lambda: self._act(request, asked, visitor, whose))

    def _act(self, request: Request, asked: Asked, visitor: Visitor, whose: Whose) -> Response:
        act = request.url.path.rpartition("/")[2]
        one, role = self.find(request, whose)
        typed = _typed(asked, whose)
        try:
            if act not in one.may(role):
                raise OutOfOrderError("this has gone on meanwhile", hint="see below how it stands now")
            if act == "accept":
                return self._accept(request, asked, visitor, whose, one, role, typed)
            self._do(act, asked, visitor, one, role, typed)
        except FednetError as error:
            return self._shown(request, asked, visitor, whose, typed, error=error, act=act)
        if act == "forget":
            return see(f"{whose.back}?done=forgotten")
        return see(f"{whose.path}/{one.id}?done={_SAID.get(act, act)}")

    def _accept(
        self,
        request: Request,
        asked: Asked,
        visitor: Visitor,
        whose: Whose,
        one: Introduction,
        role: Role | None,
        typed: Typed,
    ) -> Response:
        if first(asked, "do") == "fill":
            filled = self._filled(typed, whose, one.asked.handle, "name")
            return self._shown(request, asked, visitor, whose, filled, act="accept")
        details = details_of(typed)
        if first(asked, "do") != "send" or first(asked, "looked") != digest(_read(one), typed):
            return self._shown(request, asked, visitor, whose, typed, act="accept", preview=details)
        words = {"text": typed.text, "language": typed.language if typed.text else ""}
        introductions.accept(self.home, one.id, details, self.clock(), visitor.name, **words)
        return see(f"{whose.path}/{one.id}?done={_code('accepted', one)}")

    def _do(self, act: str, asked: Asked, visitor: Visitor, one: Introduction, role: Role | None, typed: Typed) -> None:
        now, by = self.clock(), visitor.name
        match act:
            case "decline":
                language = typed.language if typed.text else ""
                introductions.decline(self.home, one.id, typed.text, now, by, language=language)
            case "take-back":
                _must_be_sure(asked)
                introductions.take_back(self.home, one.id, now, by, role=role)
            case "outcome":
                chosen = first(asked, "outcome")
                if chosen not in OUTCOMES:
                    raise UsageError("choose what came of it")
                introductions.note_outcome(self.home, one.id, chosen, now, by)
            case "forget":
                _must_be_sure(asked)
                introductions.forget(self.home, one.id, now)
            case _:
                raise NotFoundError("there is nothing at this address")

    def _shown(
        self,
        request: Request,
        asked: Asked,
        visitor: Visitor,
        whose: Whose,
        typed: Typed,
        *,
        error: FednetError | None = None,
        act: str = "",
        preview: Details | None = None,
    ) -> Response:
        one, role = self.find(request, whose)
        reads = visitor.role != "auditor"
        may = one.may(role) if reads else frozenset()
        away = self._undelivered(one)
        answer = self.page(
            "introduction.html",
            request,
            whose=whose,
            one=one,
            role=role,
            reads=reads,
            may_do=may,
            state=_(STATES[one.state]),
            mine=self._side(one.own, visitor),
            theirs=self._side(one.other, visitor),
            asker=one.asker,
            asked=one.asked,
            within=one.role == "both",
            away=away,
            trouble=trouble(away),
            by_file=away is not None and not one.cut and away.trouble in BY_FILE,
            cut=_(CUT[one.cut]) if one.cut else "",
            own_network_id=self.home.network.network,
            steps=list(_course(one, role)),
            closes=f"{whose.back if whose.ours else f'/workspace/exchange/{one.own.handle}'}/close",
            untyped=Typed(),
            no_errors=NO_ERRORS,
            outcomes=[(code, _(words)) for code, words in OUTCOMES.items()],
            outcome=_(OUTCOMES[one.outcome]) if one.outcome in OUTCOMES else "",
            typed=typed,
            lost=typed if error is not None and act and act not in may and typed.written else None,
            preview=preview,
            changed=preview is not None and first(asked, "do") == "send",
            digest=digest(_read(one), typed),
            form=token_urlsafe(16),
            languages=list(translation.LANGUAGES.items()),
            fills=bool(one.asked.handle),
            act=act,
            done=done(asked, DONE),
            errors={**NO_ERRORS, **(error.errors if isinstance(error, UnclearError) else {})},
            error=error,
        )
        if error is None:
            looked(request)
        return answer

    def _side(self, party: Party, visitor: Visitor) -> SideShown:
        entry = self._found(party.handle, visitor) if party.handle else None
        if entry is not None and entry.hit.network != party.network:  # somebody else lists it under the same handle
            entry = None
        page = page_of("exchange", party.handle) if entry else None
        return SideShown(party, titled(party.titles), page, entry.hit if entry else None)

    def _undelivered(self, one: Introduction) -> Undelivered | None:
        found = messages.undelivered(self.home) if one.undelivered else []
        return next((each for each in found if each.network.network == one.network), None)


class Happened(NamedTuple):
    """A step of an introduction, in words; `by` is who did it here, if somebody did."""

    at: str
    words: str
    by: str


def _course(one: Introduction, role: Role | None) -> Iterator[Happened]:
    """What happened, in order; of two members neither is told who did it on the other's side."""
    side = "both" if one.role == "both" and role is None else one.seen_as
    known = {"asker": {"asked"}, "asked": {"accepted", "declined"}}.get(role or "") if one.role == "both" else None
    by = {step.act: step.by for step in one.steps if known is None or step.act in known}
    yield Happened(one.asked_at, _(_ASKED[side]), by.get("asked", ""))
    if one.answered_at:
        answer = "declined" if one.state == "declined" else "accepted" if one.state != "taken-back" else "answered"
        yield Happened(one.answered_at, _(_ANSWERED[answer][side]), by.get(answer, ""))
    if one.introduced_at:
        told = _HALF_TOLD if one.half_told else _TOLD
        yield Happened(one.introduced_at, _(told), "")
    if one.ended_at and one.state == "taken-back":
        yield Happened(one.ended_at, _("Taken back."), by.get("taken-back", ""))
    if one.outcome_at:
        yield Happened(one.outcome_at, _("What came of it was noted."), by.get("outcome", ""))


_TOLD = noted("Each was told how to reach the other.")
_HALF_TOLD = noted("We were told how to reach them. How to reach us is still on its way to them.")
_ASKED = {
    "asker": noted("We asked to be introduced."),
    "asked": noted("We heard that they ask to be introduced."),
    "both": noted("One of our members asked to be introduced to another."),
}
_ANSWERED = {
    "accepted": {
        "asker": noted("We heard that they say yes."),
        "asked": noted("We said yes."),
        "both": noted("The other said yes."),
    },
    "declined": {
        "asker": noted("We heard that they say no."),
        "asked": noted("We said no."),
        "both": noted("The other said no."),
    },
    "answered": {
        "asker": noted("We heard their answer."),
        "asked": noted("We answered."),
        "both": noted("The other answered."),
    },
}
_SAID = {"decline": "declined"}


def _must_be_sure(asked: Asked) -> None:
    if "sure" not in asked:
        raise UsageError("tick the box first, to say that you mean it")


def _choice(entry: Entry, fits: bool = False) -> Choice:
    name = show.names(entry.record, show.PARTY_NAME)[0].text
    whose = entry.organization.name if entry.organization else ""
    said = f"{name} ({whose})" if whose else name
    return Choice(entry.hit.handle, show.short(said, 160), _("fits") if fits else "")


def _typed(asked: Asked, whose: Whose) -> Typed:
    """The fields of a form, line ends as everywhere else."""
    values = {name: asked.get(name, [""])[0].replace("\r\n", "\n").strip() for name in Typed._fields}
    if values["language"] not in translation.LANGUAGES:
        values["language"] = translation.speaking()
    return Typed(**values)._replace(**({"ours": whose.ours} if whose.ours else {}))


def _code(done: str, one: Introduction) -> str:
    """What was done: between two members of this node nothing travels."""
    return f"{done}-here" if one.role == "both" else done


def _told_at_once(text: str) -> list[str]:
    """Addresses and numbers among words that are read before anybody has agreed."""
    return [one.found for one in exposed({"description": text}) if one.found]


def _read(one: Introduction) -> str:
    """Names what somebody read of the other side before they agree: it may ask something else meanwhile."""
    asker = one.asker._replace(details=None, at=None)
    return form_of(one.id, asker._asdict())


def digest(of: str, typed: Typed) -> str:
    """Names what was filled in, so that only what was looked at is sent."""
    return form_of(of, typed._asdict())


def details_of(typed: Typed) -> Details:
    """How somebody can be reached, as typed; raises UnclearError."""
    emails, phones = _parts(typed.emails, r"[,;،؛\s]+"), _parts(typed.phones, r"[,;،؛\n]+")
    errors = {
        "text": _too_long(typed.text, MAX_TEXT),
        "name": _too_long(typed.name, MAX_NAME),
        "note": _too_long(typed.note, MAX_NOTE),
        "emails": _unusable([Details("-", emails=(one,)) for one in emails]),
        "phones": _unusable([Details("-", phones=(one,)) for one in phones]),
    }
    if not typed.name:
        errors["name"] = _("Whom may they ask for?")
    if not emails and not phones:
        errors["emails"] = _("Give an e-mail address or a telephone number.")
    if errors := {field: said for field, said in errors.items() if said}:
        raise UnclearError(errors)
    return Details(typed.name, tuple(emails), tuple(phones), typed.note)


def _parts(text: str, between: str) -> list[str]:
    return [part.strip() for part in re.split(between, text) if part.strip()]


def _too_long(text: str, most: int) -> str:
    return _("At most %(number)s characters.") % {"number": show.number(most)} if len(text) > most else ""


def _unusable(each: Sequence[Details]) -> str:
    """What is wrong with the first of several addresses or numbers that cannot be told."""
    if len(each) > MAX_EACH:
        return _("At most %(number)s of them.") % {"number": show.number(MAX_EACH)}
    for one in each:
        try:
            reaching.checked(one)
        except UsageError as error:
            return show.sentence(error.detail)
    return ""


def titled(titles: Mapping[str, str]) -> Text | None:
    """A title in the reader's language, or in another that there is."""
    found = show.in_order(titles, None)
    return found[0] if found else None


def under(one: Introduction, role: Role | None = None) -> Under:
    """An introduction as a list shows it to one of its sides."""
    answers = one.state == "waiting" and "accept" in one.may(role)
    return Under(one, titled(one.other.titles), titled(one.own.titles), _(STATES[one.state]), answers)
