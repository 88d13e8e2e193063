"""What is needed, offered and funded in all networks that a reader may see, and what fits what.

The score of two entries follows from the two alone (`fednet.listing.fit`). A reader is told of pairs of which they may
read both, so no count, score or order tells of what they may not.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta
from sqlite_utils import Database

from fednet import listing
from fednet.directory.query import DEFAULT_LIMIT, MAX_LIMIT, Parameter, Query, choice, many, read_parameters
from fednet.directory.query import PARAMETERS as SEARCHED
from fednet.directory.search import Hit, Reader, fitting, hits, joined, readable
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.record import check_handle, key_of
from fednet.listing import Exchange, vocabulary
from fednet.listing.check import term
from fednet.listing.exchange import SOON, open_day
from fednet.listing.features import country_codes, subregions
from fednet.listing.fit import Reason, fit
from fednet.store import exchanges
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fednet.directory import fits
    from fednet.directory.fits import Shown

__all__ = [
    "PARAMETERS",
    "Asked",
    "Entry",
    "Match",
    "Matched",
    "Named",
    "Page",
    "Reason",
    "best",
    "entries",
    "entry",
    "everything",
    "matches",
    "matches_of",
    "parse_asked",
]

SHARE = 4
"""Places among the best of what fits that one network has, while others fit, too."""

State = Literal["open", "over", "introduced", "matched", "closed"]
Wanted = Literal["open", "all", "over", "introduced", "matched", "closed"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, in codes: an entry must fit every filter that is not empty, by any of its values.

    `services` are themes. `state`: "open" is what is looked for or offered still, also when somebody was introduced;
    another one only what is in that state. `unmet`: only open needs that nothing fits. `searched` narrows by more
    filters of a search. `cursor` is the `next` of an earlier answer.
    """

    types: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    client_groups: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    text: str = ""
    state: Wanted = "open"
    unmet: bool = False
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    searched: Query | None = None


class Named(msgspec.Struct, frozen=True):
    """The organisation of an entry: its name, and its handle when it is listed and the reader may see it."""

    name: str
    handle: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """A need, an offer or a source of funding with its provenance.

    `days_left` until it is over, None for one without a last day or that is not open. `best` is the score of what fits
    best (0: nothing), `matches` how many fit: of those that the reader may see and that nobody dismissed.
    """

    hit: Hit
    record: Exchange
    state: State
    days_left: int | None
    organization: Named | None
    best: int
    matches: int

    @property
    def ends_soon(self) -> bool:
        return self.days_left is not None and self.days_left <= SOON

    @property
    def is_unmet(self) -> bool:
        """Whether this is an open need that nothing fits."""
        return self.record.type == "need" and self.state == "open" and not self.matches


class Match(msgspec.Struct, frozen=True):
    """A need and an offer (or source of funding) that fit: what speaks most for it first, what speaks against it last.

    `dismissed`: a person said that they do not fit.
    """

    need: Entry
    offer: Entry
    score: int
    reasons: tuple[Reason, ...]
    dismissed: bool = False

    def other(self, handle: str) -> Entry:
        """The one of the two that has not this handle."""
        return self.offer if self.need.hit.handle == handle else self.need


class Page(msgspec.Struct, frozen=True):
    """One page, and the counts of all that fits: {"type": {"need": 12}}, most frequent first."""

    total: int
    entries: tuple[Entry, ...]
    facets: dict[str, dict[str, int]]
    next: str | None


def _themes(given: Any, name: str) -> tuple[str, ...]:
    return many(term(vocabulary.THEMES))(given, name)


