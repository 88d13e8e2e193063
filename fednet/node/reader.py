"""A process beside a large first sync: it verifies records pages and works out their index rows, on a core of its own.

Both directions speak frames: a length of four bytes, most significant first, and that much MessagePack. Answers come
in the order of what was asked. The process opens nothing and knows nothing but what it is given; it ends by itself when
its standard input does, so that it never outlives whoever started it.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from asyncio import Future
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

import msgspec

from fednet import errors
from fednet.errors import BusyError, FednetError
from fednet.feed import wire
from fednet.feed.record import Commitments, Erase, Put
from fednet.feed.tree import Entry
from fednet.feed.wire import EntriesPage
from fednet.store import index
from fednet.store.index import Indexed

LENGTH = 4


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A records page as it came, and the entry (as a line) that it must add up to."""

    feed_id: int
    feed: Commitments
    prefix: str
    wanted: str
    raw: bytes


class Verified(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What a records page holds, with the index row of each put (None for a body that is not shown)."""

    puts: list[Put]
    erased: list[Erase]
    indexed: list[Indexed | None]


class Refused(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Which FednetError the page raised."""

    error: str
    detail: str
    hint: str | None


_encode = msgspec.msgpack.Encoder().encode
_asked = msgspec.msgpack.Decoder(Asked).decode
_answer = msgspec.msgpack.Decoder(Verified | Refused).decode


def read(asked: Asked) -> Verified:
    """Verify a page and index its bodies; raises what `wire.parse_page` raises."""
    page = wire.parse_page(asked.raw, asked.prefix, wire.parse_entry(asked.wanted), asked.feed)
    if isinstance(page, EntriesPage):
        raise errors.MalformedError("a page of entries where records were announced")
    puts = [record for record in page.records if isinstance(record, Put)]
    erased = [record for record in page.records if isinstance(record, Erase)]
    return Verified(puts, erased, [index.indexed(asked.feed_id, put.body) for put in puts])


class Reader:
    """The process as its owner sees it."""

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise BusyError("the reading process has no pipes")
        self.process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self._waiting: deque[Future[Verified]] = deque()
        self._answers = asyncio.create_task(self._settle())

    def read(self, feed_id: int, feed: Commitments, prefix: str, wanted: Entry, raw: bytes) -> Future[Verified]:
        """What `read` makes of a page, when it is done; the caller bounds how many are under way."""
        future: Future[Verified] = asyncio.get_running_loop().create_future()
        if self._answers.done():
            future.set_exception(_gone())
            return future
        body = _encode(Asked(feed_id, feed, prefix, wire.entry_line(wanted), raw))
        self._waiting.append(future)
        self._stdin.write(len(body).to_bytes(LENGTH, "big") + body)
        return future

    async def _settle(self) -> None:
        """Hand out answers until the process ends; whoever still waits then is told."""
        try:
            while True:
                length = await self._stdout.readexactly(LENGTH)
                answer = _answer(await self._stdout.readexactly(int.from_bytes(length, "big")))
                future = self._waiting.popleft()
                if future.done():  # nobody waits for it any more
                    continue
                if isinstance(answer, Verified):
                    future.set_result(answer)
                else:
                    future.set_exception(_raised(answer))
        except (asyncio.IncompleteReadError, ConnectionError):
            for future in self._waiting:
                if not future.done():
                    future.set_exception(_gone())

    async def close(self) -> None:
        """End the process: what it was still asked is of no use to anybody."""
        if self.process.returncode is None:
            self.process.kill()
        self._stdin.close()
        await self._answers
        await self.process.wait()


@asynccontextmanager
async def reader() -> AsyncIterator[Reader]:
    """A reading process for as long as the block runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "fednet.node.reader", stdin=PIPE, stdout=PIPE, limit=1024 * 1024
    )
    reading = Reader(process)
    try:
        yield reading
    finally:
        await reading.close()


def _gone() -> FednetError:
    return BusyError("the process that verifies pages has ended", hint="fednet sync")


def _raised(refused: Refused) -> FednetError:
    """The error as it was raised over there."""
    kind = getattr(errors, refused.error, FednetError)
    raised: FednetError = kind(refused.detail, hint=refused.hint)
    return raised


# --- inside the process -----------------------------------------------------------------------------------------------


def answer(body: bytes) -> Verified | Refused:
    try:
        return read(_asked(body))
    except FednetError as error:
        return Refused(type(error).__name__, error.detail, error.hint)


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer frames until there are no more."""
    while len(length := asked.read(LENGTH)) == LENGTH:
        body = _encode(answer(asked.read(int.from_bytes(length, "big"))))
        answers.write(len(body).to_bytes(LENGTH, "big") + body)
        answers.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this: its end is ours
    gc.disable()  # records refer to nothing that refers back
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
