"""What a follower must refuse, by its word, and without any change to what it shows."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import cache

from suite import trees
from suite.honest import large, sharing
from suite.network import (
    LEAVES_PER_LINE,
    MISSING,
    Erase,
    Network,
    Response,
    compact,
    drop,
    entries_bundle,
    entries_text,
    erase,
    handle,
    put,
    refusal,
)
from suite.signing import Key, b64, key_id, seed, signature_line, signed
from suite.trial import SCENARIOS, Scenario, Trial, WrongError, scenario

MIB = 1024 * 1024
ANSWER = 64 * MIB
ROOM = 16 * MIB  # what buffers may hold beyond a limit before a server notices that nobody reads
CHANGES = "/changes"


# --- an answer to `changes` with one flaw


def lines_of(answer: bytes) -> list[bytes]:
    return answer.splitlines(keepends=True)


def at(answer: bytes, word: bytes) -> int:
    """The first line that begins with a word."""
    return next(i for i, line in enumerate(lines_of(answer)) if line.startswith(word + b" "))


def replaced(answer: bytes, word: bytes, line: bytes) -> bytes:
    lines = lines_of(answer)
    lines[at(answer, word)] = line
    return b"".join(lines)


def without(answer: bytes, word: bytes) -> bytes:
    return recounted(replaced(answer, word, b""))


def with_more(answer: bytes, *more: bytes) -> bytes:
    """With more changes before the end, which counts them."""
    lines = lines_of(answer)
    return recounted(b"".join([*lines[:-1], *more, lines[-1]]))


def recounted(answer: bytes) -> bytes:
    lines = lines_of(answer)
    return b"".join([*lines[:-1], b"end %d\n" % sum(line[:4] in (b"put ", b"eras", b"drop") for line in lines)])


def said_of(answer: bytes, old: bytes, new: bytes) -> bytes:
    """One line changed; the suite is broken if it was not there."""
    if old not in answer:
        raise LookupError(f"the answer has no {old!r}")
    return answer.replace(old, new, 1)


PUT = put(30)
SALT = b64(PUT.salt).encode()
HANDLE = PUT.handle.encode()
FLAWS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "flipped-body-byte": ("state-mismatch", lambda a: said_of(a, b"Example 30", b"Example 31")),
    "flipped-salt": ("state-mismatch", lambda a: said_of(a, SALT, b64(seed("other")).encode())),
    "another-handle": ("state-mismatch", lambda a: said_of(a, PUT.handle.encode(), handle(99).encode())),
    "put-left-out": ("state-mismatch", lambda a: without(a, b"put")),
    "erase-left-out": ("state-mismatch", lambda a: without(a, b"erase")),
    "drop-left-out": ("state-mismatch", lambda a: without(a, b"drop")),
    "record-nobody-signed": ("state-mismatch", lambda a: with_more(a, put(31).line)),
    "erasure-nobody-signed": ("state-mismatch", lambda a: with_more(a, erase(9).line)),
    "missing-end": ("malformed", lambda a: b"".join(lines_of(a)[:-1])),
    "wrong-end": ("malformed", lambda a: said_of(a, b"end 3", b"end 4")),
    "text-after-end": ("malformed", lambda a: a + b"drop %s\n" % drop(9).key.hex().encode()),
    "cut-in-a-line": ("malformed", lambda a: a[:-1]),
    "cut-in-half": ("malformed", lambda a: a[: len(a) // 2]),
    "empty-answer": ("malformed", lambda a: b""),
    "page-of-html": ("malformed", lambda a: b"<html>\n<h1>It works!</h1>\n</html>\n"),
    "key-twice": ("malformed", lambda a: with_more(a, PUT.line)),
    "key-put-and-dropped": ("malformed", lambda a: with_more(a, drop(30).line)),
    "carriage-returns": ("malformed", lambda a: a.replace(b"\n", b"\r\n")),
    "carriage-return-in-body": ("malformed", lambda a: said_of(a, b"Example 30", b"Example\r30")),
    "tab-in-body": ("malformed", lambda a: said_of(a, b"Example 30", b"Example\t30")),
    "invalid-utf-8": ("malformed", lambda a: said_of(a, b"Example 30", b"Ex\xffmple 30")),
    "surrogate-in-utf-8": ("malformed", lambda a: said_of(a, b"Example 30", b"Ex\xed\xa0\x80ple 30")),
    "overlong-utf-8": ("malformed", lambda a: said_of(a, b"Example 30", b"Ex\xc1\xa1mple 30")),
    "byte-order-mark": ("malformed", lambda a: b"\xef\xbb\xbf" + a),
    "unknown-line": ("malformed", lambda a: with_more(a, b"note hello\n")),
    "empty-line": ("malformed", lambda a: with_more(a, b"\n")),
    "lines-out-of-order": ("malformed", lambda a: b"".join([*lines_of(a)[:2], *lines_of(a)[:1:-1]])),
    "no-body": ("malformed", lambda a: said_of(a, b" " + PUT.body, b"")),
    "empty-body": ("malformed", lambda a: said_of(a, PUT.body, b"")),
    "two-spaces": ("malformed", lambda a: said_of(a, b"put ", b"put  ")),
    "upper-case-handle": ("malformed", lambda a: said_of(a, PUT.handle.encode(), PUT.handle.upper().encode())),
    "handle-of-version-1": ("malformed", lambda a: said_of(a, HANDLE, HANDLE[:14] + b"1" + HANDLE[15:])),
    "unpadded-salt": ("malformed", lambda a: said_of(a, SALT, SALT.rstrip(b"="))),
    "spare-bits-in-salt": ("malformed", lambda a: said_of(a, SALT, SALT[:-2] + bytes([SALT[-2] + 1]) + b"=")),
    "short-salt": ("malformed", lambda a: said_of(a, SALT, b64(PUT.salt[:31]).encode())),
    "upper-case-key": ("malformed", lambda a: replaced(a, b"drop", b"drop %s\n" % drop(3).key.hex().upper().encode())),
    "end-with-plus": ("malformed", lambda a: said_of(a, b"end 3", b"end +3")),
    "end-with-zero": ("malformed", lambda a: said_of(a, b"end 3", b"end 03")),
    "end-in-other-digits": ("malformed", lambda a: said_of(a, b"end 3", "end ٣".encode())),
    "another-question": ("malformed", lambda a: said_of(a, b"public 1.3", b"public 1.2")),
    "another-circle": ("malformed", lambda a: said_of(a, b" public ", b" partners ")),
    "another-network": ("malformed", lambda a: said_of(a, lines_of(a)[0].split()[2], Network("Another").id.encode())),
    "version-2": ("unknown-version", lambda a: said_of(a, b"fednet/1", b"fednet/2")),
    "checkpoint-epoch-with-zero": ("malformed", lambda a: said_of(a, b"checkpoint 1", b"checkpoint 01")),
    "edition-left-out": ("malformed", lambda a: without(a, b"edition")),
    "edition-twice": ("malformed", lambda a: replaced(a, b"edition", lines_of(a)[2] * 2)),
    "edition-spelled-otherwise": ("split-view malformed", lambda a: said_of(a, b'"records":', b'"records": ')),
    "long-line": ("too-much", lambda a: said_of(a, PUT.body, b'"%s"' % (b"x" * 131_072))),
    "long-body": ("too-much", lambda a: said_of(a, PUT.body, b'"%s"' % (b"x" * 65_535))),
    "thousand-and-one-editions": ("too-much", lambda a: replaced(a, b"edition", lines_of(a)[2] * 1_001)),
    "leaves-of-513": ("malformed", lambda a: replaced(a, b"erase", b"leaves %s\n" % b64(bytes(32 * 513)).encode())),
}  # fmt: skip


def flawed(words: str, flaw: Callable[[bytes], bytes]) -> Callable[[Trial], None]:
    def play(t: Trial) -> None:
        t.network.publish(PUT, erase(4), drop(3))
        t.lie(CHANGES, flaw)
        t.refuses(*words.split())

    return play


SCENARIOS += [Scenario(name, "synced", flawed(words, flaw)) for name, (words, flaw) in FLAWS.items()]


# --- editions that the network itself signs, against the rules

EDITIONS: dict[str, tuple[str, dict[str, object]]] = {
    "forged-state-root": ("state-mismatch", {"state": b64(seed("state"))}),
    "too-many-records": ("state-mismatch", {"records": 99}),
    "too-few-records": ("state-mismatch", {"records": 1}),
    "wrong-count-of-erased": ("state-mismatch", {"erased": 0}),
    "edition-number-gap": ("refused", {"edition": 5}),
    "edition-number-repeated": ("refused", {"edition": 3}),
    "edition-number-0": ("malformed", {"edition": 0}),
    "closes-in-the-first-epoch": (
        "refused",
        {"closes": {"epoch": 0, "size": 0, "root": b64(trees.NOTHING), "edition": 0}},
    ),
    "unknown-field": ("malformed", {"colour": "red"}),
    "short-state-root": ("malformed", {"state": b64(bytes(31))}),
    "expires-after-91-days": ("malformed", {"expires": "2027-02-21T18:00:00Z"}),
    "expires-before-it-is-issued": ("malformed", {"expires": "2026-11-21T18:00:00Z"}),
    "no-such-date": ("malformed", {"issued": "2026-02-30T18:00:00Z"}),
    "time-with-offset": ("malformed", {"issued": "2026-11-21T18:04:00+00:00"}),
    "float-count": ("malformed", {"records": 24.0}),
    "negative-count": ("malformed", {"erased": -1}),
    "over-4-million": ("too-much", {"records": 4_000_001}),
}


def misstated(word: str, forged: dict[str, object]) -> Callable[[Trial], None]:
    def play(t: Trial) -> None:
        t.network.publish(PUT, drop(3), **forged)
        t.refuses(word)

    return play


SCENARIOS += [Scenario(name, "synced", misstated(word, forged)) for name, (word, forged) in EDITIONS.items()]


@scenario()
def duplicate_field(t: Trial) -> None:
    t.network.publish(PUT)
    honest = t.network.log.lines.pop()
    t.network.publish(PUT, line=honest.replace(b'"records":', b'"records":1,"records":'))
    t.refuses("malformed")


@scenario()
def long_edition_line(t: Trial) -> None:
    t.network.publish(PUT)
    honest = t.network.log.lines.pop()
    t.network.publish(PUT, line=honest + b" " * 1024)
    t.refuses("too-much")


# --- the log


@scenario()
def two_roots_of_one_size(t: Trial) -> None:
    t.network = Network()
    for i in range(3):
        t.network.publish(put(70 + i))
    t.refuses("split-view")


@scenario()
def another_past(t: Trial) -> None:
    """A longer log that does not begin with what was accepted."""
    t.network = Network()
    for i in range(5):
        t.network.publish(put(70 + i))
    t.refuses("split-view")


@scenario()
def another_past_in_pages(t: Trial) -> None:
    t.network = Network()
    for i in range(5):
        t.network.publish(put(70 + i))
    t.instead(CHANGES, lambda good: refusal(410, "gone", "gone: too long ago"))
    t.refuses("split-view")


@scenario()
def editions_out_of_order(t: Trial) -> None:
    t.network.publish(put(30))
    t.network.publish(put(31))

    def swapped(answer: bytes) -> bytes:
        lines = lines_of(answer)
        return b"".join([*lines[:2], lines[3], lines[2], *lines[4:]])

    t.lie(CHANGES, swapped)
    t.refuses("split-view")


@scenario()
def rolled_back_size(t: Trial) -> None:
    """A good answer of yesterday."""
    older = t.network.answer("1.3", size=2)
    t.instead(CHANGES, lambda good: Response(200, older))
    t.refuses("rolled-back")


@scenario()
def behind_the_follower(t: Trial) -> None:
    """An honest 409."""
    t.network.publish(put(30))
    t.accepts()
    older = t.network.copied()
    older.log.lines.pop()
    t.network = older
    t.refuses("rolled-back")


@scenario()
def rolled_back_in_pages(t: Trial) -> None:
    t.network.log.lines.pop()
    t.network.state = t.network.states[2]
    t.instead(CHANGES, lambda good: refusal(410, "gone", "gone: too long ago"))
    t.refuses("rolled-back")


@scenario()
def rolled_back_epoch(t: Trial) -> None:
    """The thief of the first log key goes on signing."""
    thief = t.network.copied()
    for i in range(3):
        thief.publish(put(80 + i, text=b'{"forged":true}'))
    t.network.open_epoch()
    t.network.publish(put(30))
    t.accepts()
    t.instead(CHANGES, lambda good: Response(200, thief.answer("2.4").replace(b" 1.3\n", b" 2.4\n")))
    t.refuses("rolled-back")


@scenario()
def closed_log_again(t: Trial) -> None:
    """The log of the first epoch exactly as it was closed, to a follower that is in the second."""
    older = with_more(t.network.answer("0.0").replace(b" 0.0\n", b" 2.4\n"), drop(30).line)
    t.network.open_epoch()
    t.network.publish(put(30))
    t.accepts()
    t.instead(CHANGES, lambda good: Response(200, older))
    t.refuses("rolled-back")


@scenario()
def closed_log_goes_on(t: Trial) -> None:
    """The statement is known, the new log is not there yet, and the thief of the old key goes on signing."""
    thief = t.network.copied()
    thief.publish(put(80, text=b'{"forged":true}'))
    t.network.open_epoch()
    t.instead(CHANGES, lambda good: refusal(410, "gone", "gone: too long ago"))
    t.fails()
    t.honest()
    t.instead(CHANGES, lambda good: Response(200, thief.answer("1.3")))
    t.refuses("rolled-back")


@scenario()
def newest_edition_not_proven(t: Trial) -> None:
    for _ in range(1_200):
        t.network.publish()

    def no_proof(answer: bytes) -> bytes:
        return b"".join(line for line in lines_of(answer) if not line.startswith(b"inclusion"))

    t.lie(CHANGES, no_proof)
    t.refuses("bad-proof")


@scenario()
def skipped_leaves_forged(t: Trial) -> None:
    for _ in range(1_200):
        t.network.publish()
    t.lie(CHANGES, lambda a: replaced(a, b"leaves", b"leaves %s\n" % b64(bytes(32 * LEAVES_PER_LINE)).encode()))
    t.refuses("split-view")


@scenario()
def skipped_leaves_left_out(t: Trial) -> None:
    for _ in range(1_200):
        t.network.publish()
    t.lie(CHANGES, lambda a: replaced(a, b"leaves", b""))
    t.refuses("malformed")


# --- checkpoints


def noted(t: Trial, renote: Callable[[bytes], bytes]) -> None:
    t.network.publish(put(30))
    t.network.renote = renote


def text_of(note: bytes) -> bytes:
    return note.rpartition(b"\n\n")[0] + b"\n"


@scenario()
def checkpoint_by_another_key(t: Trial) -> None:
    noted(t, lambda note: signed(text_of(note), t.network.origin(1), Key("thief")))
    t.refuses("bad-signature")


@scenario()
def checkpoint_with_failing_signature(t: Trial) -> None:
    """The right key's id over other bytes, beside a good signature of that key."""
    name = t.network.origin(1)
    identifier = key_id(name, t.network.log_key(1).public)
    noted(t, lambda note: note + signature_line(name, identifier, bytes(64)))
    t.refuses("bad-signature")


