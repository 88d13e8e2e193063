"""Backups: made, encrypted, fetched by a browser; rehearsed; how one is restored.

A backup holds everything, the private keys too. So only an administrator makes or fetches one, who has signed in a
moment ago or gives the password again, and none leaves this node unencrypted.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from fednet.errors import FednetError, UsageError
from fednet.node import backup, rehearsal
from fednet.node.backup import NO_KEY, Key
from fednet.node.home import Home
from fednet.node.rehearsal import Rehearsal
from fednet.node.staging import staging
from fednet.store import drafts
from fednet.web import doors as doorway
from fednet.web.access.signing import Gate
from fednet.web.asgi import MAX_UPLOAD
from fednet.web.asking import Asked, Clock, first, typed
from fednet.web.doors import Doors, done, see
from fednet.web.show import Templates
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

SHORTEST = 14
"""Characters of a passphrase: a backup may be guessed at for years, by whoever finds it."""
SAID = 40
"""Lines of what a rehearsal found that are shown."""

DONE = {
    "made": noted("The backup is made. Fetch it, and keep it away from this machine."),
    "deleted": noted("The backup is deleted here."),
}


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, gate: Gate) -> list[Route]:
    pages = Backups(home, templates, clock, gate)
    return [
        doors.route("GET", "/workspace/backups", pages.see),
        doors.route("POST", "/workspace/backups", pages.make),
        doors.route("POST", "/workspace/backups/rehearse", pages.rehearse),
        doors.route("POST", "/workspace/backups/{id}/download", pages.download),
        doors.route("POST", "/workspace/backups/{id}/delete", pages.delete),
    ]


class Backups:
    """The page, and what it does."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, gate: Gate) -> None:
        self.home, self.templates, self.clock, self.gate = home, templates, clock, gate

    def see(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What was made and rehearsed last, and what is kept."""
        return self._page(request, visitor, done=done(asked, DONE))

    def make(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """A backup, now."""
        passphrase, again = typed(asked, "passphrase"), typed(asked, "again")
        try:
            self.gate.must_be_sure(request, asked, visitor)
            if len(passphrase) < SHORTEST:
                raise UsageError(f"the passphrase needs at least {SHORTEST} characters: several words, for example")
            if passphrase != again:
                raise UsageError("the two passphrases differ")
            made = backup.keep(self.home, passphrase, self.clock())
        except FednetError as error:
            return self._page(request, visitor, error=error, status=422)
        doorway.about(request, made.name)
        return see("/workspace/backups?done=made")

    def download(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The file of a backup."""
        try:
            self.gate.must_be_sure(request, asked, visitor)
            file = backup.kept_file(self.home, request.path_params["id"])
        except FednetError as error:
            return self._page(request, visitor, error=error, status=error.status)
        return FileResponse(file, media_type="application/octet-stream", filename=f"fednet-{file.name}")

    def delete(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """A backup need not be kept here any more."""
        try:
            backup.kept_file(self.home, request.path_params["id"]).unlink()
        except FednetError as error:
            return self._page(request, visitor, error=error, status=error.status)
        return see("/workspace/backups?done=deleted")

    def rehearse(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Restore a backup beside the node, verify all of it, and leave nothing of it."""
        passphrase = typed(asked, "passphrase")
        key = Key(passphrase=passphrase) if passphrase else NO_KEY
        try:
            with staging(self.home.path) as place:
                file = self._chosen(request, first(asked, "which"), place)
                found = asyncio.run(rehearsal.rehearse(self.home, self.clock(), file=file, key=key))
            rehearsal.remember(self.home, found, self.clock())
        except FednetError as error:
            return self._page(request, visitor, error=error, status=error.status)
        return self._page(request, visitor, found=found)

    def _chosen(self, request: Request, which: str, place: Path) -> Path | None:
        """The file to rehearse with: one that is uploaded, one that is kept, or None, for one that is made for this."""
        if which == "now":
            return None
        if which != "upload":
            return backup.kept_file(self.home, which)
        files: list[UploadFile] = request.state.files.get("file", [])
        if not files or not files[0].size:
            raise UsageError("choose a file first")
        path = place / "uploaded"
        with path.open("xb") as out:
            files[0].file.seek(0)
            while piece := files[0].file.read(backup.PIECE):
                out.write(piece)
        return path

    def _page(
        self, request: Request, visitor: Visitor, *, status: int = 200, found: Rehearsal | None = None, **values: Any
    ) -> Response:
        with self.home.store.reading() as db:
            made, rehearsed = (drafts.setting(db, name) for name in (backup.LAST_BACKUP, rehearsal.LAST_REHEARSAL))
        usual = {"error": None, "done": ""}
        return self.templates.page(
            "desk/backups.html",
            request,
            status,
            **{**usual, **values},
            found=found,
            said=SAID,
            kept=backup.kept(self.home),
            made=made,
            rehearsed=rehearsed,
            fresh=self.gate.is_fresh(visitor),
            shortest=SHORTEST,
            most=MAX_UPLOAD // 1024**2,
            folder=self.home.path.name,
        )
