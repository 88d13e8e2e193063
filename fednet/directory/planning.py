"""Planning a meeting: whom it would clash with, what time it is for those invited, and what the change of clocks does.

One question, one answer, for the command line and the API alike. Nothing is written: a plan need not be listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from fednet.directory.agenda import Agenda, Occurrence, agenda, in_calendar
from fednet.directory.query import Parameter, many, one, read_parameters
from fednet.directory.query import zone as zone_asked
from fednet.directory.search import Reader
from fednet.errors import UsageError
from fednet.formats.recurrence import local_text, moment, occurrences
from fednet.formats.zones import LARGE
from fednet.listing import places, text, vocabulary
from fednet.listing.check import country, language, local_time, term
from fednet.store.database import Store

MAX_COUNTRIES = 60
MAX_DATES = 60
"""Dates of a recurrence that are looked at, from its first on."""
LOOKED_AHEAD = timedelta(days=366)
MAX_CLASHES = 200
WORK = (time(9), time(18))
NIGHT = (time(22), time(7))

_WEEKS_AROUND = ((-1, "the week before"), (1, "the week after"), (-2, "two weeks before"), (2, "two weeks after"))
"""How near a change of the clocks is told of when a meeting takes place once."""
_HOUR = timedelta(hours=1)
_STEP = timedelta(minutes=15)
"""By which a meeting is followed through the day: zones differ by quarters of an hour (Asia/Kathmandu)."""
_DAY = timedelta(days=1)

Part = Literal["work", "day off", "early or late", "night"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting that is thought of. `start` and `end` are wall-clock times in `zone`; `countries` whom it invites.

    `audience`, `themes` and `languages` say for whom it is, `hosts` who holds it (speakers and convenors, too).
    """

    start: str
    end: str | None = None
    zone: str = "UTC"
    rrule: str | None = None
    countries: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    uid: str = ""


class Clash(msgspec.Struct, frozen=True):
    """Something that takes place at the same time as the plan does on `date`. `networks` are the names of all that
    announce it; `shared` is what the two have in common, empty for the time alone."""

    handle: str
    title: str
    start: datetime
    end: datetime
    all_day: bool
    networks: tuple[str, ...]
    date: datetime
    shared: tuple[str, ...]


class Place(msgspec.Struct, frozen=True):
    """What time it is where some of the invited are: one row for each country and each of its times.

    `start` and `end` are there, and `part` the worst part of the day that the meeting touches. `hours` are the 24 hours
    of the day of the plan, from midnight in its zone on: what each is there, and the worst part of the day should the
    meeting begin then.
    """

    country: str
    zone: str
    start: datetime
    end: datetime
    part: Part
    hours: tuple[tuple[str, Part], ...]


class Warning(msgspec.Struct, frozen=True):
    """A change of the clocks that somebody will stumble over: `text` says it, `zone` where, `date` from when on."""

    zone: str
    date: date
    text: str


class Planning(msgspec.Struct, frozen=True):
    """All that is to be thought of. `dates` are those of the plan, in its zone.

    `best` are the hours there at which it should begin: for the fewest it is night, for the most it is working time all
    along, the one who calls counted with the invited (but for UTC, where nobody lives); `suits` says how good they are.
    `overview` is the month of the first date: how many events each network announces for each day.
    """

    dates: tuple[datetime, ...]
    clashes: tuple[Clash, ...]
    places: tuple[Place, ...]
    warnings: tuple[Warning, ...]
    best: tuple[str, ...]
    suits: str
    overview: dict[str, dict[str, int]]


def parse_plan(**asked: Any) -> Plan:
    """What people give: `start`, `end`, `zone`, `rrule`, `country`, `audience`, `theme`, `language`, `host`, `uid`.

    Raises UsageError with what was probably meant.
    """
    fields = read_parameters(asked, PARAMETERS)
    if "start" not in fields:
        raise UsageError("a plan needs a start", hint="as 2026-11-21T10:00 on the clocks of a zone, Asia/Bangkok")
    plan = Plan(**fields)
    if "T" not in plan.start or (plan.end is not None and "T" not in plan.end):
        raise UsageError("a plan needs a time of day", hint="write it as 2026-11-21T10:00")
    if plan.end is not None and plan.end < plan.start:
        raise UsageError(f"the end, {plan.end}, lies before the start, {plan.start}", hint="both are local times")
    if len(plan.countries) > MAX_COUNTRIES:
        raise UsageError(f"{len(plan.countries)} countries, at most {MAX_COUNTRIES} are taken")
    return plan