@scenario()
def checkpoint_of_another_origin(t: Trial) -> None:
    """The log's key, under the text of another circle's log."""
    key, name = t.network.log_key(1), t.network.origin(1)
    noted(t, lambda note: signed(text_of(note).replace(b"/public/", b"/partners/"), name, key))
    t.refuses("bad-signature")


@scenario()
def checkpoint_of_another_network(t: Trial) -> None:
    other = Network("Another Network")
    for i in range(4):
        other.publish(put(i))
    noted(t, lambda note: other.checkpoint())
    t.refuses("bad-signature")


@scenario()
def checkpoint_with_extension(t: Trial) -> None:
    name, key = t.network.origin(1), t.network.log_key(1)
    noted(t, lambda note: signed(text_of(note) + b"extension\n", name, key))
    t.refuses("malformed")


@scenario()
def checkpoint_without_signature(t: Trial) -> None:
    noted(t, lambda note: text_of(note) + b"\n")
    t.refuses("malformed")


@scenario()
def checkpoint_with_33_signatures(t: Trial) -> None:
    noted(t, lambda note: note + signature_line("s.example", seed("id")[:4], seed("a")) * 32)
    t.refuses("too-much")


@scenario()
def impossible_size(t: Trial) -> None:
    name, key = t.network.origin(1), t.network.log_key(1)
    noted(t, lambda note: signed(text_of(note).replace(b"\n4\n", b"\n1000001\n"), name, key))
    t.refuses("too-much", "malformed")


