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
ORGANIZATION = frozenset({"organization"})


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
    "/groups",
    "/groups/{handle}",
    "/resources",
    "/resources/{handle}",
    "/people/{handle}",
    "/organizations/{handle}/proof",
    "/records/{handle}/proof",
    "/check",
    "/about",
    "/privacy",
    "/accessibility",
    "/status",
    "/language/{tag}",
) | {
    ("POST", "/check"): Rule(ANYBODY),  # looks at a file, and keeps nothing of it
    ("POST", "/"): Rule(ANYBODY),  # these ask, and change nothing
    ("POST", "/count"): Rule(ANYBODY),
    ("POST", "/suggest"): Rule(ANYBODY),
}

# --- accounts and signing in ---------------------------------------------------------------------------------------
ACCOUNTS: dict[tuple[str, str], Rule] = {
    ("GET", "/sign-in"): Rule(ANYBODY),
    ("POST", "/sign-in"): Rule(ANYBODY, act="sign-in"),
    ("POST", "/sign-in/letter"): Rule(ANYBODY, act="sign-in-letter"),
    ("POST", "/sign-in/passkey/options"): Rule(ANYBODY),  # a challenge, of which nothing is kept
    ("POST", "/sign-in/passkey"): Rule(ANYBODY, act="sign-in"),
    ("GET", "/sign-in/second"): Rule(ANYBODY),
    ("POST", "/sign-in/second"): Rule(ANYBODY, act="sign-in-second"),
    ("POST", "/sign-in/second/options"): Rule(ANYBODY),
    ("POST", "/sign-in/second/passkey"): Rule(ANYBODY, act="sign-in-second"),
    ("GET", "/sign-in/{secret}"): Rule(ANYBODY),
    ("POST", "/sign-in/{secret}"): Rule(ANYBODY, act="sign-in"),
    ("POST", "/sign-out"): Rule(ANYBODY, act="sign-out"),
    ("GET", "/welcome/{secret}"): Rule(ANYBODY),
    ("POST", "/welcome/{secret}"): Rule(ANYBODY, act="welcome"),
    ("GET", "/account"): Rule(SIGNED_IN),
    ("POST", "/account"): Rule(SIGNED_IN, act="account"),
    ("GET", "/account/address/{secret}"): Rule(ANYBODY),
    ("POST", "/account/address/{secret}"): Rule(ANYBODY, act="address-changed"),
    ("POST", "/account/password"): Rule(SIGNED_IN, act="password"),
    ("POST", "/account/totp"): Rule(SIGNED_IN, act="second-factor"),
    ("POST", "/account/totp/remove"): Rule(SIGNED_IN, act="second-factor-removed"),
    ("POST", "/account/passkeys/options"): Rule(SIGNED_IN),
    ("POST", "/account/passkeys"): Rule(SIGNED_IN, act="second-factor"),
    ("POST", "/account/passkeys/remove"): Rule(SIGNED_IN, act="second-factor-removed"),
    ("POST", "/account/sessions"): Rule(SIGNED_IN, act="sessions-ended"),
    ("POST", "/account/delete"): Rule(frozenset({"individual"}), act="account-deleted"),
    ("GET", "/member/people"): Rule(frozenset({"organization"})),
    ("POST", "/member/people"): Rule(frozenset({"organization"}), act="invited"),
    ("POST", "/member/people/take-back"): Rule(frozenset({"organization"}), act="invitation-taken-back"),
    ("POST", "/member/people/{id}/end"): Rule(frozenset({"organization"}), act="account-ended"),
    ("GET", "/workspace/accounts"): Rule(frozenset({"administrator", "auditor"})),
    ("POST", "/workspace/accounts"): Rule(ADMINISTRATOR, act="invited"),
    ("GET", "/workspace/accounts/{id}"): Rule(frozenset({"administrator", "auditor"})),
    ("POST", "/workspace/accounts/{id}/role"): Rule(ADMINISTRATOR, act="role-changed"),
    ("POST", "/workspace/accounts/{id}/address"): Rule(ADMINISTRATOR, act="address-changed"),
    ("POST", "/workspace/accounts/{id}/link"): Rule(ADMINISTRATOR, act="account-link"),
    ("POST", "/workspace/accounts/{id}/reset"): Rule(ADMINISTRATOR, act="account-reset"),
    ("POST", "/workspace/accounts/{id}/end"): Rule(ADMINISTRATOR, act="account-ended"),
    ("GET", "/workspace/acts"): Rule(STAFF),
    ("GET", "/workspace/acts.csv"): Rule(STAFF),
    ("GET", "/workspace/acts.jsonl"): Rule(STAFF),
}

