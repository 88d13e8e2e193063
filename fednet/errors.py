"""Every way fednet refuses, each with the word that the protocol uses for it.

A `FednetError` carries what an edge needs to tell the world: `word` (the `error` member of a JSON error answer,
SPEC section 7), `status` (HTTP) and `exit_code` (command line; 1 failed, 2 usage, 3 verification refused something).
Untrusted bytes raise `FednetError` and nothing else.
"""

from __future__ import annotations


class FednetError(Exception):
    """Base of everything fednet raises on purpose. `hint`, when given, is what to do next, often a command."""

    word = "error"
    status = 400
    exit_code = 1

    def __init__(self, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint


class UsageError(FednetError):
    """The request itself makes no sense: an unknown field, an unknown term, a missing option."""

    word = "usage"
    exit_code = 2


class NotFoundError(FednetError):
    """What was named is not here, or not for this reader: the two are never told apart."""

    word = "not-found"
    status = 404


class UnauthenticatedError(FednetError):
    """A request's signature fails, is too old, was used before, or is nobody's that we know: never a smaller answer."""

    word = "unauthenticated"
    status = 401
    time: str | None = None  # by the clock of whoever refused, so that the asker can tell that its own is wrong


class ForbiddenError(FednetError):
    """Somebody who is known may not do this; where signing in would help, they are asked to."""

    word = "forbidden"
    status = 403


class ChangedError(FednetError):
    """Somebody else changed it after whoever asks had looked at it: nothing was done, so that nothing is lost."""

    word = "changed"
    status = 409


class BusyError(FednetError):
    """Somebody else is writing, or a limit on concurrent work is reached; trying again may succeed."""

    word = "busy"
    status = 503


class ThrottledError(FednetError):
    """One client asks for more costly answers than this node makes for one; it may go on in a moment."""

    word = "throttled"
    status = 429


class SlowError(FednetError):
    """A request did not come whole within its time."""

    word = "too-slow"
    status = 408


class MisdirectedError(FednetError):
    """The request is for a host of another name: perhaps a page elsewhere whose name was made to lead here."""

    word = "misdirected"
    status = 421


class BrokenStoreError(FednetError):
    """The database or a file of this node is damaged or of a version this program does not know."""

    word = "broken-store"
    status = 500


class UnreachableError(FednetError):
    """A peer did not answer, answered too slowly, or gave an address we do not connect to."""

    word = "unreachable"
    status = 502


class RefusedError(FednetError):
    """Verification refused bytes: nothing of them was kept, the last verified state stands."""

    word = "refused"
    status = 422
    exit_code = 3


class MalformedError(RefusedError):
    """Bytes are not in the form the protocol prescribes."""

    word = "malformed"
    status = 400


class LimitError(RefusedError):
    """A named limit (SPEC section 8) was exceeded."""

    word = "too-much"
    status = 413


class SignatureError(RefusedError):
    """A signature by a known key fails, or none by a required key is there."""

    word = "bad-signature"


class ProofError(RefusedError):
    """A Merkle proof does not lead to the root it was given for."""

    word = "bad-proof"


class SplitViewError(RefusedError):
    """The log shows a history that differs from the one it signed before."""

    word = "split-view"


class RollbackError(RefusedError):
    """A source offers an older position than the one already accepted."""

    word = "rolled-back"
    status = 409


class StateMismatchError(RefusedError):
    """What was received does not add up to the root that was signed."""

    word = "state-mismatch"


class MisplacedLeafError(RefusedError):
    """A leaf or child is shown where its key does not lie."""

    word = "misplaced-leaf"


class IdentityError(RefusedError):
    """An identity statement does not follow from the one before it, or is not of the pinned network."""

    word = "bad-identity"


class IdentityForkError(IdentityError):
    """Two statements of one sequence number both verify: a person must decide."""

    word = "identity-fork"


class WrongKeyError(RefusedError):
    """A message is sealed to another key than that of its reader's newest statement."""

    word = "wrong-key"


class VersionError(RefusedError):
    """The peer speaks no protocol version that we speak."""

    word = "unknown-version"


class GoneError(FednetError):
    """A `changes` answer cannot begin where it was asked to; read pages instead. `reason` is part of the wire."""

    word = "gone"
    status = 410
