"""Finding records that may be about one thing, after they were applied: `bring_up_to_date`.

New records are looked at in batches, each in a transaction of its own, so that nobody waits long for the database; what
has been matched is not looked at again until something about it changes. In whatever order records came and went, the
same pairs are found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.feed.record import key_of
from fednet.listing import Contact, Event, Opinion, Organization, likeness, signals
from fednet.listing.likeness import Level, Reason
from fednet.listing.references import named
from fednet.listing.signals import Signals
from fednet.store import matching
from fednet.store.database import Store
from fednet.store.matching import Bearer, Body, Pair

BATCH = 1_000
"""Records looked at in one transaction."""


def bring_up_to_date(store: Store, progress: Callable[[int], None] | None = None, *, batch: int = BATCH) -> int:
    """Match what has come, and what is to be matched again; how many batches that took.

    `progress` is called with the number of batches after each. Cheap when there is nothing to do.
    """
    batches = 0
    while one_batch(store, batch):
        batches += 1
        if progress:
            progress(batches)
    return batches


def one_batch(store: Store, batch: int = BATCH) -> bool:
    """A part of the work, in one transaction; whether there was any."""
    with store.reading() as db:
        if not matching.is_waiting(db):
            return False
        fresh = matching.unmatched(db, batch)
    known = {one.record_id: _known(one) for one in fresh}  # what an id stands for never changes: nobody waits for this
    with store.writing() as db:
        _Pass(db, known).run(batch)
    return True


class _Known(NamedTuple):
    """An organisation or an event, as far as it is compared."""

    record_id: int
    feed_id: int
    key: bytes
    what: Signals | Event
    words: tuple[signals.Word, ...]


def _known(one: Body) -> _Known | None:
    match listing.parse(one.body):
        case Organization() as organization:
            found = signals.signals(organization)
            return _Known(one.record_id, one.feed_id, one.key, found, signals.words(found))
        case Event() as event:
            return _Known(one.record_id, one.feed_id, one.key, event, signals.words_of_event(event))
        case _:
            return None


class _Borne(NamedTuple):
    """A word that a record, or a contact of it, bears."""

    word: signals.Word
    feed_id: int
    bearer: int

    @property
    def kind(self) -> str:
        return self.word.kind

    @property
    def number(self) -> int:
        return self.word.number


_TWICE = Reason.NAME | Reason.NAME_CLOSE | Reason.REGISTER | Reason.SITE | Reason.UID | Reason.MAILBOX | Reason.PHONE
"""What makes two records of one network worth a look: it may list something twice."""

_THROUGH = {"domain": int(Reason.MAIL), "mailbox": int(Reason.MAILBOX), "phone": int(Reason.PHONE)}
"""What a word says that is shared with a contact."""


class _Pass:
    """One batch, in one transaction."""

    def __init__(self, db: Database, known: dict[int, _Known | None]) -> None:
        self._db = db
        self._network = matching.networks(db)
        self._own = matching.own_network(db)
        self._feeds: dict[str, list[int]] = defaultdict(list)
        for feed, network in self._network.items():
            self._feeds[network].append(feed)
        self._known = known
        self._told_of: dict[int, list[tuple[int, bool]]] = {}
        self._words: dict[int, tuple[_Borne, ...]] = {}
        self._said: dict[bytes, list[tuple[Body, Contact | Opinion]]] = {}

    def run(self, batch: int) -> None:
        fresh = matching.unmatched(self._db, batch)
        work = self._spoken_of(fresh)
        again = matching.thinned(self._db, batch)
        for key in matching.taken_for_rematch(self._db, batch):
            work.update(dict.fromkeys(matching.bearing_key(self._db, key, self._network)))
            again |= self._reword(key)
        work.update(dict.fromkeys(self._subjects(again)))
        work.update(dict.fromkeys(self._subjects(self._give_words(work))))
        matching.drop_pairs(self._db, work)
        matching.put(self._db, self._pairs(work))
        matching.reach(self._db, fresh[-1].record_id if len(fresh) == batch else matching.newest(self._db))
        matching.changed(self._db)

    # --- whom to look at

    def _spoken_of(self, fresh: Iterable[Body]) -> dict[int, None]:
        """The organisations and events among new records, and those that new contacts and opinions name."""
        work: dict[int, None] = {}
        for one in fresh:
            if one.kind in matching.MATCHED_KINDS:
                work[one.record_id] = None
                self._know(one)
            else:
                work.update(dict.fromkeys(self._named_by(one)))
        return work

    def _subjects(self, record_ids: Iterable[int]) -> Iterator[int]:
        """Records, and instead of contacts whom they are about."""
        for one in matching.bodies(self._db, record_ids):
            if one.kind in matching.MATCHED_KINDS:
                yield one.record_id
            else:
                yield from self._named_by(one)

    def _named_by(self, one: Body) -> list[int]:
        """The records that a contact or an opinion is about: a contact speaks for its own network only."""
        parsed = listing.parse(one.body)
        match parsed:
            case Contact():
                feeds = self._feeds[self._network[one.feed_id]]
                return matching.bearing_key(self._db, key_of(parsed.organization), feeds) if named(parsed) else []
            case Opinion():
                return [found for subject in parsed.subjects for found in self._subject(subject)]
            case _:
                return []

    def _subject(self, subject: listing.Subject) -> list[int]:
        feeds = self._feeds.get(subject.network, ())
        return matching.bearing_key(self._db, key_of(subject.handle), feeds)

    # --- what is known of them

    def _of(self, record_id: int) -> _Known | None:
        if record_id not in self._known:
            for one in matching.bodies(self._db, [record_id]):
                self._know(one)
        return self._known.setdefault(record_id, None)

    def _know(self, one: Body) -> None:
        if one.record_id not in self._known:
            self._known[one.record_id] = _known(one)

    def _speaking(self, key: bytes) -> list[tuple[Body, Contact | Opinion]]:
        if key not in self._said:
            parsed = ((one, listing.parse(one.body)) for one in matching.speaking_of(self._db, key))
            self._said[key] = [(one, said) for one, said in parsed if isinstance(said, Contact | Opinion)]
        return self._said[key]

    def _contacts(self, known: _Known) -> Iterator[tuple[Body, Contact]]:
        network = self._network[known.feed_id]
        for one, said in self._speaking(known.key):
            if isinstance(said, Contact) and self._network[one.feed_id] == network:
                yield one, said

    # --- words

    def _borne(self, known: _Known) -> tuple[_Borne, ...]:
        """All words of a record, and of its contacts."""
        if known.record_id not in self._words:
            own = [_Borne(word, known.feed_id, known.record_id) for word in known.words]
            reached = [
                _Borne(word, one.feed_id, one.record_id)
                for one, contact in self._contacts(known)
                for word in signals.words_of_contact(contact, _seat(known))
            ]
            self._words[known.record_id] = (*own, *reached)
        return self._words[known.record_id]

    def _give_words(self, work: Iterable[int]) -> set[int]:
        """Give words to records and their contacts; whoever has to be matched again for it."""
        bearers: dict[int, tuple[int, list[int]]] = {}
        for known in filter(None, map(self._of, work)):
            bearers[known.record_id] = (known.feed_id, [])
            for one, _ in self._contacts(known):
                bearers[one.record_id] = (one.feed_id, [])
            for word in self._borne(known):
                bearers[word.bearer][1].append(word.number)
        return matching.bear(self._db, [(record_id, *borne) for record_id, borne in bearers.items()])

    def _reword(self, key: bytes) -> set[int]:
        """Contacts whose organisation has gone are of no country."""
        orphans = [
            (one.record_id, one.feed_id, [word.number for word in signals.words_of_contact(said, None)])
            for one, said in self._speaking(key)
            if isinstance(said, Contact) and not self._named_by(one)
        ]
        return matching.bear(self._db, orphans)

    # --- pairs

    def _pairs(self, work: Iterable[int]) -> Iterator[Pair]:
        known = [found for found in map(self._of, work) if found is not None]
        words = [word.number for one in known for word in self._borne(one)]
        crowded = matching.crowded(self._db, words)
        bearers: dict[int, list[Bearer]] = defaultdict(list)
        for bearer in matching.sharing(self._db, words):
            bearers[bearer.word].append(bearer)
        done: set[int] = set()
        for one in known:
            telling = [word for word in self._borne(one) if (word.number, word.feed_id) not in crowded]
            for other, told in self._candidates(one, telling, bearers).items():
                if other not in done:
                    yield from self._rows(one, other, told)
            done.add(one.record_id)

    def _candidates(
        self, known: _Known, telling: Iterable[_Borne], bearers: Mapping[int, list[Bearer]]
    ) -> dict[int, dict[tuple[int, int], int]]:
        """Records that share a word with it or are spoken of together, and what that tells, by feeds that tell it.

        What another network lists twice is nobody's business here, and a flood there costs nothing.
        """
        found: dict[int, dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
        alien = self._network[known.feed_id] if self._network[known.feed_id] != self._own else None
        for word in telling:
            for bearer in bearers.get(word.number, ()):
                if bearer.record_id != known.record_id and self._network[bearer.feed_id] != alien:
                    for other, contact in self._bearing(bearer.record_id):
                        through = contact or word.bearer != known.record_id
                        found[other][(word.feed_id, bearer.feed_id)] |= _THROUGH.get(word.kind, 0) if through else 0
        for other, feed, said in self._opinions(known):
            found[other][(feed, feed)] |= said
        found.pop(known.record_id, None)
        return found

    def _bearing(self, record_id: int) -> list[tuple[int, bool]]:
        """Whom a word tells something of, given who bears it; and whether that is a contact."""
        if record_id not in self._told_of:
            if self._of(record_id) is not None:
                self._told_of[record_id] = [(record_id, False)]
            else:
                about = (one for body in matching.bodies(self._db, [record_id]) for one in self._named_by(body))
                self._told_of[record_id] = [(one, True) for one in about]
        return self._told_of[record_id]

    def _opinions(self, known: _Known) -> Iterator[tuple[int, int, Reason]]:
        """Other records that somebody says to be the same or not, the feed that says it, and what it says."""
        for one, said in self._speaking(known.key):
            if isinstance(said, Opinion):
                subjects = [self._subject(subject) for subject in said.subjects]
                verdict = Reason.SAID_SAME if said.verdict == "same" else Reason.SAID_DIFFERENT
                for mine, others in (subjects, subjects[::-1]):
                    if known.record_id in mine:
                        yield from ((other, one.feed_id, verdict) for other in others)

    def _is_one_network(self, one: _Known, other: _Known) -> bool:
        return self._network[one.feed_id] == self._network[other.feed_id]

    def _rows(self, known: _Known, other_id: int, told: dict[tuple[int, int], int]) -> Iterator[Pair]:
        """What to store of two records: nothing when nothing follows, for nobody."""
        other = self._of(other_id)
        if other is None or type(other.what) is not type(known.what):
            return
        told = defaultdict(int, told)
        told[(known.feed_id, other.feed_id)] |= _compared(known, other)
        everything = 0
        for reasons in told.values():
            everything |= reasons
        said = everything & (Reason.SAID_SAME | Reason.SAID_DIFFERENT)
        follows = likeness.level(everything & ~said)
        if not said and (follows is Level.APART or (self._is_one_network(known, other) and not everything & _TWICE)):
            return
        tie = signals.number("".join(sorted(f"{self._network[one.feed_id]}{one.key.hex()}" for one in (known, other))))
        for (mine, theirs), reasons in told.items():
            if reasons:
                feeds = (mine, theirs) if known.record_id < other_id else (theirs, mine)
                low, high = sorted((known.record_id, other_id))
                yield Pair(low, high, *feeds, int(reasons), int(bool(said) or follows is Level.JOINED), tie)


def _seat(known: _Known) -> str | None:
    return known.what.country if isinstance(known.what, Signals) else None


def _compared(one: _Known, other: _Known) -> int:
    if isinstance(one.what, Signals) and isinstance(other.what, Signals):
        return likeness.compared(one.what, other.what)
    return int(Reason.LISTED | Reason.UID)  # events meet by nothing else