# --- joining -------------------------------------------------------------------------------------------------------
JOINING: dict[tuple[str, str], Rule] = {
    ("GET", "/join"): Rule(ANYBODY),
    ("POST", "/join"): Rule(ANYBODY, act="applied"),
    ("GET", "/application/{secret}"): Rule(ANYBODY),
    ("POST", "/application/{secret}/answer"): Rule(ANYBODY, act="application-answered"),
    ("GET", "/application/{secret}/change"): Rule(ANYBODY),
    ("POST", "/application/{secret}/change"): Rule(ANYBODY, act="application-changed"),
    ("POST", "/application/{secret}/withdraw"): Rule(ANYBODY, act="application-withdrawn"),
    ("GET", "/endorse/{secret}"): Rule(ANYBODY),
    ("POST", "/endorse/{secret}"): Rule(ANYBODY, act="endorsed"),
    ("POST", "/member/endorsements/{id}"): Rule(frozenset({"organization"}), act="endorsed"),
    ("GET", "/workspace/applications"): Rule(STAFF),
    ("POST", "/workspace/applications"): Rule(SECRETARIAT, act="applications-declined"),
    ("GET", "/workspace/applications/{id}"): Rule(STAFF),
    ("POST", "/workspace/applications/{id}/endorsers"): Rule(SECRETARIAT, act="endorsers-asked"),
    ("POST", "/workspace/applications/{id}/ask"): Rule(SECRETARIAT, act="applicant-asked"),
    ("POST", "/workspace/applications/{id}/link"): Rule(SECRETARIAT, act="application-link"),
    ("POST", "/workspace/applications/{id}/approve"): Rule(SECRETARIAT, act="application-approved"),
    ("POST", "/workspace/applications/{id}/decline"): Rule(SECRETARIAT, act="application-declined"),
    ("GET", "/workspace/terms"): Rule(STAFF),
    ("POST", "/workspace/terms"): Rule(SECRETARIAT, act="membership-renewed"),
    ("GET", "/workspace/letters"): Rule(STAFF),
    ("POST", "/workspace/letters/{id}/again"): Rule(SECRETARIAT, act="letter-again"),
    ("POST", "/workspace/letters/{id}/drop"): Rule(SECRETARIAT, act="letter-dropped"),
    ("GET", "/workspace/week"): Rule(STAFF),
    ("GET", "/workspace/update"): Rule(STAFF),
}

# --- members' own entries ------------------------------------------------------------------------------------------
MEMBER: dict[tuple[str, str], Rule] = {
    ("GET", "/member"): Rule(MEMBERS),
    ("GET", "/member/new/{kind}"): Rule(MEMBERS),
    ("POST", "/member/new/{kind}"): Rule(MEMBERS, act="entry-added", upload=True),
    ("GET", "/member/records/{handle}"): Rule(MEMBERS, own=True),
    ("POST", "/member/records/{handle}"): Rule(MEMBERS, act="entry-changed", own=True, upload=True),
    ("POST", "/member/records/{handle}/confirm"): Rule(MEMBERS, act="entry-confirmed", own=True),
    ("GET", "/member/records/{handle}/withdraw"): Rule(MEMBERS, own=True),
    ("POST", "/member/records/{handle}/withdraw"): Rule(MEMBERS, act="entry-withdrawn", own=True),
    ("POST", "/member/records/{handle}/erase"): Rule(MEMBERS, act="entry-erased", own=True),
    ("GET", "/member/erased/{handle}"): Rule(MEMBERS),
    ("GET", "/member/edits/{id}"): Rule(MEMBERS),
    ("POST", "/member/edits/{id}/withdraw"): Rule(MEMBERS, act="proposal-taken-back"),
    ("GET", "/confirm/{secret}"): Rule(ANYBODY),
    ("POST", "/confirm/{secret}"): Rule(ANYBODY, act="link-answered"),
    ("GET", "/workspace/edits"): Rule(STAFF),
    ("GET", "/workspace/edits/{id}"): Rule(STAFF),
    ("POST", "/workspace/edits/{id}/approve"): Rule(SECRETARIAT, act="proposal-approved"),
    ("POST", "/workspace/edits/{id}/decline"): Rule(SECRETARIAT, act="proposal-declined"),
}

