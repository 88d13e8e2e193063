"""Changing `node.toml`: comments and order stay, nothing is written that could not be read, nobody's edit is lost."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from hashlib import sha256
from typing import Any

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from fednet.errors import ChangedError, UsageError
from fednet.node.files import alone, write_atomically
from fednet.node.home import CONFIG, Config, Home, read_config


def version(home: Home) -> str:
    """A word that differs when `node.toml` does: what a form shows of the settings that it was filled from."""
    return _version((home.path / CONFIG).read_bytes())


def _version(raw: bytes) -> str:
    return sha256(raw).hexdigest()[:32]


def change(home: Home, *, since: str | None = None, **fields: Any) -> Config:
    """Write these settings into `node.toml`, and let the home go by them at once; the new settings.

    A mapping changes fields of a table; None takes a setting out. Raises UsageError when the file would not make sense
    any more, ChangedError when it is not of the version `since`, which somebody had before their eyes.
    """
    path = home.path / CONFIG
    with alone(home.path):
        raw = path.read_bytes()
        if since is not None and _version(raw) != since:
            raise ChangedError("somebody changed the settings meanwhile", hint="look at them again, then change them")
        text = _changed(raw, fields)
        config = _checked(text)
        if text.encode() != raw:
            write_atomically(path, text.encode(), mode=path.stat().st_mode & 0o777)
    home.config = config
    return config


def reread(home: Home) -> Config:
    """Let the home go by what `node.toml` says now."""
    home.config = read_config(home.path / CONFIG)
    return home.config


def _changed(raw: bytes, fields: Mapping[str, Any]) -> str:
    try:
        document = tomlkit.parse(raw.decode("utf-8"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise UsageError(f"{CONFIG} cannot be read: {error}", hint="correct it with an editor") from None
    _put(document, fields)
    return tomlkit.dumps(document)


def _put(table: MutableMapping[str, Any], fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if value is None:
            table.pop(name, None)
        elif isinstance(value, Mapping):
            if name not in table:
                table[name] = tomlkit.table()
            _put(table[name], value)
        elif name not in table or tomlkit.item(_plain(value)).unwrap() != _unwrapped(table[name]):
            table[name] = _plain(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | frozenset) else value


def _unwrapped(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _checked(text: str) -> Config:
    try:
        return msgspec.convert(tomlkit.parse(text).unwrap(), Config)
    except msgspec.ValidationError as error:
        raise UsageError(f"these settings make no sense: {error}") from None