# --- pages and tiles, at a first sync


@scenario("followed")
def flipped_byte_in_page(t: Trial) -> None:
    t.lie("/page/", lambda page: said_of(page, b"Example 7", b"Example 8"))
    t.refuses("state-mismatch")
    t.honest()
    t.accepts()


@scenario("followed")
def page_of_another_state(t: Trial) -> None:
    other = Network()
    other.publish(*map(put, range(50, 74)))
    t.instead("/page/", lambda good: Response(200, other.records_page("")))
    t.refuses("state-mismatch")


@scenario("followed")
def record_missing_from_page(t: Trial) -> None:
    t.lie("/page/", lambda page: b"".join([*lines_of(page)[:3], *lines_of(page)[4:]]))
    t.refuses("state-mismatch")


@scenario("followed")
def page_descending(t: Trial) -> None:
    t.lie("/page/", lambda page: b"".join([lines_of(page)[0], *lines_of(page)[:0:-1]]))
    t.refuses("malformed")


@scenario("followed")
def drop_in_page(t: Trial) -> None:
    t.lie("/page/", lambda page: page + drop(50).line)
    t.refuses("malformed")


@scenario("followed")
def page_without_form(t: Trial) -> None:
    t.lie("/page/", lambda page: page.partition(b"\n")[2])
    t.refuses("malformed")


