"""Who may do what: one line for each address and method, and nothing is answered without one.

`own` lines are open to organisation administrators and individuals for what is theirs: the record that `{handle}`
names. `tests/web/test_policy.py` walks every route, role and owner.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.routing import BaseRoute, Mount, Route

ANYBODY = frozenset({"anybody", "administrator", "editor", "auditor", "organization", "individual"})
SIGNED_IN = ANYBODY - {"anybody"}
ADMINISTRATOR = frozenset({"administrator"})
SECRETARIAT = frozenset({"administrator", "editor"})
STAFF = SECRETARIAT | {"auditor"}
MEMBERS = frozenset({"organization", "individual"})


class Rule(NamedTuple):
    """`act`: what the audit log calls it; each line that changes something has one. `own`: see above.

    `upload`: files may come with it (`asgi.MAX_UPLOAD`).
    """

    roles: frozenset[str]
    act: str = ""
    own: bool = False
    upload: bool = False


def _pages(*paths: str) -> dict[tuple[str, str], Rule]:
    return {("GET", path): Rule(ANYBODY) for path in paths}


PUBLIC_PAGES = _pages(
    "/",
    "/organizations/{handle}",
    "/events",
    "/events/{handle}",
    "/networks",
    "/networks/{network}",
)

# --- accounts and signing in ---------------------------------------------------------------------------------------
ACCOUNTS: dict[tuple[str, str], Rule] = {}

# --- joining -------------------------------------------------------------------------------------------------------
JOINING: dict[tuple[str, str], Rule] = {}

# --- members' own entries ------------------------------------------------------------------------------------------
MEMBER: dict[tuple[str, str], Rule] = {}

# --- the desk: records, imports, what leaves ----------------------------------------------------------------------
DESK: dict[tuple[str, str], Rule] = {}

# --- the desk: other networks, keys, backups, settings ------------------------------------------------------------
OFFICE: dict[tuple[str, str], Rule] = {}

TABLE: dict[tuple[str, str], Rule] = {**PUBLIC_PAGES, **ACCOUNTS, **JOINING, **MEMBER, **DESK, **OFFICE}

PROGRAMS = (
    "/.well-known/", "/api/", "/calendar.ics", "/docs", "/evidence", "/events/{handle}.ics", "/feed.json", "/feeds/",
    "/healthz", "/hsds", "/openapi.json", "/readyz", "/receipt", "/static", "/witness/",
)  # fmt: skip
"""Addresses for programs and files, below which no session counts: a network that signs its request is asked there."""


def rule(method: str, path: str) -> Rule:
    """The line of an address; raises KeyError where there is none, so that no such route can be made."""
    return TABLE[method, path]


def may(role: str, path: str, method: str = "GET") -> bool:
    """Whether there is such an address, and a role may see it (whose entry it is aside): what menus offer."""
    found = TABLE.get((method, path)) or next(
        (line for known, line in TABLE.items() if _fits(known, method, path)), None
    )
    return found is not None and role in found.roles


def _fits(known: tuple[str, str], method: str, path: str) -> bool:
    parts, asked = known[1].split("/"), path.split("/")
    pairs = zip(parts, asked, strict=False)
    return known[0] == method and len(parts) == len(asked) and all(p == a or p.startswith("{") for p, a in pairs)


def undeclared(routes: list[BaseRoute]) -> list[tuple[str, str]]:
    """Routes that no line speaks of."""
    found = []
    for route in routes:
        path: Any = getattr(route, "path", "")
        if isinstance(route, Mount) or path.startswith(PROGRAMS):
            continue
        methods = route.methods or set() if isinstance(route, Route) else set()
        found += [(method, path) for method in methods - {"HEAD"} if (method, path) not in TABLE]
    return sorted(found)