PARAMETERS: dict[str, Parameter] = {
    "type": ("types", many(term(vocabulary.EXCHANGE_TYPES))),
    "text": SEARCHED["text"],
    "theme": ("themes", _themes),
    "service": SEARCHED["service"],
    "client_group": SEARCHED["client_group"],
    "region": SEARCHED["region"],
    "country": SEARCHED["country"],
    "language": SEARCHED["language"],
    "modality": ("modalities", many(term(vocabulary.MODALITIES))),
    "stage": ("stages", many(term(vocabulary.STAGES))),
    "network": SEARCHED["network"],
    "state": ("state", choice(*get_args(Wanted))),
    "unmet": ("unmet", SEARCHED["why"][1]),
    "limit": SEARCHED["limit"],
    "cursor": SEARCHED["cursor"],
}
"""A theme is a service, else a client group."""


def parse_asked(**asked: Any) -> Asked:
    """What people give: codes, or names of terms, places and languages; raises UsageError with what was probably meant.

    >>> parse_asked(type="Besoin", region="Asie du Sud-Est")
    Asked(types=('need',), ..., regions=('035',), ...)
    """
    fields = read_parameters(asked, PARAMETERS)
    for theme in fields.pop("themes", ()):
        field = "services" if theme in vocabulary.SERVICES else "client_groups"
        fields[field] = tuple(dict.fromkeys((*fields.get(field, ()), theme)))
    return Asked(**fields)


def entries(store: Store, asked: Asked, reader: Reader, now: datetime) -> Page:
    """Open needs that nothing fits first, then other needs, then offers and funding, then what is not open; in each
    part what was posted last first, last what says no day, or one that is to come.

    Raises UsageError for a limit or cursor that cannot be, NotFoundError for a network that is not shown.
    """
    if not 1 <= asked.limit <= MAX_LIMIT:
        raise UsageError(
            f"a limit of {asked.limit}: from 1 to {MAX_LIMIT} are shown at once", hint="page with the cursor"
        )
    with store.reading() as db:
        view = _View(store, db, reader, now)
        found = view.ordered(view.fitting(asked))
        first = bisect_right(found, _read(asked.cursor), key=_Placed.place) if asked.cursor else 0
        page = found[first : first + asked.limit]
        following = _cursor(page[-1]) if first + asked.limit < len(found) else None
        return Page(len(found), tuple(view.entries([placed.row for placed in page])), view.facets(found), following)


def entry(store: Store, handle: str, reader: Reader, now: datetime) -> Entry:
    """Raises NotFoundError, whether there is none or the reader may not see it."""
    with store.reading() as db:
        view = _View(store, db, reader, now)
        return view.entries([view.row(handle)])[0]


def matches(
    store: Store, handle: str, reader: Reader, now: datetime, limit: int = 10, dismissed: bool = False
) -> tuple[Match, ...]:
    """What fits an entry, best first; with `dismissed` those pairs alone that a person dismissed.

    Of more than `limit` a network has no more than `SHARE`, while there are others: nobody fills all places.

    Raises NotFoundError, whether there is no such entry or the reader may not see it.
    """
    with store.reading() as db:
        view = _View(store, db, reader, now)
        row = view.row(handle)
        wanted = view.first_of(row, limit, dismissed)
        mine, *theirs = view.entries([row, *(one.row for one in wanted)])
        return tuple(_match(mine, other, one.score, dismissed) for other, one in zip(theirs, wanted, strict=True))


class Matched(NamedTuple):
    """An entry with what fits it, as `matches` tells."""

    entry: Entry
    matches: tuple[Match, ...]


def matches_of(
    store: Store, asked: Asked, reader: Reader, now: datetime, most: int, limit: int = 10, dismissed: bool = False
) -> tuple[int, tuple[Matched, ...]]:
    """How many entries the filters leave, and the first `most` of them in the order of `entries`, each with its
    `matches`; with `dismissed` only those of a pair that a person dismissed. One look for all of them."""
    with store.reading() as db:
        view = _View(store, db, reader, now)
        rows = [placed.row for placed in view.ordered(view.fitting(asked))]
        if dismissed:
            named = {handle for pair in exchanges.dismissed(db) for handle in pair}
            rows = [row for row in rows if view.table.handles[row] in named]
        fitting = {row: view.first_of(row, limit, dismissed) for row in rows[:most]}
        wanted = dict.fromkeys([*fitting, *(one.row for several in fitting.values() for one in several)])
        shown = dict(zip(wanted, view.entries(list(wanted)), strict=True))
        found = [
            Matched(shown[row], tuple(_match(shown[row], shown[one.row], one.score, dismissed) for one in several))
            for row, several in fitting.items()
        ]
        return len(rows), tuple(found)