# --- the desk: records, imports, what leaves ----------------------------------------------------------------------
DESK: dict[tuple[str, str], Rule] = {
    ("GET", "/workspace"): Rule(STAFF),
    ("POST", "/workspace/steps"): Rule(SECRETARIAT, act="set-step-aside"),
    ("GET", "/workspace/records/{kind}"): Rule(STAFF),
    ("POST", "/workspace/records/{kind}"): Rule(SECRETARIAT, act="change-records"),
    ("GET", "/workspace/records/{kind}/new"): Rule(SECRETARIAT),
    ("POST", "/workspace/records/{kind}/new"): Rule(SECRETARIAT, act="add-record", upload=True),
    ("GET", "/workspace/record/{handle}"): Rule(STAFF),
    ("POST", "/workspace/record/{handle}"): Rule(SECRETARIAT, act="edit-record", upload=True),
    ("POST", "/workspace/record/{handle}/confirm"): Rule(SECRETARIAT, act="confirm-record"),
    ("GET", "/workspace/record/{handle}/views"): Rule(STAFF),
    ("GET", "/workspace/record/{handle}/withdraw"): Rule(SECRETARIAT),
    ("POST", "/workspace/record/{handle}/withdraw"): Rule(SECRETARIAT, act="withdraw-record"),
    ("GET", "/workspace/record/{handle}/erase"): Rule(SECRETARIAT),
    ("POST", "/workspace/record/{handle}/erase"): Rule(SECRETARIAT, act="erase-record"),
    ("GET", "/workspace/record/{handle}/erased"): Rule(STAFF),
    ("GET", "/workspace/import"): Rule(STAFF),
    ("POST", "/workspace/import"): Rule(SECRETARIAT, act="upload-files", upload=True),
    ("POST", "/workspace/import/undo"): Rule(SECRETARIAT, act="undo-import"),
    ("POST", "/workspace/import/forget"): Rule(SECRETARIAT, act="forget-columns"),
    ("POST", "/workspace/import/settle"): Rule(SECRETARIAT, act="leave-refused-rows"),
    ("GET", "/workspace/import/{upload}"): Rule(SECRETARIAT),
    ("POST", "/workspace/import/{upload}"): Rule(SECRETARIAT, act="choose-columns"),
    ("POST", "/workspace/import/{upload}/import"): Rule(SECRETARIAT, act="import"),
    ("POST", "/workspace/import/{upload}/drop"): Rule(SECRETARIAT, act="drop-upload"),
    ("GET", "/workspace/import/{upload}/{name}"): Rule(SECRETARIAT),
    ("GET", "/workspace/publish"): Rule(STAFF),
    ("POST", "/workspace/publish"): Rule(SECRETARIAT, act="publish"),
    ("POST", "/workspace/publish/discard"): Rule(SECRETARIAT, act="discard-edit"),
    ("POST", "/workspace/publish/hold"): Rule(ADMINISTRATOR, act="hold-signing"),
    ("GET", "/workspace/matches"): Rule(STAFF),
    ("POST", "/workspace/matches"): Rule(SECRETARIAT, act="say-same-or-not"),
    ("GET", "/workspace/confirmations"): Rule(STAFF),
    ("POST", "/workspace/confirmations"): Rule(SECRETARIAT, act="confirm-records"),
    ("POST", "/workspace/confirmations/ask"): Rule(SECRETARIAT, act="ask-to-confirm"),
    ("GET", "/workspace/plan"): Rule(STAFF),
    ("POST", "/workspace/plan"): Rule(STAFF),  # looks, and keeps nothing of it
}

