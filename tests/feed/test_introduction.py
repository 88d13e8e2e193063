from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fednet.errors import FednetError, LimitError, RefusedError
from fednet.feed.introduction import (
    MAX_CLAIMED,
    MAX_TEXT,
    MAX_VERSION,
    Details,
    Held,
    OutOfOrderError,
    Role,
    Seen,
    Side,
    Spoken,
    accepting,
    acknowledged,
    asking,
    declining,
    encoded,
    mirrored,
    taking,
    telling,
    withdrawing,
    without_handle,
    without_organization,
    without_texts,
)
from fednet.feed.text import utc_text

ID, ABOUT, OWN = (str(uuid.UUID(int=n, version=4)) for n in (1, 2, 3))
AT = "2026-11-21T18:00:00Z"
ASKERS = Details("Ana", ("ana@asker.example",))
ASKEDS = Details("Bo", (), ("+66 2 123",), "mornings")


def asked() -> Held:
    return asking(ID, ABOUT, Spoken(OWN, "need", {"en": "A twin"}, "Here"), "We would like", "en", ASKERS, AT)


def sent(held: Held) -> Side:
    said = telling(held)
    assert isinstance(said, Side)
    return msgspec.json.decode(encoded(said), type=Side)  # as it travels


def accepted(held: Held) -> Held:
    return accepting(held, Spoken(ABOUT, "offer", {"en": "A place"}, "There"), ASKEDS, AT)


def introduced() -> tuple[Held, Held]:
    asker = asked()
    other = accepted(taking(None, sent(asker), AT))
    asker = taking(asker, sent(other), AT)
    return asker, taking(other, sent(asker), AT)


