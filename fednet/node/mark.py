"""The high-water mark: the newest position this node has signed, for each of its own logs (SPEC 6.5).

It lives beside the database and outside every backup. A database that is older than the mark has been restored or
rolled back, and must not sign: it would show a second history. A home that was copied does not sign until a person
adopts it. And once somebody has shown that more was signed than is known here, the mark says so, and nothing is signed
until that is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from fednet.errors import BrokenStoreError, RollbackError
from fednet.feed.text import base64_bytes, base64_text
from fednet.feed.tlog import Frontier
from fednet.node.files import write_atomically

NAME = "high-water-mark.json"
REREAD = "fednet restore --from URL re-reads the feed from a follower; if nobody has it, fednet keys recover goes on"
ADOPT = "fednet doctor --adopt"
DAMAGED = (
    "fednet restore --from URL reads the own feed again from a follower; else an older backup; "
    "fednet keys recover goes on from what is here"
)
_MACHINE_ID = Path("/etc/machine-id")

Kind = Literal["ahead", "fork", "restored", "damaged"]
HINTS: dict[Kind, str] = {
    "ahead": REREAD,
    "fork": "two copies of this node have signed: switch the other one off, then fednet keys recover opens a new epoch",
    "restored": f"{ADOPT} --newest, if nothing was published after that; if something was, fednet restore --from URL "
    "asks whoever may hold it; if nobody can be asked, fednet keys recover --as-restored",
    "damaged": DAMAGED,
}


class Signed(msgspec.Struct, frozen=True):
    """The newest checkpoint of one log that was ever about to be signed here."""

    epoch: int
    size: int
    root: str

    @classmethod
    def of(cls, epoch: int, frontier: Frontier) -> Signed:
        return cls(epoch, frontier.size, base64_text(frontier.root))


class Log(NamedTuple):
    """Where the database stands with one own log: what it has accepted, and what will be signed for the edition that
    is prepared, if one is. `root_at` tells the root it had at a smaller size."""

    epoch: int
    frontier: Frontier
    prepared: Signed | None = None
    root_at: Callable[[int], bytes] | None = None

    @property
    def newest(self) -> Signed:
        return Signed.of(self.epoch, self.frontier)


class Stopped(msgspec.Struct, frozen=True):
    """Why nothing more is signed in the logs of an epoch and of those before it.

    `ahead`: somebody holds more of our own log than is known here. `fork`: somebody holds another one. `restored`:
    nothing shows that what was restored is the newest that was signed. `damaged`: what is stored is not what
    was signed.
    """

    kind: Kind
    epoch: int
    detail: str

    @property
    def hint(self) -> str:
        return HINTS[self.kind]


class Content(msgspec.Struct, frozen=True):
    """The file: whose it is, where it was written, a position a circle, and why nothing more is signed."""

    network: str
    machine: str
    directory: str
    logs: dict[str, Signed] = {}
    stopped: Stopped | None = None
    statement: int = 0  # the sequence of the newest identity statement that was ever about to be published


class Mark:
    """The mark of one home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / NAME

    def read(self) -> Content | None:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Content)
        except FileNotFoundError:
            return None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BrokenStoreError(f"{self.path}: {error}", hint="fednet doctor") from None

    def begin(self, network: str) -> None:
        """The mark of a new home: nothing is signed yet."""
        self._write(Content(network, *self._place()))

    @property
    def here(self) -> str:
        """This machine and directory, hashed."""
        return sha256(" ".join(self._place()).encode()).hexdigest()

    def is_here(self) -> bool:
        """Whether the mark was written on this machine in this directory."""
        content = self.read()
        return content is not None and (content.machine, content.directory) == self._place()

    def check_place(self) -> Content:
        """Raise unless the mark is here, and was written on this machine in this directory."""
        content = self.read()
        if content is None:
            raise RollbackError("the high-water mark is missing: this node cannot know what it signed",
                                hint=f"{ADOPT}, if no other copy of this node exists")  # fmt: skip
        if (content.machine, content.directory) != self._place():
            raise RollbackError("this home was copied or moved here: two nodes must never sign as one network",
                                hint=f"{ADOPT}, once the other copy is switched off for good")  # fmt: skip
        return content

    def check(self, circle: str, log: Log) -> None:
        """Raise unless the next edition may follow on what the database holds. Asked before anything is prepared."""
        content = self.check_place()
        _check_going(content, log.epoch)
        _check_follows(content, circle, log)

    def advance(self, circle: str, epoch: int, before: Frontier, size: int, root: bytes) -> None:
        """Allow the signature of (epoch, size, root), which follows on `before`; durable when this returns.

        Raises RollbackError when something else was signed at that place or beyond it.
        """
        content = self.check_place()
        _check_going(content, epoch)
        wanted = Signed(epoch, size, base64_text(root))
        if content.logs.get(circle) == wanted:
            return
        _check_follows(content, circle, Log(epoch, before))
        self._write(msgspec.structs.replace(content, logs={**content.logs, circle: wanted}))

    def stop(self, stopped: Stopped) -> None:
        """Sign nothing more until this is settled; a reason that is there already stays, but for a graver one."""
        content = self.read()
        if content is None:
            return  # nothing is signed without a mark
        held = content.stopped
        if held is None or held.epoch < stopped.epoch or (held.kind != "fork" and stopped.kind == "fork"):
            self._write(msgspec.structs.replace(content, stopped=stopped))

    def put_stopped(self, stopped: Stopped | None) -> None:
        """Stop, or go on, whatever was said before. The caller is alone in the home."""
        content = self.read()
        if content is not None:
            self._write(msgspec.structs.replace(content, stopped=stopped))

    def stopped(self, epoch: int) -> Stopped | None:
        """Why nothing is signed in this epoch, if that is so."""
        content = self.read()
        stopped = content.stopped if content else None
        return stopped if stopped is not None and epoch <= stopped.epoch else None

    def check_stated(self, sequence: int) -> None:
        """Raise when a statement of this number was published from here before: a second one would be a fork."""
        content = self.read()
        if content is not None and content.statement >= sequence:
            raise RollbackError(
                f"statement {content.statement} of this network was published from here, the database does not know "
                f"it, and a second statement {sequence} would fork the network's identity",
                hint=REREAD,
            )

    def state(self, network: str, sequence: int) -> None:
        """Allow the publication of an identity statement; durable when this returns.

        Whoever holds the recovery keys says with it that the node is here. What was signed stays known.
        """
        machine, directory = self._place()
        content = self.read() or Content(network, machine, directory)
        sequence = max(sequence, content.statement)
        self._write(msgspec.structs.replace(content, machine=machine, directory=directory, statement=sequence))

    def agrees(self, logs: Mapping[str, Log]) -> bool:
        """Whether the mark was written here, and what was signed last is just what the database holds or prepares."""
        content = self.read()
        if content is None or not self.is_here() or not content.logs.keys() <= logs.keys():
            return False
        return all(
            content.logs.get(circle) in (log.newest, log.prepared) if circle in content.logs else not log.frontier.size
            for circle, log in logs.items()
        )

    def check_known(self, logs: Mapping[str, Log]) -> None:
        """Raise when more, or something else, was signed here than the database holds."""
        content = self.read()
        for circle, signed in (content.logs if content else {}).items():
            log = logs.get(circle)
            if log is None or not _is_known(signed, log):
                raise _behind(circle, signed, log)

    def adopt(self, network: str, logs: Mapping[str, Log], stopped: Stopped | None = None) -> None:
        """The mark follows the database, and this place. Raises RollbackError when it knows of more than that.

        An edition that is prepared counts as signed: whoever lost the mark cannot know that it was not.
        """
        self.check_known(logs)
        content = self.read()
        signed = {
            circle: log.prepared or log.newest for circle, log in logs.items() if log.frontier.size or log.prepared
        }
        stated = content.statement if content else 0
        self._write(Content(network, *self._place(), logs=signed, stopped=stopped, statement=stated))

    def _write(self, content: Content) -> None:
        for signed in content.logs.values():
            base64_bytes(signed.root, 32, "high-water mark")
        write_atomically(self.path, msgspec.json.format(msgspec.json.encode(content)) + b"\n")

    def _place(self) -> tuple[str, str]:
        """Which machine and which directory this is; hashed, so that the file tells neither.

        The number of the device is left out: some systems give it anew at every start.
        """
        machine = _MACHINE_ID.read_bytes() if _MACHINE_ID.exists() else b""
        directory = str(self.home.stat().st_ino).encode()
        return sha256(b"fednet " + machine).hexdigest(), sha256(directory).hexdigest()


