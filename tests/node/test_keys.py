"""Keys: the online ones belong to the home, the recovery keys on paper; whatever is pinned must be a key."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import msgspec
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import BrokenStoreError, FednetError, MalformedError, NotFoundError, UsageError
from fednet.feed import ed25519, identity, note
from fednet.feed.text import base64_bytes, base64_text
from fednet.node import home as homes
from fednet.node import keys, sheet
from fednet.node.home import DATABASE, Home, create
from fednet.node.publish import publish
from tests.node.nodes import NOW, Answer, Nodes, add
from tests.node.test_following import follow, known

SEED = bytes(range(32))


# --- recovery keys on paper


@given(st.binary(min_size=32, max_size=32))
def test_a_spelled_key_is_read_again_however_it_was_typed(seed: bytes) -> None:
    paper = keys.spelled(seed)
    assert re.fullmatch(r"[a-z2-7]{4}( [a-z2-7]{4}){13}", paper)
    for typed in (
        paper,
        paper.upper(),
        paper.replace(" ", ""),
        paper.replace(" ", "\n"),
        f"KEY {paper}\n",
        f"\n {paper} ",
    ):
        assert keys.recovery_seeds(typed) == [seed]


@given(st.binary(min_size=32, max_size=32), st.integers(0, 55), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_slip_of_the_pen_is_told_from_a_wrong_key(seed: bytes, place: int, letter: str) -> None:
    paper = keys.spelled(seed).replace(" ", "")
    typed = paper[:place] + letter + paper[place + 1 :]
    if typed != paper:
        with pytest.raises(UsageError, match="mistyped"):
            keys.recovery_seeds(typed)


@given(st.text())
def test_any_text_is_keys_or_a_usage_error(text: str) -> None:
    try:
        assert keys.recovery_seeds(text)
    except UsageError as error:
        assert error.hint


def test_digits_that_base32_does_not_have_are_read_as_the_letters_they_look_like() -> None:
    seed = next(seed for seed in (bytes([i]) * 32 for i in range(256)) if {"o", "b", "l"} <= set(keys.spelled(seed)))
    typed = keys.spelled(seed).replace("o", "0").replace("b", "8").replace("l", "1")
    assert keys.recovery_seeds(typed) == [seed]


def test_several_keys_in_one_text_are_all_read() -> None:
    seeds = [bytes([i]) * 32 for i in range(3)]
    text = "".join(sheet.Sheet("A", "a" * 32, seed).text.decode() for seed in seeds)
    assert keys.recovery_seeds(text) == seeds
    assert keys.recovery_seeds("\n".join(map(keys.spelled, seeds))) == seeds
    one, two, three = map(keys.spelled, seeds)
    assert keys.recovery_seeds(f"{one}\n\nKEY {two.upper()}\nkey {three[:30]}\n{three[30:]}\n") == seeds


def test_a_sheet_says_whose_key_it_is_and_needs_nothing_else(tmp_path: Path) -> None:
    made = sheet.Sheet("Réseau <d'aide> & Co", "fo46yoj4njjyp6sm3fydjgoieb74vwlu", SEED, 2, 3, 2)
    text, page = made.text.decode(), made.page.decode()
    for said in ("fo46 yoj4 njjy p6sm 3fyd jgoi eb74 vwlu", "2 of 3; any 2 of them are needed", made.key_id):
        assert said in text and said in page
    assert "Réseau &lt;d&#x27;aide&gt; &amp; Co" in page
    assert not re.search(r"(src|href)\s*=|url\(|<script|@import", page)  # nothing is fetched, nothing runs
    shown = re.search(r"<pre>(.*?)</pre>", page, re.S)
    assert shown is not None and keys.recovery_seeds(shown[1]) == [SEED] == keys.recovery_seeds(text)


def test_a_name_makes_no_second_line_on_a_sheet() -> None:
    (made,) = sheet.sheets("Ev\u2028key\u202e", "a" * 32, [keys.fresh_recovery()], 1)
    assert made.text.decode().splitlines()[0] == "Recovery key of Ev key"
    assert "<h1>Recovery key of Ev key</h1>" in made.page.decode()


def test_the_code_on_the_sheet_holds_the_key() -> None:
    made = sheet.Sheet("A", "a" * 32, SEED)
    code = segno.make(keys.spelled(SEED).upper(), error="m", micro=False)
    drawn = re.search(r'd="([^"]*)"', code.svg_inline(omitsize=True))
    assert drawn is not None and drawn[1] in made.page.decode()
    assert code.mode == "alphanumeric" and keys.recovery_seeds(keys.spelled(SEED).upper()) == [SEED]


def test_the_example_of_the_specification() -> None:
    spec = (Path(__file__).parents[2] / "protocol" / "SPEC.md").read_text("utf-8")
    assert f"\n{keys.spelled(SEED)}\n" in spec


def test_too_few_recovery_keys_are_counted(nodes: Nodes) -> None:
    _, texts = create(nodes.directory / "n", "N", None, None, recovery_keys=3, threshold=2)
    home = Home(nodes.directory / "n")
    seeds = [keys.read_recovery(text)[0] for text in texts]
    current = home.network.identity.current
    assert keys.usable(seeds[1:], current) == seeds[1:]
    assert keys.usable([seeds[0], SEED, seeds[2], seeds[0]], current) == [seeds[0], seeds[2]]
    for few in ([], [SEED], [seeds[0]], [seeds[0], seeds[0], SEED]):
        with pytest.raises(UsageError, match="2 of the network's 3"):
            keys.usable(few, current)
    home.close()


# --- a new node


def test_a_new_node_keeps_no_recovery_key(tmp_path: Path) -> None:
    made, texts = create(tmp_path / "node", "N", None, None, recovery_keys=3, threshold=2)
    seeds = [keys.read_recovery(text)[0] for text in texts]
    publish(made, NOW)
    made.close()
    assert len(set(seeds)) == 3
    statement = made_statement(tmp_path / "node")
    assert statement.threshold == 2
    assert statement.recovery_keys == tuple(base64_text(ed25519.public_key(seed)) for seed in seeds)
    for file in (tmp_path / "node").iterdir():
        content = file.read_bytes()
        for seed in seeds:
            assert seed not in content and base64_text(seed).encode() not in content
            assert keys.spelled(seed).encode() not in content and seed.hex().encode() not in content


def made_statement(path: Path) -> identity.Statement:
    home = Home(path)
    found = home.network.identity.current
    home.close()
    return found


def test_sheets_are_readable_by_their_user_only(tmp_path: Path) -> None:
    made, texts = create(tmp_path / "node", "N", None, tmp_path / "key.txt", recovery_keys=2, threshold=1)
    made.close()
    assert [text.name for text in texts] == ["key-1.txt", "key-2.txt"]
    for file in (tmp_path / name for name in ("key-1.txt", "key-1.html", "key-2.txt", "key-2.html")):
        assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("total", "threshold"), [(0, 0), (1, 0), (1, 2), (17, 1), (-1, 1)])
def test_impossible_shares_make_no_node(tmp_path: Path, total: int, threshold: int) -> None:
    with pytest.raises(UsageError, match="cannot be required"):
        create(tmp_path / "node", "N", None, None, recovery_keys=total, threshold=threshold)
    assert list(tmp_path.iterdir()) == []


def test_sheets_are_neither_overwritten_nor_put_into_the_home(tmp_path: Path) -> None:
    (tmp_path / "key-2.html").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "node")
    for out in (tmp_path / "key.txt", tmp_path / "node" / "key.txt", tmp_path / "link" / "key.txt"):
        with pytest.raises(UsageError):
            create(tmp_path / "node", "N", None, out, recovery_keys=2)
    assert (tmp_path / "key-2.html").read_text() == "mine"
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize(
    "place",
    ["keys.fresh", "sheet.write", "keys.write", "Mark.begin", "_create_database", "drafts.set_setting"],
)
def test_a_node_interrupted_while_it_was_made_is_no_node(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class InterruptedError(Exception):
        pass

    def interrupted(*_: object, **__: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as breaking:
        breaking.setattr(f"fednet.node.home.{place}", interrupted)
        with pytest.raises(InterruptedError):
            create(tmp_path / "node", "N", None, tmp_path / "first.txt")
    with pytest.raises(FednetError, match="no node"):
        Home(tmp_path / "node")
    made, (text,) = create(tmp_path / "node", "N", None, tmp_path / "second.txt")
    publish(made, NOW)
    statement = made.network.identity.current
    assert made.keys.public.named_by(statement)
    assert keys.usable(keys.read_recovery(text), statement)
    made.close()


def test_a_sheet_that_cannot_be_written_takes_the_others_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sheet.write_atomically

    def full(path: Path, content: bytes, *, mode: int = 0o600) -> None:
        if path.name == "key-2.html":
            raise OSError(28, "No space left on device", str(path))
        real(path, content, mode=mode)

    monkeypatch.setattr(sheet, "write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        create(tmp_path / "node", "N", None, tmp_path / "key.txt", recovery_keys=2)
    assert not list(tmp_path.glob("key*"))


# --- online keys


def test_the_online_keys_are_those_that_the_identity_names(nodes: Nodes) -> None:
    home = nodes.home()
    stated = home.network.identity
    assert home.keys.public.named_by(stated.current)
    other = keys.fresh()
    assert not other.public.named_by(stated.current)
    keys.keep_next(home.path, other)
    assert home.keys.public.named_by(stated.current) and not keys.awaiting(home.path, stated)
    keys.settle(home.path, stated)
    assert (home.path / keys.NEXT).exists()  # they are not named: they take nobody's place
    assert (home.path / keys.NEXT).stat().st_mode & 0o777 == 0o600


def test_keys_that_are_missing_or_damaged_are_named(nodes: Nodes) -> None:
    home = nodes.home()
    kept = (home.path / keys.KEYS).read_bytes()
    for damaged in (b"", b"{", b"[]", b'{"log": 1}', b"\xff"):
        (home.path / keys.KEYS).write_bytes(damaged)
        with pytest.raises(BrokenStoreError, match=keys.KEYS):
            _ = home.keys
    (home.path / keys.KEYS).unlink()
    with pytest.raises(NotFoundError, match="cannot sign") as missing:
        _ = home.keys
    assert missing.value.hint is not None and "keys recover" in missing.value.hint
    (home.path / keys.KEYS).write_bytes(kept)
    broken = json.loads(kept) | {"bundle": "AGE-SECRET-KEY-1"}
    (home.path / keys.KEYS).write_text(json.dumps(broken))
    with pytest.raises(BrokenStoreError, match="age identity"):
        _ = home.keys.public


def test_keys_show_tells_public_parts_only(nodes: Nodes) -> None:
    home = nodes.home()
    shown = keys.shown(home.path, home.network.identity)
    assert (shown.statement, shown.epoch, shown.closes, shown.threshold, shown.held) == (0, 1, None, 1, True)
    told = msgspec.json.encode(shown)
    for secret in msgspec.structs.astuple(home.keys):
        assert secret.encode() not in told
    (home.path / keys.KEYS).unlink()
    assert not keys.shown(home.path, home.network.identity).held


@pytest.mark.parametrize(
    "text",
    [
        "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z",  # 0
        "age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya",  # 1
        "age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9",  # of order 8
        "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqsuwj9m",  # 0, with the bit that nobody reads
        "age1" + "q" * 58,
        "",
    ],
)
def test_nothing_is_encrypted_to_a_key_with_which_everybody_shares_the_secret(text: str) -> None:
    with pytest.raises(UsageError, match="no age recipient"):
        keys.age_recipient(text)
    keys.age_recipient(keys.fresh().public.bundle)


# --- what is refused when it is pinned

ENCODED_IDENTITY = (1).to_bytes(32, "little")
SMALL_ORDER = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
NOT_CANONICAL = (2**255 - 19 + 3).to_bytes(32, "little")
BAD_KEYS = {
    "all zero": bytes(32),
    "the neutral point": ENCODED_IDENTITY,
    "of order eight": SMALL_ORDER,
    "not canonical": NOT_CANONICAL,
    "no point": (2).to_bytes(32, "little"),
    "31 bytes": os.urandom(31),
}


def forged_genesis(**fields: object) -> bytes:
    """An identity whose genesis has these fields, signed by its recovery key; the bytes as they travel."""
    online = keys.fresh().public
    honest = identity.genesis(
        name="Mallory",
        log_key=online.log,
        cosigner_key=online.cosigner,
        transport_key=online.transport,
        bundle_key=online.bundle,
        recovery_keys=[ed25519.public_key(SEED)],
    )
    text = msgspec.json.encode({**msgspec.to_builtins(honest), **fields}) + b"\n"
    signed = note.sign(text, note.Ed25519Signer(identity.RECOVERY, SEED))
    return base64_text(signed.encoded).encode() + b"\n"


@pytest.mark.parametrize("field", ["log_key", "cosigner_key", "transport_key", "recovery_keys"])
@pytest.mark.parametrize("bad", BAD_KEYS.values(), ids=BAD_KEYS)
def test_no_weak_key_is_pinned(nodes: Nodes, field: str, bad: bytes) -> None:
    key = base64_text(bad)
    value = [base64_text(ed25519.public_key(SEED)), key] if field == "recovery_keys" else key
    with pytest.raises(MalformedError):
        identity.parse_identity(forged_genesis(**{field: value}))


def test_one_key_in_two_places_is_not_pinned() -> None:
    twice = base64_text(ed25519.public_key(b"\x01" * 32))
    recovery = base64_text(ed25519.public_key(SEED))
    for fields in (
        {"log_key": twice, "transport_key": twice},
        {"recovery_keys": [recovery, recovery], "threshold": 2},
        {"log_key": recovery},
    ):
        with pytest.raises(FednetError, match="distinct"):
            identity.parse_identity(forged_genesis(**fields))


def test_follow_refuses_weak_and_doubled_keys_over_the_wire(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    proxy = nodes.proxy(nodes.served(origin).url)
    twice = base64_text(ed25519.public_key(b"\x01" * 32))
    wrong = [{"log_key": base64_text(bad)} for bad in BAD_KEYS.values()]
    for fields in (*wrong, {"log_key": twice, "cosigner_key": twice}):
        served = forged_genesis(**fields)
        text = note.parse(base64_bytes(served.strip().decode())).text
        mallory = identity.network_id(msgspec.json.decode(text, type=Lenient))  # type: ignore[arg-type]

        def lie(path: str, answer: Answer, served: bytes = served, mallory: str = mallory) -> Answer:
            if path.endswith("/identity"):
                return Answer(200, served)
            return Answer(200, answer.body.replace(origin.network.network.encode(), mallory.encode()))

        proxy.change = lie
        with pytest.raises(FednetError, match=r"Ed25519 key|base64|expected 32|distinct") as refused:
            follow(follower, proxy.url, yes=True)
        assert refused.value.exit_code == 3 and known(follower) == []
    assert any(path.endswith("/identity") for path in proxy.asked)


class Lenient(msgspec.Struct):
    """A genesis that nobody checked, for its id."""

    sequence: int
    name: str
    epoch: int
    log_key: str
    cosigner_key: str
    transport_key: str
    bundle_key: str
    recovery_keys: list[str]
    threshold: int

    @property
    def text(self) -> bytes:
        return msgspec.json.encode(self) + b"\n"


def test_the_newest_identity_is_seen_by_a_home_that_is_open_elsewhere(nodes: Nodes) -> None:
    home = nodes.home("N", "Alpha")
    other = Home(home.path)
    assert other.network.identity.epoch == 1
    from fednet.node.epochs import rotate

    rotate(home, keys.read_recovery(nodes.directory / "n-recovery-key.txt"), NOW)
    add(other, "Beta")
    publish(other, NOW)
    assert other.network.identity.epoch == 2 and home.keys == other.keys
    other.close()


def test_a_copy_of_the_home_without_its_database_is_not_begun_anew(nodes: Nodes, tmp_path: Path) -> None:
    home = nodes.home("N", "Alpha")
    shutil.copytree(home.path, tmp_path / "copy")
    for left in (tmp_path / "copy").glob(f"{DATABASE}*"):
        left.unlink()
    with pytest.raises(BrokenStoreError):
        homes.create(tmp_path / "copy", "N", None, tmp_path / "again.txt")
