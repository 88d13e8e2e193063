from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fednet.errors import NotFoundError
from fednet.node import uploads
from fednet.node.home import Home
from fednet.node.imports import File
from tests.web.place import NOW, node

FILES = [File("../../etc/passwd", b"a"), File("b.csv", b"b")]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


def test_files_come_back_as_they_were_to_whoever_uploaded_them_alone(home: Home) -> None:
    upload = uploads.keep(home, 7, FILES, NOW)
    assert uploads.files(home, uploads.found(home, 7, upload.id)) == FILES
    for account, id_ in ((8, upload.id), (7, ""), (7, "."), (7, "../uploads"), (7, upload.id[:-1]), (7, "x" * 22)):
        with pytest.raises(NotFoundError):
            uploads.found(home, account, id_)


def test_nobody_else_on_the_machine_reads_them(home: Home) -> None:
    upload = uploads.keep(home, 7, FILES, NOW)
    folder = home.path / uploads.FOLDER
    assert folder.stat().st_mode & 0o777 == (folder / upload.id).stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (folder / upload.id).iterdir()} == {0o600}


def test_they_are_gone_after_a_day_and_when_they_are_dropped_or_too_many(home: Home) -> None:
    old = uploads.keep(home, 7, FILES, NOW)
    uploads.sweep(home, NOW + uploads.LASTS)
    assert uploads.found(home, 7, old.id)
    uploads.sweep(home, NOW + uploads.LASTS + timedelta(seconds=1))
    with pytest.raises(NotFoundError):
        uploads.found(home, 7, old.id)
    kept = [uploads.keep(home, 7, FILES, NOW + timedelta(seconds=at)) for at in range(uploads.MAX_KEPT + 2)]
    other = uploads.keep(home, 8, FILES, NOW)
    assert len(list((home.path / uploads.FOLDER).iterdir())) == uploads.MAX_KEPT + 1
    with pytest.raises(NotFoundError):
        uploads.found(home, 7, kept[0].id)
    uploads.drop(home, other)
    with pytest.raises(NotFoundError):
        uploads.files(home, other)


def test_what_a_crash_left_half_is_swept(home: Home) -> None:
    half = home.path / uploads.FOLDER / ("y" * 22)
    half.mkdir(parents=True)
    (half / "0").write_bytes(b"half")
    (home.path / uploads.FOLDER / "stray").write_bytes(b"x")
    uploads.sweep(home, NOW)
    assert not half.exists()
    assert uploads.keep(home, 7, FILES, NOW)


def test_other_files_take_the_place_of_the_first(home: Home) -> None:
    upload = uploads.keep(home, 7, FILES, NOW)
    replaced = uploads.replace(home, upload, [File("refused.csv", b"c")])
    assert uploads.files(home, replaced) == [File("refused.csv", b"c")]
    everything = b"".join(path.read_bytes() for path in (home.path / uploads.FOLDER / upload.id).iterdir())
    assert b"passwd" not in everything
