"""What a follower must accept: every honest network, however odd what it lists."""

from __future__ import annotations

from functools import cache
from typing import Any

from suite import trees
from suite.network import MISSING, Erase, Network, Response, compact, drop, erase, handle, put, refusal
from suite.signing import Key, b64, key_id, seed, signature_line
from suite.trial import Trial, WrongError, example, scenario

GONE = refusal(410, "gone", "gone: too long ago")


@scenario("followed")
def first_sync(t: Trial) -> None:
    t.accepts()


@scenario()
def nothing_new(t: Trial) -> None:
    t.accepts()


@scenario()
def incremental(t: Trial) -> None:
    t.network.publish(put(30), put(4, 2))
    t.accepts()


@scenario()
def followed_again(t: Trial) -> None:
    """Nothing that is held is given up: not the records, and not the newer identity."""
    older = t.network.copied()
    t.network.open_epoch()
    t.network.publish(put(30))
    t.accepts()
    t.lie("/identity", lambda chain: chain.splitlines(keepends=True)[0])
    t.follows()
    t.shows(t.before)
    t.honest()
    t.instead("/changes", lambda good: Response(200, older.answer("1.3").replace(b" 1.3\n", b" 2.4\n")))
    t.refuses("rolled-back")


@scenario()
def heartbeat(t: Trial) -> None:
    t.network.publish()
    t.accepts()


@scenario()
def drop_a_record(t: Trial) -> None:
    t.network.publish(drop(5), drop(6))
    t.accepts()


@scenario()
def erase_a_record(t: Trial) -> None:
    t.network.publish(erase(5), erase(40))
    t.accepts()


@scenario()
def undo_an_erasure(t: Trial) -> None:
    t.network.publish(put(1, 3))
    t.accepts()


@scenario()
def drop_everything(t: Trial) -> None:
    t.network.publish(*(drop(i) for i in range(24) if i != 2))
    t.accepts()


@scenario("fresh")
def no_records(t: Trial) -> None:
    t.network = Network("Nothing Yet")
    t.network.publish()
    t.follows()
    t.accepts()


@scenario("fresh")
def one_tombstone(t: Trial) -> None:
    """A leaf that needs no fetch, or a page with one erase line."""
    t.network = Network("One Erasure")
    t.network.publish(put(1))
    t.network.publish(erase(1))
    t.follows()
    t.accepts()


@cache
def large() -> Network:
    network = Network("Many Members")
    network.publish(*map(put, range(1_300)), *map(erase, range(1_300, 1_320)))
    network.publish(put(3, 2), drop(4), erase(5))
    return network


@scenario("fresh")
def entries_pages(t: Trial) -> None:
    """More than 512 leaves: the root is an entries page; then changes."""
    t.network = large().copied()
    t.follows()
    t.accepts()
    t.network.publish(put(2_000), drop(7))
    t.accepts()


@scenario("followed")
def entries_page_for_few(t: Trial) -> None:
    """Publishers send records up to 512 leaves; receivers accept both forms."""
    root = trees.entry_hash(trees.entry_of(t.network.leaves_of(t.network.state)))
    t.instead(f"root-{root.hex()}", lambda good: Response(200, t.network.entries_page("")))
    t.accepts()


@scenario()
def thousand_editions_skipped(t: Trial) -> None:
    """The newest edition with its inclusion proof, and leaf hashes for those skipped."""
    t.network.publish(put(31))
    for _ in range(1_300):
        t.network.publish()
    t.network.publish(drop(9))
    t.accepts()


@scenario("followed")
def long_log_first_sync(t: Trial) -> None:
    """Leaf hashes from several tiles, the last of them partial."""
    for _ in range(600):
        t.network.publish()
    t.accepts()


@scenario("followed")
def log_of_one_full_tile(t: Trial) -> None:
    while t.network.edition < trees.WIDTH:
        t.network.publish()
    t.accepts()


@scenario()
def static_host(t: Trial) -> None:
    """No `changes` there: read pages."""
    t.network.publish(put(30), drop(3), erase(8))
    t.instead("/changes", lambda good: refusal(404, "not-found", "no such file"))
    t.accepts()


