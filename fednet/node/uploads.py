"""Files that somebody uploads to look at them in several steps before anything is done with them.

```
uploads/<id>/          0700
  upload.json          whose it is, since when, what was chosen so far
  0, 1, ...            the files, mode 0600, under no names of theirs
```
They are in no database and no backup. They go when the act is done, after a day, and when anything is erased: nobody
looks into them for what they say of a record.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from fednet.errors import NotFoundError
from fednet.feed.text import utc_text
from fednet.node.files import write_atomically
from fednet.node.home import Home

if TYPE_CHECKING:
    from fednet.node.imports import File

FOLDER = "uploads"
LASTS = timedelta(days=1)
MAX_KEPT = 5
"""Uploads of one account at a time: the oldest makes room."""
_ABOUT = "upload.json"
_ID = re.compile("[A-Za-z0-9_-]{22}")


class Upload(msgspec.Struct, frozen=True):
    """Files of an account. `said` is what was chosen of them; `result`, once all is done, what came of it."""

    id: str
    account: int
    at: str
    names: tuple[str, ...]
    said: dict[str, Any] = {}
    result: dict[str, Any] | None = None


def is_id(text: str) -> bool:
    """Whether an upload could be called that."""
    return _ID.fullmatch(text) is not None


def keep(home: Home, account: int, files: Sequence[File], now: datetime) -> Upload:
    """Put files down for the next steps."""
    sweep(home, now)
    mine = sorted((one.at, one.id) for one in _all(home) if one.account == account)
    for _, id_ in mine[: max(0, len(mine) - MAX_KEPT + 1)]:
        _remove(home, id_)
    upload = Upload(secrets.token_urlsafe(16), account, utc_text(now), tuple(file.name for file in files))
    _folder(home).mkdir(mode=0o700, exist_ok=True)
    _place(home, upload.id).mkdir(mode=0o700)
    _write_files(home, upload.id, [file.content for file in files])
    note(home, upload)
    return upload


def found(home: Home, account: int, id_: str) -> Upload:
    """An upload of this account; NotFoundError alike for one of somebody else, one that is gone and none."""
    upload = _read(_place(home, id_)) if is_id(id_) else None
    if upload is None or upload.account != account:
        raise NotFoundError("this file is not here any more", hint="upload it again: files are kept for a day")
    return upload


def files(home: Home, upload: Upload) -> list[File]:
    """Names and contents, as they were uploaded; NotFoundError when they are gone."""
    from fednet.node.imports import File  # with what reads every format

    place = _place(home, upload.id)
    try:
        return [File(name, (place / str(at)).read_bytes()) for at, name in enumerate(upload.names)]
    except FileNotFoundError:
        raise NotFoundError(
            "this file is not here any more", hint="upload it again: files are kept for a day"
        ) from None


def note(home: Home, upload: Upload) -> None:
    """Keep what is known of an upload now."""
    write_atomically(_place(home, upload.id) / _ABOUT, msgspec.json.encode(upload))


def replace(home: Home, upload: Upload, with_files: Iterable[File]) -> Upload:
    """Other files in the place of those that were uploaded, such as one to correct; also none."""
    kept = list(with_files)
    for path in _place(home, upload.id).iterdir():
        if path.name != _ABOUT:
            path.unlink()
    _write_files(home, upload.id, [file.content for file in kept])
    replaced = msgspec.structs.replace(upload, names=tuple(file.name for file in kept))
    note(home, replaced)
    return replaced


def drop(home: Home, upload: Upload) -> None:
    _remove(home, upload.id)


def sweep(home: Home, now: datetime) -> None:
    """Remove what nobody came back to within a day, and what a crash left half."""
    oldest = utc_text(now - LASTS)
    known = {upload.id: upload for upload in _all(home)}
    for path in _folders(home):
        if path.name not in known or known[path.name].at < oldest:
            _remove(home, path.name)


def clear(home: Home) -> None:
    """Remove all of them: what was erased may be in any."""
    for path in _folders(home):
        _remove(home, path.name)


def _write_files(home: Home, id_: str, contents: Sequence[bytes]) -> None:
    for at, content in enumerate(contents):
        write_atomically(_place(home, id_) / str(at), content)


def _folder(home: Home) -> Path:
    return home.path / FOLDER


def _place(home: Home, id_: str) -> Path:
    return _folder(home) / id_


def _folders(home: Home) -> list[Path]:
    return sorted(_folder(home).iterdir()) if _folder(home).is_dir() else []


def _all(home: Home) -> list[Upload]:
    return [upload for path in _folders(home) if (upload := _read(path)) is not None]


def _read(place: Path) -> Upload | None:
    try:
        return msgspec.json.decode((place / _ABOUT).read_bytes(), type=Upload)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def _remove(home: Home, id_: str) -> None:
    shutil.rmtree(_place(home, id_), ignore_errors=True)
