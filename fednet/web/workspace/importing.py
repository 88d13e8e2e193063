"""The import wizard: upload, how each column is read, what would happen, and taking it back.

What was uploaded lies in `fednet.node.uploads` between the steps; what is shown of it is worked out anew each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from threading import Lock
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.text import plain
from fednet.formats.columns import FIELDS, IGNORE, REQUIRED
from fednet.formats.corrections import corrected
from fednet.formats.reading import Entry, Example, Seen
from fednet.node import imports, publish, undo, uploads
from fednet.node.home import Home
from fednet.node.import_plan import Imported, Outcome
from fednet.node.imports import Choices, File, Preview
from fednet.node.uploads import Upload
from fednet.store import circles as stored
from fednet.store import waiting
from fednet.store.circles import PARTNERS, PUBLIC
from fednet.web import show
from fednet.web.asgi import MAX_UPLOAD
from fednet.web.asking import Asked, Clock, first, numbered
from fednet.web.doors import Doors, done, see
from fednet.web.phrases import plainly
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor
from fednet.web.workspace import columns, values

ROWS_SHOWN = 8
"""Records of a preview that are shown as they will be."""
CHANGED_SHOWN = 20
REFUSED_SHOWN = 100
MISSING_SHOWN = 50
HISTORY_SHOWN = 40
MAX_NAME = 120
KINDS = tuple(REQUIRED)
SUFFIXES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SAID = ("keep_zawgyi", "withdraw_missing", "most_are_gone", "all_rows")

DONE = {
    "forgotten": noted("The columns of that list will be guessed again."),
    "settled": noted("Those rows are left out."),
    "dropped": noted("The file is gone, and nothing of it was imported."),
}


class Column(NamedTuple):
    """A column of a file: how it was read, and what the form says of it. `was` is as `--map` has it.

    `examples`: cells as they stand, and in words what becomes of them; empty where nothing does, or nothing else.
    """

    at: int
    seen: Seen
    examples: list[tuple[str, str]]
    choice: str
    language: str
    translated: bool
    was: str


class Shown(NamedTuple):
    """A record as it will be: what becomes of it, and its fields in words."""

    outcome: Outcome
    fields: list[tuple[str, list[Any]]]


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    wizard = Wizard(home, templates, clock)
    templates.environment.filters["called"] = columns.called
    return [
        doors.route("GET", "/workspace/import", wizard.begin),
        doors.route("POST", "/workspace/import", wizard.upload),
        doors.route("POST", "/workspace/import/undo", wizard.undo),
        doors.route("POST", "/workspace/import/forget", wizard.forget),
        doors.route("POST", "/workspace/import/settle", wizard.settle),
        doors.route("GET", "/workspace/import/{upload}", wizard.look),
        doors.route("POST", "/workspace/import/{upload}", wizard.choose),
        doors.route("POST", "/workspace/import/{upload}/import", wizard.import_),
        doors.route("POST", "/workspace/import/{upload}/drop", wizard.drop),
        doors.route("GET", "/workspace/import/{upload}/{name}", wizard.corrections),
    ]


class Wizard:
    """The pages of importing."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        self._one_at_a_time = Lock()

    # --- the first page -----------------------------------------------------------------------------------------------

    def begin(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        return self._begin(request, done=done(asked, DONE))

    def _begin(self, request: Request, done: str = "", error: FednetError | None = None, **more: Any) -> Response:
        with self.home.store.reading() as db:
            refused = {one.id for one in waiting.refused(db)}
        return self.page(
            "desk/import.html",
            request,
            error=error,
            done=done,
            history=imports.history(self.home)[:HISTORY_SHOWN],
            refused=refused,
            remembered=[_remembered(one.source, one.said) for one in imports.mappings(self.home)],
            most=MAX_UPLOAD >> 20,
            **{"undone": None, **more},
        )

    def upload(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        files = [_file(one) for one in request.state.files.get("file", []) if one.filename]
        if not files or visitor.account is None:
            return self._begin(request, error=UsageError("no file was chosen", hint="choose one, then go on"))
        upload = uploads.keep(self.home, visitor.account.id, files, self.clock())
        return see(f"/workspace/import/{upload.id}")

    # --- looking, and choosing ----------------------------------------------------------------------------------------

    def look(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        upload = self._upload(request, visitor)
        if upload.result is not None:
            with self.home.store.reading() as db:
                held, unsigned = publish.is_held(db), bool(publish.waits(db, self.home.network))
            more = {"held": held, "unsigned": unsigned, **upload.result}
            return self.page("desk/import-done.html", request, upload=upload, **more)
        return self._look(request, upload, changed="changed" in asked)

    def _look(
        self, request: Request, upload: Upload, *, changed: bool = False, error: FednetError | None = None
    ) -> Response:
        try:
            preview = self._preview(upload)
        except FednetError as refusal:
            found = self._page(request, upload, None, error=error or refusal)
            found.status_code = (error or refusal).status
            return found
        found = self._page(request, upload, preview, changed=changed, error=error)
        found.status_code = error.status if error else 200
        return found

    def _page(self, request: Request, upload: Upload, preview: Preview | None, **more: Any) -> Response:
        tried = preview.tried if preview else None
        kind = upload.said.get("kind") or (_kind(tried) if tried else "organization")
        with self.home.store.reading() as db:
            circles, held = stored.names(db), publish.is_held(db)
        return self.page(
            "desk/import-look.html",
            request,
            upload=upload,
            held=held,
            holds=[show.counted(of, number) for of, number in tried.kinds.items()] if tried else [],
            said=upload.said,
            kind=kind,
            kinds=KINDS,
            circles=[(one, usual_circle(one)) for one in circles],
            sources=_sources(self.home),
            columns=list(_columns(tried, kind)) if tried else [],
            choices=columns.choices(kind),
            languages=_languages(self.home, tried.seen if tried else ()),
            tried=tried,
            notes=[show.phrase(plainly(note)) for note in tried.notes] if tried else [],
            remembered=sorted(preview.remembered) if preview else [],
            shown=self._shown(tried) if tried else [],
            changes=_changes(tried) if tried else [],
            changing=sum(one.outcome in ("withdrawn", "changed") for one in tried.records) if tried else 0,
            counts=_counts(tried) if tried else [],
            refused=tried.refused[:REFUSED_SHOWN] if tried else (),
            missing=tried.missing[:MISSING_SHOWN] if tried else (),
            **{"changed": False, **more},
        )

    def choose(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        upload = self._upload(request, visitor)
        if upload.result is None:
            uploads.note(self.home, msgspec.structs.replace(upload, said=_said(upload.said, asked)))
        return see(f"/workspace/import/{upload.id}")

    def import_(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Import what was shown, once; when the form says something else, show that first."""
        with self._one_at_a_time:
            return self._import(request, asked, visitor)

    def _import(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        upload = self._upload(request, visitor)
        if upload.result is not None:  # sent twice
            return see(f"/workspace/import/{upload.id}")
        said = _said(upload.said, asked)
        if said != upload.said:
            uploads.note(self.home, msgspec.structs.replace(upload, said=said))
            return see(f"/workspace/import/{upload.id}?changed=1")
        try:
            files = uploads.files(self.home, upload)
            done = imports.import_files(self.home, files, _choices(upload.said), self.clock())
        except FednetError as error:
            return self._look(request, upload, error=error)
        kept = list(_corrections(files, done))
        after = msgspec.structs.replace(upload, said={}, result=_result(upload, done, [file.name for file in kept]))
        uploads.replace(self.home, after, kept)
        return see(f"/workspace/import/{upload.id}")

    def drop(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        uploads.drop(self.home, self._upload(request, visitor))
        return see("/workspace/import?done=dropped")

    def corrections(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The refused rows, with why they were, as a file to correct; made once, before the upload is gone."""
        upload, name = self._upload(request, visitor), request.path_params["name"]
        wanted = f"refused{PurePath(name).suffix}"
        for file in uploads.files(self.home, upload) if upload.result is not None else []:
            if file.name == name == wanted:
                return _download(file)
        raise NotFoundError("there is no such file")

    def _preview(self, upload: Upload) -> Preview:
        return imports.preview(self.home, uploads.files(self.home, upload), _choices(upload.said), self.clock())

    def _shown(self, tried: Imported) -> list[Shown]:
        """The first records that are new or change, as they will be; contacts and the like are counted only."""
        entries = {_named(entry): entry for entry in tried.reading.entries}
        found = []
        for outcome in tried.records:
            entry = entries.get((outcome.kind, outcome.title))
            if entry is not None and outcome.outcome in ("added", "changed"):
                fields = [(columns.called(name), values.words(name, value)) for name, value in entry.fields.items()
                          if name != "kind"]  # fmt: skip
                found.append(Shown(outcome, [(name, texts) for name, texts in fields if texts]))
            if len(found) == ROWS_SHOWN:
                break
        return found

    def _upload(self, request: Request, visitor: Visitor) -> Upload:
        account = visitor.account.id if visitor.account else 0
        return uploads.found(self.home, account, request.path_params["upload"])

    # --- past imports -------------------------------------------------------------------------------------------------

    def undo(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            taken = undo.undo(self.home, _number(asked), self.clock())
        except FednetError as error:
            return self._begin(request, error=error)
        return self._begin(request, undone=taken)

    def forget(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        try:
            imports.forget_mapping(self.home, first(asked, "source"))
        except FednetError as error:
            return self._begin(request, error=error)
        return see("/workspace/import?done=forgotten")

    def settle(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            if not waiting.settle_refused(db, _number(asked)):
                raise NotFoundError("there is no such import")
        return see("/workspace/import?done=settled")


def _number(asked: Asked) -> int:
    try:
        return numbered(first(asked, "import"))
    except NotFoundError:
        raise UsageError("no import was named") from None


def _file(uploaded: Any) -> File:
    """What was uploaded, under a name that can be shown; some browsers give a path."""
    name = PurePath(plain(uploaded.filename).replace("\\", "/")).name
    suffix = PurePath(name).suffix[:10]
    if len(name) > MAX_NAME:
        name = name[: MAX_NAME - len(suffix)] + suffix
    return File(name or "file", uploaded.file.read(MAX_UPLOAD + 1))


# --- what a person says of a file -------------------------------------------------------------------------------------


def _said(before: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """The choices so far, with those of the form; of columns only what differs from how they were read."""
    if "afresh" in asked:
        return {}
    mapping = {**before.get("mapping", {}), **dict(_said_of_columns(asked))}
    kind, was, circle = (first(asked, name) for name in ("kind", "was-kind", "circle"))
    said: dict[str, Any] = {name: True for name in _SAID if name in asked}
    said |= {"circle": circle} if circle else {}
    said |= {"source": asked["source"][0]} if "source" in asked else {}
    said |= {"kind": before["kind"]} if "kind" in before else {}
    if kind in KINDS and kind != was:
        return {**said, "kind": kind}  # the columns of another kind are others
    return {**said, "mapping": mapping} if mapping else said


def _said_of_columns(asked: Asked) -> Iterator[tuple[str, str]]:
    """Header and field of each column that is to be read otherwise than it was."""
    for name, (header, *_rest) in asked.items():
        if not name.startswith("header-"):
            continue
        at = name.removeprefix("header-")
        field, language, was = (first(asked, f"{part}-{at}") for part in ("field", "language", "was"))
        wanted = f"{field}:{language}" if field and language else field or IGNORE
        if wanted != (was or IGNORE):
            yield header, wanted


def _choices(said: dict[str, Any]) -> Choices:
    return msgspec.convert(said, Choices)


def _kind(tried: Imported) -> str:
    """What most rows are."""
    kinds = {kind: number for kind, number in tried.kinds.items() if kind in KINDS}
    return max(kinds, key=lambda kind: (kinds[kind], -KINDS.index(kind))) if kinds else "organization"


def _columns(tried: Imported, kind: str) -> Iterator[Column]:
    for at, seen in enumerate(tried.seen):
        field = seen.field if seen.field != IGNORE else ""
        translated = columns.is_translated(kind, field)
        language = seen.language if translated and "," not in seen.language else ""
        examples = [(one.raw, _becomes(kind, field, one)) for one in seen.examples]
        yield Column(at, seen, examples, field, language, translated, f"{field}:{language}" if language else field)


def _becomes(kind: str, field: str, example: Example) -> str:
    """What becomes of a cell, in words of the reader's language; empty where it stays as it is."""
    if not field or not example.becomes or example.becomes == example.raw:
        return ""
    if field in FIELDS[kind] and FIELDS[kind][field].shape == "boolean":
        return {"yes": _("yes"), "no": _("no")}.get(example.becomes, example.becomes)
    parts: list[Any] = example.becomes.split("; ")
    if field.endswith("_e6") and example.becomes.lstrip("-").isdecimal():
        parts = [int(example.becomes)]
    return "; ".join(one.text for one in values.words(field.rpartition(".")[2], parts))


def _languages(home: Home, seen: Sequence[Seen]) -> list[str]:
    """Languages that a column may be in: those of this node, and those that the file is in."""
    known = dict.fromkeys((*home.config.languages, "en", "fr", "es", "ar"))
    for one in seen:
        known |= dict.fromkeys(tag.strip() for tag in one.language.split(",") if tag.strip())
    return list(known)


def _sources(home: Home) -> list[str]:
    """Lists that were imported before, of which a file may be a new version."""
    return sorted({source for one in imports.history(home) for source in one.sources})


def _remembered(source: str, said: dict[str, Any]) -> tuple[str, str, list[tuple[str, str]]]:
    """A source, the kind of its rows and, by header, what a person said of its columns."""
    told = [
        (header, _("left out") if target == IGNORE else columns.called(target.partition(":")[0]))
        for header, target in said.get("columns", {}).items()
    ]
    return source, said.get("kind", ""), told


# --- what comes of it -------------------------------------------------------------------------------------------------


def _named(entry: Entry) -> tuple[str, str]:
    from fednet import listing
    from fednet.node.own import title_of

    try:
        return entry.fields["kind"], title_of(listing.encode(entry.fields))
    except FednetError:  # an entry that names another by what its file calls it
        return entry.fields["kind"], ""


def _changes(tried: Imported) -> list[tuple[Outcome, list[tuple[str, list[Any], list[Any]]]]]:
    """Records that change or go: which fields, and what they say before and after."""
    some = [one for wanted in ("withdrawn", "changed") for one in tried.records if one.outcome == wanted]
    return [
        (
            one,
            [
                (columns.called(change.field), values.words(change.field, change.before),
                 values.words(change.field, change.after))
                for change in one.changes
            ],
        )
        for one in some[:CHANGED_SHOWN]
    ]  # fmt: skip


_COUNTED = (
    ("added", noted("new")),
    ("changed", noted("changed")),
    ("unchanged", noted("unchanged")),
    ("withdrawn", noted("withdrawn")),
)


def _counts(done: Imported) -> list[tuple[str, int]]:
    counts = [(_(word), done.count(outcome)) for outcome, word in _COUNTED]  # type: ignore[arg-type]
    counts.append((_("values or rows not understood"), len(done.refused)))
    return counts


def _result(upload: Upload, done: Imported, kept: list[str]) -> dict[str, Any]:
    """What the last page tells. No texts of records: it lies in a file for a day."""
    return {
        "import_id": done.id,
        "names": list(upload.names),
        "counts": {outcome: done.count(outcome) for outcome, _ in _COUNTED},  # type: ignore[arg-type]
        "refused": len(done.refused),
        "missing": len(done.missing),
        "kept": kept,
    }


def _corrections(files: Sequence[File], done: Imported) -> Iterator[File]:
    """The refused rows as files to correct, of one list at a time; nothing when they are of no table."""
    for suffix in SUFFIXES:
        try:
            content = corrected(done.reading.rows, done.refused, done.reading.entries, suffix)
        except UsageError:  # of several files
            return
        if content is not None:
            yield File(f"refused{suffix}", content)


def _download(file: File) -> Response:
    return Response(
        file.content,
        media_type=SUFFIXES[PurePath(file.name).suffix],
        headers={"Content-Disposition": f'attachment; filename="{file.name}"'},
    )


def usual_circle(circle: str) -> str:
    """A circle in the words of a select."""
    return {PUBLIC: _("Everybody"), PARTNERS: _("Partner networks")}.get(circle, circle)
