"""Content codings undone piece by piece: however little travels, no more is unfolded than the reader allows.

Memory holds the body so far, once, and the window of the coding; a bomb ends where it passes the limit.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from io import BytesIO

import zstandard

from fednet.errors import LimitError, MalformedError
from fednet.feed.text import shown

ACCEPTED = "zstd, gzip"
MAX_WINDOW = 8 * 1024 * 1024  # zstd, RFC 9659
PIECE = 64 * 1024  # unfolded at a time


class Decoder:
    """Takes a coded body with `write`, gives it back decoded with `finish`.

    Raises LimitError beyond `limit` bytes, MalformedError for what is not in this coding or was not asked for.
    """

    def __init__(self, coding: str, limit: int) -> None:
        self._body = BytesIO()
        self._limit = limit
        self._finish: Callable[[], None] = lambda: None
        match coding.strip().lower():
            case "identity" | "":
                self._undo: Callable[[bytes], object] = self._take
            case "zstd":
                self._undo = _Zstd(self._take).write
            case "gzip" | "x-gzip":
                unzip = _Gzip(self._take)
                self._undo, self._finish = unzip.write, unzip.finish
            case other:
                raise MalformedError(f"the answer is coded as {shown(other)}, which was not asked for")

    def write(self, piece: bytes) -> None:
        self._undo(piece)

    def finish(self) -> bytes:
        """The whole body, without another copy of it."""
        self._finish()
        return self._body.getvalue()

    def _take(self, piece: bytes) -> int:
        if self._body.tell() + len(piece) > self._limit:
            raise LimitError(f"an answer of more than {self._limit} bytes, decoded")
        return self._body.write(piece)


class _Zstd:
    """Any number of frames. Where one is cut, what it held is missing: the form of what is read shows that."""

    def __init__(self, take: Callable[[bytes], int]) -> None:
        self._writer = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_writer(
            _Sink(take), write_size=PIECE, closefd=False
        )

    def write(self, piece: bytes) -> None:
        try:
            self._writer.write(piece)
        except zstandard.ZstdError as error:
            raise MalformedError(f"the answer is not valid zstd: {error}") from None


class _Sink:
    """A function where zstandard wants a file."""

    def __init__(self, write: Callable[[bytes], int]) -> None:
        self.write = write


class _Gzip:
    """One gzip stream, and nothing behind it."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self._inflater = zlib.decompressobj(wbits=31)

    def write(self, piece: bytes) -> None:
        while piece:
            if self._inflater.eof:
                raise MalformedError("the answer goes on behind its gzip stream")
            try:
                self._take(self._inflater.decompress(piece, PIECE))
            except zlib.error as error:
                raise MalformedError(f"the answer is not valid gzip: {error}") from None
            piece = self._inflater.unconsumed_tail or self._inflater.unused_data

    def finish(self) -> None:
        if not self._inflater.eof:
            raise MalformedError("the answer is cut: its gzip stream does not end")