def best(store: Store, handles: Sequence[str], reader: Reader, now: datetime) -> dict[str, Match]:
    """What fits each of these entries best, by its handle: for a list of them, in one look. Nothing for those that
    nothing fits, or that the reader may not see."""
    with store.reading() as db:
        view = _View(store, db, reader, now)
        known = set(handles) & {
            handle for handle, seen in zip(view.table.handles, view.shown.mask, strict=True) if seen
        }
        rows = {handle: view.row(handle) for handle in handles if handle in known}
        fitting = {row: [one for one in view.shown.of(row) if not one.dismissed][:1] for row in rows.values()}
        pairs = [(row, one) for row, several in fitting.items() for one in several]
        shown = iter(view.entries([at for row, one in pairs for at in (row, one.row)]))
        found = [_match(next(shown), next(shown), one.score, False) for _, one in pairs]
        return {view.table.handles[row]: match for (row, _), match in zip(pairs, found, strict=True)}


def everything(store: Store, reader: Reader, now: datetime, asked: Asked | None = None) -> tuple[Entry, ...]:
    """All entries that the filters leave (limit and cursor say nothing), in the order of `entries`; by default all."""
    with store.reading() as db:
        view = _View(store, db, reader, now)
        found = view.ordered(view.fitting(asked or Asked(state="all")))
        return tuple(view.entries([placed.row for placed in found]))


Place = tuple[str, str]
"""Where an entry is: the id of its network, and its handle there."""


class Fitted(msgspec.Struct, frozen=True):
    """What fits a need, or did: the best score, and the first day on which any of it was there, where that is known."""

    best: int
    since: date | None


def ever_fitting(
    store: Store, reader: Reader, now: datetime, needs: Collection[Place], posted: Mapping[Place, date]
) -> dict[Place, Fitted]:
    """Those of the needs that something fits, or did before one of the two was over or closed; dismissed pairs aside.

    For figures of times past; `posted` says since when each entry is there.
    """
    import numpy as np

    from fednet.directory.fitting import scored

    with store.reading() as db:
        view = _View(store, db, reader, now)
        standing, mask = view.table, view.shown.mask
        apart = _dismissed(db) if reader.is_ours else {}
    networks = {feed_id: source.network for feed_id, source in view.sources.items()}
    where = [
        (networks.get(feed, ""), name) for feed, name in zip(standing.feeds.tolist(), standing.handles, strict=True)
    ]
    days = np.array([posted[place].toordinal() if place in posted else _NEVER for place in where], np.int64)
    table = standing.reopened(np.where(days == _NEVER, view.of["since"], days - _EPOCH.toordinal()))
    found = {}
    for row in [at for at in table.needs.rows[mask[table.needs.rows]].tolist() if where[at] in needs]:
        others, scores = scored(table, row)
        left = mask[others]
        if gone := apart.get(table.handles[row]):
            left &= [table.handles[other] not in gone for other in others.tolist()]
        if left.any():
            first = int(np.maximum(days[others[left]], days[row] if days[row] != _NEVER else 0).min())
            since = None if first == _NEVER else date.fromordinal(first)
            found[where[row]] = Fitted(int(scores[left].max()), since)
    return found


def _dismissed(db: Database) -> dict[str, set[str]]:
    """By handle, those that a person said do not fit it."""
    found: dict[str, set[str]] = {}
    for need, offer in exchanges.dismissed(db):
        found.setdefault(need, set()).add(offer)
        found.setdefault(offer, set()).add(need)
    return found


_NEVER = date.max.toordinal()


