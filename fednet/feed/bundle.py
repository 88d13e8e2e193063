"""Bundles: the resources of a static site in one file, for whoever has no connection (SPEC 7.9).

```
fednet/1 bundle
resource <network id>/identity 1185
<1185 bytes>resource <network id>/public/1/checkpoint 214
<214 bytes>...
end 2
```
Paths are those below `/feeds/`, with `changes?since=<position>` as one of them. The first resource is the identity of
the network that wrote the bundle, and of every network the identity comes before everything else. Restricted circles
are in `sealed`: another bundle, encrypted to its reader; there is also `<network id>/message` (`fednet.feed.message`).
The file is this text compressed with zstd.

Nothing is believed because it is in a bundle: what it holds is judged like what a mirror serves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from fednet.errors import LimitError, MalformedError, VersionError
from fednet.feed import tlog, wire
from fednet.feed.checkpoint import check_circle, check_network
from fednet.feed.edition import parse_edition
from fednet.feed.text import number, shown, utf8
from fednet.feed.wire import BEGINNING, Answer, Position

HEAD = f"fednet/{wire.VERSION} bundle".encode()
SEALED = "sealed"
MESSAGE = "message"

MAX_LINE = 512  # a resource line
MAX_RESOURCE = wire.MAX_ANSWER
MAX_RESOURCES = 100_000
MAX_NETWORKS = 256
MAX_BUNDLE = 4 * 1024**3  # decompressed

LIMITS = (
    f"{MAX_RESOURCES} resources of {MAX_NETWORKS} networks, at most {MAX_RESOURCE >> 20} MiB each and "
    f"{MAX_BUNDLE >> 30} GiB together"
)

_HEAD = re.compile(rb"fednet/([^ ]{1,20}) bundle")


class Resource(msgspec.Struct, frozen=True):
    """What one part of a bundle is, and how many bytes it has."""

    path: str
    length: int

    @property
    def network(self) -> str:
        """Whose it is; empty for `sealed`."""
        return self.path.partition("/")[0] if self.path != SEALED else ""


def packed(resources: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The pieces of a bundle of these resources, given as (path, content), each network's identity first."""
    yield HEAD + b"\n"
    count = total = networks = 0
    for count, (path, content) in enumerate(resources, 1):
        total += len(content) + MAX_LINE
        networks += path.endswith("/identity")
        if len(content) > MAX_RESOURCE or count > MAX_RESOURCES or networks > MAX_NETWORKS or total > MAX_BUNDLE:
            raise LimitError(f"{path}, of {len(content)} bytes, does not fit into the bundle: {LIMITS}")
        yield f"resource {path} {len(content)}\n".encode()
        yield content
    yield f"end {count}\n".encode()


def unpacked(pieces: Iterable[bytes], *, sealed: bool = False) -> Iterator[Resource | bytes]:
    """Each resource of a bundle, followed by its content in pieces, while the bundle is read.

    `sealed` says that this is the inner bundle: only there circles other than `public` may be, and nothing sealed.
    Raises the RefusedError that fits as soon as a rule is broken; what was given out before is then worth nothing.
    """
    text = _Text(pieces)
    _check_head(text.line())
    listed = _Listed(sealed)
    while (found := _resource(text.line(), len(listed.paths))) is not None:
        listed.add(found)
        yield found
        yield from text.content(found.length)
    text.check_over()