# --- the desk: other networks, keys, backups, settings ------------------------------------------------------------
OFFICE: dict[tuple[str, str], Rule] = {
    ("GET", "/workspace/hide"): Rule(STAFF),
    ("GET", "/workspace/hide/{handle}"): Rule(SECRETARIAT),
    ("POST", "/workspace/hide/look"): Rule(SECRETARIAT),  # looks, and keeps nothing of it
    ("POST", "/workspace/hide"): Rule(SECRETARIAT, act="hide"),
    ("POST", "/workspace/hide/sign"): Rule(SECRETARIAT, act="sign-hidden"),
    ("POST", "/workspace/hide/undo"): Rule(SECRETARIAT, act="put-back-hidden"),
    ("GET", "/workspace/circles"): Rule(STAFF),
    ("POST", "/workspace/circles"): Rule(ADMINISTRATOR, act="add-circle"),
    ("POST", "/workspace/circles/{id}/add"): Rule(ADMINISTRATOR, act="let-network-read"),
    ("POST", "/workspace/circles/{id}/remove"): Rule(ADMINISTRATOR, act="let-network-read-no-more"),
    ("GET", "/workspace/settings"): Rule(STAFF),
    ("POST", "/workspace/settings/letter"): Rule(ADMINISTRATOR, act="send-test-letter"),
    ("POST", "/workspace/settings/{id}"): Rule(ADMINISTRATOR, act="change-settings"),
    ("GET", "/workspace/backups"): Rule(STAFF),
    ("POST", "/workspace/backups"): Rule(ADMINISTRATOR, act="make-backup"),
    ("POST", "/workspace/backups/rehearse"): Rule(ADMINISTRATOR, act="rehearse-restore", upload=True),
    ("POST", "/workspace/backups/{id}/download"): Rule(ADMINISTRATOR, act="download-backup"),
    ("POST", "/workspace/backups/{id}/delete"): Rule(ADMINISTRATOR, act="delete-backup"),
    ("GET", "/workspace/keys"): Rule(STAFF),
    ("GET", "/workspace/keys/sheet"): Rule(STAFF),
    ("POST", "/workspace/keys/check"): Rule(STAFF),  # looks at the set-up, and changes nothing
    ("POST", "/workspace/keys/witnesses"): Rule(ADMINISTRATOR, act="add-witness"),
    ("POST", "/workspace/keys/witnesses/remove"): Rule(ADMINISTRATOR, act="remove-witness"),
    ("GET", "/workspace/peers"): Rule(STAFF),
    ("POST", "/workspace/peers/look"): Rule(ADMINISTRATOR, act="look-at-network"),
    ("POST", "/workspace/peers"): Rule(ADMINISTRATOR, act="follow"),
    ("POST", "/workspace/peers/bundle"): Rule(ADMINISTRATOR, act="read-bundle", upload=True),
    ("POST", "/workspace/peers/own/bundle"): Rule(SECRETARIAT, act="write-bundle"),
    ("POST", "/workspace/peers/unblock"): Rule(ADMINISTRATOR, act="unblock"),
    ("GET", "/workspace/peers/{id}"): Rule(STAFF),
    ("POST", "/workspace/peers/{id}/sync"): Rule(SECRETARIAT, act="sync"),
    ("POST", "/workspace/peers/{id}/partner"): Rule(ADMINISTRATOR, act="make-partner"),
    ("POST", "/workspace/peers/{id}/partner/end"): Rule(ADMINISTRATOR, act="end-partnership"),
    ("POST", "/workspace/peers/{id}/unfollow"): Rule(ADMINISTRATOR, act="unfollow"),
    ("POST", "/workspace/peers/{id}/block"): Rule(ADMINISTRATOR, act="block"),
    ("POST", "/workspace/peers/{id}/sources"): Rule(ADMINISTRATOR, act="add-source"),
    ("POST", "/workspace/peers/{id}/sources/remove"): Rule(ADMINISTRATOR, act="remove-source"),
    ("POST", "/workspace/peers/{id}/policy"): Rule(ADMINISTRATOR, act="change-witness-policy"),
    ("POST", "/workspace/peers/{id}/resolve"): Rule(ADMINISTRATOR, act="resolve-evidence"),
    ("POST", "/workspace/peers/{id}/bundle"): Rule(ADMINISTRATOR, act="write-bundle"),
}

