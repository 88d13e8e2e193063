"""Requests that say who asks: RFC 9421 signatures by a network's transport key (SPEC 7.10).

```
Signature-Input: fednet=("@method" "@target-uri");created=1795284000;keyid="mzxw6ytboi...";alg="ed25519";
  expires=1795284300;nonce="r2cFb...";tag="fednet"
Signature: fednet=:wqcAqbmYJ2ji2gla...:
```
A request with a body carries its SHA-256 as Content-Digest (RFC 9530), which is signed too. Base strings and structured
fields are http-message-signatures' matter; what must be covered, how old a request may be and that none counts twice
is decided here.
"""

from __future__ import annotations

import os
import threading
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    MappingKeyResolver,
    VerifyResult,
)
from http_message_signatures.algorithms import ED25519

from fednet.errors import BusyError, UnauthenticatedError
from fednet.feed.checkpoint import check_network
from fednet.feed.text import shown, utc_text, utc_time
from fednet.node.fetch import Fetched
from fednet.node.files import write_atomically
from fednet.node.home import Home, now

TAG = "fednet"
LABEL = "fednet"
LIFETIME = 300  # seconds from `created` to `expires`, at most; so a clock may be nearly so late
AHEAD = 300  # seconds that an asker's clock may be ahead of ours
COVERED = ("@method", "@target-uri")
MAX_HEADER = 4096  # characters of Signature and of Signature-Input
NONCE_LENGTHS = range(8, 129)
MAX_NONCES = 20_000  # remembered of one network: about 30 requests a second
LARGEST_CORRECTION = timedelta(days=1)  # a clock that is off by more is put right by a person
ROUNDING = timedelta(seconds=5)

SEEN = "requests.seen"


class Message(NamedTuple):
    """A request as it is signed: `url` is the target URI, absolute; header lines in their order."""

    method: str
    url: str
    headers: MutableMapping[str, str] | Lines


class Lines(tuple[tuple[str, str], ...]):
    """Header lines as they came, each name as often as it came."""

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self)


# --- signing ----------------------------------------------------------------------------------------------------------


def signed_headers(
    method: str, url: str, body: bytes = b"", *, keyid: str, seed: bytes, created: datetime, nonce: str
) -> dict[str, str]:
    """The headers that sign a request: Signature-Input, Signature and, with a body, Content-Digest.

    Deterministic. `keyid` is the asker's network id, `seed` its transport key's.
    """
    keys = MappingKeyResolver(public_keys={}, private_keys={keyid: Ed25519PrivateKey.from_private_bytes(seed)})
    message = Message(method, target_uri(url), {})
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=keys).sign(
        message,
        key_id=keyid,
        created=created,
        expires=created + timedelta(seconds=LIFETIME),
        nonce=nonce,
        label=LABEL,
        tag=TAG,
        covered_component_ids=COVERED,
        body=body or None,
    )
    return dict(message.headers.items())


def target_uri(url: str) -> str:
    """An absolute http or https address in the one spelling that is signed: no default port, host in small letters.

    Raises ValueError when it is none.
    """
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{parts.path or '/'}{query}"


def fresh_nonce() -> str:
    return urlsafe_b64encode(os.urandom(18)).decode()


class Signer:
    """Signs the requests of one network. When a node that was asked tells its time, the next ones are signed by it."""

    def __init__(self, keyid: str, seed: bytes, *, clock: Callable[[], datetime] = now) -> None:
        self.keyid, self.seed, self.clock = keyid, seed, clock
        self.offset = timedelta()

    def headers(self, method: str, url: str, body: bytes = b"") -> dict[str, str]:
        created = self.clock() + self.offset
        return signed_headers(method, url, body, keyid=self.keyid, seed=self.seed, created=created, nonce=fresh_nonce())

    def corrected(self, refusal: bytes) -> bool:
        """Whether the body of a 401 explains it by our clock, so that asking again is worth it.

        What it may lead us to is bounded: the signature is for that node's address alone, at a time of its choice.
        """
        try:
            told = utc_time(msgspec.json.decode(refusal)["time"])
        except Exception:  # a stranger's bytes: whatever they are, they explain nothing
            return False
        offset = told - self.clock()
        if abs(offset - self.offset) <= ROUNDING or abs(offset) > LARGEST_CORRECTION:
            return False
        self.offset = offset
        return True

    async def asked(
        self, ask: Callable[[dict[str, str]], Awaitable[Fetched]], method: str, url: str, body: bytes = b""
    ) -> Fetched:
        """What `ask` answers to the headers that sign this request; it is asked again where our clock was wrong."""
        fetched = await ask(self.headers(method, url, body))
        if fetched.status == 401 and self.corrected(fetched.body):
            return await ask(self.headers(method, url, body))
        return fetched


def signer(home: Home) -> Signer:
    """Signs as this node's network; reads the key from the home once."""
    return Signer(home.network.network, home.keys.transport_seed)


# --- verifying --------------------------------------------------------------------------------------------------------

Known = Callable[[str], bytes | None]
"""Network id -> transport key, or None when the network is nobody's that we know."""