@scenario("followed")
def page_cut(t: Trial) -> None:
    t.lie("/page/", lambda page: page[:-5])
    t.refuses("malformed")


@scenario("fresh")
def page_of_513_records(t: Trial) -> None:
    t.network = large().copied()
    t.follows()
    t.instead("/page/root-", lambda good: Response(200, b"".join(lines_of(t.network.records_page(""))[:514])))
    t.refuses("too-much")


def entries_instead(t: Trial, change: Callable[[list[trees.Entry]], None]) -> None:
    """Serve the root as an entries page with a lie that its sum does not show."""
    entries = t.network.entries("")
    before = trees.folded(entries)
    change(entries)
    if trees.folded(entries) != before:
        raise LookupError("the lie shows in the sum")
    t.instead("/page/root-", lambda good: Response(200, entries_text(entries)))


@scenario("followed")
def misplaced_leaf(t: Trial) -> None:
    """A leaf below its neighbour's digit, where it adds up just the same."""

    def swap(entries: list[trees.Entry]) -> None:
        i = next(i for i in range(16) if isinstance(entries[i], trees.Leaf) and entries[i ^ 1] is None)
        entries[i], entries[i ^ 1] = None, entries[i]

    t.network.publish(*(drop(i) for i in range(24) if i not in (1, 2, 7)))
    entries_instead(t, swap)
    t.refuses("misplaced-leaf")


