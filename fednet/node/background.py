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
from functools import partial
from typing import NamedTuple

from fednet.errors import FednetError, UnreachableError
from fednet.feed import note
from fednet.feed.checkpoint import parse_checkpoint
from fednet.node import ask, confirming, cosigning, erasure, messages, post, publish, uploads
from fednet.node.fetch import Fetcher
from fednet.node.home import Home, now
from fednet.node.signatures import signer
from fednet.node.sources import Address
from fednet.node.sync import Synced, sync_network
from fednet.node.watch import Watch
from fednet.store import destruction, feeds, sources
from fednet.store.database import Store
from fednet.store.feeds import Feed, Network

DEBOUNCE = 2.0  # seconds of quiet before drafts are signed
LONGEST_WAIT = 30.0  # drafts that keep coming are signed at least so often
LOOK_AGAIN = 60.0  # when nothing was heard of, and after a failure to publish
ASK_AGAIN = 60.0  # witnesses that have not cosigned the newest edition yet
HEARTBEAT = 3600.0  # how often to look whether an edition needs renewal
REMIND = 900.0  # how often to look whether something is to be written
POLL = 50  # seconds a peer may let us wait
SYNC_ANYWAY = 900.0  # whatever the peer says: a circle may be new, another source may know more
PAUSE, LONGEST_PAUSE = 2.0, 900.0  # after a failure, doubled each time

Match = Callable[[Store], bool]
Daily = Callable[[Home, datetime], object]

log = logging.getLogger("fednet")


class _Edited(NamedTuple):
    """A circle with edits that no edition has signed: what they are in short, when they began, and the latest."""

    words: str
    first: float
    latest: float

    @property
    def due(self) -> float:
        """So that one edition takes many edits."""
        return min(self.latest + DEBOUNCE, self.first + LONGEST_WAIT)