class Verifying:
    """Checks the signatures of requests to one process, which began at `began`; remembers what it has seen.

    With `seen`, a file, it remembers over a restart as well. Any thread may ask, of one process at a time: `serve` sees
    to that.
    """

    def __init__(self, known: Known, *, began: datetime, seen: Path | None = None) -> None:
        self.known = known
        self.began = int(began.timestamp())
        self.nonces = _Nonces(seen, self.began)

    def check(self, message: Message, body: bytes, now: datetime) -> str:
        """The id of the network that signed this request just now, for the first time; else UnauthenticatedError.

        What is said of a signature that fails does not tell whether the network is known here.
        """
        try:
            return self._checked(message, body, now)
        except UnauthenticatedError as error:
            error.time = utc_text(now)
            raise

    def _checked(self, message: Message, body: bytes, now: datetime) -> str:
        for name in ("signature", "signature-input"):
            if sum(len(value) for key, value in message.headers.items() if key.lower() == name) > MAX_HEADER:
                raise UnauthenticatedError(f"the {name} field is longer than {MAX_HEADER} characters")
        signed = self._verified(message, body).parameters
        self._check_parameters(signed)
        network, created, expires = str(signed["keyid"]), int(signed["created"]), int(signed["expires"])
        self._check_times(created, expires, now)
        self.nonces.use(network, str(signed["nonce"]), expires, int(now.timestamp()))
        return network

    def _verified(self, message: Message, body: bytes) -> VerifyResult:
        keys = _Keys(self.known)
        covered = (*COVERED, "content-digest") if body else COVERED
        try:
            results = _Verifier(signature_algorithm=ED25519, key_resolver=keys).verify(
                message, max_age=None, require_components=covered, body=body
            )
        except Exception as error:  # whatever a stranger's header makes the library say
            raise UnauthenticatedError(
                f"no good signature of {message.method} {shown(message.url, 200)} by a network known here: "
                f"{shown(str(error), 120)}",
                hint="the node's address must be spelled as the node spells it, and the network be followed there",
            ) from None
        if len(results) != 1 or not keys.found:
            raise UnauthenticatedError("expected one signature")
        return results[0]

    @staticmethod
    def _check_parameters(signed: dict[str, int | str]) -> None:
        if signed.get("tag") != TAG or signed.get("alg") != ED25519.algorithm_id:
            raise UnauthenticatedError(f'the signature must say tag="{TAG}" and alg="{ED25519.algorithm_id}"')
        if any(type(signed.get(name)) is not int for name in ("created", "expires")):
            raise UnauthenticatedError("the signature does not say when it was created and when it expires")
        nonce = signed.get("nonce")
        if not isinstance(nonce, str) or len(nonce) not in NONCE_LENGTHS:
            raise UnauthenticatedError("the signature needs a nonce of 8 to 128 characters")

    def _check_times(self, created: int, expires: int, now: datetime) -> None:
        here = now.timestamp()
        self.began = min(self.began, int(here))  # a clock that was set back: else nobody would be heard until then
        if not 0 < expires - created <= LIFETIME:
            raise UnauthenticatedError(f"a signature is good for 1 to {LIFETIME} s, this one for {expires - created}")
        if created > here + AHEAD:
            raise UnauthenticatedError(
                f"signed {created - here:.0f} s in the future: by this node it is {utc_text(now)}"
            )
        if expires <= here:
            raise UnauthenticatedError(f"expired {here - expires:.0f} s ago: by this node it is {utc_text(now)}")
        if created < self.began:
            raise UnauthenticatedError(
                f"signed {self.began - created} s before this node was started: by this node it is {utc_text(now)}",
                hint="ask again",
            )


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Nothing: times are checked by the clock that the caller gives, and only of who could sign."""


class _Keys(HTTPSignatureKeyResolver):
    """The transport key of a network; for an unknown one a key that nobody has, so that refusing takes as long."""

    nobody = Ed25519PrivateKey.generate().public_key()

    def __init__(self, known: Known) -> None:
        self.known = known
        self.found = False

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        key = self.known(check_network(key_id))
        self.found = key is not None
        return self.nobody if key is None else Ed25519PublicKey.from_public_bytes(key)


class _Nonces:
    """What each network has used, until it expires. The file has a line for each, `<expires> <hash>`.

    The file is written without waiting for the disk: it is for a restart of the program. When the machine fails, its
    start takes longer than two requests of one second are apart.
    """

    def __init__(self, path: Path | None, now: int) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.seen: dict[str, dict[bytes, int]] = {}
        self.before = dict(_lines(path, now)) if path else {}
        self.swept = now
        if path and self.before:
            write_atomically(path, b"".join(_line(digest, expires) for digest, expires in self.before.items()))

    def use(self, network: str, nonce: str, expires: int, now: int) -> None:
        digest = sha256(f"{network} {nonce}".encode()).digest()[:16]
        with self.lock:
            self._sweep(now)
            used = self.seen.setdefault(network, {})
            if digest in used or digest in self.before:
                raise UnauthenticatedError("this request was made before: the nonce is used", hint="sign it anew")
            if len(used) >= MAX_NONCES:
                raise BusyError(f"more than {MAX_NONCES} requests in a few minutes", hint="ask less often")
            used[digest] = expires
            if self.path:
                self._append(self.path, _line(digest, expires))

    def _append(self, path: Path, line: bytes) -> None:
        with suppress(OSError):  # a full disk: what this process has seen, it remembers all the same
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)

    def _sweep(self, now: int) -> None:
        """Forget what has expired, once a lifetime."""
        if abs(now - self.swept) < LIFETIME:
            return
        self.swept = now
        for used in (self.before, *self.seen.values()):
            for digest in [digest for digest, expires in used.items() if expires <= now]:
                del used[digest]
        if self.path:
            kept = {**self.before, **{d: e for used in self.seen.values() for d, e in used.items()}}
            with suppress(OSError):
                write_atomically(self.path, b"".join(_line(digest, expires) for digest, expires in kept.items()))


def _line(digest: bytes, expires: int) -> bytes:
    return b"%d %s\n" % (expires, digest.hex().encode())


def _lines(path: Path, now: int) -> Iterable[tuple[bytes, int]]:
    """What is in the file and has not expired; a line that cannot be read is none."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        with suppress(ValueError):
            expires, digest = line.split(b" ")
            if int(expires) > now:
                yield bytes.fromhex(digest.decode()), int(expires)
