"""C2SP tlog-witness v1.0.0: what a log asks a witness, and the witness's rules.

```
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=      consistency proof, at most 63 lines

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1...
```
The answer is the witness's signature lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

from fednet.errors import MalformedError, ProofError, SignatureError, SplitViewError
from fednet.feed import note as notes
from fednet.feed import tlog
from fednet.feed.checkpoint import Checkpoint, check_circle, check_network, parse_checkpoint
from fednet.feed.note import Note, Signature, Verifier, open_note
from fednet.feed.text import base64_bytes, base64_text, number, shown, utf8

MAX_PROOF = 63
MAX_REQUEST = 64 * 1024
SIZE_TYPE = "text/x.tlog.size"


class Request(msgspec.Struct, frozen=True):
    """A parsed add-checkpoint request; nothing is said yet about who signed it."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    @property
    def checkpoint(self) -> Checkpoint:
        return parse_checkpoint(self.note.text)

    @property
    def encoded(self) -> bytes:
        lines = [f"old {self.old}", *map(base64_text, self.proof), "", ""]
        return "\n".join(lines).encode() + self.note.encoded


def parse_request(raw: bytes) -> Request:
    head, separator, signed = raw.partition(b"\n\n")
    lines = utf8(head, "request").split("\n")
    if not separator or not lines[0].startswith("old "):
        raise MalformedError("a request is an old size, a consistency proof, an empty line and a checkpoint")
    if len(lines) - 1 > MAX_PROOF:
        raise MalformedError(f"a proof of {len(lines) - 1} lines, at most {MAX_PROOF} are read")
    proof = tuple(base64_bytes(line, tlog.HASH_SIZE, "consistency proof") for line in lines[1:])
    request = Request(number(lines[0][4:], "old size"), proof, notes.parse(signed))
    if request.old > request.checkpoint.size:
        raise MalformedError(f"old size {request.old} is beyond the checkpoint's {request.checkpoint.size}")
    return request


def parse_origin(origin: str) -> tuple[str, str, int]:
    """Network, circle and epoch of a log; MalformedError for one that is no log of ours."""
    match origin.split("/"):
        case ["fednet", network, circle, epoch]:
            return check_network(network), check_circle(circle), number(epoch, "epoch")
    raise MalformedError(f"{shown(origin)} is not the origin of a fednet log")


def origin_hash(origin: str) -> str:
    """What a log is called at a witness's monitoring address."""
    return sha256(origin.encode()).hexdigest()


def check_growth(request: Request, known_root: bytes) -> None:
    """Raise unless the checkpoint only adds to the log that was cosigned last, of size `request.old`.

    SplitViewError for the same size and another root, ProofError for a proof that does not join the two.
    """
    checkpoint = request.checkpoint
    if checkpoint.size == 0 and checkpoint.root != tlog.EMPTY_ROOT:
        raise ProofError("a log of size 0 has the root of nothing")
    if request.old == 0:
        if request.proof:
            raise ProofError("nothing is to be proven from size 0 on")
        return
    if request.old == checkpoint.size and checkpoint.root != known_root:
        raise SplitViewError(f"{checkpoint.origin}: another root than the one cosigned for size {checkpoint.size}")
    tlog.check_consistency(request.proof, request.old, known_root, checkpoint.size, checkpoint.root)


def cosignatures(raw: bytes, text: bytes, known: Iterable[Verifier]) -> tuple[Signature, ...]:
    """One cosignature by each known key in a witness's answer; raises SignatureError when none verifies."""
    answer = notes.parse(text + b"\n" + raw)
    if answer.text != text:
        raise MalformedError("the answer of a witness has signature lines only")
    verifiers = tuple(known)
    open_note(answer, verifiers)
    wanted = {(verifier.name, verifier.id) for verifier in verifiers}
    first = {(found.name, found.id): found for found in reversed(answer.signatures)}
    return tuple(found for who, found in first.items() if who in wanted)


def cosigned(checkpoint: Note, added: Sequence[Signature]) -> Note:
    """The checkpoint with these cosignatures, each in the place of an older one of the same key."""
    replaced = {(one.name, one.id) for one in added}
    kept = [one for one in checkpoint.signatures if (one.name, one.id) not in replaced]
    room = notes.MAX_SIGNATURES - len(kept)
    if room < len(added):
        raise SignatureError(f"a note has at most {notes.MAX_SIGNATURES} signatures")
    return Note(checkpoint.text, (*kept, *added))
