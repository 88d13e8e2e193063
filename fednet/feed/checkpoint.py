"""C2SP tlog-checkpoint v1.0.0: how many leaves a log has and what they hash to; and who witnessed it.

```
fednet/mzxw6ytboi.../public/1
42
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
```
fednet writes no extension lines and refuses a checkpoint that has some. The policy is that of C2SP tlog-policy: named
witnesses, groups of them, and a quorum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from fednet.errors import MalformedError, SignatureError
from fednet.feed.note import COSIGNATURE_V1, ED25519, Note, Verifier, open_note, parse_vkey
from fednet.feed.text import base64_bytes, base64_text, number, shown, utf8
from fednet.feed.tlog import HASH_SIZE, MAX_SIZE

MAX_POLICY = 64 * 1024
MAX_POLICY_LINES = 128

_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_CIRCLE = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_NETWORK = re.compile(r"[a-z2-7]{32}", re.ASCII)

MAX_EPOCH = 1_000


def check_circle(circle: str) -> str:
    if not _CIRCLE.fullmatch(circle):
        raise MalformedError(f"{shown(circle)} is no circle: expected 1 to 32 of a-z, 0-9 and -")
    return circle


def check_network(network: str) -> str:
    if not _NETWORK.fullmatch(network):
        raise MalformedError(f"{shown(network)} is no network id: expected 32 of a-z and 2-7")
    return network


def origin(network: str, circle: str, epoch: int) -> str:
    """The name of a log, and of the key that signs it."""
    return f"fednet/{check_network(network)}/{check_circle(circle)}/{epoch}"


class Checkpoint(msgspec.Struct, frozen=True, order=False):
    """The first three lines of a checkpoint note; `root` is MTH of `size` leaves."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{base64_text(self.root)}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    lines = utf8(text, "checkpoint").split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise MalformedError(f"a checkpoint has three lines, found {len(lines) - 1}")
    size = number(lines[1], "checkpoint size")
    if size > MAX_SIZE:
        raise MalformedError(f"checkpoint size {size} is impossible")
    return Checkpoint(lines[0], size, base64_bytes(lines[2], HASH_SIZE, "checkpoint root"))


def open_checkpoint(note: Note, log: Verifier, witnesses: Iterable[Verifier] = ()) -> Checkpoint:
    """The checkpoint of `log`, signed by its key and for its origin, which is the key's name.

    A failing cosignature by a witness that we know refuses the note, as C2SP asks.
    """
    vouching = open_note(note, (log, *witnesses))
    if log not in vouching:
        raise SignatureError(f"expected a signature of {log.name}, found only cosignatures")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != log.name:
        raise SignatureError(f"expected the origin {log.name}, found {shown(checkpoint.origin)}")
    return checkpoint


# --- witness policy: C2SP tlog-policy ---------------------------------------------------------------------------------


class Group(msgspec.Struct, frozen=True):
    """`needed` of its members (names of witnesses or of groups) must have witnessed."""

    needed: int
    members: tuple[str, ...]


class Policy(msgspec.Struct, frozen=True):
    """A quorum over named witnesses and groups; `quorum` "none" asks for nobody. `urls` are where some can be asked."""

    quorum: str = "none"
    witnesses: dict[str, Verifier] = {}
    groups: dict[str, Group] = {}
    urls: dict[str, str] = {}

    def satisfied_by(self, vouching: Iterable[Verifier]) -> bool:
        """Whether these verified cosigners make a quorum."""
        keys = {verifier.key for verifier in vouching if verifier.algorithm == COSIGNATURE_V1}
        reached = {name for name, verifier in self.witnesses.items() if verifier.key in keys}
        for name, group in self.groups.items():  # a group names only what is defined before it
            if sum(member in reached for member in group.members) >= group.needed:
                reached.add(name)
        return self.quorum == "none" or self.quorum in reached


def parse_policy(raw: bytes) -> Policy:
    """Reads the `witness`, `group` and `quorum` lines of a policy; `log` lines are checked and otherwise left alone."""
    if len(raw) > MAX_POLICY or raw.count(b"\n") > MAX_POLICY_LINES:
        raise MalformedError("the policy is too long")
    witnesses: dict[str, Verifier] = {}
    groups: dict[str, Group] = {}
    urls: dict[str, str] = {}
    logs: set[bytes] = set()
    used: set[str] = set()
    quorum: str | None = None
    if _CONTROL.search(raw):
        raise MalformedError("a policy has no control characters but tabs and newlines")
    for line in raw.decode("utf-8", "surrogateescape").split("\n"):  # names and comments are octets, not text
        words = re.findall(r"[^ \t]+", line)
        match words:
            case []:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case ["log", vkey] | ["log", vkey, _]:
                log = parse_vkey(vkey)
                if log.algorithm != ED25519 or log.key in logs:
                    raise MalformedError(f"log {shown(log.name)}: not a log's key, or one given before")
                logs.add(log.key)
            case ["witness", name, vkey, *url] if len(url) <= 1:
                _check_free(name, witnesses, groups)
                verifier = parse_vkey(vkey)
                if verifier.algorithm != COSIGNATURE_V1 or any(w.key == verifier.key for w in witnesses.values()):
                    raise MalformedError(f"witness {shown(name)}: not a cosigner's key, or one given before")
                witnesses[name] = verifier
                if url:
                    urls[name] = url[0]
            case ["group", name, needed, *members] if members:
                _check_free(name, witnesses, groups)
                groups[name] = _group(needed, members, witnesses, groups, used)
            case ["quorum", name] if quorum is None and (name == "none" or name in witnesses or name in groups):
                quorum = name
            case _:
                raise MalformedError(f"not a line of a policy: {shown(line)}")
    if quorum is None:
        raise MalformedError("the policy has no quorum line")
    return Policy(quorum, witnesses, groups, urls)


def _check_free(name: str, witnesses: dict[str, Verifier], groups: dict[str, Group]) -> None:
    if name == "none" or name in witnesses or name in groups:
        raise MalformedError(f"the policy uses the name {shown(name)} twice")


def _group(
    needed: str, members: list[str], witnesses: dict[str, Verifier], groups: dict[str, Group], used: set[str]
) -> Group:
    for member in members:
        if member in used or not (member in witnesses or member in groups):
            raise MalformedError(f"group member {shown(member)} is not defined before, or used twice")
        used.add(member)
    least = {"any": 1, "all": len(members)}.get(needed) or number(needed, "group threshold")
    if not 1 <= least <= len(members):
        raise MalformedError(f"a group of {len(members)} cannot need {least}")
    return Group(least, tuple(members))
