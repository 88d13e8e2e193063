"""Passkeys (W3C Web Authentication, level 3): making one, and signing in with one.

A challenge is kept nowhere: it tells itself what it is for, until when, and that it is ours. What was answered once is
remembered until then, so that no answer counts twice.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import webauthn
from starlette.requests import Request
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from fednet.errors import UsageError
from fednet.node.address import is_literal
from fednet.store.accounts import Account, Passkey

LASTS = timedelta(minutes=5)
MAX_ANSWER = 16 * 1024
"""Characters of what an authenticator answers."""
MAX_USED = 10_000
_MAC = 16


class Challenges:
    """Challenges of this process, for a purpose."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        self._used: OrderedDict[bytes, None] = OrderedDict()

    def make(self, purpose: str, now: datetime) -> bytes:
        bare = int((now + LASTS).timestamp()).to_bytes(8, "big") + secrets.token_bytes(16)
        return bare + self._mac(purpose, bare)

    def take(self, challenge: bytes, purpose: str, now: datetime) -> bool:
        """Whether a challenge was made for this purpose and not taken before."""
        bare, mac = challenge[:-_MAC], challenge[-_MAC:]
        if not hmac.compare_digest(mac, self._mac(purpose, bare)) or int.from_bytes(bare[:8], "big") <= now.timestamp():
            return False
        with self._lock:
            if challenge in self._used:
                return False
            self._used[challenge] = None
            if len(self._used) > MAX_USED:
                self._used.popitem(last=False)
        return True

    def _mac(self, purpose: str, bare: bytes) -> bytes:
        return hmac.new(self._key, purpose.encode() + b"\0" + bare, sha256).digest()[:_MAC]


def are_possible(request: Request) -> bool:
    """Whether this node was asked by a name: passkeys are bound to one, and a number is none (section 5.1.2)."""
    return not is_literal(_called(request))


def where_possible(request: Request, url: str | None) -> str:
    """The base address of this node that has a name, where this one has none; empty where nobody knows any."""
    if is_literal(url_host := (urlsplit(url or "").hostname or "")) or not url_host:
        port = f":{request.url.port}" if request.url.port else ""
        return f"http://localhost{port}" if _is_loopback(_called(request)) else ""
    return (url or "").rstrip("/")


def _called(request: Request) -> str:
    return (request.url.hostname or "").strip("[]")


def _is_loopback(host: str) -> bool:
    return is_literal(host) and ip_address(host.partition("%")[0]).is_loopback


def to_register(request: Request, account: Account, site: str, known: list[Passkey], challenge: bytes) -> str:
    """What a browser needs to make a passkey, as JSON."""
    options = webauthn.generate_registration_options(
        rp_id=_host(request),
        rp_name=site,
        user_id=account.id.to_bytes(8, "big"),
        user_name=account.email,
        user_display_name=account.name,
        challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return webauthn.options_to_json(options)


def to_sign_in(request: Request, known: list[Passkey], challenge: bytes, *, alone: bool) -> str:
    """What a browser needs to use a passkey, as JSON. `alone`: nothing else says who it is, so it asks for a finger, a
    face or a PIN."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(request),
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


class Answered(NamedTuple):
    """What an authenticator sent: which passkey, and which challenge it signed."""

    fields: dict[str, Any]
    credential: bytes
    challenge: bytes


def read(text: str) -> Answered:
    """An answer before it is verified; raises UsageError."""
    try:
        fields: dict[str, Any] = json.loads(text[:MAX_ANSWER])
        told: dict[str, Any] = json.loads(_base64(fields["response"]["clientDataJSON"]))
        return Answered(fields, _base64(fields["rawId"]), _base64(told["challenge"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _refused() from None


def registered(request: Request, answered: Answered, account: Account, name: str, at: str) -> Passkey:
    """A new passkey, verified; raises UsageError."""
    try:
        found = webauthn.verify_registration_response(
            credential=answered.fields,
            expected_challenge=answered.challenge,
            expected_rp_id=_host(request),
            expected_origin=_origins(request),
        )
    except Exception:  # whatever a stranger's CBOR makes of the library that reads it
        raise _refused() from None
    return Passkey(found.credential_id, account.id, found.credential_public_key, found.sign_count, name, at, None)


def signed(request: Request, answered: Answered, passkey: Passkey, *, alone: bool) -> int:
    """The new count of signatures of a passkey whose answer was verified; raises UsageError."""
    try:
        found = webauthn.verify_authentication_response(
            credential=answered.fields,
            expected_challenge=answered.challenge,
            expected_rp_id=_host(request),
            expected_origin=_origins(request),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=alone,
        )
    except Exception:  # as above
        raise _refused() from None
    return found.new_sign_count


def _refused() -> UsageError:
    return UsageError("the passkey was not accepted", hint="try again, or sign in another way")


def _host(request: Request) -> str:
    return (request.url.hostname or "").lower()


def _origins(request: Request) -> list[str]:
    """Where the page may have been: behind a reverse proxy that does not say so, over https as well."""
    return [f"{scheme}://{request.url.netloc}" for scheme in sorted({"https", request.url.scheme})]


def _base64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