@scenario("followed")
def leaf_posing_as_node(t: Trial) -> None:
    """A leaf shown as a node of its hash, which adds up just the same beside something; its page is a leaf."""

    def pose(entries: list[trees.Entry]) -> None:
        i = next(i for i in range(16) if isinstance(entries[i], trees.Leaf) and entries[i ^ 1] is not None)
        entries[i] = trees.Node(trees.entry_hash(entries[i]), 1)

    entries_instead(t, pose)
    t.refuses("state-mismatch")


@scenario("followed")
def fifteen_entries(t: Trial) -> None:
    t.instead("/page/root-", lambda good: Response(200, entries_text(t.network.entries("")[:15])))
    t.refuses("malformed")


@scenario("followed")
def node_below_bit_96(t: Trial) -> None:
    """Chosen tombstones that share 100 bits."""
    t.network.publish(Erase(seed("deep")), Erase(sharing(seed("deep"), 100)))
    t.refuses("too-much")


@scenario()
def node_below_bit_96_in_changes(t: Trial) -> None:
    t.network.publish(Erase(seed("deep")), Erase(sharing(seed("deep"), 100)))
    t.refuses("too-much")


@scenario("followed")
def counts_wrong_at_first_sync(t: Trial) -> None:
    t.network.publish(put(30), records=99)
    t.refuses("state-mismatch")


@scenario("followed")
def flipped_leaf_hash_in_tile(t: Trial) -> None:
    t.lie("/tile/0/", lambda tile: bytes([tile[0] ^ 1]) + tile[1:])
    t.refuses("split-view")


@scenario("followed")
def short_tile(t: Trial) -> None:
    t.lie("/tile/0/", lambda tile: tile[:-32])
    t.refuses("malformed")


@scenario("followed")
def edition_of_another_log(t: Trial) -> None:
    other = Network()
    for i in range(3):
        other.publish(put(70 + i))
    t.lie("/tile/entries/", lambda tile: entries_bundle(other.log.lines))
    t.refuses("split-view")


@scenario("followed")
def entries_cut(t: Trial) -> None:
    t.lie("/tile/entries/", lambda tile: tile[:-1])
    t.refuses("malformed")


# --- epochs


@scenario()
def closes_missing(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30), closes=None)
    t.refuses("refused")


@scenario()
def closes_another_root(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30), closes={**(t.network.log.closes or {}), "root": b64(seed("root"))})
    t.refuses("refused")


@scenario("followed")
def closes_missing_at_first_sync(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30), closes=None)
    t.refuses("refused")


