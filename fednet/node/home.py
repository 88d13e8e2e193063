"""A node's home: one directory with its settings, keys, database and high-water mark.

```
node.toml              settings, written by people
keys.json              online private keys, mode 0600
fednet.db              everything else
high-water-mark.json   the newest position this node has signed; never in the database, never in a backup
```
The recovery key is written once, outside the home, and never kept in it.
"""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pyrage

from fednet.errors import BrokenStoreError, NotFoundError, UsageError
from fednet.feed import ed25519, identity
from fednet.feed.note import Ed25519Signer
from fednet.feed.text import base64_bytes, base64_text
from fednet.node.address import base_url
from fednet.node.files import write_atomically
from fednet.node.mark import Mark
from fednet.store import drafts, feeds
from fednet.store.database import Store
from fednet.store.feeds import Network

CONFIG = "node.toml"
KEYS = "keys.json"
DATABASE = "fednet.db"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`node.toml`."""

    name: str
    url: str | None = None  # where others reach this node
    languages: tuple[str, ...] = ("en",)
    zone: str = "UTC"
    introduce: bool = False  # name the networks we follow in /.well-known/fednet
    allow_private_addresses: bool = False


class Keys(msgspec.Struct, frozen=True):
    """Online private keys: base64 seeds of 32 bytes, and an age identity."""

    log: str
    cosigner: str
    transport: str
    bundle: str

    def log_signer(self, origin: str) -> Ed25519Signer:
        return Ed25519Signer(origin, base64_bytes(self.log, ed25519.KEY_SIZE, "log key"))


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
        self.store = Store(path / DATABASE)

    @cached_property
    def keys(self) -> Keys:
        try:
            return msgspec.json.decode((self.path / KEYS).read_bytes(), type=Keys)
        except FileNotFoundError:
            raise NotFoundError(f"{self.path / KEYS} is missing: this home cannot sign") from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BrokenStoreError(f"{self.path / KEYS}: {error}") from None

    @property
    def mark(self) -> Mark:
        return Mark(self.path)

    @cached_property
    def network(self) -> Network:
        """This node's own network."""
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
            f"there is no node in {path.parent}", hint=f"fednet --node {path.parent} init --name 'Your Network'"
        ) from None
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None


def check_not_lost(path: Path) -> None:
    """Raise where a node was whose database is gone: a new one in its place would take its keys and its mark."""
    if Mark(path).path.exists():
        raise BrokenStoreError(
            f"{path / DATABASE} is missing, but there was a node in {path}",
            hint="restore the database from the newest backup; a new node needs a directory of its own",
        )


def create(path: Path, name: str | None, url: str | None, recovery_out: Path | None) -> tuple[Home, Path]:
    """A new node in `path`, and the file that its recovery key was written to.

    An existing `node.toml` is kept, and gives the name and address that are not named here.
    """
    if (path / DATABASE).exists():
        raise UsageError(f"there is a node in {path} already", hint=f"fednet --node {path} status")
    check_not_lost(path)
    config = _initial_config(path / CONFIG, name, url)
    if config.url is not None:
        base_url(config.url)
    recovery_out = recovery_out or path.absolute().parent / f"{path.absolute().name}-recovery-key.txt"
    if recovery_out.exists():
        raise UsageError(f"{recovery_out} exists and is not overwritten", hint="--recovery-out ANOTHER-FILE")
    if recovery_out.absolute().is_relative_to(path.absolute()):
        raise UsageError("the recovery key must not be kept in the node's home", hint="--recovery-out FILE elsewhere")
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)  # it holds keys, and records of restricted circles
    if not (path / CONFIG).exists():
        write_atomically(path / CONFIG, _config_text(config), mode=0o644)
    recovery = os.urandom(ed25519.KEY_SIZE)
    keys = _new_keys()
    chain = identity.begun(_genesis(config, keys, recovery))
    write_atomically(recovery_out, _recovery_text(config.name, chain.network, recovery), mode=0o600)
    write_atomically(path / KEYS, msgspec.json.format(msgspec.json.encode(keys)) + b"\n", mode=0o600)
    _create_database(path / DATABASE, chain)
    home = Home(path)
    home.mark.begin(chain.network)
    return home, recovery_out


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
        'languages = ["en"]',
        'zone = "UTC"',
        "introduce = false                  # name the networks we follow in /.well-known/fednet",
        "allow_private_addresses = false    # true lets peers live on loopback or private networks",
        "",
    ]
    return "\n".join(lines).encode()


def _new_keys() -> Keys:
    log, cosigner, transport = (base64_text(os.urandom(ed25519.KEY_SIZE)) for _ in range(3))
    return Keys(log, cosigner, transport, bundle=str(pyrage.x25519.Identity.generate()))


def _genesis(config: Config, keys: Keys, recovery: bytes) -> Any:
    def public(seed: str) -> bytes:
        return ed25519.public_key(base64_bytes(seed))

    statement = identity.genesis(
        name=config.name,
        log_key=public(keys.log),
        cosigner_key=public(keys.cosigner),
        transport_key=public(keys.transport),
        bundle_key=str(pyrage.x25519.Identity.from_str(keys.bundle).to_public()),
        recovery_keys=[ed25519.public_key(recovery)],
    )
    return identity.sign_statement(statement, [recovery])


def _recovery_text(name: str, network: str, recovery: bytes) -> bytes:
    return (
        f"Recovery key of {name}\n"
        f"network {identity.fingerprint(network)}\n"
        f"key {base64_text(recovery)}\n\n"
        "Print this page, keep it where the computer is not, and delete the file.\n"
        "Whoever has this key can say who the network is; without it, a lost or stolen node cannot be recovered.\n"
    ).encode()


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
