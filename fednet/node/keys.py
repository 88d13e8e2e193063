"""This node's keys: the online ones, which lie in its home, and the recovery keys, which must never be there.

```
keys.json        online private keys, mode 0600: log, cosigner, transport, bundle
keys.next.json   those of an epoch that is being opened; takes the place of keys.json once it is open
```
A recovery key is written on paper in 14 groups of 4 letters and digits: base32 of the 32 bytes of the seed and three of
a checksum, so that a slip of the pen is told from a wrong key.
"""

from __future__ import annotations

import os
from base64 import b32decode, b32encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import pyrage
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from fednet.errors import BrokenStoreError, NotFoundError, UsageError
from fednet.feed import ed25519
from fednet.feed.identity import Identity, Statement, fingerprint
from fednet.feed.note import Ed25519Signer
from fednet.feed.text import base64_bytes, base64_text
from fednet.node.files import sync_directory, write_atomically

KEYS = "keys.json"
NEXT = "keys.next.json"

CHECKSUM_SIZE = 3
SPELLED_SIZE = (ed25519.KEY_SIZE + CHECKSUM_SIZE) * 8 // 5  # 56 characters, no padding
LABEL = "key "
MAX_RECOVERY_FILE = 64 * 1024
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_SLIPS = str.maketrans("018", "olb", " -\t\r\n")  # digits that base32 does not have, and what stands between groups
_BECH32 = {letter: bits for bits, letter in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_ANYBODY = X25519PrivateKey.from_private_bytes(bytes(32))


class Keys(msgspec.Struct, frozen=True):
    """Online private keys: base64 seeds of 32 bytes, and an age identity."""

    log: str
    cosigner: str
    transport: str
    bundle: str

    def log_signer(self, origin: str) -> Ed25519Signer:
        return Ed25519Signer(origin, self._seed(self.log))

    @property
    def cosigner_seed(self) -> bytes:
        return self._seed(self.cosigner)

    @property
    def transport_seed(self) -> bytes:
        return self._seed(self.transport)

    @property
    def public(self) -> OnlineKeys:
        log, cosigner, transport = (
            ed25519.public_key(self._seed(seed)) for seed in (self.log, self.cosigner, self.transport)
        )
        return OnlineKeys(log, cosigner, transport, _recipient(self.bundle))

    def _seed(self, seed: str) -> bytes:
        return base64_bytes(seed, ed25519.KEY_SIZE, KEYS)


class OnlineKeys(msgspec.Struct, frozen=True):
    """The public halves, as a statement names them: three raw Ed25519 keys and an age recipient."""

    log: bytes
    cosigner: bytes
    transport: bytes
    bundle: str

    def named_by(self, statement: Statement) -> bool:
        named = (*map(base64_text, (self.log, self.cosigner, self.transport)), self.bundle)
        return named == statement.online_keys


def fresh() -> Keys:
    """New online keys."""
    log, cosigner, transport = (base64_text(os.urandom(ed25519.KEY_SIZE)) for _ in range(3))
    return Keys(log, cosigner, transport, bundle=str(pyrage.x25519.Identity.generate()))


def _recipient(identity: str) -> str:
    try:
        return str(pyrage.x25519.Identity.from_str(identity).to_public())
    except Exception:  # pyrage names its errors by nothing narrower
        raise BrokenStoreError(f"{KEYS}: the bundle key is not an age identity", hint="fednet doctor") from None


def age_recipient(text: str) -> pyrage.x25519.Recipient:
    """To whom pyrage encrypts. UsageError for what is no age recipient, and for a point of low order: to that everybody
    knows the secret, and age does not refuse it but ends the thread that asks."""
    try:
        found = pyrage.x25519.Recipient.from_str(text)
        _ANYBODY.exchange(X25519PublicKey.from_public_bytes(_point(text)))
    except (pyrage.RecipientError, ValueError):
        raise UsageError(f"{text[:80]!r} is no age recipient") from None
    return found


def _point(recipient: str) -> bytes:
    """The 32 bytes of a recipient, whose checksum was verified: what stands between `age1` and six letters of that."""
    number = 0
    for letter in recipient.lower()[4:-6]:
        number = number << 5 | _BECH32[letter]
    return (number >> 4).to_bytes(32)


# --- the files --------------------------------------------------------------------------------------------------------


def write(home: Path, keys: Keys, name: str = KEYS) -> None:
    write_atomically(home / name, msgspec.json.format(msgspec.json.encode(keys)) + b"\n", mode=0o600)


def read(home: Path, identity: Identity) -> Keys:
    """The online keys of a home: those that its identity names, also when a crash left them under the other name."""
    found = _laid_ready(home, identity.current) or _read(home / KEYS)
    if found is None:
        raise NotFoundError(
            f"{home / KEYS} is missing: this home cannot sign",
            hint="bring it back, or open a new epoch: fednet keys recover --recovery FILE --closes last-good",
        )
    return found


def _laid_ready(home: Path, statement: Statement) -> Keys | None:
    """The keys that lie beside the old ones, if they are those that a statement names."""
    found = _read(home / NEXT)
    return found if found is not None and found.public.named_by(statement) else None


def read_file(path: Path) -> Keys:
    """The keys in one file, whoever's they are."""
    found = _read(path)
    if found is None:
        raise NotFoundError(f"{path} is missing")
    return found


def _read(path: Path) -> Keys | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Keys)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenStoreError(f"{path}: {error}", hint="fednet doctor") from None


def keep_next(home: Path, keys: Keys) -> None:
    """Lay new keys beside the old ones, durably; nothing is signed with them before a statement names them."""
    write(home, keys, NEXT)