@scenario()
def closes_in_the_second_edition(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30))
    t.network.publish(put(31), closes=t.network.log.closes)
    t.refuses("refused")


@scenario()
def epoch_nobody_opened(t: Trial) -> None:
    """A checkpoint of an epoch for which there is no statement."""
    t.network.open_epoch()
    t.network.publish(put(30))
    t.lie("/identity", lambda chain: lines_of(chain)[0])
    t.refuses("bad-identity")


# --- identity


@scenario()
def identity_of_another_network(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30))
    other = Network("Another Network")
    t.lie("/identity", lambda chain: (b64(other.notes[0]) + "\n").encode())
    t.refuses("bad-identity")


@scenario()
def identity_fork(t: Trial) -> None:
    """Two statements of one number, both signed by the recovery key."""
    other = t.network.copied()
    t.network.open_epoch()
    t.network.publish(put(30))
    t.accepts()
    other.open_epoch(name="The Other Network")
    other.publish(put(31))
    other.open_epoch()
    other.publish(put(32))
    t.network = other
    t.refuses("identity-fork")


@scenario()
def statement_without_threshold(t: Trial) -> None:
    t.network.new_recovery_keys(3, 2)
    t.network.open_epoch(signers=t.network.recovery[:1])
    t.network.publish(put(30))
    t.refuses("bad-identity")


@scenario()
def one_key_signs_twice(t: Trial) -> None:
    t.network.new_recovery_keys(3, 2)
    t.network.open_epoch(signers=[t.network.recovery[0], t.network.recovery[0]])
    t.network.publish(put(30))
    t.refuses("bad-identity")


@scenario()
def statement_by_the_log_key(t: Trial) -> None:
    """Online keys sign no statements."""
    t.network.open_epoch(signers=[t.network.log_key(1)])
    t.network.publish(put(30))
    t.refuses("bad-signature")


@scenario()
def new_recovery_keys_that_did_not_sign(t: Trial) -> None:
    old = t.network.recovery
    new = [b64(Key("new", i).public) for i in range(2)]
    t.network.restate(old, recovery_keys=new)
    t.network.recovery = [Key("new", i) for i in range(2)]
    t.network.open_epoch(signers=t.network.recovery[:1])
    t.network.publish(put(30))
    t.refuses("bad-signature", "bad-identity")


@scenario()
def statement_that_follows_another(t: Trial) -> None:
    t.network.open_epoch(previous=seed("previous").hex())
    t.network.publish(put(30))
    t.refuses("bad-identity")


@scenario()
def new_key_in_the_old_epoch(t: Trial) -> None:
    t.network.restate(transport_key=b64(Key("fresh transport").public))
    t.network.open_epoch()
    t.network.publish(put(30))
    t.refuses("bad-identity")


@scenario()
def epoch_without_close(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30))
    t.network.statements.pop()
    t.network.notes.pop()
    t.network.restate(**t.network._keys(2))
    t.refuses("bad-identity")


@scenario()
def epoch_left_out(t: Trial) -> None:
    t.network.open_epoch(epoch=3)
    t.network.publish(put(30))
    t.network.log.epoch = 3
    t.refuses("bad-identity")


@scenario()
def close_that_miscounts(t: Trial) -> None:
    """A log of size 3 that began with edition 1 does not end with edition 4."""
    root = b64(trees.log_root(t.network.log.leaves))
    t.network.open_epoch(closes={"epoch": 1, "size": 3, "root": root, "edition": 4})
    t.network.publish(put(30))
    t.refuses("bad-identity")


@scenario()
def threshold_beyond_the_keys(t: Trial) -> None:
    t.network.restate(threshold=2)
    t.network.open_epoch()
    t.network.publish(put(30))
    t.refuses("bad-identity")


@scenario()
def thousand_and_one_statements(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30))
    t.lie("/identity", lambda chain: lines_of(chain)[0] * 1_001)
    t.refuses("too-much")


@scenario()
def identity_cut(t: Trial) -> None:
    t.network.open_epoch()
    t.network.publish(put(30))
    t.lie("/identity", lambda chain: chain[:-1])
    t.refuses("malformed")


@scenario("fresh")
def another_fingerprint(t: Trial) -> None:
    """Whoever answers is not whom the person expects."""
    other = Network("Another Network")
    other.publish(put(1))
    expected, t.network = t.network, other
    outcome = t.verb("follow", t.server.url, "--fingerprint", expected.id)
    if (outcome.code, outcome.word) != (3, "bad-identity"):
        raise WrongError(f"follow: expected exit 3 bad-identity, found {outcome}")
    t.shows([])


