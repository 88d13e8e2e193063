"""Content codings undone piece by piece: however little travels, no more is unfolded than the reader allows.

Memory holds the body so far, once, and the window of the coding; a bomb ends where it passes the limit.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import TYPE_CHECKING

import zstandard

from fednet.errors import LimitError, MalformedError
from fednet.feed.text import shown

if TYPE_CHECKING:
    from typing_extensions import Buffer

ACCEPTED = "zstd, gzip"
MAX_WINDOW = 8 * 1024 * 1024  # zstd, RFC 9659
PIECE = 64 * 1024  # unfolded at a time


class Decoder:
    """Takes a coded body with `write`, gives it back decoded with `finish`.

    Raises LimitError beyond `limit` bytes, MalformedError for what is not in this coding or was not asked for.
    """

    def __init__(self, coding: str, limit: int) -> None:
        self._body = _Body(limit)
        match coding.strip().lower():
            case "identity" | "":
                self._undone: _Body | _Zstd | _Gzip = self._body
            case "zstd":
                self._undone = _Zstd(self._body)
            case "gzip" | "x-gzip":
                self._undone = _Gzip(self._body)
            case other:
                raise MalformedError(f"the answer is coded as {shown(other)}, which was not asked for")

    def write(self, piece: bytes) -> None:
        self._undone.write(piece)

    def finish(self) -> bytes:
        """The whole body, without another copy of it."""
        if isinstance(self._undone, _Gzip):
            self._undone.finish()
        return self._body.getvalue()


class _Body(BytesIO):
    """Memory that takes so many bytes and no more."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, piece: Buffer, /) -> int:
        if self.tell() + len(memoryview(piece)) > self._limit:
            raise LimitError(f"an answer of more than {self._limit} bytes, decoded")
        return super().write(piece)


class _Zstd:
    """Any number of frames. Where one is cut, what it held is missing: the form of what is read shows that."""

    def __init__(self, body: _Body) -> None:
        decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        self._writer = decompressor.stream_writer(body, write_size=PIECE, closefd=False)

    def write(self, piece: bytes) -> None:
        try:
            self._writer.write(piece)
        except zstandard.ZstdError as error:
            raise MalformedError(f"the answer is not valid zstd: {error}") from None


class _Gzip:
    """One gzip stream, and nothing behind it."""

    def __init__(self, body: _Body) -> None:
        self._body = body
        self._inflater = zlib.decompressobj(wbits=31)

    def write(self, piece: bytes) -> None:
        while piece:
            if self._inflater.eof:
                raise MalformedError("the answer goes on behind its gzip stream")
            try:
                self._body.write(self._inflater.decompress(piece, PIECE))
            except zlib.error as error:
                raise MalformedError(f"the answer is not valid gzip: {error}") from None
            piece = self._inflater.unconsumed_tail or self._inflater.unused_data

    def finish(self) -> None:
        if not self._inflater.eof:
            raise MalformedError("the answer is cut: its gzip stream does not end")
