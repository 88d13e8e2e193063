"""Following: nobody is pinned unseen, nobody comes in by a mention, and letting go leaves nothing behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from fednet.errors import FednetError, IdentityError, NotFoundError, UnreachableError, UsageError
from fednet.feed.identity import Statement, extended, fingerprint, sign_statement
from fednet.node import circles, descent, edits, following, home, keys, publish, reading, sync
from fednet.node.following import Offer, base_url
from fednet.node.home import Home
from fednet.store import circles as kept_circles
from fednet.store import feeds, search, sources
from fednet.store.feeds import Network
from tests.node.nodes import (
    Answer,
    Nodes,
    add_many,
    held,
    listing,
    move,
    network_of,
    organization,
    pin,
    problems,
    published,
    searchable,
    synced,
)


def follow(follower: Home, url: str, expected: str | None = None, *, yes: bool = False, allow: bool = True) -> Network:
    return asyncio.run(
        following.follow(follower, url, fingerprint=expected, confirm=lambda offer: yes, allow_private=allow)
    )


def known(home: Home) -> list[str]:
    with home.store.reading() as db:
        return [network.name for network in feeds.networks(db) if not network.own]


def test_a_person_compares_the_fingerprint(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    url = nodes.served(origin).url
    offers: list[Offer] = []

    def refuse(offer: Offer) -> bool:
        offers.append(offer)
        return False

    with pytest.raises(UsageError, match="nothing was followed"):
        asyncio.run(following.follow(follower, url, fingerprint=None, confirm=refuse, allow_private=True))
    own = origin.network.network
    assert offers == [Offer(own, "Origin", fingerprint(own), url)] and known(follower) == []
    assert follow(follower, f"{url}/", yes=True).network == own
    assert known(follower) == ["Origin"] and listing(follower, own) == {}
    assert synced(follower).verified


def test_the_expected_fingerprint_may_be_spelled_in_groups(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    url, own = nodes.served(origin).url, origin.network.network
    assert follow(follower, url, fingerprint(own).upper()).network == own
    assert follow(follower, url, fingerprint(own).replace(" ", "-")).network == own


@pytest.mark.parametrize(("expected", "code"), [("a" * 32, 3), ("", 2), ("x", 2), ("ü" * 32, 2)])
def test_another_fingerprint_is_refused(nodes: Nodes, expected: str, code: int) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    with pytest.raises(FednetError) as refused:
        follow(follower, nodes.served(origin).url, expected, yes=True)
    assert refused.value.exit_code == code and known(follower) == []


def test_nobody_follows_themselves(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    with pytest.raises(UsageError, match="own network"):
        follow(origin, nodes.served(origin).url, yes=True)
    for act in (following.unfollow, following.block, following.partner):
        with pytest.raises(UsageError):
            act(origin, origin.network)


def test_private_addresses_are_refused_unless_allowed(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    served = nodes.served(origin)
    with pytest.raises(UnreachableError) as refused:
        follow(follower, served.url, yes=True, allow=False)
    assert str(refused.value.hint).startswith("--allow-private-addresses") and served.asked == []


def test_somebody_elses_identity_is_refused(nodes: Nodes) -> None:
    origin, thief, follower = nodes.home("Origin", "Alpha"), nodes.home("Thief", "Beta"), nodes.home("Follower")
    proxy = nodes.proxy(nodes.served(origin).url)
    proxy.change = lambda path, answer: (
        Answer(200, thief.network.identity.encoded) if path.endswith("/identity") else answer
    )
    with pytest.raises(IdentityError):
        follow(follower, proxy.url, origin.network.network)
    assert known(follower) == []


def test_following_again_never_shortens_the_identity(nodes: Nodes) -> None:
    origin, (recovery,) = home.create(nodes.directory / "origin", "Origin", None, None)
    published(origin, "Alpha")
    (seed,) = keys.read_recovery(recovery)
    first = origin.network.identity
    renamed = msgspec.structs.replace(
        first.current, sequence=1, network=first.network, name="Renamed", previous=first.current.digest
    )
    assert isinstance(renamed, Statement)
    longer = extended(first, sign_statement(renamed, [seed]))
    follower = nodes.home("Follower")
    url = nodes.served(origin).url
    follow(follower, url, yes=True)
    with follower.store.writing() as db:
        feeds.pin(db, longer, home.now())
    follow(follower, url, yes=True)
    assert network_of(follower, origin).identity == longer
    origin.close()


def test_mentions_are_offered_and_never_followed(nodes: Nodes) -> None:
    far, near, follower = nodes.home("Far", "Alpha"), nodes.home("Near", "Beta"), nodes.home("Follower")
    far_url = nodes.served(far).url
    pin(near, far, far_url)
    synced(near)
    near.config = msgspec.structs.replace(near.config, introduce=True)
    follow(follower, nodes.served(near).url, yes=True)
    with follower.store.reading() as db:
        (offered,) = sources.mentions(db)
    assert (offered.network, offered.name, offered.urls, offered.by) == (far.network.network, "Far", (far_url,), "Near")
    synced(follower)
    assert known(follower) == ["Near"] and listing(follower, far.network.network) == {}
    near.config = msgspec.structs.replace(near.config, introduce=False)
    follow(follower, nodes.served(near).url, yes=True)
    with follower.store.reading() as db:
        assert sources.mentions(db) == []


def test_unfollowing_leaves_no_trace(nodes: Nodes) -> None:
    word = "Zyxwolfram"
    origin, served, follower = nodes.pair(word, "Alpha")
    synced(follower)
    pin(follower, nodes.home("Other", "Beta"))
    assert word.encode() in on_disk(follower) and word[1:].lower().encode() in on_disk(follower)
    following.unfollow(follower, network_of(follower, origin))
    assert known(follower) == ["Other"] and searchable(follower, origin.network.network) == []
    left = on_disk(follower)
    for trace in (word.encode(), word[1:].lower().encode(), origin.network.network.encode(), served.url.encode()):
        assert trace not in left
    assert problems(follower) == []


def on_disk(home: Home) -> bytes:
    """The database file as it is once the write-ahead log is folded in and emptied."""
    with home.store._mine() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(path.read_bytes() for path in home.path.glob("fednet.db*"))


def test_a_withdrawn_record_leaves_no_trace_at_followers(nodes: Nodes) -> None:
    word = "Zyxwolfram"
    origin, _, follower = nodes.pair("Alpha")
    (handle,) = published(origin, word)
    synced(follower)
    edits.withdraw(origin, handle, home.now())
    publish.publish(origin, home.now())
    synced(follower)
    for side in (origin, follower):
        assert word.encode() not in on_disk(side)
        with side.store.reading() as db:
            assert db.execute("SELECT count(*) FROM search WHERE search MATCH ?", (word,)).fetchone() == (0,)


def test_blocking_destroys_what_is_held_and_keeps_the_pin(nodes: Nodes) -> None:
    word = "Zyxwolfram"
    origin, served, follower = nodes.pair(word)
    add_many(origin, 600)
    publish.publish(origin, home.now())
    synced(follower)
    edits.add(follower, "organization", organization("Own draft"), home.now())
    following.block(follower, network_of(follower, origin))
    left = on_disk(follower)
    assert word.encode() not in left and word.lower().encode() not in left and b"Own draft" in left
    with follower.store.reading() as db:
        assert [source.name for source in search.sources(db)] == ["Follower"]
        with pytest.raises(NotFoundError):
            feeds.public_feed(db, origin.network.network)
    assert known(follower) == ["Origin"] and listing(follower, origin.network.network) == {}
    served.asked.clear()
    result = synced_by_name(follower, origin)
    assert "is blocked" in str(result.error) and served.asked == [] and word.encode() not in on_disk(follower)
    with pytest.raises(UsageError, match="blocked"):
        follow(follower, served.url, yes=True)


def synced_by_name(follower: Home, origin: Home) -> sync.Synced:
    """A sync of a network that a person named."""
    return asyncio.run(sync.sync(follower, [network_of(follower, origin)], allow_private=True))[0]


def test_after_a_block_is_undone_nothing_can_be_rolled_back(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    proxy = nodes.proxy(served.url)
    old: dict[str, Answer] = {}
    proxy.change = lambda path, answer: old.setdefault(path, answer)
    move(follower, origin, proxy.url)
    assert synced(follower).verified
    published(origin, "Beta")
    proxy.change = lambda path, answer: answer
    assert synced(follower).edition == 2
    following.block(follower, network_of(follower, origin))
    following.block(follower, network_of(follower, origin), False)
    proxy.change = lambda path, answer: old.get(path, answer)
    assert synced(follower).refused and listing(follower, origin.network.network) == {}
    proxy.change = lambda path, answer: answer
    assert synced(follower).verified and held(follower, origin).visible
    assert len(listing(follower, origin.network.network)) == 2 and problems(follower) == []


def test_after_a_block_is_undone_nobody_is_trusted_as_before(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    network = network_of(follower, origin)
    following.partner(follower, network)
    circles.add(follower, "board", home.now())
    circles.set_member(follower, "board", network)
    following.block(follower, network)
    following.block(follower, network, False)
    with follower.store.reading() as db:
        assert kept_circles.own_circles_of(db, network_of(follower, origin)) == frozenset()
    assert not network_of(follower, origin).partner


def test_what_expired_long_ago_and_nobody_shows_is_destroyed(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    word = "Zyxwolfram"
    origin, served, follower = nodes.pair(word)
    proxy = nodes.proxy(served.url)
    move(follower, origin, proxy.url)
    assert synced(follower).verified
    edition = held(follower, origin).followed.edition
    assert edition is not None
    last = max(edition.expires_at, home.now()) + 2 * follower.store.forget_after
    proxy.change = lambda path, answer: Answer(503, b"")
    monkeypatch.setattr(sync, "now", lambda: last - timedelta(days=1))
    assert not synced(follower).verified and held(follower, origin).visible
    monkeypatch.setattr(sync, "now", lambda: last + timedelta(days=1))
    assert not synced(follower).verified and not held(follower, origin).visible
    assert word.encode() not in on_disk(follower) and word.lower().encode() not in on_disk(follower)
    assert held(follower, origin).followed.edition == edition  # nothing older is taken later
    for module in (reading, descent):
        monkeypatch.setattr(module, "now", lambda: last + timedelta(days=1))
    proxy.change = lambda path, answer: answer
    for _ in range(2):  # whoever is there again is read again, and stays
        assert synced(follower).verified and len(listing(follower, origin.network.network)) == 1


def test_the_own_feed_is_never_destroyed_for_its_age(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    following.forget_long_expired(origin, origin.network, home.now() + timedelta(days=10_000))
    assert len(listing(origin, origin.network.network)) == 1


def test_a_network_is_blocked_before_anybody_brings_it(nodes: Nodes) -> None:
    origin, follower, near = nodes.home("Origin", "Alpha"), nodes.home("Follower"), nodes.home("Near", "Beta")
    served = nodes.served(origin)
    following.block_unknown(follower, origin.network.network)
    with pytest.raises(UsageError, match="blocked"):
        follow(follower, served.url, fingerprint(origin.network.network))
    pin(near, origin, served.url)
    synced(near)
    near.config = msgspec.structs.replace(near.config, introduce=True)
    follow(follower, nodes.served(near).url, yes=True)
    assert known(follower) == ["Near"]
    with follower.store.reading() as db:
        assert sources.mentions(db) == []
    following.block_unknown(follower, origin.network.network, False)
    with follower.store.reading() as db:
        assert [offered.name for offered in sources.mentions(db)] == ["Origin"]
    assert follow(follower, served.url, yes=True).network == origin.network.network
    with pytest.raises(NotFoundError):
        following.block_unknown(follower, "a" * 32, False)


def test_a_block_outlives_the_pin(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    following.block(follower, network_of(follower, origin))
    following.unfollow(follower, network_of(follower, origin))
    with pytest.raises(UsageError, match="blocked"):
        follow(follower, served.url, yes=True)


def test_a_block_ends_a_sync_that_is_under_way(nodes: Nodes) -> None:
    word = "Zyxwolfram"
    origin, served, follower = nodes.pair(word)
    add_many(origin, 600)
    publish.publish(origin, home.now())
    pages: list[str] = []

    def blocks_at_the_third_page(path: str) -> None:
        if "/page/" in path:
            pages.append(path)
            if len(pages) == 3:
                other = Home(follower.path)
                following.block(other, network_of(other, origin))
                other.close()

    served.before = blocks_at_the_third_page
    result = synced(follower)
    assert "blocked" in str(result.error) and len(pages) >= 3
    assert listing(follower, origin.network.network) == {} and not held(follower, origin).visible
    assert word.encode() not in on_disk(follower)


def test_partners_are_kept_when_followed_again(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair("Alpha")
    following.partner(follower, network_of(follower, origin))
    assert follow(follower, served.url, yes=True).id and network_of(follower, origin).partner


def test_what_is_no_node_is_named_so(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    proxy = nodes.proxy(nodes.served(origin).url)
    for body in (b"", b"<html>", b"{}", b'{"protocols":"x"}', b"\xff", b"[" * 100_000):
        proxy.change = lambda path, answer, body=body: Answer(200, body)  # type: ignore[misc]
        with pytest.raises(UnreachableError):
            follow(follower, proxy.url, yes=True)
    proxy.change = lambda path, answer: Answer(404, b"<html>")
    with pytest.raises(UnreachableError, match="no fednet node"):
        follow(follower, proxy.url, yes=True)
    assert known(follower) == []
    with pytest.raises(NotFoundError):
        move(follower, origin, proxy.url)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("node.example.org", "https://node.example.org"),
        ("http://node.example.org/", "http://node.example.org"),
        ("https://node.example.org/fednet/", "https://node.example.org/fednet"),
        ("http://127.0.0.1:8411", "http://127.0.0.1:8411"),
    ],
)
def test_an_address_has_one_spelling(given: str, kept: str) -> None:
    assert base_url(given) == kept


@pytest.mark.parametrize(
    "given",
    ["", "http://", "ftp://x.example", "https://x.example/?q", "https://x.example/#f", "https://u:p@x.example", "http://[x"],
)  # fmt: skip
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(UsageError):
        base_url(given)