@scenario()
def static_host_page_of_html(t: Trial) -> None:
    """Static hosts answer 404 in their own words."""
    t.network.publish(put(30))
    t.instead("/changes", lambda good: Response(404, b"<h1>404</h1>"))
    t.accepts()


@scenario()
def gone_then_pages(t: Trial) -> None:
    t.network.publish(put(30), drop(3), erase(8))
    t.instead("/changes", lambda good: GONE)
    t.accepts()


@scenario()
def gone_far_back(t: Trial) -> None:
    """The server forgot how it was at edition 3."""
    for i in range(3):
        t.network.publish(put(50 + i), drop(3 + i))
    t.network.floor = 5
    t.accepts()


@scenario("followed")
def state_moves_on_while_it_is_read(t: Trial) -> None:
    """The page that was asked for is not there any more: fetch the checkpoint again."""

    def moved_on(good: Response) -> Response:
        if t.network.edition == 3:
            t.network.publish(put(30), drop(3))
            return MISSING
        return good

    t.instead("/page/", moved_on)
    t.accepts()


@scenario()
def changes_in_any_order(t: Trial) -> None:
    t.network.publish(put(30), put(31), drop(3), erase(8))

    def reversed_changes(answer: bytes) -> bytes:
        lines = answer.splitlines(keepends=True)
        return b"".join([*lines[:3], *lines[-2:2:-1], lines[-1]])

    t.lie("/changes", reversed_changes)
    t.accepts()


ODD = (
    b"not JSON at all",
    b"{",
    b'{"kind":"from-the-future","names":{"en":"X"}}',
    b'{"kind":"organization","names":{"en":1.5e300}}',
    b"[" * 200 + b"]" * 200,
    '{"kind":"organization","names":{"ar":"مركز العون\u200f القانوني","my":"ရွှေ့ပြောင်း"}}'.encode(),
    '{"kind":"organization","names":{"en":"e\u0301 \u2028 \u0085 \x7f \u202e"}}'.encode(),
    b'{"kind":"organization","kind":"event"}',
    b' {"kind" : "organization"} ',
    b'"' + b"x" * (64 * 1024 - 2) + b'"',
    "\ufeff{}".encode(),
    "😀 \U0010ffff \ufffe".encode(),
)


@scenario()
def odd_bodies(t: Trial) -> None:
    """Whatever is one line of UTF-8 is stored and committed to, exactly; whether it is shown to people is another
    matter."""
    t.network.publish(*(put(60 + i, text=text) for i, text in enumerate(ODD)))
    t.accepts()


@scenario("followed")
def odd_bodies_in_pages(t: Trial) -> None:
    t.network.publish(*(put(60 + i, text=text) for i, text in enumerate(ODD)))
    t.accepts()


@scenario()
def unknown_signatures(t: Trial) -> None:
    """Signatures of keys that the reader does not know decide nothing, good or not."""
    stranger = Key("stranger")

    def cosigned(note: bytes) -> bytes:
        bad = signature_line("witness.example", key_id("witness.example", stranger.public, 4), bytes(72))
        return note + bad + signature_line("elsewhere.example", seed("id")[:4], seed("a") + seed("b"))

    t.network.renote = cosigned
    t.network.publish(put(30))
    t.accepts()


@scenario("fresh")
def wrong_counts_beside_nodes(t: Trial) -> None:
    """Counts in entries pages are hints."""
    t.network = large().copied()

    def miscounted(page: bytes) -> bytes:
        lines = page.decode("utf-8", "surrogateescape").split("\n")
        if lines[0] != "entries":
            return page
        return "\n".join(f"{line.rpartition(' ')[0]} 7" if line[:4] == "node" else line for line in lines).encode()

    t.lie("/page/", miscounted)
    t.follows()
    t.accepts()


@scenario("fresh")
def hints_of_tomorrow(t: Trial) -> None:
    """Unknown members of /.well-known/fednet, and another version beside ours."""
    hints: dict[str, Any] = {**t.network.hints, "protocols": [2, 1], "weather": {"fine": True}}
    t.instead("/.well-known/fednet", lambda good: Response(200, compact(hints)))
    t.follows()
    t.accepts()


@scenario()
def expired_edition(t: Trial) -> None:
    """Old dates are shown, never refused."""
    t.network.publish(put(30), issued="2001-01-01T00:00:00Z", expires="2001-01-02T00:00:00Z")
    t.accepts()


