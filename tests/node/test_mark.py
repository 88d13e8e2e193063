"""The high-water mark: what may be signed next, where, and what stops it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from fednet.errors import RollbackError
from fednet.feed.tlog import Frontier, leaf_hash
from fednet.node import ask, doctor, publish, standing
from fednet.node.ask import Head, Told
from fednet.node.fetch import Fetcher
from fednet.node.home import Home
from fednet.node.mark import NAME, Log, Mark, Signed, Stopped
from tests.node.nodes import NOW, Nodes, add, heartbeat, held, pin, public, published, synced

NETWORK = "a" * 32


def frontier(size: int, word: str = "line") -> Frontier:
    return Frontier().extended(leaf_hash(f"{word} {i}".encode()) for i in range(size))


@pytest.fixture
def mark(tmp_path: Path) -> Mark:
    made = Mark(tmp_path)
    made.begin(NETWORK)
    return made


def advance(mark: Mark, size: int, *, epoch: int = 1, circle: str = "public", word: str = "line") -> None:
    """Ask for the signature of a size that follows on the one before it."""
    root = frontier(size, word).root
    mark.advance(circle, epoch, frontier(size - 1, word), size, root)


# --- what may follow


def test_each_size_is_allowed_once_and_again_for_the_same_root(mark: Mark) -> None:
    for size in (1, 2, 3, 3):
        advance(mark, size)
    with pytest.raises(RollbackError, match="edition 3"):
        advance(mark, 2)
    with pytest.raises(RollbackError):
        advance(mark, 5)
    with pytest.raises(RollbackError):
        mark.advance("public", 1, frontier(2), 3, frontier(3, "other").root)
    with pytest.raises(RollbackError):
        advance(mark, 4, word="other")
    advance(mark, 4)


def test_circles_and_epochs_have_logs_of_their_own(mark: Mark) -> None:
    advance(mark, 1)
    advance(mark, 1, circle="partners", word="other")
    advance(mark, 1, epoch=2, word="later")
    with pytest.raises(RollbackError):
        advance(mark, 2, epoch=1)
    with pytest.raises(RollbackError):
        advance(mark, 3, epoch=2, word="later")
    advance(mark, 2, epoch=2, word="later")
    advance(mark, 2, circle="partners", word="other")


def test_a_log_that_the_mark_does_not_know_begins_at_its_beginning(mark: Mark) -> None:
    with pytest.raises(RollbackError, match="does not know"):
        advance(mark, 2)
    with pytest.raises(RollbackError, match="does not know"):
        mark.check("public", Log(1, frontier(1)))
    mark.check("public", Log(1, Frontier()))


def test_what_was_prepared_may_be_signed_already(mark: Mark) -> None:
    advance(mark, 1)
    advance(mark, 2)
    with pytest.raises(RollbackError):
        mark.check("public", Log(1, frontier(1)))
    mark.check("public", Log(1, frontier(1), Signed.of(1, frontier(2))))
    with pytest.raises(RollbackError):
        mark.check("public", Log(1, frontier(1), Signed.of(1, frontier(2, "other"))))


def test_a_database_that_holds_more_than_was_signed_here_signs_nothing(mark: Mark) -> None:
    advance(mark, 1)
    with pytest.raises(RollbackError, match="only 1 were signed here"):
        mark.check("public", Log(1, frontier(3)))


# --- stopping


def test_who_has_stopped_signs_nothing_until_the_next_epoch(mark: Mark) -> None:
    advance(mark, 1)
    mark.stop(Stopped("ahead", 1, "somebody holds more"))
    with pytest.raises(RollbackError, match="somebody holds more") as refusal:
        advance(mark, 2)
    assert refusal.value.hint is not None and "restore --from" in refusal.value.hint
    mark.stop(Stopped("restored", 1, "less grave"))
    assert mark.stopped(1) == Stopped("ahead", 1, "somebody holds more")
    mark.stop(Stopped("fork", 1, "two histories"))
    assert mark.stopped(1) == Stopped("fork", 1, "two histories")
    assert mark.stopped(2) is None
    advance(mark, 1, epoch=2, word="later")


def test_the_mark_follows_only_a_database_that_has_all_that_was_signed(mark: Mark) -> None:
    advance(mark, 1)
    advance(mark, 2)
    for log in (Log(1, frontier(1)), Log(1, frontier(2, "other")), Log(1, frontier(3))):
        with pytest.raises(RollbackError):
            mark.adopt(NETWORK, {"public": log})
    with pytest.raises(RollbackError):
        mark.adopt(NETWORK, {"partners": Log(1, frontier(2))})
    mark.adopt(NETWORK, {"public": Log(1, frontier(3), root_at=lambda size: frontier(size).root)})
    advance(mark, 4)


def test_adopting_does_not_forget_what_was_signed_and_not_accepted(mark: Mark) -> None:
    advance(mark, 1)
    advance(mark, 2)
    mark.adopt(NETWORK, {"public": Log(1, frontier(1), Signed.of(1, frontier(2)))})
    with pytest.raises(RollbackError):
        mark.advance("public", 1, frontier(1), 2, frontier(2, "other").root)
    advance(mark, 2)


def test_whoever_lost_the_mark_counts_what_is_prepared_as_signed(mark: Mark) -> None:
    mark.path.unlink()
    mark.adopt(NETWORK, {"public": Log(1, frontier(1), Signed.of(1, frontier(2)))})
    assert not mark.agrees({"public": Log(1, frontier(1))})
    with pytest.raises(RollbackError):
        mark.advance("public", 1, frontier(1), 2, frontier(2, "other").root)
    mark.check("public", Log(1, frontier(1), Signed.of(1, frontier(2))))
    advance(mark, 2)


def test_a_mark_of_another_place_is_not_here(mark: Mark, tmp_path: Path) -> None:
    advance(mark, 1)
    (tmp_path / "copy").mkdir()
    shutil.copy(mark.path, tmp_path / "copy" / NAME)
    copied = Mark(tmp_path / "copy")
    assert mark.is_here() and not copied.is_here()
    with pytest.raises(RollbackError, match="copied"):
        advance(copied, 2)
    assert not copied.agrees({"public": Log(1, frontier(1))})
    assert mark.agrees({"public": Log(1, frontier(1))})


# --- a machine that was cloned


def cloned(nodes: Nodes, home: Home) -> Home:
    """The same machine once more: its mark cannot know that there are two."""
    home.store.close()
    place = nodes.directory / "clone"
    shutil.copytree(home.path, place)
    clone = Home(place)
    content = clone.mark.read()
    assert content is not None
    clone.mark.begin(content.network)
    clone.mark.adopt(content.network, logs(clone))
    return clone


def logs(home: Home) -> dict[str, Log]:
    with home.store.reading() as db:
        found = standing.logs(db, home.network)
        return {circle: log._replace(root_at=None) for circle, log in found.items()}


def test_a_clone_stops_at_the_first_answer_that_shows_the_other(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    synced(follower)
    pin(origin, follower, nodes.served(follower).url)
    clone = cloned(nodes, origin)
    published(origin, "Beta")
    synced(follower)
    add(clone, "Gamma")
    before = held(clone, clone).followed.checkpoint
    ask.once(clone, allow_private=True)
    for _ in range(2):
        with pytest.raises(RollbackError, match="signs nothing"):
            publish.publish(clone, NOW)
    again = nodes.again(clone)
    with pytest.raises(RollbackError, match="signs nothing"):
        publish.publish(again, NOW)
    assert held(again, again).followed.checkpoint == before
    stopped = standing.halted(again)
    assert stopped is not None and stopped.hint is not None and "restore" in stopped.hint
    finding = [one for one in doctor.examine(again.path, NOW, probe=False) if one.check == "high-water mark"]
    assert [one.level for one in finding] == ["fail"] and "holds edition 2" in finding[0].detail
    with pytest.raises(RollbackError):
        doctor.adopt(again, newest=True)
    published(origin, "Delta")
    assert synced(follower).error is None and served is not None


def test_a_clone_that_has_signed_already_stops_for_good(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    synced(follower)
    pin(origin, follower, nodes.served(follower).url)
    clone = cloned(nodes, origin)
    published(origin, "Beta")
    published(clone, "Gamma")
    synced(follower)
    heartbeat(clone)
    ask.once(clone, allow_private=True)
    stopped = clone.mark.stopped(1)
    assert stopped is not None and stopped.kind == "fork" and "another one" in stopped.detail
    add(clone, "Delta")
    with pytest.raises(RollbackError, match="signs nothing") as refusal:
        publish.publish(clone, NOW)
    assert refusal.value.hint is not None and "keys recover" in refusal.value.hint
    clone.close()


def test_asking_while_another_process_signs_is_no_alarm(nodes: Nodes) -> None:
    """What followers hold is compared with the database as it is after they have answered."""
    origin, _, follower = nodes.pair("Alpha")
    other = Home(origin.path)

    async def run() -> list[Told]:
        async with Fetcher(allow_private=True) as fetcher:
            url = nodes.served(follower).url
            return await ask.told(origin.network.identity, ask.peers(origin, fetcher, [url]), seconds=5)

    published(other, "Beta")
    synced(follower)
    answers = asyncio.run(run())
    assert [head.size for answer in answers for head in answer.heads] == [2]
    assert ask.settle(origin, answers) is None and origin.mark.stopped(1) is None
    other.close()


def test_what_a_follower_holds_is_judged_by_root_and_by_epoch(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha")
    published(home, "Beta")
    network, frontier_ = home.network, public(home, home.network).followed.frontier
    with home.store.reading() as db:
        known = standing.logs(db, network)
        first = known["public"].root_at
        assert first is not None

        def judged(size: int, root: bytes, epoch: int = 1, circle: str = "public") -> str | None:
            told = Told("somebody", (Head("somebody", circle, epoch, size, root),))
            reason = ask.judged(told, network, known)
            return reason.kind if reason else None

        assert judged(2, frontier_.root) is None
        assert judged(1, first(1)) is None
        assert judged(0, b"") is None
        assert judged(1, frontier_.root) == "fork"
        assert judged(2, first(1)) == "fork"
        assert judged(3, first(1)) == "ahead"
        assert judged(1, first(1), circle="partners") == "ahead"
        assert ask.judged(Told("somebody", fork=True), network, known) == Stopped(
            "fork", 1, "somebody holds another identity of this network"
        )
