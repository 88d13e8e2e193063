"""The high-water mark: the newest position this node has signed, for each of its own logs (SPEC section 6).

It lives beside the database and outside every backup. A database that is older than the mark has been restored or
rolled back, and must not sign: it would show a second history. A home that was copied does not sign until a person
adopts it.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec

from fednet.errors import BrokenStoreError, RollbackError
from fednet.feed.text import base64_bytes, base64_text
from fednet.feed.tlog import Frontier
from fednet.node.files import write_atomically

NAME = "high-water-mark.json"
_MACHINE_ID = Path("/etc/machine-id")


class Signed(msgspec.Struct, frozen=True):
    """The newest checkpoint of one log that was ever about to be signed here."""

    epoch: int
    size: int
    root: str


class Content(msgspec.Struct, frozen=True):
    """The file: whose it is, where it was written, and a position a circle."""

    network: str
    machine: str
    directory: str
    logs: dict[str, Signed] = {}


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

    def check_place(self) -> None:
        """Raise unless the mark is here, and was written on this machine in this directory."""
        content = self.read()
        if content is None:
            raise RollbackError("the high-water mark is missing: this node cannot know what it signed",
                                hint="fednet doctor --adopt, if no other copy of this node exists")  # fmt: skip
        if (content.machine, content.directory) != self._place():
            raise RollbackError("this home was copied or moved here: two nodes must never sign as one network",
                                hint="fednet doctor --adopt, once the other copy is switched off for good")  # fmt: skip

    def advance(self, circle: str, epoch: int, before: Frontier, size: int, root: bytes) -> None:
        """Allow the signature of (epoch, size, root), which follows on `before`; durable when this returns.

        Raises RollbackError when something else was signed at that place or beyond it.
        """
        self.check_place()
        content = self.read()
        signed = content.logs.get(circle) if content else None
        held = (epoch, before.size, base64_text(before.root))
        wanted = Signed(epoch, size, base64_text(root))
        if content is None or (signed is None and before.size):
            raise RollbackError("the high-water mark does not know this log", hint="fednet doctor --adopt")
        if signed is not None and signed != wanted and (signed.epoch, signed.size, signed.root) != held:
            raise RollbackError(
                f"the high-water mark says that edition {signed.size} of epoch {signed.epoch} was signed; the database "
                f"holds {before.size}, and must not sign another history",
                hint="restore the newest backup, or re-read the feed from a follower",
            )
        if signed != wanted:
            self._write(msgspec.structs.replace(content, logs={**content.logs, circle: wanted}))

    def adopt(self, network: str, logs: dict[str, tuple[int, Frontier]]) -> None:
        """A person says that this is the one copy: the mark follows the database, and this place."""
        content = self.read()
        signed = {circle: Signed(epoch, f.size, base64_text(f.root)) for circle, (epoch, f) in logs.items() if f.size}
        for circle, old in (content.logs if content else {}).items():
            new = signed.get(circle)
            if new is None or (old.epoch, old.size) > (new.epoch, new.size):
                raise RollbackError(
                    f"circle {circle}: edition {old.size} was signed, the database holds {new.size if new else 0}",
                    hint="restore the newest backup, or re-read the feed from a follower",
                )
        self._write(Content(network, *self._place(), logs=signed))

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
