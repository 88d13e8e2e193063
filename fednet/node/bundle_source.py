"""A bundle that is read: its form checked, its resources found by their paths, and itself a source of a network."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import zstandard

from fednet.errors import FednetError, LimitError, MalformedError, UnreachableError
from fednet.feed import bundle, wire
from fednet.feed.bundle import Resource
from fednet.feed.wire import MAX_ANSWER, Position
from fednet.node.coding import MAX_WINDOW
from fednet.node.fetch import REQUEST_SECONDS, Fetched

PIECE = 64 * 1024
WHOLE_HINT = "ask for a whole bundle: fednet bundle write FILE"


class Place(NamedTuple):
    """Where a resource lies: from `offset`, in `stored` bytes of zstd that make `length`."""

    offset: int
    stored: int
    length: int


class Opened:
    """A bundle whose form is checked, and whose resources can be asked for by their paths; use as a context.

    They lie in a file without a name in the node's home, which is gone with this process however that ends. There they
    are compressed again one by one, so that what unfolds to gigabytes of nothing takes no room.
    """

    def __init__(self, directory: Path, raw: BinaryIO, *, sealed: bool = False) -> None:
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115
        self._places: dict[str, Place] = {}
        try:
            self._keep(bundle.unpacked(_decompressed(raw), sealed=sealed))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _keep(self, parts: Iterator[Resource | bytes]) -> None:
        """Write each resource, compressed by itself, behind the one before."""
        open_resource: Resource | None = None
        writer = _Frame(self._file)
        for part in parts:
            if isinstance(part, bytes):
                writer.write(part)
                continue
            self._close(open_resource, writer)
            open_resource, writer = part, _Frame(self._file)
        self._close(open_resource, writer)

    def _close(self, resource: Resource | None, writer: _Frame) -> None:
        if resource is not None:
            self._places[resource.path] = Place(writer.offset, writer.close(), resource.length)

    def content(self, path: str, limit: int = MAX_ANSWER) -> bytes | None:
        place = self._places.get(path)
        if place is None:
            return None
        if place.length > limit:
            raise LimitError(f"{path} has {place.length} bytes, at most {limit} are read")
        self._file.seek(place.offset)
        stored = self._file.read(place.stored)
        return zstandard.ZstdDecompressor().decompress(stored, max_output_size=place.length) if place.length else b""

    @property
    def networks(self) -> list[str]:
        """Whose identities are in it; the first is that of the network that wrote it."""
        return [path.removesuffix("/identity") for path in self._places if path.endswith("/identity")]

    def feeds(self, network: str) -> list[str]:
        """The circles of a network of which something is in it."""
        parts = (path.split("/", 2) for path in self._places if path.startswith(f"{network}/"))
        return list(dict.fromkeys(part[1] for part in parts if len(part) == 3))

    def heads(self, network: str, circle: str) -> list[int]:
        """The epochs whose checkpoints are in it."""
        start = f"{network}/{circle}/"
        ends = (path.removeprefix(start) for path in self._places if path.startswith(start))
        return [int(end.removesuffix("/checkpoint")) for end in ends if end.endswith("/checkpoint")]

    def asked(self, network: str, circle: str) -> list[Position]:
        """The positions since which it tells changes."""
        start = f"{network}/{circle}/changes?since="
        return [wire.parse_position(path.removeprefix(start)) for path in self._places if path.startswith(start)]


class _Frame:
    """One resource on its way into the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = file.tell()
        self._compressor = zstandard.ZstdCompressor(level=1).compressobj()

    def write(self, piece: bytes) -> None:
        self._file.write(self._compressor.compress(piece))

    def close(self) -> int:
        """How many bytes it took."""
        self._file.write(self._compressor.flush())
        return self._file.tell() - self.offset


def _decompressed(raw: BinaryIO) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(raw, read_across_frames=True)
    while True:
        try:
            piece = reader.read(PIECE)
        except zstandard.ZstdError as error:
            raise MalformedError(f"not a bundle, or a damaged one: {error}") from None
        if not piece:
            return
        yield piece


class BundleSource:
    """A bundle as a source of one network's resources."""

    origin = False

    def __init__(self, opened: Opened, network: str, name: str) -> None:
        self.opened, self.network, self.name = opened, network, name

    async def get(self, path: str, *, limit: int = MAX_ANSWER, seconds: float = REQUEST_SECONDS) -> Fetched:
        """A resource; where a node would say that the state has moved on, the bundle is not enough, and says so."""
        circle, _, kind = path.partition("/")
        if kind.startswith("changes?since="):
            found = self._changes(circle, wire.parse_position(kind.removeprefix("changes?since=")), limit)
            return Fetched(404, b"", 0) if found is None else Fetched(200, found, len(found))
        content = self.opened.content(f"{self.network}/{path}", limit)
        if content is None:
            raise self._not_enough(circle)
        return Fetched(200, content, len(content))

    def _changes(self, circle: str, position: Position, limit: int) -> bytes | None:
        """An answer since this position or since an earlier one, the latest there is."""
        for since in sorted(self.opened.asked(self.network, circle), reverse=True):
            if since <= position:
                raw = self.opened.content(f"{self.network}/{circle}/changes?since={since}", limit)
                answer = wire.parse_answer(raw or b"")
                if answer.since != since:
                    raise MalformedError(f"{self.name}: an answer since {answer.since} is called one since {since}")
                found = bundle.asked_from(answer, position)
                return None if found is None else found.encoded
        return None

    def _not_enough(self, circle: str) -> FednetError:
        since = self.opened.asked(self.network, circle)
        if since:
            return UnreachableError(
                f"{self.name} tells only what changed since edition {max(since)}; what is held here is not on that way",
                hint=WHOLE_HINT,
            )
        return UnreachableError(f"{self.name} does not hold all of the feed", hint=WHOLE_HINT)