@scenario()
def edition_of_the_far_future(t: Trial) -> None:
    t.network.publish(put(30), issued="2999-01-01T00:00:00Z", expires="2999-03-31T00:00:00Z")
    t.accepts()


# --- identity


@scenario("fresh")
def two_of_three(t: Trial) -> None:
    t.network = Network("Two of Three", recovery=3, threshold=2)
    t.network.publish(put(1))
    t.follows()
    t.accepts()


@scenario()
def new_epoch(t: Trial) -> None:
    """Every online key changes; nothing else does."""
    t.network.open_epoch()
    t.network.publish(put(30))
    t.accepts()
    t.network.publish(drop(30))
    t.accepts()


@scenario()
def new_epoch_after_unseen_editions(t: Trial) -> None:
    """The follower never saw the last editions of the closed log."""
    t.network.publish(put(30))
    t.network.publish(erase(3))
    t.network.open_epoch()
    t.network.publish(put(31))
    t.accepts()


@scenario("followed")
def first_sync_in_a_later_epoch(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30))
    t.network.open_epoch()
    t.network.publish(drop(3))
    t.accepts()


@scenario()
def theft(t: Trial) -> None:
    """Five editions that a thief signed are void: what they listed goes, what they erased comes back."""
    for i in range(5):
        t.network.publish(put(80 + i, text=b'{"forged":%d}' % i), erase(10 + i), drop(16 + i))
    t.accepts()
    t.network.open_epoch(size=3)
    t.network.publish(put(30))
    t.accepts()


@scenario()
def theft_undone_to_nothing(t: Trial) -> None:
    """The whole log is void."""
    t.network.open_epoch(size=0)
    t.network.publish(put(1, 5))
    t.accepts()


@scenario()
def theft_seen_statement_first(t: Trial) -> None:
    """Who has the statement alone, and held more than it leaves, hides the feed until the new log is there."""
    t.network.publish(put(80, text=b'{"forged":true}'))
    t.accepts()
    t.network.open_epoch(size=3)
    outcome = t.verb("sync")
    if [line for line in t.dump() if line.get("handle") == handle(80)]:
        raise WrongError(f"dump: what is void is still shown after {outcome}")
    t.network.publish(put(30))
    t.accepts()


@scenario()
def close_of_another_history(t: Trial) -> None:
    """The statement contradicts what was signed: a follower keeps that as evidence, and moves on in every case."""
    root = b64(seed("another history"))
    t.network.open_epoch(closes={"epoch": 1, "size": 3, "root": root, "edition": 3})
    t.network.publish(put(30))
    t.accepts()


@scenario()
def new_epoch_ends_a_split_view(t: Trial) -> None:
    """The thief showed another log; the recovery keys open an epoch, and all is well."""
    t.network = Network()
    for i in range(5):
        t.network.publish(put(70 + i))
    t.refuses("split-view")
    t.network = example()
    t.network.open_epoch()
    t.network.publish(put(30))
    t.accepts()


@scenario()
def new_recovery_keys(t: Trial) -> None:
    """1-of-1 becomes 2-of-3, which then opens an epoch; all learned at once."""
    t.network.new_recovery_keys(3, 2)
    t.network.open_epoch()
    t.network.publish(put(30))
    t.accepts()


@scenario()
def new_name(t: Trial) -> None:
    t.network.restate(name="Example Network of 2027")
    t.network.publish(put(30))
    t.accepts()


@scenario("followed")
def signed_by_more_than_needed(t: Trial) -> None:
    t.network.new_recovery_keys(3, 2)
    t.network.open_epoch(signers=t.network.recovery)
    t.network.publish(put(30))
    t.accepts()


@scenario()
def chosen_tombstones(t: Trial) -> None:
    """Tombstones have keys that nobody hashed: two that share 90 bits are still in order."""
    t.network.publish(Erase(seed("deep")), Erase(sharing(seed("deep"), 90)))
    t.accepts()


def sharing(key: bytes, bits: int) -> bytes:
    """A key that shares exactly so many bits with another."""
    return (int.from_bytes(key, "big") ^ 1 << 255 - bits).to_bytes(32, "big")