@scenario("fresh")
def genesis_of_another_under_the_name(t: Trial) -> None:
    other = Network("Another Network")
    t.lie("/identity", lambda chain: (b64(other.notes[0]) + "\n").encode())
    t.refuses_to_follow("bad-identity")


def statement_line(note: bytes) -> bytes:
    return (b64(note) + "\n").encode()


@scenario("fresh")
def genesis_signed_by_too_few(t: Trial) -> None:
    t.network = Network("Two of Three", recovery=3, threshold=2)
    text = text_of(t.network.notes[0])
    t.network.notes[0] = signed(text, "fednet/recovery", t.network.recovery[0])
    t.refuses_to_follow("bad-identity")


@scenario("fresh")
def genesis_with_failing_signature(t: Trial) -> None:
    note = t.network.notes[0]
    identifier = key_id("fednet/recovery", t.network.recovery[0].public)
    t.network.notes[0] = text_of(note) + b"\n" + signature_line("fednet/recovery", identifier, bytes(64))
    t.refuses_to_follow("bad-signature")


def small_order() -> bytes:
    """The point (0, -1), of order 2."""
    return (2**255 - 20).to_bytes(32, "little")


def mixed_order() -> bytes:
    """A good key plus the point of order 2: (x, y) becomes (-x, -y)."""
    encoded = int.from_bytes(Key("mixed").public, "little")
    sign, y = encoded >> 255, encoded & (2**255 - 1)
    return (2**255 - 19 - y | (1 - sign) << 255).to_bytes(32, "little")


FIELDS: dict[str, tuple[str, dict[str, object]]] = {
    "small-order-log-key": ("malformed", {"log_key": b64(small_order())}),
    "mixed-order-log-key": ("malformed", {"log_key": b64(mixed_order())}),
    "key-not-on-the-curve": ("malformed", {"transport_key": b64((2).to_bytes(32, "little"))}),
    "key-not-canonical": ("malformed", {"transport_key": b64(bytes([0xEE]) + b"\xff" * 30 + b"\x7f")}),
    "one-key-for-two-uses": ("bad-identity", {"transport_key": b64(Key("Example Network", "cosigner", 1, "").public)}),
    "unknown-field-in-genesis": ("malformed", {"motto": "x"}),
    "control-character-in-name": ("bad-identity", {"name": "Example\x9bNetwork"}),
    "genesis-with-previous": ("bad-identity", {"previous": seed("x").hex()}),
}


def misnamed(word: str, forged: dict[str, object]) -> Callable[[Trial], None]:
    def play(t: Trial) -> None:
        t.network = Network(**forged)
        t.refuses_to_follow(word)

    return play


SCENARIOS += [Scenario(name, "fresh", misnamed(word, forged)) for name, (word, forged) in FIELDS.items()]


@scenario("fresh")
def genesis_with_spaces(t: Trial) -> None:
    text = compact(t.network.statements[0]).replace(b'":', b'": ') + b"\n"
    t.network.notes[0] = signed(text, "fednet/recovery", *t.network.recovery)
    t.refuses_to_follow("malformed")


@scenario("fresh")
def genesis_nested_deeply(t: Trial) -> None:
    """More brackets than a recursive parser has room for."""
    text = text_of(t.network.notes[0]).replace(b'"age1' + b"q" * 58 + b'"', b"[" * 20_000 + b"]" * 20_000)
    t.network.notes[0] = signed(text, "fednet/recovery", *t.network.recovery)
    t.refuses_to_follow("malformed")


@scenario("fresh")
def half_a_character_in_name(t: Trial) -> None:
    """An escape for which UTF-8 has no bytes."""
    text = text_of(t.network.notes[0]).replace(b'"Example Network"', b'"Example \\ud83d"')
    t.network.notes[0] = signed(text, "fednet/recovery", *t.network.recovery)
    t.refuses_to_follow("malformed")


@scenario("fresh")
def no_common_version(t: Trial) -> None:
    t.instead("/.well-known/fednet", lambda good: Response(200, compact({**t.network.hints, "protocols": [2, 3]})))
    t.refuses_to_follow("unknown-version")


# --- too much