def refused(held: Held | None, side: Side, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        taking(held, side, AT)


def changed(side: Side, **fields: Any) -> Side:
    return msgspec.structs.replace(side, **fields)


def changed_own(side: Side, **fields: Any) -> Spoken:
    return msgspec.structs.replace(side.own, **fields)


def changed_held(held: Held, **fields: Any) -> Held:
    return msgspec.structs.replace(held, **fields)


# --- the usual course -------------------------------------------------------------------------------------------------


def test_details_are_told_when_both_have_agreed_and_not_before() -> None:
    asker = asked()
    assert sent(asker).details is None and asker.details == ASKERS
    other = taking(None, sent(asker), AT)
    assert telling(other) == Seen(ID, 1)
    other = accepted(other)
    assert (other.state, sent(other).details) == ("accepted", ASKEDS)
    asker = taking(asker, sent(other), AT)
    assert (asker.state, sent(asker).version, sent(asker).details) == ("introduced", 2, ASKERS)
    assert taking(other, sent(asker), AT).state == "introduced"


def test_what_was_declined_may_be_accepted_while_the_other_still_asks() -> None:
    asker = asked()
    other = declining(taking(None, sent(asker), AT), AT, "not now", "en")
    asker = taking(asker, sent(other), AT)
    assert asker.state == "declined" and asker.own is not None and asker.own.details is None
    asker = taking(asker, sent(accepted(other)), AT)
    assert asker.state == "introduced"
    with pytest.raises(OutOfOrderError):
        declining(accepted(other), AT)
    with pytest.raises(OutOfOrderError):
        accepted(accepted(other))


def test_what_is_taken_back_is_over_and_nobody_keeps_details_that_come_too_late() -> None:
    asker = asked()
    other = accepted(taking(None, sent(asker), AT))
    asker = taking(withdrawing(asker, AT), sent(other), AT)
    assert (asker.state, asker.details) == ("taken-back", None)
    assert asker.other is not None and asker.other.details == Details()
    other = taking(other, sent(asker), AT)
    assert other.state == "taken-back" and withdrawing(asker, AT) is asker
    with pytest.raises(OutOfOrderError, match="taken back"):
        accepted(taking(None, sent(withdrawing(asked(), AT)), AT))


def test_whoever_has_taken_back_is_told_nothing_that_anybody_wrote() -> None:
    asker = asked()
    late = accepted(taking(None, sent(asker), AT))  # not on its way yet
    late = taking(late, sent(withdrawing(asker, AT)), AT)
    said = sent(late)
    assert (said.stance, said.own, said.text, said.details) == ("accepted", Spoken(ABOUT), "", Details())
    assert not late.undelivered and late.own is not None and late.own.details == ASKEDS
    asker = taking(asker, sent(accepted(taking(None, sent(asker), AT))), AT)  # its details were to go next
    asker = taking(asker, changed(sent(late), version=2, stance="withdrawn", details=None), AT)
    said = sent(asker)
    assert (said.version, said.details, said.text, said.own.titles) == (2, None, "", {})


def test_the_name_of_an_organisation_that_is_erased_is_told_no_more() -> None:
    asker, other = introduced()
    other = without_organization(other, "asked")
    assert other.undelivered
    asker = taking(asker, sent(other), AT)
    assert asker.other is not None and (asker.other.own.organization, asker.other.details) == ("", ASKEDS)
    assert asker.state == "introduced"
    other = without_organization(taking(other, sent(asker), AT), "asker")
    assert not other.undelivered and other.other is not None and other.other.own.organization == ""
    assert without_organization(other, "asker") is other


def test_what_was_agreed_to_stays_as_it_was_read_and_details_are_not_taken_away() -> None:
    asker, other = introduced()
    told = sent(asker)
    for later in (
        changed(told, version=3, text="Our debts", language="fr", own=Spoken(OWN, "offer", {"en": "Else"}, "Nowhere")),
        changed(told, version=3, details=None),
    ):
        found = taking(other, later, AT)
        assert found.other == changed(told, version=3) and found.state == "introduced"
    nameless = taking(other, changed(told, version=3, own=changed_own(told, organization="")), AT).other
    assert nameless is not None and nameless.own.organization == "" and nameless.own.titles == {"en": "A twin"}
    moved = changed(told, version=3, details=Details("Cy", ("cy@asker.example",)))
    assert taking(other, moved, AT).other == moved
    waiting = taking(taking(None, sent(asked()), AT), changed(sent(asked()), version=2, text="Or so"), AT)
    assert waiting.other is not None and waiting.other.text == "Or so", "nobody has agreed yet"


def test_without_texts_nobody_can_read_what_it_was_about() -> None:
    for held in introduced():
        raw = msgspec.json.encode(without_texts(held)).decode()
        assert not any(word in raw for word in ("Ana", "ana@", "Bo", "mornings", "We would", "twin", "place", "Here"))
        assert without_texts(held).state == "introduced"


def test_two_at_one_node_see_one_course() -> None:
    asker = asked()
    asker = taking(asker, sent(accepted(mirrored(asker))), AT)
    assert (asker.state, mirrored(asker).state, mirrored(mirrored(asker)).own) == (
        "introduced",
        "introduced",
        asker.own,
    )


def test_a_side_that_would_be_too_long_is_refused_before_it_is_asked() -> None:
    asking(ID, ABOUT, Spoken(), "က" * MAX_TEXT, "my", ASKERS, AT)
    titles = {f"x-{n}": "က" * 200 for n in range(8)}
    with pytest.raises(LimitError, match="at most"):
        asking(ID, ABOUT, Spoken(OWN, "need", titles), "က" * MAX_TEXT, "my", ASKERS, AT)


# --- hostile sides ----------------------------------------------------------------------------------------------------


def test_a_side_that_breaks_the_rules_is_refused() -> None:
    asker = asked()
    other = taking(None, sent(asker), AT)
    said = sent(accepted(other))
    stranger = str(uuid.UUID(int=9, version=4))
    refused(asker, changed(said, about=stranger), "another entry")
    refused(asker, changed(said, introduction=stranger), "another introduction")
    refused(asker, changed(said, seen=7), "never said")
    refused(asker, changed(sent(asker), version=2), "not for that side")
    refused(other, changed(said, version=2), "not for that side")
    refused(other, changed(sent(asker), version=2, details=ASKERS), "details came before")
    refused(other, changed(sent(asker), version=2, own=Spoken(stranger)), "speaks for another entry")
    refused(None, said, "nothing that was asked")
    refused(None, changed(sent(asker), details=ASKERS), "never said here")
    refused(None, changed(sent(asker), seen=1, heard="accepted"), "never said here")
    with pytest.raises(RefusedError, match="never said"):
        acknowledged(asker, 2, AT)


def test_nobody_holds_their_details_back_and_gets_the_others() -> None:
    asker = asked()
    other = accepted(taking(None, sent(asker), AT))
    refused(asker, changed(sent(other), details=Details()), "nobody can be reached")
    refused(asker, changed(sent(other), details=Details(" ", ("",))), "nobody can be reached")
    told = sent(taking(asker, sent(other), AT))
    refused(other, changed(told, details=Details()), "nobody can be reached")
    lied = changed(sent(other), seen=2, details=Details())
    with pytest.raises(RefusedError, match="nobody can be reached"):  # asked after the node was restored
        taking(asker, lied, AT, "2026-11-01T00:00:00Z")
    asker = taking(changed_held(asker, restored="2026-11-22T00:00:00Z"), lied, AT)  # it says that it holds ours already
    assert (asker.state, sent(asker).details) == ("introduced", Details())


def test_nobody_can_make_a_restored_node_unable_to_withdraw() -> None:
    for seen in (MAX_CLAIMED, MAX_CLAIMED + 1, MAX_VERSION):
        asker = changed_held(asked(), restored="2026-11-22T00:00:00Z")
        side = Side(ID, 1, "declined", ABOUT, AT, seen=seen, heard="asked")
        fresh = Side(ID, 1, "asked", ABOUT, AT, seen=seen, heard="declined")
        if seen > MAX_CLAIMED:
            for held, said in ((asker, side), (None, changed(side, stance="declined")), (None, fresh)):
                with pytest.raises(RefusedError):
                    taking(held, said, AT, "2026-11-22T00:00:00Z")
            with pytest.raises(RefusedError):
                acknowledged(asker, seen, AT)
        else:
            assert withdrawing(taking(asker, side, AT), AT).version == seen + 1
            accepted(taking(None, fresh, AT, "2026-11-22T00:00:00Z"))
    last = changed_held(asker, own=changed(sent(asked()), version=MAX_VERSION))
    assert withdrawing(last, AT).state == "taken-back"


def test_an_entry_that_is_erased_is_the_same_entry_and_nobody_can_tell_which() -> None:
    asker, other = introduced()
    ended = without_handle(withdrawing(other, AT), ABOUT)
    assert ABOUT not in msgspec.json.encode(ended).decode()
    asker = taking(asker, sent(ended), AT)
    assert asker.state == "taken-back" and asker.other is not None and asker.other.about == ABOUT
    gone = without_handle(asker, ABOUT)
    assert ABOUT not in msgspec.json.encode(gone).decode()
    assert taking(ended, sent(gone), AT).state == "taken-back"


def test_taken_back_is_final_and_accepted_is_not_declined_any_more() -> None:
    asker, other = introduced()
    ended = withdrawing(asker, AT)
    other = taking(other, sent(ended), AT)
    refused(other, changed(sent(asker), version=9), "final")
    assert other.own is not None
    refused(asker, changed(other.own, version=9, stance="declined", details=None), "only withdrawn")


@pytest.mark.parametrize(
    "fields",
    [
        {"version": MAX_VERSION + 1}, {"version": 0}, {"seen": -1}, {"stance": "perhaps"}, {"about": "x"},
        {"at": "now"}, {"stance": "accepted"}, {"stance": "declined", "details": {"name": "A"}},
        {"stance": "withdrawn"}, {"seen": 3}, {"heard": "asked"}, {"text": "x" * (MAX_TEXT + 1)},
        {"own": {"handle": "../etc"}},
    ],
)  # fmt: skip
def test_a_side_that_makes_no_sense_cannot_be_decoded(fields: dict[str, Any]) -> None:
    whole = {**msgspec.json.decode(encoded(sent(asked()))), **fields}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(whole), type=Side)


