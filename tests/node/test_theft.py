"""The theft story: somebody signs with stolen keys, some believe it, and the network takes its name back."""

from __future__ import annotations

import asyncio
import shutil
from typing import NamedTuple

import msgspec
import pytest

from fednet.cli import status
from fednet.directory.search import OPERATOR, Query, search
from fednet.errors import FednetError, IdentityForkError
from fednet.feed import note, wire
from fednet.feed.checkpoint import origin as checkpoint_origin
from fednet.feed.wire import Position
from fednet.node import edits, epochs, following, keys, publish, recovery, standing, sync, verify
from fednet.node.accept import accept_identity
from fednet.node.home import Home
from fednet.node.recovery import Closing
from fednet.store import drafts, feeds, sources
from fednet.store.drafts import Draft
from fednet.web.app import create_app
from tests.node.nodes import (
    NOW,
    Answer,
    Nodes,
    Served,
    held,
    listing,
    network_of,
    organization,
    pin,
    published,
    same_view,
    searchable,
    synced,
)
from tests.node.test_epochs import mine, own, seeds_of

FORGED_EDITIONS = 50
WORDS = [f"Member {i}" for i in range(12)]


class Theft(NamedTuple):
    origin: Home
    thief: Home
    at: Position  # where the theft happened
    honest: Served
    false: Served
    erased: str
    changed: str


def robbed(nodes: Nodes) -> Theft:
    """A network, and a thief who has copied its home and signed 50 editions: forged, changed and erased records."""
    origin = nodes.home("Origin", *WORDS)
    at = own(origin).followed.position
    thief = stolen(nodes, origin)
    erased, changed, dropped = sorted(mine(origin))[:3]
    with thief.store.writing() as db:
        drafts.save(db, [Draft(erased, "public", "erase", None)], NOW)
    publish.publish(thief, NOW)
    edits.edit(thief, changed, {"names": {"en": "Forged Legal Aid"}}, NOW)
    publish.publish(thief, NOW)
    edits.withdraw(thief, dropped, NOW)
    publish.publish(thief, NOW)
    while own(thief).followed.position.edition < at.edition + FORGED_EDITIONS:
        published(thief, f"Forged {own(thief).followed.position.edition}")
    return Theft(origin, thief, at, nodes.served(origin), nodes.served(thief), erased, changed)


def stolen(nodes: Nodes, origin: Home) -> Home:
    """A copy of the home in other hands, which is made to sign."""
    with origin.store.emptied():
        shutil.copytree(origin.path, nodes.directory / "stolen")
    thief = Home(nodes.directory / "stolen")
    nodes._open.callback(thief.close)
    with thief.store.reading() as db:
        thief.mark.adopt(thief.network.network, standing.logs(db, thief.network))
    return thief


def follower(nodes: Nodes, name: str, origin: Home, *urls: str) -> Home:
    made = nodes.home(name)
    pin(made, origin, *urls)
    return made


def read_from(home: Home, origin: Home, *urls: str) -> None:
    with home.store.writing() as db:
        network = network_of(home, origin)
        db.execute("DELETE FROM source WHERE network_id = ?", (network.id,))
        for url in urls:
            sources.add_origin(db, network, url)


def round_of(*homes: Home) -> list[sync.Synced]:
    return [synced(home) for home in homes]


def found(home: Home, origin: Home, words: str) -> int:
    """How many records of a network search finds here."""
    return search(home.store, Query(text=words, networks=(origin.network.network,)), OPERATOR, NOW).total


def tombstones(home: Home, network: str) -> list[bytes]:
    with home.store.reading() as db:
        rows = db.execute(
            "SELECT key FROM record JOIN feed ON feed.id = feed_id JOIN network ON network.id = network_id "
            "WHERE network = ? AND body IS NULL ORDER BY key",
            (network,),
        ).fetchall()
    return [key for (key,) in rows]


def holds_the_true_state(home: Home, origin: Home) -> bool:
    network = origin.network.network
    return (
        same_view(home, origin, origin)
        and tombstones(home, network) == tombstones(origin, network)
        and held(home, origin).followed == own(origin).followed
        and found(home, origin, "Forged") == 0
        and all(one.ok for one in verify.verify(home))
    )


