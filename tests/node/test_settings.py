"""`node.toml`, changed by programs and people at once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fednet.errors import ChangedError, UsageError
from fednet.node import home as homes
from fednet.node import settings
from fednet.node.home import CONFIG, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return homes.create(tmp_path / "node", "Example", None, tmp_path / "recovery.txt")[0]


def text(home: Home) -> str:
    return (home.path / CONFIG).read_text()


def test_what_init_writes_are_the_settings_that_hold_without_it(home: Home) -> None:
    assert home.config == homes.Config(name="Example")


def test_every_table_in_the_comments_of_a_new_node_toml_can_be_taken_as_it_stands(home: Home, tmp_path: Path) -> None:
    lines = text(home).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("# [joining]"))
    shown = [line.removeprefix("# ") for line in lines[start:]]
    (tmp_path / "all.toml").write_text("\n".join([*lines[:start], *shown]))
    found = homes.read_config(tmp_path / "all.toml")
    assert found.joining.endorsements == 2
    assert found.mail is not None and found.mail.port == 587
    assert found.embed.sites == ("https://www.example.org",)


def test_comments_and_order_survive_a_change(home: Home) -> None:
    before = text(home).splitlines()
    settings.change(home, zone="Asia/Bangkok", introduce=True, joining={"open": True, "categories": ("full", "young")})
    after = text(home).splitlines()
    assert [line for line in before if line not in after] == [
        'zone = "UTC"',
        next(line for line in before if line.startswith("introduce")),
    ]
    assert "# name the networks we follow in /.well-known/fednet" in text(home)
    assert home.config.zone == "Asia/Bangkok" and home.config.joining.categories == ("full", "young")
    assert homes.read_config(home.path / CONFIG) == home.config


def test_a_change_to_what_is_there_already_writes_nothing(home: Home) -> None:
    before = text(home)
    settings.change(home, zone="UTC", languages=("en",))
    assert text(home) == before


def test_a_setting_given_as_none_is_taken_out(home: Home) -> None:
    settings.change(home, url="https://node.example", mail={"host": "mail.example", "sender": "a@b.example"})
    assert home.config.mail is not None
    settings.change(home, url=None, mail=None)
    assert home.config.url is None and home.config.mail is None


@pytest.mark.parametrize(
    "wrong", [{"zone": 7}, {"joining": {"endorsements": -1}}, {"mail": {"port": 1}}, {"no": "such"}]
)
def test_what_makes_no_sense_never_reaches_the_file(home: Home, wrong: dict[str, object]) -> None:
    before, config = text(home), home.config
    with pytest.raises(UsageError):
        settings.change(home, **wrong)
    assert text(home) == before and home.config == config


def test_whoever_changes_what_somebody_else_changed_meanwhile_is_told(home: Home) -> None:
    seen = settings.version(home)
    settings.change(home, since=seen, zone="Asia/Bangkok")
    with pytest.raises(ChangedError):
        settings.change(home, since=seen, zone="Europe/Paris")
    assert home.config.zone == "Asia/Bangkok"


def test_two_changes_of_different_settings_are_both_kept(home: Home) -> None:
    other = Home(home.path)
    settings.change(home, zone="Asia/Bangkok")
    settings.change(other, introduce=True)
    assert settings.reread(home) == other.config
    assert home.config.zone == "Asia/Bangkok" and home.config.introduce
    assert msgspec.structs.asdict(home.config)["name"] == "Example"
    other.close()