def _match(mine: Entry, other: Entry, score: int, dismissed: bool) -> Match:
    need, offer = (mine, other) if mine.record.type == "need" else (other, mine)
    found = fit(need.record, offer.record)
    return Match(need, offer, score, found.reasons if found else (), dismissed)


# --- one reader, one snapshot -----------------------------------------------------------------------------------------

_UNMET, _NEEDED, _OFFERED, _AGREED, _OVER = range(5)
"""The parts of the order."""


class _Placed(NamedTuple):
    """Where a row stands in the order."""

    part: int
    before: int
    title: int
    handle: str
    network: str
    row: int

    def place(self) -> tuple[int, int, int, str, str]:
        return self[:5]


_Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Name = Annotated[str, Meta(max_length=128)]
_Cursor = tuple[_Whole, _Whole, _Whole, _Name, _Name]
"""Where a row stands in the order, which its reader has been shown anyway."""
_CURSOR = msgspec.json.Decoder(_Cursor)
MAX_CURSOR = 1_000


def _cursor(placed: _Placed) -> str:
    return urlsafe_b64encode(msgspec.json.encode(placed.place())).decode()


def _read(cursor: str) -> _Cursor:
    found: _Cursor | None = None
    try:
        given = cursor.encode("ascii")
        found = _CURSOR.decode(urlsafe_b64decode(given)) if len(given) <= MAX_CURSOR else None
    except (ValueError, msgspec.MsgspecError):
        pass
    if found is None:
        raise UsageError(f"cursor: {cursor[:40]!r} is none", hint="take `next` of an earlier answer as it is")
    return found