class Background:
    """Start and stop the thread. Failures of one task are logged and tried again; they end nothing else."""

    def __init__(
        self, home: Home, *, allow_private: bool, match: Match | None = None, daily: Daily | None = None
    ) -> None:
        """`match` takes a step in finding what belongs on one card, and says whether there was one to take.

        `daily` writes what is to be written each day, week or month, and knows itself what it did already.
        """
        self.home, self.allow_private, self._match, self._daily = home, allow_private, match, daily
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
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _tasks(self) -> None:
        watch = Watch(self.home.store)
        async with Fetcher(allow_private=self.allow_private) as fetcher, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish(watch, fetcher))
            tasks.create_task(self._renew(fetcher))
            tasks.create_task(self._cosign(fetcher))
            tasks.create_task(self._settle(watch, fetcher))
            tasks.create_task(self._follow(watch, fetcher, tasks))
            tasks.create_task(self._tell(watch, fetcher, tasks))
            tasks.create_task(self._post(watch))
            if self._daily is not None:
                tasks.create_task(self._remind(self._daily))
            if self._match is not None:
                tasks.create_task(self._find_matches(watch, self._match))

    async def _publish(self, watch: Watch, fetcher: Fetcher) -> None:
        """Sign a circle after a pause in its own editing: when that is must tell nothing of any other circle."""
        edited: dict[str, _Edited] = {}
        while True:
            seen = watch.seen()  # an edit that comes while we look or publish is noticed at once
            edited = self._edited(edited)
            clock = self._loop.time()
            due = [circle for circle, one in edited.items() if one.due <= clock]
            if due or publish.unfinished(self.home):
                await self._ask(fetcher)
                signing = partial(publish.publish, circles=due, cosign=self._by_witnesses())
                if not await self._tried("publish", signing):
                    await watch.changed(LOOK_AGAIN, seen)
                edited = {circle: one for circle, one in edited.items() if circle not in due}
            else:
                await watch.changed(min([one.due - clock for one in edited.values()], default=LOOK_AGAIN), seen)

    def _edited(self, before: dict[str, _Edited]) -> dict[str, _Edited]:
        """What waits to be signed in each circle, and since when it has not been edited."""
        with self.home.store.reading() as db:
            waits = {} if publish.is_held(db) else publish.waits(db, self.home.network)
        clock = self._loop.time()
        found = {}
        for circle, words in waits.items():
            known = before.get(circle, _Edited(words, clock, clock))
            found[circle] = known if known.words == words else _Edited(words, known.first, clock)
        return found

    def _by_witnesses(self) -> publish.Cosign:
        return cosigning.by_witnesses(self.home, allow_private=self.allow_private)

    async def _cosign(self, fetcher: Fetcher) -> None:
        """Ask those witnesses again that were not there when an edition was published."""
        while True:
            with suppress(FednetError):  # of our own store: busy, or the disk is full
                await cosigning.ask_missing(self.home, fetcher)
            await asyncio.sleep(ASK_AGAIN)

    async def _ask(self, fetcher: Fetcher) -> None:
        """Hear from others whether they hold more of our logs than we do; the mark remembers what they show."""
        try:
            await ask.before_signing(self.home, fetcher)
        except Exception as error:  # a full disk, or a mistake of ours with a peer's bytes: the mark decides without
            log.error("asking followers: %s", error)

    async def _renew(self, fetcher: Fetcher) -> None:
        while True:
            await self._ask(fetcher)
            await self._tried("renew", partial(publish.renew, cosign=self._by_witnesses()))
            await asyncio.sleep(HEARTBEAT)

    async def _settle(self, watch: Watch, fetcher: Fetcher) -> None:
        """Destroy what a command that was cut off, or met readers, left of erasures; of replaced records hourly."""
        settled_at = self._loop.time()
        while True:
            seen = watch.seen()
            if self._owed() or self._loop.time() > settled_at + HEARTBEAT:
                settled_at = self._loop.time()
                await self._tried("erase", lambda home, _: erasure.settle(home))
                await self._tried("sweep", uploads.sweep)
                await confirming.confirm_all(self.home, fetcher)
            if self._owed():
                await asyncio.sleep(PAUSE)
            else:
                await watch.changed(LOOK_AGAIN, seen)

    async def _find_matches(self, watch: Watch, match: Match) -> None:
        """Step by step, so that nothing else waits long, not even the end."""
        more = False

        def step(home: Home, _: datetime) -> None:
            nonlocal more
            more = False
            try:
                more = match(home.store)
            except FednetError:
                raise
            except Exception:  # a mistake of ours, met with somebody's record, must not end the other tasks
                log.exception("match: unforeseen")

        while True:
            seen, began = watch.seen(), self._loop.time()
            if await self._tried("match", step) and more:
                await asyncio.sleep(self._loop.time() - began)  # pages and syncs have half of the processor at least
            else:
                await watch.changed(LOOK_AGAIN, seen)

    async def _tell(self, watch: Watch, fetcher: Fetcher, tasks: asyncio.TaskGroup) -> None:
        """Tell other networks of introductions, as soon as something is said and until it is acknowledged.

        One task each, so that nobody waits for one that does not answer.
        """
        telling: dict[int, asyncio.Task[None]] = {}
        while True:
            seen = watch.seen()
            telling = {network: task for network, task in telling.items() if not task.done()}
            try:
                for network in messages.due(self.home):
                    if network.id not in telling:
                        telling[network.id] = tasks.create_task(self._message(fetcher, network))
            except FednetError as error:  # of our own store: busy, or the disk is full
                log.error("messages: %s", error.detail)
            await watch.changed(LOOK_AGAIN, seen)

    async def _message(self, fetcher: Fetcher, network: Network) -> None:
        try:
            await messages.deliver(self.home, fetcher, network)
        except Exception as error:  # a mistake of ours with what somebody wrote, which the log must not quote
            log.error("messages: unforeseen %s", type(error).__name__)

    async def _post(self, watch: Watch) -> None:
        """Send letters as they are written, and try again those that could not be sent."""
        while True:
            seen = watch.seen()
            try:
                await post.deliver(self.home, now())
            except FednetError as error:  # of our own store: busy, or the disk is full
                log.error("letters: %s", error.detail)
            except Exception as error:  # a mistake of ours with somebody's letter, which the log must not quote
                log.error("letters: unforeseen %s", type(error).__name__)
                await asyncio.sleep(LOOK_AGAIN)
            if _asked_to_end():
                return
            await watch.changed(LOOK_AGAIN, seen)

    async def _remind(self, daily: Daily) -> None:
        while True:
            try:
                await self._tried("remind", daily)
            except Exception as error:  # a mistake of ours, met with somebody's record, must not end the other tasks
                log.error("remind: unforeseen %s", type(error).__name__)
            await asyncio.sleep(REMIND)

    def _owed(self) -> bool:
        with self.home.store.reading() as db:
            return destruction.is_owed(db)

    async def _tried(self, what: str, act: Callable[[Home, datetime], object]) -> bool:
        """Whether it went well; what goes wrong is told in the log."""
        try:
            await asyncio.to_thread(act, self.home, now())  # witnesses may take their time
            return True
        except FednetError as error:
            log.error("%s: %s%s", what, error.detail, f" (hint: {error.hint})" if error.hint else "")
            await asyncio.sleep(PAUSE)
        except OSError as error:  # the disk is full, or a file cannot be written: it may be put right while we run
            log.error("%s: %s", what, error)
            await asyncio.sleep(PAUSE)
        return False

    async def _follow(self, watch: Watch, fetcher: Fetcher, tasks: asyncio.TaskGroup) -> None:
        """One task for each network that is followed, also for those that are followed or let go of later."""
        running: dict[int, asyncio.Task[None]] = {}
        while True:
            seen = watch.seen()
            with self.home.store.reading() as db:
                wanted = {network.id: network for network in feeds.peers(db)}
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
                error = results[0].error
                if error is None:
                    for result in results:
                        _told(result)
                    failing = any(result.error for result in results)  # in a restricted circle
                    await self._news(fetcher, network, pause if failing else SYNC_ANYWAY)
                    pause = min(2 * pause, LONGEST_PAUSE) if failing else PAUSE
                    continue
            except FednetError as refusal:  # of our own store: busy, or the disk is full
                error = refusal.detail
            except Exception:  # a mistake of ours, met with this peer's bytes, must not end the other tasks
                log.exception("%s: unforeseen", network.name)
                error = "unforeseen"
            log.log(logging.WARNING if self._addressed(network) else logging.DEBUG, "%s: %s", network.name, error)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _addressed(self, network: Network) -> bool:
        """Whether it can be read at any address; one that comes in bundles need not have one."""
        with self.home.store.reading() as db:
            return bool(sources.named(db, network))

    async def _news(self, fetcher: Fetcher, network: Network, seconds: float) -> None:
        """Return when the peer has signed something newer in any circle, or then; the sync that follows verifies."""
        with self.home.store.reading() as db:
            held, origin = feeds.feeds(db, network), sources.origin(db, network)
        restricted = any(feed.circle != "public" for feed in held)
        signing = signer(self.home) if restricted else None
        waiting = [asyncio.create_task(asyncio.sleep(seconds))]  # there may be nobody to ask
        for feed in held:
            url = _told_by(feed, origin)
            if url is not None:
                place = Address(fetcher, url, network.network, origin=url == origin, signer=signing)
                waiting.append(asyncio.create_task(self._news_of(place, feed)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _news_of(self, origin: Address, feed: Feed) -> None:
        """Wait at the checkpoint of one feed until it is another one; what it says is a hint."""
        followed = feed.followed
        path = f"{feed.circle}/{followed.epoch}/checkpoint?after={followed.epoch}.{followed.frontier.size}&wait={POLL}"
        while True:
            began = self._loop.time()
            try:
                fetched = await origin.get(path, limit=note.MAX_NOTE, seconds=POLL + 30)
                if fetched.status == 404 and feed.circle != "public":  # no longer for us, it seems: a sync finds out
                    await asyncio.sleep(random.uniform(PAUSE, 5 * PAUSE))
                    return
                if fetched.status != 200:
                    raise UnreachableError(f"answers {fetched.status}")
                if parse_checkpoint(note.parse(fetched.body).text).size != followed.frontier.size:
                    return
                if followed.checkpoint and len(fetched.body) > len(followed.checkpoint.encoded):  # more have cosigned
                    return
                await asyncio.sleep(began + POLL - self._loop.time())  # a static host lets nobody wait
            except FednetError:
                await asyncio.sleep(random.uniform(PAUSE, 5 * PAUSE))
                return


def _asked_to_end() -> bool:
    """Whether this task was cancelled.

    asyncio.wait_for of Python 3.11 loses that when an answer comes at the same moment (bpo-37658), and what sends
    letters waits by it.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _told_by(feed: Feed, origin: str | None) -> str | None:
    """Where news of a feed is waited for: at the address where it was read last, of a restricted one at the origin."""
    if feed.circle != "public" or feed.source is None or "://" not in feed.source:
        return origin
    return feed.source


def _told(result: Synced) -> None:
    """One line of the log for one feed."""
    if result.error:
        log.warning("%s, circle %s: %s", result.name, result.circle, result.error)
    else:
        log.info("%s, circle %s: edition %s, %s records", result.name, result.circle, result.edition, result.records)
