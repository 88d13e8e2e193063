"""Groups of networks and the people who are listed: who holds which role, since when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import library
from fednet.directory.query import many, one, read_parameters
from fednet.directory.search import Hit, Reader
from fednet.errors import NotFoundError, UsageError
from fednet.listing import Group, Person
from fednet.listing.group import Role
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asking import Asked, Clock, given, number_from
from fednet.web.doors import Doors
from fednet.web.public import views
from fednet.web.public.pages import for_reader
from fednet.web.public.parties import Parties, Party
from fednet.web.show import Templates
from fednet.web.visitors import Visitor

MAX_ROLES = 6
"""Roles of one group that the list of groups shows."""
MAX_ALL_ROLES = 50
"""Roles of one group, over all times, that its page shows."""
MAX_GROUPS = 60
LIST_BYTES = 44_000
"""Groups on one page of the list, and what they may take of it."""
ROW, ROLE = 450, 220  # bytes of a group and of a role beside their texts
MAX_MEMBERS = 60
MAX_PARTS = 20
MAX_FOCAL = 40


class Held(NamedTuple):
    """A role and who holds it, None when that is not for the reader."""

    role: Role
    holder: Party | None


class Row(NamedTuple):
    """A group in the list, with the roles that are held today; `more`: those that have no room."""

    entry: views.Entry
    roles: list[Held]
    more: int


class Focal(NamedTuple):
    """Who holds a role for a country (a focal person), in which group."""

    country: str
    held: Held
    group: views.Entry


class OfNetwork(NamedTuple):
    """The groups of one network, and its focal persons by country."""

    network: str
    name: str
    rows: list[Row]
    focal: list[Focal]


class Part(NamedTuple):
    """What somebody does in a group."""

    entry: views.Entry
    now: list[Role]
    before: list[Role]


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Groups(home, templates, clock)
    return [
        doors.route("GET", "/groups", for_reader(site.groups)),
        doors.route("GET", "/groups/{handle}", for_reader(site.group)),
        doors.route("GET", "/people/{handle}", for_reader(site.person)),
    ]


class Groups:
    """The pages of groups and people of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock
        self.parties = Parties(home, clock)

    def groups(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        reader = visitor.reader
        names = self.parties.network_names(reader)
        start = number_from(asked, "start")
        asked.pop("start", None)
        try:
            wanted = read_parameters(given(asked), {"network": ("networks", many(one))}).get("networks", ())
            found = library.groups(self.home.store, reader, self.clock(), wanted, start, MAX_GROUPS)
        except (UsageError, NotFoundError) as error:
            return self.page("groups.html", request, error=error, networks=names, chosen="", found=[], following="")
        entries = views.entries(found.hits)
        shown = self._fitting(entries)
        following = start + (shown if shown < len(entries) else MAX_GROUPS)
        more = [*(("network", network) for network in wanted), ("start", str(following))]
        by_network = groupby(entries[:shown], lambda entry: entry.hit.network)
        return self.page(
            "groups.html",
            request,
            error=None,
            networks=names,
            chosen=next(iter(wanted), ""),
            found=[self._of_network(entries, reader) for _, entries in by_network],
            following=show.address("/groups", more) if found.total > following else "",
        )

    def _fitting(self, entries: Sequence[views.Entry]) -> int:
        """How many groups make a page that is still light; one at least."""
        left = LIST_BYTES
        for at, entry in enumerate(entries):
            roles = library.roles_on(getattr(entry.record, "roles", ()), self.clock().date()).now[:MAX_ALL_ROLES]
            texts = [name.text for name in show.names(entry.record)] + [entry.hit.network_name[:240]]
            texts += [text for role in roles for text in (role.role[:120], role.holder[: show.PARTY_NAME])]
            left -= ROW + ROLE * len(roles) + sum(map(show.weight, texts))
            if left < 0:
                return max(at, 1)
        return len(entries)

    def _of_network(self, entries: Iterable[views.Entry], reader: Reader) -> OfNetwork:
        rows, focal = [], []
        for entry in entries:
            roles = library.roles_on(getattr(entry.record, "roles", ()), self.clock().date()).now
            held = self._held(roles[:MAX_ALL_ROLES], reader)
            for_a_country = [one for one in held if one.role.country]
            focal += [Focal(show.country(one.role.country or ""), one, entry) for one in for_a_country]
            others = [one for one in held if not one.role.country]
            rows.append(Row(entry, others[:MAX_ROLES], max(0, len(others) - MAX_ROLES)))
        focal.sort(key=lambda one: one.country)
        first = rows[0].entry.hit
        return OfNetwork(first.network, first.network_name, rows, focal[:MAX_FOCAL])

    def group(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        reader = visitor.reader
        entry = self.parties.entry(request.path_params["handle"], reader)
        if not isinstance(entry.record, Group):
            raise NotFoundError("no such group is listed here")
        roles = library.roles_on(entry.record.roles[:MAX_ALL_ROLES], self.clock().date())
        members = library.members_of(self.home.store, entry.hit, reader, self.clock(), MAX_MEMBERS)
        return self.page(
            "group.html",
            request,
            hit=entry.hit,
            record=entry.record,
            ours=self.parties.is_ours(entry.hit),
            state=None,
            days=0,
            now=self._held(roles.now, reader),
            before=self._held(roles.before, reader),
            later=self._held(roles.later, reader),
            members=views.entries(members),
        )

    def _held(self, roles: Iterable[Role], reader: Reader) -> list[Held]:
        return [Held(role, self.parties.party(role.holder, reader) if role.holder else None) for role in roles]

    def person(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        reader = visitor.reader
        entry = self.parties.entry(request.path_params["handle"], reader)
        if not isinstance(entry.record, Person):
            raise NotFoundError("no such person is listed here")
        organization = entry.record.organization
        return self.page(
            "person.html",
            request,
            hit=entry.hit,
            record=entry.record,
            ours=self.parties.is_ours(entry.hit),
            state=None,
            days=0,
            organization=self.parties.party(organization, reader) if organization else None,
            parts_held=self._parts(entry.hit, reader),
        )

    def _parts(self, hit: Hit, reader: Reader) -> list[Part]:
        found = []
        for part in library.roles_of(self.home.store, hit, reader, self.clock(), MAX_PARTS):
            entry = views.entry_of(part.hit)
            if entry is not None:
                roles = library.roles_on(part.roles, self.clock().date())
                found.append(Part(entry, list(roles.now), list(roles.before)))
        return found
