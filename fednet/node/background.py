"""What `serve` does by itself: it signs drafts after a pause, renews editions, and hears of its peers' new ones.

Runs in a thread with an event loop of its own, so that pages and feeds are served while a large sync is applied. Each
followed network has a task: it waits at the peer's checkpoint (long poll) and syncs when something new is signed.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from fednet.errors import FednetError, UnreachableError
from fednet.feed import note
from fednet.feed.checkpoint import parse_checkpoint
from fednet.node import publish
from fednet.node.fetch import Fetcher
from fednet.node.home import Home, now
from fednet.node.sources import Address
from fednet.node.sync import sync_network
from fednet.node.watch import Watch
from fednet.store import drafts, feeds
from fednet.store.feeds import Feed, Network

DEBOUNCE = 2.0  # seconds of quiet before drafts are signed
LONGEST_WAIT = 30.0  # drafts that keep coming are signed at least so often
LOOK_AGAIN = 60.0  # when nothing was heard of, and after a failure to publish
HEARTBEAT = 3600.0  # how often to look whether an edition needs renewal
POLL = 50  # seconds a peer may let us wait
SYNC_ANYWAY = 900.0  # whatever the peer says: a circle may be new, another source may know more
PAUSE, LONGEST_PAUSE = 2.0, 900.0  # after a failure, doubled each time

log = logging.getLogger("fednet")


class Background:
    """Start and stop the thread. Failures of one task are logged and tried again; they end nothing else."""

    def __init__(self, home: Home, *, allow_private: bool) -> None:
        self.home, self.allow_private = home, allow_private
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fednet background", daemon=True)
        self._main: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the tasks to end and wait for them; a transaction under way is finished or rolled back."""
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(timeout=30)

    def _cancel(self) -> None:
        if self._main is not None:
            self._main.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._tasks())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._main)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _tasks(self) -> None:
        watch = Watch(self.home.store)
        async with Fetcher(allow_private=self.allow_private) as fetcher, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish(watch))
            tasks.create_task(self._renew())
            tasks.create_task(self._follow(watch, fetcher, tasks))

    async def _publish(self, watch: Watch) -> None:
        while True:
            seen = watch.seen()  # an edit that comes while we look or publish is noticed at once
            if self._waits():
                await self._quiet(watch)
                await self._tried("publish", publish.publish)
            await watch.changed(LOOK_AGAIN, seen)

    def _waits(self) -> bool:
        with self.home.store.reading() as db:
            public = feeds.feed(db, self.home.network, "public")
            unsigned = public is None or public.followed.edition is None
            return unsigned or bool(drafts.circles_with_drafts(db)) or bool(drafts.circles_prepared(db))

    async def _quiet(self, watch: Watch) -> None:
        """Wait for a pause in the editing, so that one edition takes many edits."""
        end = self._loop.time() + LONGEST_WAIT
        while self._loop.time() < end and await watch.changed(DEBOUNCE):
            continue

    async def _renew(self) -> None:
        while True:
            await self._tried("renew", publish.renew)
            await asyncio.sleep(HEARTBEAT)

    async def _tried(self, what: str, act: Callable[[Home, datetime], object]) -> None:
        try:
            act(self.home, now())
        except FednetError as error:
            log.error("%s: %s%s", what, error.detail, f" (hint: {error.hint})" if error.hint else "")
            await asyncio.sleep(PAUSE)
        except OSError as error:  # the disk is full, or a file cannot be written: it may be put right while we run
            log.error("%s: %s", what, error)
            await asyncio.sleep(PAUSE)

    async def _follow(self, watch: Watch, fetcher: Fetcher, tasks: asyncio.TaskGroup) -> None:
        """One task for each network that is followed, also for those that are followed or let go of later."""
        running: dict[int, asyncio.Task[None]] = {}
        while True:
            seen = watch.seen()
            with self.home.store.reading() as db:
                wanted = {n.id: n for n in feeds.networks(db) if not n.own and not n.blocked}
            for gone in running.keys() - wanted.keys():
                running.pop(gone).cancel()
            for network_id in wanted.keys() - running.keys():
                running[network_id] = tasks.create_task(self._keep_up(fetcher, wanted[network_id]))
            await watch.changed(LOOK_AGAIN, seen)

    async def _keep_up(self, fetcher: Fetcher, network: Network) -> None:
        pause = PAUSE
        while True:
            try:
                results = await sync_network(self.home, fetcher, network)
                error = next((result.error for result in results if result.error), None)
                if error is None:
                    pause = PAUSE
                    for result in results:
                        log.info("%s: edition %s, %s records", result.name, result.edition, result.records)
                    await self._news(fetcher, network)
                    continue
            except FednetError as refusal:  # of our own store: busy, or the disk is full
                error = refusal.detail
            except Exception:  # a mistake of ours, met with this peer's bytes, must not end the other tasks
                log.exception("%s: unforeseen", network.name)
                error = "unforeseen"
            log.warning("%s: %s", network.name, error)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _news(self, fetcher: Fetcher, network: Network) -> None:
        """Return when the peer has signed something newer in any circle; the sync that follows verifies."""
        with self.home.store.reading() as db:
            held, sources = feeds.feeds(db, network), feeds.sources(db, network)
        if not sources:
            return
        origin = Address(fetcher, sources[0], network.network, origin=True)
        waiting = [asyncio.create_task(self._news_of(origin, feed)) for feed in held]
        try:
            await asyncio.wait(waiting, timeout=SYNC_ANYWAY, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _news_of(self, origin: Address, feed: Feed) -> None:
        """Wait at the checkpoint of one feed until it is another one; what it says is a hint."""
        followed = feed.followed
        path = f"{feed.circle}/{followed.epoch}/checkpoint?after={followed.epoch}.{followed.frontier.size}&wait={POLL}"
        while True:
            try:
                fetched = await origin.get(path, limit=note.MAX_NOTE, seconds=POLL + 30, signed=feed.circle != "public")
                if fetched.status != 200:
                    raise UnreachableError(f"answers {fetched.status}")
                if parse_checkpoint(note.parse(fetched.body).text).size != followed.frontier.size:
                    return
            except FednetError:
                await asyncio.sleep(random.uniform(PAUSE, 5 * PAUSE))
                return