def test_within_three_rounds_everybody_holds_what_the_network_says(nodes: Nodes) -> None:
    theft = robbed(nodes)
    origin = theft.origin
    a = follower(nodes, "A", origin, theft.false.url)  # believed the thief from the first day
    b = follower(nodes, "B", origin, theft.honest.url)  # knew the network before
    c = follower(nodes, "C", origin, theft.honest.url)  # never heard of the thief
    round_of(b, c)
    read_from(b, origin, theft.false.url)
    round_of(a, b)
    for deceived in (a, b):
        assert held(deceived, origin).followed.position == Position(1, theft.at.edition + FORGED_EDITIONS)
        assert found(deceived, origin, "Forged") == FORGED_EDITIONS - 2
        assert theft.erased not in listing(deceived, origin.network.network)
    truth = mine(origin)

    done = recovery.recover(origin, seeds_of(origin), Closing(), None, NOW)
    assert (done.closes, done.position) == (str(theft.at), f"2.{theft.at.edition + 1}")
    published(origin, "Alpha")
    for home in (a, b):
        read_from(home, origin, theft.honest.url)
    for _ in range(3):
        round_of(a, b, c)
    assert truth.items() <= mine(origin).items() and len(mine(origin)) == len(truth) + 1
    for home in (a, b, c):
        assert holds_the_true_state(home, origin)
        assert theft.erased in listing(home, origin.network.network)  # what the thief erased is back
        assert b"Forged" not in listing(home, origin.network.network)[theft.changed]
        assert not tombstones(home, origin.network.network)


def test_the_recovery_is_seen_in_status(nodes: Nodes) -> None:
    theft = robbed(nodes)
    a = follower(nodes, "A", theft.origin, theft.false.url)
    round_of(a)
    recovery.recover(theft.origin, seeds_of(theft.origin), Closing(theft.at), None, NOW)
    read_from(a, theft.origin, theft.honest.url)
    round_of(a)
    for home in (a, theft.origin):
        (line,) = [line for line in status.lines(home) if line.network == theft.origin.network.network]
        assert (line.epoch, line.believed, line.opened) == (2, str(theft.at), "2026-11-21T18:00:00Z")
        assert line.error is None


def test_what_the_thief_goes_on_signing_is_refused(nodes: Nodes) -> None:
    theft = robbed(nodes)
    a = follower(nodes, "A", theft.origin, theft.honest.url)
    recovery.recover(theft.origin, seeds_of(theft.origin), Closing(), None, NOW)
    round_of(a)
    before = held(a, theft.origin).followed
    read_from(a, theft.origin, theft.false.url)
    for _ in range(2):
        published(theft.thief, "Forged again")
        (result,) = round_of(a)
        assert not result.verified and result.refused
        assert held(a, theft.origin).followed == before and found(a, theft.origin, "Forged") == 0
    assert len(listing(a, theft.origin.network.network)) == len(WORDS)


def test_who_reaches_only_the_thief_learns_of_the_recovery_by_another_source(nodes: Nodes) -> None:
    """The thief has the host as well; a mirror that knows the truth is one other source of the follower's."""
    theft = robbed(nodes)
    origin = theft.origin
    mirror = follower(nodes, "Mirror", origin, theft.honest.url)
    a = follower(nodes, "A", origin, theft.false.url, nodes.served(mirror).url)
    round_of(a)
    assert found(a, origin, "Forged")
    recovery.recover(origin, seeds_of(origin), Closing(), None, NOW)
    round_of(mirror)
    for _ in range(3):
        round_of(a)
    assert holds_the_true_state(a, origin)


def test_a_thief_who_hides_the_recovery_shows_nothing_once_the_statement_is_known(nodes: Nodes) -> None:
    """The statement alone reached the follower: what it held past the close is hidden, and search finds none of it."""
    theft = robbed(nodes)
    a = follower(nodes, "A", theft.origin, theft.false.url)
    round_of(a)
    recovery.recover(theft.origin, seeds_of(theft.origin), Closing(), None, NOW)
    with a.store.writing() as db:
        accept_identity(db, network_of(a, theft.origin), theft.origin.network.identity, NOW)
    assert listing(a, theft.origin.network.network) == {} and searchable(a, theft.origin.network.network) == []
    assert search(a.store, Query(text="Legal"), OPERATOR, NOW).total == 0
    (line,) = [line for line in status.lines(a) if line.network == theft.origin.network.network]
    assert line.error is not None and "void" in line.error and line.believed == str(theft.at)
    (result,) = round_of(a)
    assert not result.verified and listing(a, theft.origin.network.network) == {}