class _View:
    """The entries of a snapshot as one reader may see them."""

    def __init__(self, store: Store, db: Database, reader: Reader, now: datetime) -> None:
        from fednet.directory.fits import Shown, standing

        self.store, self.db, self.now = store, db, now
        self.today = (now.astimezone(UTC).date() - _EPOCH).days
        self.open_day = (open_day(now) - _EPOCH).days
        self.sources = readable(db, reader, now - store.forget_after)
        at = standing(store, db)
        self.table, self.of = at.table, at.table.of
        self.shown: Shown = Shown(at, self.sources, self.open_day, exchanges.dismissed(db) if reader.is_ours else ())

    def row(self, handle: str) -> int:
        """The row of a handle; of the first network, as `search.record`."""
        order = {feed_id: at for at, feed_id in enumerate(self.sources)}
        found = [at for at, one in enumerate(self.table.handles) if one == handle and self.shown.mask[at]]
        if not found:
            raise NotFoundError(
                f"no need, offer or source of funding {handle[:60]} is listed here", hint="fednet exchange list"
            )
        return min(found, key=lambda at: order[int(self.table.feeds[at])])

    def first_of(self, row: int, limit: int, dismissed: bool) -> list[fits.Other]:
        """What fits a row, as `matches` has it."""
        return self.few([one for one in self.shown.of(row) if one.dismissed is dismissed], limit)

    def few(self, found: Sequence[fits.Other], limit: int) -> list[fits.Other]:
        """The first of what fits something, in the same order; see `matches`."""
        taken: Counter[str] = Counter()
        within: list[fits.Other] = []
        beyond: list[fits.Other] = []
        for one in found:
            network = self.sources[int(self.table.feeds[one.row])].network
            (within if taken[network] < SHARE else beyond).append(one)
            taken[network] += 1
        chosen = {one.row for one in (within + beyond)[:limit]}
        return [one for one in found if one.row in chosen]

    # --- what fits a question -------------------------------------------------------------------------------------

    def fitting(self, asked: Asked) -> NDArray[Any]:
        """The rows that fit the filters."""
        import numpy as np

        left = self.shown.mask & self._state(asked.state)
        for field, codes, known in (
            ("type", asked.types, vocabulary.EXCHANGE_TYPES.codes),
            ("modality", asked.modalities, ("", *vocabulary.MODALITIES.codes)),
            ("stage", asked.stages, ("", *vocabulary.STAGES.codes)),
        ):
            if codes:
                left &= np.isin(self.of[field], [known.index(code) for code in codes if code in known])
        if asked.modalities:
            left &= self.of["modality_said"] != 0
        query = _query(asked)
        if query is not None:
            ids = fitting(self.store, self.db, query, self.sources, self.now)
            left &= np.isin(self.table.ids, np.array(ids, np.int64))
        rows = np.flatnonzero(left)
        return rows[self._unmet(rows)] if asked.unmet else rows

    def _state(self, wanted: Wanted) -> NDArray[Any]:
        import numpy as np

        if wanted == "all":
            return np.ones(self.table.size, bool)
        if wanted == "open":
            return np.isin(self.states, [_STATES.index("open"), _STATES.index("introduced")])
        return np.asarray(self.states == _STATES.index(wanted))

    @cached_property
    def states(self) -> NDArray[Any]:
        """By row the number of its state in `_STATES`."""
        import numpy as np

        said = np.array([_STATES.index(state) for state in vocabulary.EXCHANGE_STATES.codes])[self.of["state"]]
        return np.where(self.shown.is_over & (said == _STATES.index("open")), _STATES.index("over"), said)

    def _unmet(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Which of these rows are open needs that nothing fits."""
        import numpy as np

        need = vocabulary.EXCHANGE_TYPES.codes.index("need")
        found = (self.of["type"][rows] == need) & (self.states[rows] == _STATES.index("open"))
        counted = self.shown.counted(rows[found].tolist())
        found[found] = np.fromiter((not count for _, count in counted), bool, len(counted))
        return np.asarray(found)

    # --- in order -------------------------------------------------------------------------------------------------

    def ordered(self, rows: NDArray[Any]) -> list[_Placed]:
        """Rows in the order of `entries`."""
        import numpy as np

        parts = np.select(
            [self._unmet(rows), self._is_sought(rows, need=True), self._is_sought(rows, need=False)],
            [_UNMET, _NEEDED, _OFFERED],
            np.where(self.states[rows] == _STATES.index("matched"), _AGREED, _OVER),
        )
        columns = (
            parts,
            -np.where(self.of["since"][rows] > self.today, 0, self.of["since"][rows]).astype(np.int64),
            self.of["title"][rows],
            self.table.feeds[rows],
            rows,
        )
        return sorted(
            _Placed(part, before, title, self.table.handles[row], self.sources[feed].network, row)
            for part, before, title, feed, row in zip(*(column.tolist() for column in columns), strict=True)
        )

    def _is_sought(self, rows: NDArray[Any], *, need: bool) -> NDArray[Any]:
        is_need = self.of["type"][rows] == vocabulary.EXCHANGE_TYPES.codes.index("need")
        found: NDArray[Any] = self._state("open")[rows] & (is_need == need)
        return found

    # --- counts ---------------------------------------------------------------------------------------------------

    def facets(self, found: Sequence[_Placed]) -> dict[str, dict[str, int]]:
        """Of all that fits, how many have each code."""
        import numpy as np

        rows = np.fromiter((placed.row for placed in found), np.int64, len(found))
        of = self.of[rows]
        said = of["modality"][of["modality_said"] != 0]
        counted = {
            "type": _numbered(of["type"], vocabulary.EXCHANGE_TYPES.codes),
            "service": _masked(of["services"], {one.bit: one.code for one in vocabulary.SERVICES}),
            "client_group": _masked(of["groups"], {one.bit: one.code for one in vocabulary.CLIENT_GROUPS}),
            "region": _masked(of["regions"].astype(np.int64), {at: code for at, (code, _) in enumerate(subregions())}),
            "country": _countries(of["countries"]),
            "language": Counter(tag for row in rows.tolist() for tag in self.table.languages[row]),
            "modality": _numbered(said, ("", *vocabulary.MODALITIES.codes)),
            "stage": _numbered(of["stage"], ("", *vocabulary.STAGES.codes)),
            "network": Counter(placed.network for placed in found),
            "state": _numbered(self.states[rows], _STATES),
        }
        return {name: _by_count(counts) for name, counts in counted.items()}

    # --- as they are shown ----------------------------------------------------------------------------------------

    def entries(self, rows: Sequence[int]) -> list[Entry]:
        """The entries of rows, in their order."""
        ids = [int(self.table.ids[row]) for row in rows]
        listed = {one.record_id: one for one in _listed(self.db, ids)}
        joins = joined(self.store, self.db, self.sources, self.now)
        shown = hits(self.db, [listed[record_id] for record_id in ids], self.sources, self.now, joins)
        each = zip(rows, shown, ids, self.shown.counted(rows), strict=True)
        return [self._entry(row, hit, listed[at], counted) for row, hit, at, counted in each]

    def _entry(self, row: int, hit: Hit, listed: Listed, counted: tuple[int, int]) -> Entry:
        record = listing.parse(listed.body)
        if not isinstance(record, Exchange):
            raise NotFoundError(f"{hit.handle} is no need, offer or source of funding")
        state = _STATES[int(self.states[row])]
        is_open = state in ("open", "introduced") and record.open_until is not None
        days = int(self.of["until"][row]) - self.open_day if is_open else None
        organization = self._named(record.organization, listed.feed_id)
        return Entry(hit, record, state, days, organization, *counted)

    def _named(self, organization: str, feed_id: int) -> Named | None:
        if not organization:
            return None
        if not _is_handle(organization):
            return Named(organization)
        network = self.sources[feed_id].network
        if (network, organization) not in self._names:
            self._names[network, organization] = self._organization(organization, network)
        return self._names[network, organization]

    @cached_property
    def _names(self) -> dict[tuple[str, str], Named | None]:
        return {}

    def _organization(self, handle: str, network: str) -> Named | None:
        """An organisation by its handle, in the network that names it, else in any."""
        own = {feed_id: source for feed_id, source in self.sources.items() if source.network == network}
        key = key_of(handle)
        listed = index_search.by_key(self.db, key, own) or index_search.by_key(self.db, key, self.sources)
        parsed = None if listed is None else listing.parse(listed.body)
        return None if parsed is None else Named(listing.title(parsed), handle)


_EPOCH = date(1970, 1, 1)
_STATES: tuple[State, ...] = get_args(State)


def _query(asked: Asked) -> Query | None:
    """What a search can tell of a question; None for nothing."""
    query = asked.searched or Query()
    fields = {
        name: getattr(asked, name)
        for name in ("text", "countries", "regions", "services", "client_groups", "languages", "networks")
        if getattr(asked, name)
    }
    query = msgspec.structs.replace(query, kinds=("exchange",), limit=DEFAULT_LIMIT, cursor=None, **fields)
    return None if query == Query(kinds=("exchange",)) else query


def _is_handle(organization: str) -> bool:
    try:
        return check_handle(organization) == organization
    except FednetError:
        return False


def _listed(db: Database, record_ids: Sequence[int]) -> Iterable[Listed]:
    return index_search.listed(db, list(dict.fromkeys(record_ids)))


def _numbered(column: NDArray[Any], codes: Sequence[str]) -> dict[str, int]:
    import numpy as np

    return dict(zip(codes, np.bincount(column, minlength=len(codes)).tolist(), strict=False))


def _masked(column: NDArray[Any], codes: Mapping[int, str]) -> dict[str, int]:
    return {code: int((column >> bit & 1).sum()) for bit, code in codes.items()}


def _countries(column: NDArray[Any]) -> dict[str, int]:
    import numpy as np

    if not len(column):
        return {}
    bits = np.unpackbits(np.ascontiguousarray(column).view(np.uint8), axis=1, bitorder="little")
    return dict(zip(country_codes(), bits.sum(axis=0).tolist(), strict=False))


def _by_count(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(((code, n) for code, n in counted.items() if code and n), key=lambda pair: (-pair[1], pair[0])))