def asked_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `parse_plan` for an event's fields."""
    given = {name: event[name] for name in ("start", "end", "zone", "rrule", "uid") if event.get(name)}
    lists = {"audience": "audience", "theme": "themes", "language": "languages"}
    given |= {name: list(event[field]) for name, field in lists.items() if event.get(field)}
    hosts = [host for name in ("hosts", "convenors", "speakers") for host in event.get(name, ())]
    return given | ({"host": hosts} if hosts else {})


def planning(store: Store, plan: Plan, reader: Reader, now: datetime) -> Planning:
    """What this reader should think of before announcing that. RuleError for a rule that cannot be followed."""
    zone = ZoneInfo(plan.zone)
    times = _times(plan)
    first, last = times[0][0], times[-1][1]
    found = agenda(store, _asked(plan, first.date() - _DAY, last.date() + _DAY), reader, now)
    zones = [(code, name) for code in plan.countries for name in zones_of(code, first)]
    rows = tuple(_place(code, name, times[0], zone) for code, name in zones)
    caller = (row for row in _caller(plan, times[0]) if row.hours not in [one.hours for one in rows])
    best, suits = _best([row.hours for row in (*rows, *caller)] if rows else [])
    return Planning(
        dates=tuple(start for start, _ in times),
        clashes=tuple(_clashes(plan, times, found)),
        places=rows,
        warnings=tuple(_warnings(plan, [start for start, _ in times], [name for _, name in zones])),
        best=best,
        suits=suits,
        overview=month(store, first.date(), plan.zone, reader, now),
    )


def _times(plan: Plan) -> list[tuple[datetime, datetime]]:
    """When the plan takes place, in its zone: the dates of a year."""
    fields = {name: value for name, value in msgspec.structs.asdict(plan).items() if value}
    begin = moment(plan.start).replace(tzinfo=ZoneInfo(plan.zone))
    return occurrences(fields, begin - _HOUR, begin + LOOKED_AHEAD, MAX_DATES)


def _asked(plan: Plan, since: date, until: date) -> Agenda:
    return Agenda(since=since, until=until, zone=plan.zone)


# --- clashes ----------------------------------------------------------------------------------------------------------


def _clashes(plan: Plan, times: list[tuple[datetime, datetime]], found: list[Occurrence]) -> list[Clash]:
    """What overlaps, those first with which most is shared. Cancelled events clash with nothing, nor does the plan
    with itself. A plan that says nothing of itself clashes with all that takes place then."""
    wanted = any((plan.audience, plan.themes, plan.languages, plan.hosts))
    clashes = []
    for at in found:
        if at.cancelled or (plan.uid and plan.uid in (at.uid, at.hit.handle)):
            continue
        shared = tuple(_shared(plan, at))
        date = next((start for start, end in times if _overlap(at, start, end)), None)
        if date is not None and (shared or not wanted):
            clashes.append(_clash(at, date, shared))
    return sorted(clashes, key=lambda clash: (-len(clash.shared), clash.start, clash.title))[:MAX_CLASHES]


def _clash(at: Occurrence, date: datetime, shared: tuple[str, ...]) -> Clash:
    networks = tuple(name for _, name in at.hit.networks)
    return Clash(at.hit.handle, at.title, at.start, at.end, at.all_day, networks, date, shared)


def _overlap(at: Occurrence, start: datetime, end: datetime) -> bool:
    """Whether two take place at one time; days are days where the plan is."""
    return at.start < max(end, start + timedelta(minutes=1)) and start < max(at.end, at.start + timedelta(minutes=1))


def _shared(plan: Plan, at: Occurrence) -> Iterator[str]:
    """What a plan and an event have in common, in words."""
    fields = at.hit.fields
    for label, wanted, names, same in (
        ("audience", plan.audience, ("audience",), text.key),
        ("theme", plan.themes, ("themes",), text.key),
        ("language", plan.languages, ("languages",), _primary),
        ("host or speaker", plan.hosts, ("hosts", "convenors", "speakers"), text.key),
    ):
        said = {same(value) for name in names for value in _texts(fields.get(name))}
        yield from (f"{label}: {value}" for value in wanted if same(value) in said)


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