_STANCES = ("asked", "accepted", "declined", "withdrawn")
_any = st.tuples(
    st.integers(1, 4), st.sampled_from(_STANCES), st.sampled_from([ABOUT, ABOUT, OWN]), st.integers(0, 3),
    st.sampled_from(_STANCES), st.sampled_from(["", OWN, ABOUT]), st.booleans(),
)  # fmt: skip


def _as_claimed(parts: tuple[int, Any, str, int, Any, str, bool]) -> Side | None:
    version, stance, about, seen, heard, own, tells = parts
    details = Details("Mallory") if tells or stance == "accepted" else None
    try:
        return Side(
            ID, version, stance, about, AT, seen=seen, heard=heard if seen else "", own=Spoken(own), details=details
        )
    except ValueError:
        return None


@settings(max_examples=60)
@given(role=st.sampled_from(["asker", "asked"]), said=st.lists(_any, max_size=6))
def test_no_stranger_gets_details_without_having_agreed(role: Role, said: list[Any]) -> None:
    held: Held = asked() if role == "asker" else taking(None, sent(asked()), AT)
    agreed = False
    for parts in said:
        side = _as_claimed(parts)
        if side is None:
            continue
        try:
            held = taking(held, side, AT)
        except RefusedError:
            continue
        agreed |= side.stance == "accepted"
        tells = telling(held)
        if isinstance(tells, Side) and tells.details is not None:
            assert role == "asker" and agreed
        assert held.state != "introduced" or role == "asker"  # nobody here has accepted


# --- two nodes, and a channel that loses, repeats and reorders --------------------------------------------------------


class Node:
    """What one node keeps on its disk, and the backups of it."""

    def __init__(self, role: Role) -> None:
        self.role: Role = role
        self.held: Held | None = None
        self.restored = ""
        self.backups: list[Held | None] = [None]

    def hear(self, said: Side | Seen, at: str) -> None:
        try:
            if isinstance(said, Side):
                self.held = taking(self.held, said, at, self.restored)
            elif self.held is not None:
                self.held = acknowledged(self.held, said.version, at, self.restored)
        except RefusedError:
            pass  # nothing has changed