# --- needs, offers and funding: what everybody may see of them, the desk's, members' -------------------------------
_MEMBERS_INTRODUCTIONS = "/member/exchange/{handle}/introductions"
EXCHANGE: dict[tuple[str, str], Rule] = {
    ("GET", "/twinnings"): Rule(ANYBODY),
    ("GET", "/twinnings/{handle}"): Rule(ANYBODY),
    ("GET", "/workspace/report"): Rule(STAFF),
    ("GET", "/workspace/report.csv"): Rule(STAFF),
    ("GET", "/exchange"): Rule(ANYBODY),
    ("POST", "/exchange"): Rule(ANYBODY),  # asks, and changes nothing
    ("GET", "/exchange/chart"): Rule(ANYBODY),
    ("GET", "/exchange/chart.csv"): Rule(ANYBODY),
    ("GET", "/exchange/{handle}"): Rule(ANYBODY),
    ("GET", "/workspace/exchange"): Rule(STAFF),
    ("POST", "/workspace/exchange/dismiss"): Rule(SECRETARIAT, act="dismiss-match"),
    ("POST", "/workspace/exchange/put-back"): Rule(SECRETARIAT, act="put-match-back"),
    ("GET", "/workspace/exchange/{handle}/close"): Rule(SECRETARIAT),
    ("POST", "/workspace/exchange/{handle}/close"): Rule(SECRETARIAT, act="close-exchange"),
    ("GET", "/workspace/introductions"): Rule(STAFF),
    ("GET", "/workspace/introductions/new"): Rule(SECRETARIAT),
    ("POST", "/workspace/introductions/new"): Rule(SECRETARIAT, act="ask-introduction"),
    ("GET", "/workspace/introductions/{id}"): Rule(STAFF),
    ("POST", "/workspace/introductions/{id}/accept"): Rule(SECRETARIAT, act="accept-introduction"),
    ("POST", "/workspace/introductions/{id}/decline"): Rule(SECRETARIAT, act="decline-introduction"),
    ("POST", "/workspace/introductions/{id}/take-back"): Rule(SECRETARIAT, act="take-introduction-back"),
    ("POST", "/workspace/introductions/{id}/outcome"): Rule(SECRETARIAT, act="tell-introduction-outcome"),
    ("POST", "/workspace/introductions/{id}/forget"): Rule(SECRETARIAT, act="forget-introduction"),
    ("GET", "/member/exchange"): Rule(ORGANIZATION),
    ("GET", "/member/exchange/{handle}"): Rule(ORGANIZATION, own=True),
    ("POST", "/member/exchange/{handle}/dismiss"): Rule(ORGANIZATION, act="dismiss-match", own=True),
    ("POST", "/member/exchange/{handle}/put-back"): Rule(ORGANIZATION, act="put-match-back", own=True),
    ("GET", "/member/exchange/{handle}/close"): Rule(ORGANIZATION, own=True),
    ("POST", "/member/exchange/{handle}/close"): Rule(ORGANIZATION, act="close-exchange", own=True),
    ("GET", f"{_MEMBERS_INTRODUCTIONS}/new"): Rule(ORGANIZATION, own=True),
    ("POST", f"{_MEMBERS_INTRODUCTIONS}/new"): Rule(ORGANIZATION, act="ask-introduction", own=True),
    ("GET", f"{_MEMBERS_INTRODUCTIONS}/{{id}}"): Rule(ORGANIZATION, own=True),
    ("POST", f"{_MEMBERS_INTRODUCTIONS}/{{id}}/accept"): Rule(ORGANIZATION, act="accept-introduction", own=True),
    ("POST", f"{_MEMBERS_INTRODUCTIONS}/{{id}}/decline"): Rule(ORGANIZATION, act="decline-introduction", own=True),
    ("POST", f"{_MEMBERS_INTRODUCTIONS}/{{id}}/take-back"): Rule(ORGANIZATION, act="take-introduction-back", own=True),
    ("POST", f"{_MEMBERS_INTRODUCTIONS}/{{id}}/outcome"): Rule(ORGANIZATION, act="tell-introduction-outcome", own=True),
    ("POST", f"{_MEMBERS_INTRODUCTIONS}/{{id}}/forget"): Rule(ORGANIZATION, act="forget-introduction", own=True),
}

TABLE: dict[tuple[str, str], Rule] = {**PUBLIC_PAGES, **ACCOUNTS, **JOINING, **MEMBER, **DESK, **OFFICE, **EXCHANGE}

PROGRAMS = (
    "/.well-known/", "/api/", "/calendar.ics", "/docs", "/embed/", "/evidence", "/events/{handle}.ics", "/feed.json",
    "/feeds/", "/healthz", "/hsds", "/messages", "/openapi.json", "/readyz", "/receipt", "/static",
    "/witness/",
)  # fmt: skip
"""Addresses for programs and files, below which no session counts: a network that signs its request is asked there."""


def rule(method: str, path: str) -> Rule:
    """The line of an address; raises KeyError where there is none, so that no such route can be made."""
    return TABLE[method, path]


def may(role: str, path: str, method: str = "GET") -> bool:
    """Whether there is such an address, and a role may see it (whose entry it is aside): what menus offer."""
    found = TABLE.get((method, path)) or next(
        (line for known, line in TABLE.items() if fits(known, method, path)), None
    )
    return found is not None and role in found.roles


def has(method: str, path: str) -> bool:
    """Whether there is such an address."""
    return any(fits(known, method, path) for known in TABLE)


def fits(known: tuple[str, str], method: str, path: str) -> bool:
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