# --- what time it is there --------------------------------------------------------------------------------------------


@cache
def _zone_table() -> dict[str, tuple[str, ...]]:
    """The zones of each country in the time zone database, those where many people live first."""
    table: dict[str, list[str]] = {}
    for line in (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, name, *_ = line.split("\t")
            table.setdefault(code, []).append(name)
    return {code: tuple(sorted(names, key=lambda name: name not in LARGE)) for code, names in table.items()}


def zones_of(code: str, at: datetime) -> list[str]:
    """The zones of a country or of an M49 region's countries, one for each time that it is there at that moment."""
    found: dict[timedelta | None, str] = {}
    for member in places.countries_in(code) or {code}:
        for name in _zone_table().get(member, ()):
            found.setdefault(at.astimezone(ZoneInfo(name)).utcoffset(), name)
    return [found[offset] for offset in sorted(found, key=lambda offset: offset or timedelta())]


def _place(code: str, name: str, when: tuple[datetime, datetime], zone: ZoneInfo) -> Place:
    there = ZoneInfo(name)
    start, end = (at.astimezone(there) for at in when)
    midnight = datetime.combine(when[0].date(), time.min, zone).astimezone(UTC)
    steps = min(max(-(-(end - start) // _STEP), 1), _DAY // _STEP)
    parts = [
        part_of_day((midnight + number * _STEP).astimezone(there), code) for number in range(_DAY // _STEP + steps)
    ]
    hours = range(0, _DAY // _STEP, _HOUR // _STEP)
    return Place(
        country=code,
        zone=name,
        start=start,
        end=end,
        part=_worst(
            part_of_day((start.astimezone(UTC) + number * _STEP).astimezone(there), code) for number in range(steps)
        ),
        hours=tuple(
            (f"{(midnight + number * _STEP).astimezone(there):%H:%M}", _worst(parts[number : number + steps]))
            for number in hours
        ),
    )


def _caller(plan: Plan, when: tuple[datetime, datetime]) -> Iterator[Place]:
    """Who calls, by the zone of the plan: they have to be there, invited or not."""
    if plan.zone in _NOBODYS:
        return
    country = next((code for code, names in _zone_table().items() if plan.zone in names), "")
    yield _place(country, plan.zone, when, ZoneInfo(plan.zone))


_NOBODYS = frozenset({"UTC", "Etc/UTC"})
_WORST: tuple[Part, ...] = ("night", "day off", "early or late", "work")


def _worst(parts: Iterable[Part]) -> Part:
    return min(parts, key=_WORST.index)


def part_of_day(at: datetime, code: str) -> Part:
    """Working time is from 9 to 18 on days that are none of the country's weekend (CLDR); night from 22 to 7."""
    clock = at.time()
    if clock >= NIGHT[0] or clock < NIGHT[1]:
        return "night"
    if at.weekday() in _weekend(code):
        return "day off"
    return "work" if WORK[0] <= clock < WORK[1] else "early or late"


@cache
def _weekend(code: str) -> frozenset[int]:
    from babel.core import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(f"und_{code}")
    except (UnknownLocaleError, ValueError):  # no language of that country is in CLDR
        return frozenset({5, 6})
    length = (locale.weekend_end - locale.weekend_start) % 7 + 1
    return frozenset((locale.weekend_start + step) % 7 for step in range(length))


def _best(rows: list[tuple[tuple[str, Part], ...]]) -> tuple[tuple[str, ...], str]:
    """The hours of the day that suit these people (each by their 24 hours) best, and how well they do."""
    if not rows:
        return (), ""
    scores = []
    for number in range(24):
        parts = [hours[number][1] for hours in rows]
        scores.append((parts.count("night"), -parts.count("work")))
    night, work = min(scores)
    hours = tuple(f"{number:02}:00" for number, score in enumerate(scores) if score == (night, work))
    return hours, _how_well(night, -work, len(rows))


def _how_well(night: int, work: int, of: int) -> str:
    if work == of:
        return "working time for all"
    if not work:
        return f"working time for nobody, night in {night} of {of} places" if night else "night for nobody"
    if not night:
        return f"working time in {work} of {of} places, night for nobody"
    return f"working time in {work} of {of} places, night in {night} of {of} places"


# --- changes of the clocks --------------------------------------------------------------------------------------------


def _warnings(plan: Plan, dates: list[datetime], zones: Iterable[str]) -> Iterator[Warning]:
    """What a change of the clocks does to a meeting that repeats, or takes place near one."""
    yield from _skipped(plan)
    own = ZoneInfo(plan.zone)
    for name in dict.fromkeys(zone for zone in (plan.zone, *zones)):
        there = ZoneInfo(name)
        if plan.rrule:
            yield from _moving(dates, name)
        elif name != plan.zone:
            yield from _near(dates[0], own, there)


def _skipped(plan: Plan) -> Iterator[Warning]:
    """A local time that there is not, or twice, on the day when the clocks change (PEP 495)."""
    local, zone = moment(plan.start), ZoneInfo(plan.zone)
    early, late = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    if early != late and early is not None and late is not None:
        what = "comes twice" if early > late else "is skipped"
        yield Warning(plan.zone, local.date(), f"{local:%H:%M} {what} in {city(plan.zone)} on {local:%Y-%m-%d}")


def _moving(dates: list[datetime], name: str) -> Iterator[Warning]:
    """Where the same meeting is at another hour from some date on, although it stays at its hour where the plan is."""
    there = [at.astimezone(ZoneInfo(name)) for at in dates]
    for at, following, before, after in zip(dates, dates[1:], there, there[1:], strict=False):
        if before.time() != after.time() and at.time() == following.time():
            text = f"{before:%H:%M} in {city(name)} on {before:%Y-%m-%d}, {after:%H:%M} from {after:%Y-%m-%d} on"
            yield Warning(name, after.date(), text)


def _near(at: datetime, own: ZoneInfo, there: ZoneInfo) -> Iterator[Warning]:
    """Another hour there than a week or two before or after, at the same hour here."""
    local = at.replace(tzinfo=None)
    now = at.astimezone(there)
    for weeks, words in _WEEKS_AROUND:
        other = (local + weeks * timedelta(weeks=1)).replace(tzinfo=own).astimezone(there)
        if other.time() != now.time():
            text = f"{now:%H:%M} in {city(there.key)} on {now:%Y-%m-%d}, but {other:%H:%M} {words}"
            yield Warning(there.key, other.date(), text)
            return


def city(zone: str) -> str:
    """A zone as people say it: "New York" for America/New_York."""
    return zone.rpartition("/")[2].replace("_", " ")


# --- the month --------------------------------------------------------------------------------------------------------


def month(store: Store, day: date, zone: str, reader: Reader, now: datetime) -> dict[str, dict[str, int]]:
    """How many events each network announces for each day of a month: network id -> day -> number; no zeros."""
    first = day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - _DAY
    counted: dict[str, Counter[str]] = {}
    for at in agenda(store, Agenda(since=first, until=last, zone=zone), reader, now):
        if at.cancelled:
            continue
        begins = max(at.start.date(), first)
        for network, _ in at.hit.networks:
            counted.setdefault(network, Counter())[begins.isoformat()] += 1
    return {network: dict(sorted(days.items())) for network, days in counted.items()}


# --- what people type -------------------------------------------------------------------------------------------------


def _local(given: Any, name: str) -> str:
    found = in_calendar(local_time(one(given, name), name), name)
    return local_text(moment(found)) if "T" in found else found


def _territory(given: Any, name: str) -> str:
    wanted = one(given, name).strip()
    return places.region_code(wanted) or country(wanted, name) if wanted else ""


PARAMETERS: dict[str, Parameter] = {
    "start": ("start", _local),
    "end": ("end", _local),
    "zone": ("zone", zone_asked),
    "rrule": ("rrule", one),
    "country": ("countries", many(_territory)),
    "audience": ("audience", many(one)),
    "theme": ("themes", many(term(vocabulary.THEMES))),
    "language": ("languages", many(language)),
    "host": ("hosts", many(one)),
    "uid": ("uid", one),
}