def test_a_network_that_signed_on_beside_the_thief_keeps_its_own_words(nodes: Nodes) -> None:
    """Both signed editions of the same numbers: what the thief's followers held is no prefix of what is closed."""
    theft = robbed(nodes)
    origin = theft.origin
    a = follower(nodes, "A", origin, theft.false.url)
    same_size = follower(nodes, "Same size", origin, theft.honest.url)
    short = follower(nodes, "Short", origin, theft.honest.url)
    round_of(a, short)
    for i in range(FORGED_EDITIONS):
        published(origin, f"Honest {i}")
    b = follower(nodes, "B", origin, theft.honest.url)
    read_from(same_size, origin, theft.false.url)
    round_of(b, same_size)
    assert held(same_size, origin).followed.position == held(b, origin).followed.position
    done = recovery.recover(origin, seeds_of(origin), Closing(), None, NOW)
    assert done.closes == f"1.{theft.at.edition + FORGED_EDITIONS}"
    for home in (a, same_size):
        read_from(home, origin, theft.honest.url)
    for _ in range(3):
        round_of(a, b, same_size, short)
    for home in (a, b, same_size, short):
        assert holds_the_true_state(home, origin)
        assert found(home, origin, "Honest") == FORGED_EDITIONS


def test_closing_before_the_theft_lists_what_the_network_added_since(nodes: Nodes) -> None:
    theft = robbed(nodes)
    origin = theft.origin
    (honest,) = published(origin, "Honest")
    a = follower(nodes, "A", origin, theft.false.url)
    b = follower(nodes, "B", origin, theft.honest.url)
    round_of(a, b)
    with pytest.raises(FednetError, match="what of that is forged"):
        recovery.recover(origin, seeds_of(origin), Closing(theft.at), None, NOW)
    recovery.recover(origin, seeds_of(origin), Closing(theft.at), [], NOW)
    read_from(a, origin, theft.honest.url)
    for _ in range(3):
        round_of(a, b)
    for home in (a, b):
        assert holds_the_true_state(home, origin) and honest in listing(home, origin.network.network)