def read_next(home: Path, statement: Statement) -> Keys:
    """The keys laid ready for a statement; in their place already, when a database from before they took it is back."""
    found = _laid_ready(home, statement) or _read(home / KEYS)
    if found is None or not found.public.named_by(statement):
        raise BrokenStoreError(
            f"{home / NEXT} does not hold the keys of the epoch that is being opened",
            hint="bring this file back from where the home was copied from: without it the epoch cannot be opened",
        )
    return found


def awaiting(home: Path, identity: Identity) -> bool:
    """Whether the keys that the identity names have not taken the place of the old ones yet."""
    return _laid_ready(home, identity.current) is not None


def settle(home: Path, identity: Identity) -> None:
    """Once the identity names the new keys, they take the place of the old ones, which are gone with that."""
    if awaiting(home, identity):
        (home / NEXT).replace(home / KEYS)
        sync_directory(home)


# --- recovery keys ----------------------------------------------------------------------------------------------------


def fresh_recovery() -> bytes:
    """The seed of a new recovery key."""
    return os.urandom(ed25519.KEY_SIZE)


def spelled(seed: bytes) -> str:
    """A recovery key as it stands on paper: 14 groups of 4."""
    text = b32encode(seed + _checksum(seed)).decode().lower()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _checksum(seed: bytes) -> bytes:
    return sha256(b"fednet recovery key\n" + seed).digest()[:CHECKSUM_SIZE]


def recovery_seeds(text: str) -> list[bytes]:
    """Every recovery key in a text: all of it, as typed or scanned; of a sheet, the lines that begin with `key`.

    Letter case, spaces and line ends do not matter. Raises UsageError when there is none, or one is mistyped.
    """
    lines = [line.strip().lower() for line in text.splitlines() if line.strip()]
    labelled = [line for line in lines if line.startswith(LABEL)]
    typed = "".join(line.removeprefix(LABEL).translate(_SLIPS) for line in lines)
    letters = typed
    if labelled and not _LETTERS.issuperset(typed):
        letters = "".join(line.removeprefix(LABEL).translate(_SLIPS) for line in labelled)
    if not letters or len(letters) % SPELLED_SIZE:
        raise UsageError(
            f"a recovery key has {SPELLED_SIZE} letters and digits in groups of 4, found {len(letters)}",
            hint="it stands on the sheet after the word key",
        )
    return [_seed(letters[i : i + SPELLED_SIZE]) for i in range(0, len(letters), SPELLED_SIZE)]


def _seed(letters: str) -> bytes:
    try:
        raw = b32decode(letters.upper())
    except ValueError:
        raw = b""
    seed, checksum = raw[: ed25519.KEY_SIZE], raw[ed25519.KEY_SIZE :]
    if not raw or checksum != _checksum(seed):
        raise UsageError(f"the recovery key beginning {letters[:4]} is mistyped", hint="compare it with the sheet")
    return seed


def read_recovery(path: Path) -> list[bytes]:
    """The recovery keys in a file that `init` wrote."""
    with path.open("rb") as file:
        raw = file.read(MAX_RECOVERY_FILE)
    return recovery_seeds(raw.decode("utf-8", "replace"))


def key_id(key: bytes) -> str:
    """A short name of a public key for people: 4 groups of 4, the beginning of its SHA-256 in base32."""
    text = b32encode(sha256(key).digest()).decode().lower()
    return " ".join(text[i : i + 4] for i in range(0, 16, 4))


def usable(seeds: Sequence[bytes], statement: Statement) -> list[bytes]:
    """Those of the seeds that sign for a statement, each once; raises UsageError when they are too few."""
    named = set(statement.recovery_keys)
    found = [seed for seed in dict.fromkeys(seeds) if base64_text(ed25519.public_key(seed)) in named]
    if len(found) < statement.threshold:
        raise UsageError(
            f"{statement.threshold} of the network's {len(named)} recovery keys must sign, "
            f"{len(found)} of those given {'is one' if len(found) == 1 else 'are'} of them",
            hint="fednet keys show names them: --recovery FILE, once for each sheet",
        )
    return found


# --- what `keys show` tells -------------------------------------------------------------------------------------------


class Shown(msgspec.Struct, frozen=True):
    """The public parts of an identity. Keys are base64; ids are what stands on the sheets. `held`: the private halves
    of the online keys lie here."""

    network: str
    fingerprint: str
    name: str
    statement: int
    epoch: int
    closes: str | None  # the last position of the epoch before that is believed
    log_key: str
    cosigner_key: str
    transport_key: str
    bundle_key: str
    recovery_keys: tuple[str, ...]
    recovery_ids: tuple[str, ...]
    threshold: int
    held: bool


def shown(home: Path, identity: Identity) -> Shown:
    current = identity.current
    closes = identity.opening(current.epoch).closes
    lying = (_read(home / KEYS), _read(home / NEXT))
    return Shown(
        network=identity.network,
        fingerprint=fingerprint(identity.network),
        name=current.name,
        statement=current.sequence,
        epoch=current.epoch,
        closes=None if closes is None else f"{closes.epoch}.{closes.edition}",
        log_key=current.log_key,
        cosigner_key=current.cosigner_key,
        transport_key=current.transport_key,
        bundle_key=current.bundle_key,
        recovery_keys=current.recovery_keys,
        recovery_ids=tuple(key_id(base64_bytes(key)) for key in current.recovery_keys),
        threshold=current.threshold,
        held=any(keys is not None and keys.public.named_by(current) for keys in lying),
    )