class _Text:
    """A text that comes in pieces of any length, read by lines and by counted bytes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = b""
        self._total = 0

    def _piece(self) -> bytes:
        """The next piece that holds anything; empty at the end."""
        for piece in self._pieces:
            self._total += len(piece)
            if self._total > MAX_BUNDLE:
                raise LimitError(f"a bundle of more than {MAX_BUNDLE} bytes")
            if piece:
                return piece
        return b""

    def line(self) -> bytes:
        while (end := self._left.find(b"\n", 0, MAX_LINE + 1)) < 0:
            if len(self._left) > MAX_LINE:
                raise MalformedError(f"not a line of a bundle: {shown(self._left[:MAX_LINE])}")
            piece = self._piece()
            if not piece:
                raise MalformedError("the bundle is cut: it has no end line")
            self._left += piece
        line, self._left = self._left[:end], self._left[end + 1 :]
        return line

    def content(self, length: int) -> Iterator[bytes]:
        while length:
            piece, self._left = self._left or self._piece(), b""
            if not piece:
                raise MalformedError(f"the bundle is cut: {length} bytes of a resource are missing")
            taken, self._left = piece[:length], piece[length:]
            length -= len(taken)
            yield taken

    def check_over(self) -> None:
        if self._left or self._piece():
            raise MalformedError("bytes follow the end of the bundle")


def _check_head(line: bytes) -> None:
    match = _HEAD.fullmatch(line)
    if match is None:
        raise MalformedError(f"not a bundle: it begins with {shown(line)}")
    if line != HEAD:
        raise VersionError(
            f"the bundle is in version {shown(match[1])} of the protocol, this node speaks {list(wire.VERSIONS)}"
        )


def _resource(line: bytes, count: int) -> Resource | None:
    """What a line announces after `count` resources; None at the end."""
    match utf8(line, "bundle").split(" "):
        case ["resource", path, length]:
            found = Resource(path, number(length, "length"))
        case ["end", said]:
            if number(said, "end") != count:
                raise MalformedError(f"the end line speaks of {shown(said)} resources, found {count}")
            if count == 0:
                raise MalformedError("a bundle begins with the identity of the network that wrote it, found none")
            return None
        case _:
            raise MalformedError(f"not a line of a bundle: {shown(line)}")
    if found.length > MAX_RESOURCE:
        raise LimitError(f"a resource of {found.length} bytes, at most {MAX_RESOURCE} are read")
    if count >= MAX_RESOURCES:
        raise LimitError(f"a bundle of more than {MAX_RESOURCES} resources")
    return found


class _Listed:
    """What a bundle has listed so far: every resource in its place, and once."""

    def __init__(self, sealed: bool) -> None:
        self.sealed = sealed
        self.paths: set[str] = set()
        self.networks: set[str] = set()

    def add(self, found: Resource) -> None:
        if found.path in self.paths:
            raise MalformedError(f"{shown(found.path)} is in the bundle twice")
        self._check_place(found)
        self.paths.add(found.path)

    def _check_place(self, found: Resource) -> None:
        if found.path == SEALED:
            if self.sealed or not self.paths:
                raise MalformedError("sealed comes after an identity, and nothing sealed is in what is sealed")
            return
        check_path(found.path, sealed=self.sealed)
        if found.path == f"{found.network}/identity":
            self.networks.add(found.network)
            if len(self.networks) > MAX_NETWORKS:
                raise LimitError(f"a bundle of more than {MAX_NETWORKS} networks")
        elif found.network not in self.networks:
            raise MalformedError(f"{shown(found.path)} comes before the identity of its network")


def check_path(path: str, *, sealed: bool) -> None:
    """Raise MalformedError unless `path` is `<network id>/` and one of the resources that a bundle may hold."""
    network, _, rest = path.partition("/")
    check_network(network)
    if rest == "identity" or (rest == MESSAGE and sealed):
        return
    circle, _, rest = rest.partition("/")
    if check_circle(circle) != "public" and not sealed:
        raise MalformedError("a restricted circle is not sealed")
    kind, _, name = rest.partition("/")
    if kind == "page" and str(wire.parse_page_name(name)) == name:
        return
    if kind.startswith("changes?since=") and not name:
        wire.parse_position(kind.removeprefix("changes?since="))
        return
    number(kind, "epoch")
    if name != "checkpoint":
        tlog.parse_tile_path(name)


def asked_from(answer: Answer, position: Position) -> Answer | None:
    """An answer to `changes` since an earlier position as one to `since=<position>`; None where it cannot be that.

    It brings each changed record at its newest version, so what is held already is brought once more and changes
    nothing. An answer from the beginning (0.0) names no drops and serves nobody who holds something.
    """
    if position == answer.since:
        return answer
    if position < answer.since or answer.since == BEGINNING or not answer.editions:
        return None
    newest = parse_edition(answer.editions[-1]).edition
    count = len(answer.leaves) + 1 if answer.inclusion or answer.leaves else len(answer.editions)
    if position.epoch < answer.epoch:  # all of the new log is new; what was held must not be beyond the close
        known = position.edition <= newest - count
        return msgspec.structs.replace(answer, since=position) if known else None
    wanted = newest - position.edition
    if position.epoch > answer.epoch or not 0 <= wanted <= count:
        return None
    if wanted == 0:
        return msgspec.structs.replace(answer, since=position, editions=(), inclusion=(), leaves=(), changes=())
    return msgspec.structs.replace(
        answer,
        since=position,
        editions=answer.editions[-wanted:],
        leaves=answer.leaves[count - wanted :],
    )
