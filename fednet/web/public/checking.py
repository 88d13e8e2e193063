"""Offline proofs for anybody: the file of what a network signed, and a page that says what such a file shows.

```
GET /records/7e6d8c1e-.../proof?network=mzxw6ytboi...      the proof that this network lists this record
POST /check                                                a form with a proof file: checked, shown, and not kept
```
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fednet import listing
from fednet.errors import FednetError, UsageError
from fednet.feed.identity import fingerprint
from fednet.feed.proof import MAX_PROOF, Proven, check, parse_proof
from fednet.feed.text import utc_text
from fednet.node import proofs
from fednet.node.home import Home
from fednet.web import show
from fednet.web.asgi import MAX_POST
from fednet.web.asking import Asked, Clock
from fednet.web.doors import Doors
from fednet.web.public.pages import for_reader
from fednet.web.public.parties import Parties, page_of
from fednet.web.sending import sent
from fednet.web.show import Templates, Text
from fednet.web.visitors import Visitor

MEDIA_TYPE = "text/plain; charset=utf-8"
FIELD = "proof"
MAX_SHOWN = 12_000
"""Bytes of a record that the page shows as it was signed."""


class Found(NamedTuple):
    """What a proof shows. `known`: this node shows the network, so its name can be believed here."""

    verdict: str
    network: str
    name: str
    fingerprint: str
    known: bool
    circle: str
    handle: str
    edition: int
    issued: str
    expires: str
    expired: bool
    kind: str
    names: list[Text]
    page: str | None
    body: str


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Checking(home, templates, clock)
    return [
        doors.route("GET", "/organizations/{handle}/proof", for_reader(site.proof)),
        doors.route("GET", "/records/{handle}/proof", for_reader(site.proof)),
        doors.route("GET", "/check", site.form),
        doors.route("POST", "/check", site.checked),
    ]


class Checking:
    """Proofs, made and checked by one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock
        self.parties = Parties(home, clock)

    def proof(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        handle = request.path_params["handle"]
        network = next(iter(asked.get("network", [])), None)
        made = proofs.listed(self.home, handle, network, visitor.reader.may_read)
        headers = {"Content-Disposition": f'attachment; filename="{handle}.proof"'}
        return sent(request, made, MEDIA_TYPE, visitor.reader, headers=headers)

    def form(self, request: Request, asked: Asked, visitor: Visitor) -> HTMLResponse:
        return self.page("check.html", request, error=None, found=None)

    def checked(self, request: Request, asked: Asked, visitor: Visitor) -> HTMLResponse:
        try:
            found = self._found(_uploaded(request), visitor)
        except FednetError as error:
            return self.page("check.html", request, 422, error=error, found=None)
        return self.page("check.html", request, error=None, found=found)

    def _found(self, raw: bytes, visitor: Visitor) -> Found:
        proven = check(parse_proof(raw))
        record = listing.parse(proven.body) if proven.body else None
        fields = _fields(proven)
        kind = str(fields.get("kind", ""))
        known = proven.network in self.parties.network_names(visitor.reader)
        return Found(
            verdict=proven.verdict,
            network=proven.network,
            name=proven.name,
            fingerprint=fingerprint(proven.network),
            known=known,
            circle=proven.circle,
            handle=proven.handle,
            edition=proven.edition.edition,
            issued=utc_text(proven.edition.issued_at),
            expires=utc_text(proven.edition.expires_at),
            expired=proven.edition.expires_at <= self.clock(),
            kind=kind,
            names=show.names(record) if record else [],
            page=page_of(kind, proven.handle) if known and proven.circle == "public" else None,
            body=msgspec.json.format(msgspec.json.encode(fields), indent=2).decode()[:MAX_SHOWN] if fields else "",
        )


def _fields(proven: Proven) -> dict[str, Any]:
    """What was signed; nothing where it is in no form that is shown."""
    try:
        found = msgspec.json.decode(proven.body) if proven.body else {}
        return found if isinstance(found, dict) else {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _uploaded(request: Request) -> bytes:
    """The file of the form; UsageError when there is none."""
    files = request.state.files.get(FIELD, [])
    raw: bytes = files[0].file.read(min(MAX_PROOF, MAX_POST) + 1) if files else b""
    if not raw:
        raise UsageError("no file was chosen", hint="choose the file whose name ends in .proof")
    return raw
