"""Messages: what one network tells another, in confidence, about the introductions between the two (SPEC 7.12).

```
fednet/1 message <network id of the writer> <network id of the reader>
at 2026-11-21T18:00:00Z
side {"introduction":"7d3a...","version":1,"seen":0,"stance":"asked",...}
seen <introduction> <version>
end 2

— fednet/<network id of the writer>/message 3VwSCPSy...
```
A C2SP signed note by the writer's transport key. A `side` is the writer's own, current word on an introduction; `seen`
acknowledges the reader's side of one on which the writer has no word yet. Each introduction occurs once, and both kinds
of lines are in the order of the introductions' ids. Whatever a message tells was told before or may be told again:
what counts is the highest version, so messages may be lost, repeated and reordered.

On its way a message is sealed to its reader's bundle key; that is `fednet.node.messages`' matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import msgspec

from fednet.errors import FednetError, LimitError, MalformedError, RefusedError, VersionError
from fednet.feed import introduction, note, wire
from fednet.feed.checkpoint import check_network
from fednet.feed.identity import Identity
from fednet.feed.introduction import MAX_SIDE, MAX_VERSION, Seen, Side
from fednet.feed.note import Ed25519Signer, Verifier
from fednet.feed.record import check_handle
from fednet.feed.text import base64_bytes, json_value, number, shown, utc_text, utc_time, utf8

MAX_MESSAGE = 1024 * 1024  # of the note
MAX_SIDES = 256
MAX_SEEN = 256

_HEAD = re.compile(r"fednet/([^ ]{1,20}) message ([^ ]{1,64}) ([^ ]{1,64})")


class Message(msgspec.Struct, frozen=True):
    """What `network` tells `to`. `unread`: how many sides of it this program does not understand."""

    network: str
    to: str
    at: datetime
    sides: tuple[Side, ...] = ()
    seen: tuple[Seen, ...] = ()
    unread: int = 0

    @property
    def text(self) -> bytes:
        """The text of the note."""
        lines = [f"fednet/{wire.VERSION} message {self.network} {self.to}\n", f"at {utc_text(self.at)}\n"]
        lines += [f"side {introduction.encoded(side).decode()}\n" for side in self.sides]
        lines += [f"seen {seen.introduction} {seen.version}\n" for seen in self.seen]
        return "".join([*lines, f"end {len(self.sides) + len(self.seen)}\n"]).encode()


def signer(network: str, seed: bytes) -> Ed25519Signer:
    """Signs messages of a network; `seed` is that of its transport key."""
    return Ed25519Signer(_key_name(network), seed)


def write(message: Message, by: Ed25519Signer) -> bytes:
    """The note of a message. Raises LimitError when it is beyond the limits, MalformedError when it is out of order."""
    if len(message.sides) > MAX_SIDES or len(message.seen) > MAX_SEEN:
        raise LimitError(f"a message has at most {MAX_SIDES} sides, and acknowledges at most {MAX_SEEN}")
    _check_ascending([side.introduction for side in message.sides], [one.introduction for one in message.seen])
    found = note.sign(message.text, by).encoded
    if len(found) > MAX_MESSAGE:
        raise LimitError(f"a message of {len(found)} bytes, at most {MAX_MESSAGE} are written")
    return found


def read(raw: bytes, sender: Identity, to: str) -> Message:
    """The message that `sender` signed for the network `to`; whatever the bytes are, a RefusedError or this.

    Signed it must be by the transport key of the sender's newest statement. A side in a form that this program does not
    know costs only itself; its version is not acknowledged, so it is told again.
    """
    signed = note.parse(raw, MAX_MESSAGE)
    key = base64_bytes(sender.current.transport_key)
    note.open_note(signed, [Verifier(_key_name(sender.network), key)])
    message = _parsed(utf8(signed.text, "message").split("\n")[:-1])
    if (message.network, message.to) != (sender.network, to):
        raise RefusedError(f"a message of {message.network} to {message.to}, expected one of {sender.network} to {to}")
    return message


def _key_name(network: str) -> str:
    return f"fednet/{check_network(network)}/message"


def _check_ascending(sides: Sequence[str], seen: Sequence[str]) -> None:
    if any(a >= b for found in (sides, seen) for a, b in pairwise(found)) or set(sides) & set(seen):
        raise MalformedError("a message names each introduction once, in the order of their ids")


# --- reading ----------------------------------------------------------------------------------------------------------


class _Named(msgspec.Struct, frozen=True):
    """What every side has, also one of a later form."""

    introduction: str


_named = msgspec.json.Decoder(_Named)
_side_of = msgspec.json.Decoder(Side)


def _parsed(lines: list[str]) -> Message:
    """The message that these lines make, whoever signed them."""
    if len(lines) < 3 or not lines[-1].startswith("end "):
        raise MalformedError("the message is cut: it has no end line")
    network, to = _parse_head(lines[0])
    word, _, at = lines[1].partition(" ")
    if word != "at":
        raise MalformedError(f"expected when the message was written, found {shown(lines[1])}")
    told = [line.partition(" ")[::2] for line in lines[2:-1]]
    sides = [rest for word, rest in told if word == "side"]
    seen = [rest for word, rest in told if word == "seen"]
    if [word for word, _ in told] != ["side"] * len(sides) + ["seen"] * len(seen):
        raise MalformedError("a message has sides, then what was seen, and no other lines")
    if number(lines[-1].removeprefix("end "), "end") != len(told):
        raise MalformedError(f"the message says {shown(lines[-1])}, found {len(told)} lines before it")
    if len(sides) > MAX_SIDES or len(seen) > MAX_SEEN:
        raise LimitError(f"a message has at most {MAX_SIDES} sides, and acknowledges at most {MAX_SEEN}")
    named, acknowledged = [_introduction(side) for side in sides], tuple(map(_parse_seen, seen))
    _check_ascending(named, [one.introduction for one in acknowledged])
    read = tuple(side for side in map(_parse_side, sides) if side is not None)
    return Message(network, to, utc_time(at, "at"), read, acknowledged, len(sides) - len(read))


def _parse_head(line: str) -> tuple[str, str]:
    match = _HEAD.fullmatch(line)
    if match is None:
        raise MalformedError(f"not the first line of a message: {shown(line)}")
    if match[1] != str(wire.VERSION):
        raise VersionError(
            f"the message is in version {shown(match[1])} of the protocol, this node speaks {list(wire.VERSIONS)}"
        )
    return check_network(match[2]), check_network(match[3])


def _introduction(side: str) -> str:
    """Which introduction a side is of, whatever else is in it."""
    raw = side.encode()
    if len(raw) > MAX_SIDE:
        raise LimitError(f"a side of {len(raw)} bytes, at most {MAX_SIDE} are read")
    return check_handle(json_value(_named, raw, "side").introduction)


def _parse_side(side: str) -> Side | None:
    """The side, as far as this program knows its fields; None when it is in a form that is not known here."""
    try:
        return json_value(_side_of, side.encode(), "side")
    except FednetError:
        return None


def _parse_seen(line: str) -> Seen:
    named, _, version = line.partition(" ")
    found = Seen(check_handle(named), number(version, "seen"))
    if not 1 <= found.version <= MAX_VERSION:
        raise MalformedError(f"no side has the version {found.version}")
    return found
