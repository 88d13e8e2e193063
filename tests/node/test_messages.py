"""Messages: whatever is lost, repeated or overtaken, two nodes come to know the same, and nobody counts on less."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from fednet.errors import BusyError, FednetError, WrongKeyError
from fednet.feed import message
from fednet.feed.introduction import Seen
from fednet.feed.note import Ed25519Signer
from fednet.node import epochs, introductions, keys, messages
from fednet.node.fetch import Fetcher
from fednet.node.home import Home, now
from fednet.node.sync import sync
from fednet.store import blocks, feeds
from fednet.store import introductions as stored
from tests.node.nodes import NOW, Nodes, network_of, pin
from tests.node.pairs import ASKS, NEEDED, OFFERED, SAYS, Pair, listed

Around = Callable[[Any], Any]


def trouble(home: Home) -> list[str | None]:
    return [one.trouble for one in messages.undelivered(home)]


def later(monkeypatch: pytest.MonkeyPatch, **how: int) -> None:
    """From now on messages are due by a clock that is ahead."""
    monkeypatch.setattr(messages, "now", lambda: now() + timedelta(**how))


# --- one of the two can be reached


def test_whoever_can_be_reached_is_asked_and_both_come_to_know(nodes: Nodes) -> None:
    pair = Pair(nodes, b_reachable=True)
    id_ = pair.ask()
    assert pair.waiting(pair.a) == 1
    pair.tell(pair.a)
    assert pair.states(id_) == ("waiting", "waiting") and pair.waiting(pair.a) == 0
    assert pair.at(pair.b, id_).other.text == ASKS and pair.at(pair.b, id_).other.details is None
    pair.accept(id_)
    assert pair.waiting(pair.b) == 1 and trouble(pair.b) == ["no-address"]
    pair.tell(pair.a)
    assert pair.introduced(id_)


def test_whoever_asks_may_be_the_one_that_can_be_reached(nodes: Nodes) -> None:
    pair = Pair(nodes, a_reachable=True)
    id_ = pair.ask()
    pair.tell(pair.b)  # with nothing to tell: else it would never hear
    assert pair.at(pair.b, id_).state == "waiting" and pair.waiting(pair.a) == 0
    pair.accept(id_)
    pair.tell(pair.b)
    assert pair.introduced(id_)


def test_a_sync_brings_what_waits(nodes: Nodes) -> None:
    pair = Pair(nodes, a_reachable=True, b_reachable=True)
    id_ = pair.ask()
    asyncio.run(sync(pair.b, allow_private=True))
    pair.accept(id_)
    asyncio.run(sync(pair.a, allow_private=True))
    assert pair.introduced(id_)


def test_details_are_in_no_message_before_both_have_accepted(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    pair, told = Pair(nodes, b_reachable=True), list[bytes]()
    write = message.write

    def kept(what: message.Message, by: Ed25519Signer) -> bytes:
        told.append(write(what, by))
        return told[-1]

    monkeypatch.setattr(message, "write", kept)
    id_ = pair.ask()
    for _ in range(2):
        pair.tell(pair.a)
    assert told and not any(b"desk@" in raw or b"Desk" in raw for raw in told)
    pair.accept(id_)
    told.clear()
    pair.tell(pair.a)
    first, *_ = (raw for raw in told if b"-desk" in raw)
    assert b"answering-desk" in first and b"asking-desk" not in first and b"asking-desk" in told[-2]


# --- what goes wrong on the way


def failing(after: bool) -> tuple[Around, list[bool]]:
    """An application that fails before or after it has taken a message, as long as the list says so."""
    fails = [True]

    def around(app: Any) -> Any:
        async def failed(scope: Any, receive: Any, send: Any) -> None:
            async def nowhere(part: Any) -> None:
                return None

            if scope.get("path") != "/messages" or not fails[0]:
                await app(scope, receive, send)
                return
            if after:
                await app(scope, receive, nowhere)
            await send({"type": "http.response.start", "status": 502, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        return failed

    return around, fails


@pytest.mark.parametrize("after", [False, True], ids=["request", "answer"])
def test_nothing_is_told_that_was_not_acknowledged(nodes: Nodes, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    pair = Pair(nodes)
    around, fails = failing(after)
    served = pair.serve(pair.b, around)
    pin(pair.a, pair.b, served.url)
    id_ = pair.ask()
    pair.tell(pair.a)
    assert pair.waiting(pair.a) == 1 and trouble(pair.a) == ["busy"]
    assert len(introductions.introductions(pair.b)) == int(after)
    fails[0] = False
    pair.tell(pair.a)
    assert pair.waiting(pair.a) == 1  # not so soon
    later(monkeypatch, minutes=2)
    pair.tell(pair.a)
    assert pair.waiting(pair.a) == 0 and trouble(pair.a) == []
    assert [one.id for one in introductions.introductions(pair.b)] == [id_]


def test_a_write_that_fails_is_no_acknowledgement(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(nodes, b_reachable=True)
    pair.ask()
    with monkeypatch.context() as broken:
        broken.setattr(stored, "save", lambda db, kept: (_ for _ in ()).throw(BusyError("the disk is full")))
        pair.tell(pair.a)
    assert trouble(pair.a) == ["not-taken"] and introductions.introductions(pair.b) == []
    later(monkeypatch, minutes=2)
    pair.tell(pair.a)
    assert pair.waiting(pair.a) == 0 and len(introductions.introductions(pair.b)) == 1


def test_a_message_from_before_changes_nothing(nodes: Nodes) -> None:
    pair = Pair(nodes, b_reachable=True)
    id_ = pair.ask()
    old = pair.written(pair.a, pair.b)
    pair.tell(pair.a)
    pair.accept(id_)
    pair.tell(pair.a)
    for raw in (old, old):
        pair.read(pair.b, raw)
    assert pair.introduced(id_)
    pair.tell(pair.a)
    assert pair.introduced(id_) and len(introductions.introductions(pair.b)) == 1


# --- who is told, and who is not


def test_pauses_grow_to_a_day_outlast_a_restart_and_end_with_something_new(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair(nodes)
    pin(pair.a, pair.b, "http://127.0.0.1:1")
    pair.ask()
    clock, pauses = now().replace(microsecond=0), []
    monkeypatch.setattr(messages, "now", lambda: clock)
    for _ in range(14):
        pair.tell(pair.a)
        pair.tell(pair.a)  # not due: not tried
        (one,) = messages.undelivered(pair.a)
        assert one.trouble == "unreachable" and one.error and one.again
        pauses.append((one.again - clock) / timedelta(minutes=1))
        clock = one.again
    assert pauses == [min(2**n, 24 * 60) for n in range(14)]
    pair.tell(pair.a)
    again = nodes.again(pair.a)
    (one,) = messages.undelivered(again)
    assert one.tried == clock and one.again == one.tried + timedelta(days=1)
    clock += timedelta(hours=1)
    pair.a = again
    introductions.ask(pair.a, pair.need, "", "and once more", "en", OFFERED, "", clock)
    pair.tell(pair.a)
    (one,) = messages.undelivered(pair.a)
    assert one.count == 2 and one.tried == clock


def test_a_network_that_does_not_follow_this_one_hears_when_it_does(nodes: Nodes) -> None:
    pair = Pair(nodes, b_reachable=True)
    with pair.b.store.writing() as db:
        feeds.remove(db, network_of(pair.b, pair.a))
    pair.ask()
    pair.tell(pair.a)
    assert trouble(pair.a) == ["unknown-there"]
    pin(pair.b, pair.a)
    pair.tell(pair.a)
    assert pair.waiting(pair.a) == 1  # not so soon, unless a person says so
    asyncio.run(sync(pair.a, allow_private=True))
    assert pair.waiting(pair.a) == 0 and len(introductions.introductions(pair.b)) == 1


def test_a_plain_web_host_takes_no_messages_and_is_asked_less_and_less(nodes: Nodes) -> None:
    pair = Pair(nodes)
    pin(pair.a, pair.b, nodes.served(pair.b).url)  # feeds only
    assert asyncio.run(sync(pair.a, allow_private=True))[0].verified
    pair.ask()
    pair.tell(pair.a)
    assert trouble(pair.a) == ["not-spoken"]


@pytest.mark.parametrize("how", ["blocked", "frozen", "no-address"])
def test_nothing_is_sent_to_whom_this_node_does_not_listen(nodes: Nodes, how: str) -> None:
    pair = Pair(nodes, b_reachable=how != "no-address")
    pair.ask()
    with pair.a.store.writing() as db:
        if how == "blocked":
            blocks.block(db, pair.b.network.network, NOW)
        if how == "frozen":
            feeds.freeze(db, network_of(pair.a, pair.b), "split-view")
    pair.tell(pair.a)
    assert trouble(pair.a) == [how] and introductions.introductions(pair.b) == []
    carried = pair.carry(pair.a, pair.b) if how == "frozen" else []
    assert not [one for one in carried if one.outcome == "told"]


def test_who_is_blocked_while_its_answer_is_on_its_way_is_told_nothing_more(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair(nodes, b_reachable=True)
    id_ = pair.ask()
    pair.carry(pair.a, pair.b)
    pair.accept(id_)
    take = messages._Node.take

    def blocking(node: Any, answer: Any) -> Any:
        with pair.a.store.writing() as db:
            blocks.block(db, pair.b.network.network, NOW)
        return take(node, answer)

    monkeypatch.setattr(messages._Node, "take", blocking)
    pair.tell(pair.a)
    assert (pair.at(pair.a, id_).state, pair.at(pair.b, id_).state) == ("waiting", "accepted")
    assert pair.at(pair.b, id_).other.details is None


def test_only_the_networks_own_address_is_told_and_only_where_it_answered(nodes: Nodes) -> None:
    pair = Pair(nodes, b_reachable=True)
    pair.ask()

    async def run() -> None:
        async with Fetcher(allow_private=True) as fetcher:
            await messages.deliver(pair.a, fetcher, network_of(pair.a, pair.b), {"http://mirror.example"})

    asyncio.run(run())
    assert pair.waiting(pair.a) == 1 and introductions.introductions(pair.b) == []


def test_new_keys_are_learned_and_the_message_is_sealed_anew(nodes: Nodes) -> None:
    pair = Pair(nodes, b_reachable=True)
    pair.ask()
    old, lost = pair.b.network, pair.written(pair.a, pair.b)
    epochs.rotate(pair.b, keys.read_recovery(pair.b.path.parent / "answering-network-recovery-key.txt"), now())
    with pytest.raises(WrongKeyError):
        messages.unsealed(pair.b, messages.sealed(b"x", old))
    assert [one.outcome for one in pair.read(pair.b, lost)] == ["unchanged", "sealed"]
    pair.tell(pair.a)
    assert pair.waiting(pair.a) == 0 and len(introductions.introductions(pair.b)) == 1
    assert network_of(pair.a, pair.b).identity.epoch == 2


def test_a_file_of_the_time_before_new_keys_is_passed_over(nodes: Nodes) -> None:
    pair = Pair(nodes)
    pair.ask()
    old = pair.written(pair.a, pair.b)
    epochs.rotate(pair.a, keys.read_recovery(pair.a.path.parent / "asking-network-recovery-key.txt"), now())
    new = pair.written(pair.a, pair.b)
    with pair.b.store.writing() as db:
        feeds.pin(db, pair.a.network.identity, NOW)
    assert "told" not in {one.outcome for one in pair.read(pair.b, old)} and not introductions.introductions(pair.b)
    assert "told" in {one.outcome for one in pair.read(pair.b, new)} and introductions.introductions(pair.b)


def answering(body: bytes) -> Around:
    """An application that answers every message with these bytes."""

    def around(app: Any) -> Any:
        async def answered(scope: Any, receive: Any, send: Any) -> None:
            if scope.get("path") != "/messages":
                await app(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

        return answered

    return around


def test_an_answer_of_somebody_else_tells_and_acknowledges_nothing(nodes: Nodes) -> None:
    pair = Pair(nodes)
    id_ = pair.ask()
    thief = nodes.home("Thief")
    pin(thief, pair.a)
    seen = message.Message(pair.b.network.network, pair.a.network.network, NOW, (), (Seen(id_, 1),))
    forged = message.write(seen, message.signer(seen.network, thief.keys.transport_seed))
    for body in (b"", b"nonsense", messages.sealed(forged, pair.a.network), messages.sealed(forged, thief.network)):
        with pair.a.store.writing() as db:
            db.execute("DELETE FROM delivery")
            db.execute("DELETE FROM source")
        pin(pair.a, pair.b, pair.serve(pair.b, answering(body)).url)
        pair.tell(pair.a)
        assert trouble(pair.a) == ["not-believed"]


def test_a_key_with_which_everybody_shares_the_secret_is_trouble_and_nothing_worse(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, again = Pair(nodes, b_reachable=True), feeds.again
    pair.ask()
    low = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z"  # age ends the thread that encrypts to it

    def spoiled(db: Any, network: feeds.Network) -> feeds.Network:
        found = again(db, network)
        statement = msgspec.structs.replace(found.identity.current, bundle_key=low)
        return msgspec.structs.replace(found, identity=msgspec.structs.replace(found.identity, statements=(statement,)))

    monkeypatch.setattr(feeds, "again", spoiled)
    pair.tell(pair.a)
    assert trouble(pair.a) == ["wrong-key"]


# --- files


def test_two_nodes_that_only_exchange_files_are_introduced(nodes: Nodes) -> None:
    pair = Pair(nodes)
    id_ = pair.ask()
    first = pair.written(pair.a, pair.b)
    assert [(one.outcome, one.records) for one in pair.read(pair.b, first)][-1] == ("told", 1)
    assert pair.waiting(pair.a) == 1  # nobody has said that it came
    pair.accept(id_)
    lost = pair.written(pair.b, pair.a)
    assert lost
    pair.read(pair.b, first)  # the same stick once more
    answer = pair.written(pair.b, pair.a)
    for raw in (answer, answer, pair.written(pair.b, pair.a)):
        pair.read(pair.a, raw)
    assert pair.at(pair.a, id_).other.details == NEEDED and pair.waiting(pair.a) == 1
    details = pair.written(pair.a, pair.b)
    for raw in (details, first, details):  # an old one is read between
        pair.read(pair.b, raw)
    assert pair.at(pair.b, id_).other.details == OFFERED and pair.at(pair.b, id_).other.text == ASKS
    assert pair.waiting(pair.b) == 0
    pair.carry(pair.b, pair.a)
    assert pair.introduced(id_) and pair.at(pair.a, id_).other.text == SAYS


def test_a_file_acknowledges_what_nobody_has_answered_yet(nodes: Nodes) -> None:
    pair = Pair(nodes)
    pair.ask()
    pair.carry(pair.a, pair.b)
    pair.carry(pair.b, pair.a)
    assert pair.waiting(pair.a) == 0


def test_a_message_in_a_file_is_for_its_reader_alone_and_of_its_writer_alone(nodes: Nodes) -> None:
    pair, third = Pair(nodes), nodes.home("Third Network")
    pin(third, pair.a)
    pin(third, pair.b)
    id_ = pair.ask()
    assert [one.outcome for one in pair.read(third, pair.written(pair.a, pair.b))][-1] == "sealed"
    with pair.b.store.writing() as db:
        feeds.remove(db, network_of(pair.b, pair.a))
    assert {one.outcome for one in pair.carry(pair.a, pair.b)} == {"offered"}
    assert introductions.introductions(third) == introductions.introductions(pair.b) == []
    assert pair.at(pair.a, id_).state == "waiting"


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_way_does_with_messages_both_come_to_know_the_same(nodes: Nodes, seed: int) -> None:
    chance, pair = random.Random(seed), Pair(nodes)
    ends = ((pair.a, pair.b), (pair.b, pair.a))
    on_the_way: list[tuple[Home, Home, bytes]] = []

    def say(home: Home, other: Home) -> None:
        with home.store.reading() as db:
            said = messages.composed(db, home, network_of(home, other), now())
        on_the_way.append((home, other, messages.signed(home, said)))

    def arrive(home: Home, other: Home, raw: bytes) -> None:
        messages.take(other, network_of(other, home), raw, now())

    def act() -> None:
        id_ = chance.choice(ids)
        with suppress(FednetError):  # what does not follow on what this side knows
            match chance.randrange(6):
                case 0:
                    introductions.take_back(pair.a, id_, now(), "")
                case 1:
                    introductions.decline(pair.b, id_, "no", now(), "")
                case 2 | 3:
                    introductions.accept(pair.b, id_, NEEDED, now(), "")

    ids = [pair.ask(), introductions.ask(pair.a, pair.need, "", ASKS, "en", OFFERED, "", now()).id]
    for _ in range(60):
        chance.choice((act, lambda: say(*chance.choice(ends)), lambda: say(*chance.choice(ends))))()
        if on_the_way:
            arrive(*chance.choice(on_the_way))  # any of them, again or for the first time
    for home, other in ends * 3:
        say(home, other)
        arrive(*on_the_way[-1])
    assert pair.waiting(pair.a) == pair.waiting(pair.b) == 0
    for id_ in ids:
        one, two = pair.states(id_)
        assert one == two != "accepted"
        shown = (pair.at(pair.a, id_).other.details, pair.at(pair.b, id_).other.details)
        assert shown == ((NEEDED, OFFERED) if one == "introduced" else (None, None))


def test_of_more_than_fits_into_a_message_everything_is_told_and_acknowledged(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair(nodes, b_reachable=True)
    monkeypatch.setattr(messages, "MAX_SIDES", 2)
    needs = [pair.need, *(listed(pair.b, "need", f"Need {number}") for number in range(4))]
    pair.carry(pair.b, pair.a)
    ids = [introductions.ask(pair.a, need, "", ASKS, "en", OFFERED, "", now()).id for need in needs]
    pair.tell(pair.a)
    assert pair.waiting(pair.a) == 0 and len(introductions.introductions(pair.b)) == 5
    for id_ in ids:
        pair.accept(id_)
    for minutes in range(0, 60_000, 3_000):
        later(monkeypatch, minutes=minutes)
        pair.tell(pair.a)
        if not pair.waiting(pair.a) + pair.waiting(pair.b):
            break
    assert pair.waiting(pair.a) == pair.waiting(pair.b) == 0