def _check_going(content: Content, epoch: int) -> None:
    stopped = content.stopped
    if stopped is not None and epoch <= stopped.epoch:
        raise RollbackError(f"this node signs nothing: {stopped.detail}", hint=stopped.hint)


def _check_follows(content: Content, circle: str, log: Log) -> None:
    """What was signed last is what the database holds or has prepared; the log of a later epoch begins empty."""
    signed = content.logs.get(circle)
    if signed is not None and signed in (log.newest, log.prepared):
        return
    if signed is None or signed.epoch < log.epoch:
        if log.frontier.size:
            raise RollbackError("the high-water mark does not know this log", hint=ADOPT)
    elif (signed.epoch, signed.size) < (log.epoch, log.frontier.size):
        raise RollbackError(
            f"circle {circle}: the database holds {log.frontier.size} editions, the high-water mark says that only "
            f"{signed.size} were signed here",
            hint=ADOPT,
        )
    else:
        raise _behind(circle, signed, log)


def _is_known(signed: Signed, log: Log) -> bool:
    """Whether what was signed last is part of what the database holds, or what it has prepared."""
    if signed.epoch < log.epoch or signed in (log.newest, log.prepared):
        return True
    if signed.epoch > log.epoch or signed.size >= log.frontier.size or log.root_at is None:
        return False
    return signed.root == base64_text(log.root_at(signed.size))


def _behind(circle: str, signed: Signed, log: Log | None) -> RollbackError:
    held = f"{log.frontier.size} of epoch {log.epoch}" if log else "none"
    return RollbackError(
        f"circle {circle}: the high-water mark says that edition {signed.size} of epoch {signed.epoch} was signed; the "
        f"database holds {held}, and must not sign another history",
        hint=REREAD,
    )
