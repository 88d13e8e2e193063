"""A node's home: one directory with its settings, keys, database and high-water mark.

```
node.toml              settings, written by people
keys.json              online private keys, mode 0600 (fednet.node.keys)
fednet.db              everything else
high-water-mark.json   the newest position this node has signed; never in the database, never in a backup
uploads/               files that somebody looks at before importing them, for a day (fednet.node.uploads)
```
Recovery keys are written once, outside the home, and never kept in it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from fednet.errors import BrokenStoreError, NotFoundError, UsageError
from fednet.feed import ed25519, identity
from fednet.feed.note import Note
from fednet.feed.text import base64_text
from fednet.node import keys, sheet
from fednet.node.address import base_url
from fednet.node.files import alone, write_atomically
from fednet.node.keys import Keys
from fednet.node.mark import Mark
from fednet.store import drafts, feeds
from fednet.store.database import Store
from fednet.store.feeds import Network

CONFIG = "node.toml"
DATABASE = "fednet.db"


class Joining(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[joining]`: whether organisations may ask to join on this node's pages, and on what terms."""

    open: bool = False
    categories: tuple[str, ...] = ()  # of membership, of which an applicant names one
    endorsements: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0  # members who must speak for an applicant
    term_months: Annotated[int, msgspec.Meta(ge=0, le=600)] = 12  # 0: membership does not end by itself
    edits_need_approval: bool = True  # what members change is looked at before it is signed
    about: str = ""  # what applicants should know


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[mail]`: the server that letters are handed to (RFC 6409); without it none are sent."""

    host: str
    sender: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 587
    user: str = ""
    password_file: str = ""  # a path, from the home if it is not absolute; its first line is the password
    security: Literal["starttls", "tls", "none"] = "starttls"


class Embed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[embed]`: the sites whose pages may show search and calendar in a frame, as origins (RFC 6454)."""

    sites: tuple[str, ...] = ()


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`node.toml`."""

    name: str
    url: str | None = None  # where others reach this node
    hosts: tuple[str, ...] = ()  # further names that it is reached by
    languages: tuple[str, ...] = ("en",)
    zone: str = "UTC"
    introduce: bool = False  # name the networks we follow in /.well-known/fednet
    allow_private_addresses: bool = False
    forget_after_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] = 90  # others' feeds, once they have expired
    second_factor: Literal["required", "offered"] = "required"  # of the secretariat, when it signs in
    joining: Joining = Joining()
    mail: Mail | None = None
    embed: Embed = Embed()


class Home:
    """An opened home. Cheap to open: keys and identity are read when they are first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = read_config(path / CONFIG)
        if not (path / DATABASE).exists():
            check_not_lost(path)
            raise NotFoundError(f"{path} has settings but no node yet", hint=f"fednet --node {path} init --name NAME")
        if (path / DATABASE).stat().st_size == 0:
            raise BrokenStoreError(f"{path / DATABASE} is empty", hint="put back the newest backup of this node")
        self.store = Store(path / DATABASE, forget_after=timedelta(days=self.config.forget_after_days))

    @property
    def keys(self) -> Keys:
        """The online keys, read anew each time: another process may have opened an epoch with others."""
        return keys.read(self.path, self.network.identity)

    @property
    def mark(self) -> Mark:
        return Mark(self.path)

    @property
    def network(self) -> Network:
        """This node's own network, as the database has it at this moment."""
        with self.store.reading() as db:
            return feeds.own(db)

    def close(self) -> None:
        self.store.close()


def now() -> datetime:
    """The clock, read at the edges only."""
    return datetime.now(UTC)


def read_config(path: Path) -> Config:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Config)
    except FileNotFoundError:
        raise NotFoundError(
            f"there is no node in {path.parent}",
            hint="if there is one elsewhere, --node DIR or $FEDNET_NODE says where; only a new network begins with "
            f"fednet --node {path.parent} init --name 'Your Network'",
        ) from None
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None


def check_not_lost(path: Path) -> None:
    """Raise where a node was whose database is gone: a new one in its place would take its keys and its mark."""
    signed = Mark(path).read()
    if signed is not None and signed.logs:
        raise BrokenStoreError(
            f"{path / DATABASE} is missing, but there was a node in {path}",
            hint="restore the database from the newest backup; a new node needs a directory of its own",
        )