@scenario()
def answer_of_more_than_64_mib(t: Trial) -> None:
    t.network.publish(put(30))

    def pieces() -> Iterator[bytes]:
        line = put(31, text=b'"%s"' % (b"x" * 60_000)).line
        for _ in range(6 * ANSWER // len(line)):
            yield line

    t.instead(CHANGES, lambda good: Response(200, good.body.rpartition(b"end")[0], pieces=pieces()))
    t.refuses_or_reads_pages("too-much", most=ANSWER + ROOM)


@scenario()
def endless_line(t: Trial) -> None:
    t.network.publish(put(30))
    t.instead(CHANGES, lambda good: Response(200, b"", pieces=(bytes(MIB) for _ in range(512))))
    t.refuses_or_reads_pages("too-much", "malformed", most=ANSWER + ROOM)


@scenario("followed")
def endless_checkpoint(t: Trial) -> None:
    """A note has 64 KiB: nobody reads on."""
    t.instead("/checkpoint", lambda good: Response(200, good.body, pieces=(bytes(MIB) for _ in range(512))))
    t.refuses("too-much", most=ROOM)


@scenario("followed")
def endless_tile(t: Trial) -> None:
    """A tile has 8 KiB."""
    t.instead("/tile/0/", lambda good: Response(200, good.body, pieces=(bytes(MIB) for _ in range(512))))
    t.refuses("too-much", "malformed", most=ROOM)


@scenario("followed")
def endless_page(t: Trial) -> None:
    """512 lines of 128 KiB are an answer's 64 MiB."""
    t.instead("/page/", lambda good: Response(200, good.body, pieces=(bytes(MIB) for _ in range(512))))
    t.refuses("too-much", "malformed", most=ANSWER + ROOM)


@cache
def bomb() -> bytes:
    """Some 100 KiB of gzip that are 96 MiB of lines."""
    packer = zlib.compressobj(9, wbits=31)
    line = b"x" * 65_535 + b"\n"
    return b"".join(packer.compress(line) for _ in range(96 * 16)) + packer.flush()


@scenario()
def decompression_bomb(t: Trial) -> None:
    t.network.publish(put(30))
    t.instead(CHANGES, lambda good: Response(200, bomb(), (("Content-Encoding", "gzip"),)))
    t.refuses_or_reads_pages("too-much", most=ROOM)


@scenario()
def broken_gzip(t: Trial) -> None:
    t.network.publish(put(30))
    t.instead(CHANGES, lambda good: Response(200, bomb()[:1_000], (("Content-Encoding", "gzip"),)))
    t.refuses("malformed")


# --- one bad peer costs only itself


@scenario()
def two_networks_one_of_them_lying(t: Trial) -> None:
    honest, liar = Network("Another Network"), t.network
    honest.publish(put(1))
    t.network = honest
    t.follows()
    liar.publish(put(30), state=b64(seed("state")))

    def by_network(target: str) -> Response:
        return (liar if liar.id in target else honest).resource(target)

    t.server.answer = by_network
    outcome = t.verb("sync")
    if (outcome.code, outcome.word) != (3, "state-mismatch"):
        raise WrongError(f"sync: expected exit 3 state-mismatch, found {outcome}")
    t.shows(sorted(t.before + honest.dumped(), key=lambda line: line["network"]))


# --- nobody there


@scenario()
def server_error(t: Trial) -> None:
    t.network.publish(put(30))
    t.instead("/", lambda good: Response(500, b"oh"))
    t.fails()
    t.honest()
    t.accepts()


@scenario()
def connection_breaks_off(t: Trial) -> None:
    t.network.publish(put(30))
    t.instead(CHANGES, lambda good: Response(200, good.body, (("Content-Length", "9999"),), pieces=(b"",)))
    t.fails()
    t.honest()
    t.accepts()


@scenario()
def redirect_to_another_host(t: Trial) -> None:
    """Where it leads all is well; but nobody goes there."""
    t.network.publish(put(30))
    elsewhere = t.server.url.replace("127.0.0.1", "localhost") + "/elsewhere"

    def moved(target: str) -> Response:
        if target.startswith("/elsewhere"):
            return t.network.resource(target.removeprefix("/elsewhere"))
        return Response(302, b"", (("Location", f"{elsewhere}{target}"),))

    t.server.answer = moved
    t.fails()


@scenario("fresh")
def nothing_at_that_address(t: Trial) -> None:
    t.instead("/", lambda good: MISSING)
    outcome = t.follow()
    if outcome.code != 1:
        raise WrongError(f"follow: expected exit 1, found {outcome}")
    t.shows([])


@scenario("followed")
def pages_that_never_come(t: Trial) -> None:
    t.instead("/page/", lambda good: MISSING)
    t.fails()
    t.honest()
    t.accepts()