def test_records_forged_on_the_stolen_machine_itself_go_everywhere(nodes: Nodes) -> None:
    """The thief sat at the machine: the network's own database and log hold what was forged."""
    origin = nodes.home("Origin", *WORDS)
    served = nodes.served(origin)
    a = follower(nodes, "A", origin, served.url)
    at, truth = own(origin).followed.position, mine(origin)
    for i in range(FORGED_EDITIONS // 5):
        published(origin, f"Forged {i}")
    edits.add(origin, "organization", organization("Forged in secret"), NOW, circle="partners")
    publish.publish(origin, NOW)
    round_of(a)
    assert found(a, origin, "Forged")
    recovery.recover(origin, seeds_of(origin), Closing(at, {"partners": Position(1, 0)}), "all", NOW)
    for _ in range(3):
        round_of(a)
    assert mine(origin) == truth and holds_the_true_state(a, origin)
    with origin.store.reading() as db:
        assert db.execute("SELECT count(*) FROM record WHERE body LIKE '%Forged%'").fetchone() == (0,)


def test_the_old_keys_are_worth_nothing_in_the_new_epoch(nodes: Nodes) -> None:
    """A thief who answers in the name of the new epoch, but has the old log key only, is refused."""
    origin, old = nodes.home("Origin", "Alpha"), nodes.directory / "old-keys.json"
    shutil.copy(origin.path / keys.KEYS, old)
    stolen_keys = msgspec.json.decode(old.read_bytes(), type=keys.Keys)
    honest = nodes.served(origin)
    a = follower(nodes, "A", origin, honest.url)
    round_of(a)
    recovery.recover(origin, seeds_of(origin), Closing(), None, NOW)
    proxy = nodes.proxy(honest.url)
    name = checkpoint_origin(origin.network.network, "public", 2)

    def signed_by_the_thief(path: str, answer: Answer) -> Answer:
        if "/changes" not in path:
            return answer
        told = wire.parse_answer(answer.body)
        forged = note.sign(told.checkpoint.text, stolen_keys.log_signer(name))
        return Answer(200, msgspec.structs.replace(told, checkpoint=forged).encoded)

    proxy.change = signed_by_the_thief
    read_from(a, origin, proxy.url)
    (result,) = round_of(a)
    assert not result.verified and result.refused and held(a, origin).followed.epoch == 1
    read_from(a, origin, honest.url)
    round_of(a)
    assert holds_the_true_state(a, origin)


# --- restricted circles


def partners(nodes: Nodes) -> tuple[Home, Served, Home, Served]:
    """Two networks that count each other as partners, both served as nodes are."""
    a, b = nodes.home("A", "Alpha"), nodes.home("B", "Beta")
    at_a, at_b = nodes.served(a, create_app(a)), nodes.served(b, create_app(b))
    following.partner(a, pin(a, b, at_b.url))
    following.partner(b, pin(b, a, at_a.url))
    return a, at_a, b, at_b


def passed(*homes: Home) -> None:
    """A round: everybody syncs every feed, and nothing fails."""
    for home in homes:
        for result in asyncio.run(sync.sync(home, allow_private=True)):
            assert result.verified, result


def contacts(home: Home, word: str) -> int:
    return search(home.store, Query(text=word, kinds=("contact",)), OPERATOR, NOW).total


def contact(home: Home, word: str) -> str:
    about = edits.add(home, "organization", organization(word), NOW)
    fields = {"kind": "contact", "organization": about.handle, "emails": [f"{word.lower()}@closed.example"]}
    made = edits.add(home, "contact", fields, NOW)
    publish.publish(home, NOW)
    return made.handle


def test_partners_stay_partners_when_one_changes_its_keys(nodes: Nodes) -> None:
    a, _, b, _ = partners(nodes)
    contact(b, "Quiet")
    passed(a, b)
    assert contacts(a, "quiet") == 1
    epochs.rotate(b, seeds_of(b), NOW)
    contact(b, "Silent")
    passed(a)  # a asks with its old key, and learns of b's new one
    passed(b)  # b asks with its new one
    epochs.rotate(a, seeds_of(a), NOW)
    contact(b, "Hushed")
    passed(b)
    passed(a, b)
    assert [contacts(a, word) for word in ("quiet", "silent", "hushed")] == [1, 1, 1]


def test_what_a_thief_put_into_a_restricted_circle_goes_as_well(nodes: Nodes) -> None:
    a, _, b, at_b = partners(nodes)
    contact(b, "Quiet")
    passed(a)
    thief = stolen(nodes, b)
    for i in range(5):
        contact(thief, f"Forged{i}")
    read_from(a, b, nodes.served(thief, create_app(thief)).url)
    passed(a)
    assert contacts(a, "forged0") == contacts(a, "quiet") == 1
    recovery.recover(b, seeds_of(b), Closing(), None, NOW)
    read_from(a, b, at_b.url)
    for _ in range(3):
        passed(a)
    assert contacts(a, "forged0") == contacts(a, "forged4") == 0 and contacts(a, "quiet") == 1
    with a.store.reading() as db:
        feed = feeds.feed(db, network_of(a, b), "partners")
    assert feed is not None and feed.followed == own(b, "partners").followed
    assert all(one.ok for one in verify.verify(a))


# --- who steals the recovery key, too


def forked(nodes: Nodes) -> tuple[Home, Served, Home, Served]:
    """A network and a thief with its recovery key, each with a second statement of its own."""
    origin = nodes.home("Origin", "Alpha")
    thief = stolen(nodes, origin)
    seeds = seeds_of(origin)
    epochs.rotate(thief, seeds, NOW)
    epochs.rotate(origin, seeds, NOW)
    published(thief, "Forged")
    assert origin.network.identity != thief.network.identity
    return origin, nodes.served(origin), thief, nodes.served(thief)


def test_two_statements_of_one_number_freeze_the_network_and_are_kept(nodes: Nodes) -> None:
    origin, honest, _, false = forked(nodes)
    a = follower(nodes, "A", origin, honest.url)
    round_of(a)
    before = held(a, origin).followed
    read_from(a, origin, false.url)
    (result,) = round_of(a)
    assert not result.verified and result.refused
    network = network_of(a, origin)
    assert network.frozen == "identity-fork" and network.identity == origin.network.identity
    assert held(a, origin).followed == before and same_view(a, origin, origin)  # what was agreed last stays readable
    with a.store.reading() as db:
        kept = db.execute("SELECT kind, file FROM evidence").fetchall()
    assert [kind for kind, _ in kept] == ["identity-fork"]
    read_from(a, origin, honest.url)
    published(origin, "Beta")
    (result,) = round_of(a)
    assert not result.verified and held(a, origin).followed == before  # a person decides


def test_a_fork_is_noticed_by_asking_one_other_source(nodes: Nodes) -> None:
    origin, honest, _, false = forked(nodes)
    a = follower(nodes, "A", origin, honest.url, false.url)
    for _ in range(2):
        round_of(a)
    assert network_of(a, origin).frozen == "identity-fork"


def test_a_fork_is_refused_by_name(nodes: Nodes) -> None:
    origin, _, thief, _ = forked(nodes)
    a = follower(nodes, "A", origin)
    with pytest.raises(IdentityForkError), a.store.writing() as db:
        accept_identity(db, network_of(a, origin), thief.network.identity, NOW)