def create(
    path: Path, name: str | None, url: str | None, recovery_out: Path | None, *, recovery_keys: int = 1,
    threshold: int = 1,
) -> tuple[Home, tuple[Path, ...]]:  # fmt: skip
    """A new node in `path`, and the files that its recovery keys were written to, one each (`fednet.node.sheet`).

    An existing `node.toml` is kept, and gives the name and address that are not named here. Whatever happens on the
    way, what is left is no node: the database, which makes it one, appears last.
    """
    _check_free(path)
    config = _initial_config(path / CONFIG, name, url)
    if config.url is not None:
        base_url(config.url)
    sheet.check_shares(recovery_keys, threshold)
    texts = sheet.places(recovery_out or _usual_sheet(path), recovery_keys)
    sheet.check_places(path, texts)
    path.mkdir(parents=True, exist_ok=True)
    with alone(path):
        _check_free(path)
        path.chmod(0o700)  # it holds keys, and records of restricted circles
        _fill(path, config, texts, threshold)
    return Home(path), tuple(texts)


def _check_free(path: Path) -> None:
    if (path / DATABASE).exists():
        raise UsageError(f"there is a node in {path} already", hint=f"fednet --node {path} status")
    check_not_lost(path)


def _usual_sheet(path: Path) -> Path:
    return path.absolute().parent / f"{path.absolute().name}-recovery-key.txt"


def _fill(path: Path, config: Config, texts: Sequence[Path], threshold: int) -> None:
    online, seeds = keys.fresh(), [keys.fresh_recovery() for _ in texts]
    chain = identity.begun(_genesis(config, online, seeds, threshold))
    if not (path / CONFIG).exists():
        write_atomically(path / CONFIG, _config_text(config), mode=0o644)
    sheet.write(sheet.sheets(config.name, chain.network, seeds, threshold), texts)
    keys.write(path, online)
    Mark(path).begin(chain.network)
    _create_database(path / DATABASE, chain)


def _initial_config(path: Path, name: str | None, url: str | None) -> Config:
    if not path.exists():
        if not name:
            raise UsageError("a new node needs the name of its network", hint="fednet init --name 'Your Network'")
        return Config(name=name, url=url)
    config = read_config(path)
    if (name and name != config.name) or (url and url != config.url):
        raise UsageError(
            f"{path} says name {config.name!r} and url {config.url!r}", hint="change the file, or leave it out"
        )
    return config


def _config_text(config: Config) -> bytes:
    url = (
        f"url = {msgspec.json.encode(config.url).decode()}"
        if config.url
        else '# url = "https://..."  where others reach it'
    )
    lines = [
        "# Settings of this fednet node.",
        f"name = {msgspec.json.encode(config.name).decode()}",
        f"{url}    # where others reach this node",
        "hosts = []                         # further names that it is reached by",
        'languages = ["en"]',
        'zone = "UTC"',
        "introduce = false                  # name the networks we follow in /.well-known/fednet",
        "allow_private_addresses = false    # true lets peers live on loopback or private networks",
        "forget_after_days = 90             # others' feeds that expired so long ago are shown no more",
        'second_factor = "required"         # or "offered": what the secretariat needs beside a password',
        *_COMMENTED,
        "",
    ]
    return "\n".join(lines).encode()


_COMMENTED = (
    "",
    "# [joining]                        # organisations that ask to join",
    "# open = true",
    '# categories = ["full member", "associate"]',
    "# endorsements = 2                 # members who must speak for an applicant",
    "# term_months = 12                 # 0: membership does not end by itself",
    "# edits_need_approval = true       # what members change is looked at first",
    '# about = "What applicants should know."',
    "",
    "# [mail]                           # without it no letters are sent",
    '# host = "mail.example.org"',
    "# port = 587",
    '# sender = "secretariat@example.org"',
    '# user = "secretariat"',
    '# password_file = "mail-password"  # its first line',
    '# security = "starttls"            # or "tls", "none"',
    "",
    "# [embed]                          # sites that may show search and calendar in a frame",
    '# sites = ["https://www.example.org"]',
)


def _genesis(config: Config, online: Keys, seeds: Sequence[bytes], threshold: int) -> Note:
    public = online.public
    statement = identity.genesis(
        name=config.name,
        log_key=public.log,
        cosigner_key=public.cosigner,
        transport_key=public.transport,
        bundle_key=public.bundle,
        recovery_keys=[ed25519.public_key(seed) for seed in seeds],
        threshold=threshold,
    )
    return identity.sign_statement(statement, seeds)


def _create_database(path: Path, chain: identity.Identity) -> None:
    """The database appears under its name only when it is whole."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    store = Store(unfinished)
    with store.writing() as db:
        network = feeds.pin(db, chain, now(), own=True)
        feeds.open_feed(db, network, "public", visible=True)
        drafts.set_setting(db, "created", base64_text(os.urandom(9)))
    store.close()
    unfinished.chmod(0o600)  # SQLite gives its side files the mode of the database
    unfinished.rename(path)
    for left in path.parent.glob(f"{unfinished.name}-*"):
        left.unlink()