class TwoNodes(RuleBasedStateMachine):
    """Both sides of one introduction. The oracle: who said what, in which order, and what has left whom."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: dict[Role, Node] = {"asker": Node("asker"), "asked": Node("asked")}
        self.channel: list[tuple[Role, Side | Seen]] = []
        self.clock = datetime(2026, 11, 22, tzinfo=UTC)
        self.final: set[Role] = set()
        self.highest: dict[Role, int] = {"asker": 0, "asked": 0}
        self.ever_accepted = self.lost = False

    @property
    def now(self) -> str:
        self.clock += timedelta(seconds=1)
        return utc_text(self.clock)

    @initialize()
    def ask(self) -> None:
        self.nodes["asker"].held = asked()

    def _act(self, role: Role, act: Any) -> bool:
        node = self.nodes[role]
        if node.held is None:
            return False
        try:
            node.held = act(node.held)
        except (OutOfOrderError, FednetError):
            return False
        return True

    @rule()
    def accept(self) -> None:
        said = self._act("asked", lambda held: accepting(held, Spoken(ABOUT), ASKEDS, self.now))
        self.ever_accepted |= said

    @rule()
    def decline(self) -> None:
        self._act("asked", lambda held: declining(held, self.now))

    @rule(role=st.sampled_from(["asker", "asked"]))
    def take_back(self, role: Role) -> None:
        if self._act(role, lambda held: withdrawing(held, self.now)):
            self.final.add(role)

    @rule(role=st.sampled_from(["asker", "asked"]))
    def say(self, role: Role) -> None:
        held = self.nodes[role].held
        said = telling(held) if held else None
        if said is not None:
            self.channel.append((role, said))
            if isinstance(said, Side) and said.details is not None:
                assert self.ever_accepted
            if held is not None and held.other is not None and held.other.stance == "withdrawn":
                assert isinstance(said, Seen) or said.details in (None, Details())

    @precondition(lambda self: self.channel)
    @rule(where=st.integers(0, 1 << 16), stays=st.booleans())
    def deliver(self, where: int, stays: bool) -> None:
        """Anything that was ever said arrives, once or many times, in any order."""
        at = where % len(self.channel)
        role, said = self.channel[at] if stays else self.channel.pop(at)
        self.nodes["asked" if role == "asker" else "asker"].hear(said, self.now)

    @precondition(lambda self: self.channel)
    @rule(where=st.integers(0, 1 << 16))
    def lose(self, where: int) -> None:
        self.channel.pop(where % len(self.channel))

    @rule(role=st.sampled_from(["asker", "asked"]))
    def back_up(self, role: Role) -> None:
        self.nodes[role].backups.append(self.nodes[role].held)

    @rule(role=st.sampled_from(["asker", "asked"]), which=st.integers(0, 1 << 16))
    def restore(self, role: Role, which: int) -> None:
        node = self.nodes[role]
        held = node.backups[which % len(node.backups)]
        if held is None and role == "asker":
            return  # then there was no introduction, as far as it knows: see the test below
        node.restored, self.highest[role] = self.now, 0
        node.held = held and msgspec.structs.replace(held, restored=node.restored)
        self.lost = True

    @invariant()
    def nobody_reads_details_without_both(self) -> None:
        for node in self.nodes.values():
            if node.held is not None and node.held.state == "introduced":
                assert self.ever_accepted
        asker = self.nodes["asker"].held
        if asker is not None and asker.own is not None and asker.own.details is not None:
            assert self.ever_accepted

    @invariant()
    def versions_never_go_back(self) -> None:
        for role, node in self.nodes.items():
            version = node.held.version if node.held else 0
            assert version >= self.highest[role]
            self.highest[role] = version

    def teardown(self) -> None:
        """With the channel mended, both soon hold the same, and what was final is so still."""
        for _round in range(4):
            for role, node in self.nodes.items():
                said = telling(node.held) if node.held else None
                if said is not None:
                    self.nodes["asked" if role == "asker" else "asker"].hear(said, self.now)
        asker, other = self.nodes["asker"].held, self.nodes["asked"].held
        if asker is None or other is None:
            return
        assert asker.state == other.state
        assert not asker.restored and not other.restored
        assert not asker.undelivered and not other.undelivered
        if self.final and not self.lost:
            assert asker.state == "taken-back"


TwoNodes.TestCase.settings = settings(max_examples=80, stateful_step_count=30)
test_two_nodes_agree_whatever_the_channel_does = TwoNodes.TestCase
