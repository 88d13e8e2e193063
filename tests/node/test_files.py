"""Files that a person names: never in the home, and never on what is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fednet.errors import UsageError
from fednet.node.files import check_output


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "keys.json").touch()
    (tmp_path / "beside").symlink_to("node")
    (tmp_path / "node" / "out").symlink_to("..")
    return tmp_path / "node"


@pytest.mark.parametrize("file", ["keys.json", "new", "../node/keys.json", "../beside/keys.json", "../beside/new"])
def test_the_home_is_known_by_whatever_path_leads_to_it(home: Path, file: str) -> None:
    for written in (home, home.parent / "beside"):
        with pytest.raises(UsageError, match="own home"):
            check_output(written, home / file)


def test_links_folders_and_devices_are_no_files(home: Path) -> None:
    os.mkfifo(home.parent / "pipe")
    (home.parent / "file").touch()
    (home.parent / "to-file").symlink_to("file")
    (home.parent / "to-nothing").symlink_to("nothing")
    for name in ("", ".", "pipe", "to-file", "to-nothing", "beside", "/dev/null"):
        with pytest.raises(UsageError, match="a link, a folder or a device"):
            check_output(home, home.parent / name)


def test_a_file_or_nothing_may_be_written_over(home: Path) -> None:
    (home.parent / "file").touch()
    for place in (home.parent / "file", home.parent / "new", home / "out" / "new", Path("new")):
        check_output(home, place)
