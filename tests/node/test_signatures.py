"""Signed requests: what is signed, who is believed, and that nothing counts twice or late."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import BusyError, FednetError, UnauthenticatedError
from fednet.feed import ed25519
from fednet.node import signatures
from fednet.node.signatures import AHEAD, LIFETIME, Lines, Message, Signer, Verifying, signed_headers
from tests.feed import make_vectors
from tests.feed.network import Network, seed

NOW = datetime(2026, 11, 21, 18, 0, 0, tzinfo=UTC)
KEYID = "mzxw6ytboi" + "a" * 22
STRANGER = "b" * 32
SEED = seed("transport")
URL = f"https://node.example/feeds/{STRANGER}/partners/changes?since=1.41"
BODY = b'{"circle":"partners"}'


def verifying(began: datetime = NOW, seen: Path | None = None) -> Verifying:
    return Verifying(lambda keyid: ed25519.public_key(SEED) if keyid == KEYID else None, began=began, seen=seen)


def headers(url: str = URL, body: bytes = b"", method: str = "GET", **given: object) -> dict[str, str]:
    said = {"keyid": KEYID, "seed": SEED, "created": NOW, "nonce": "12345678", **given}
    return signed_headers(method, url, body, **said)  # type: ignore[arg-type]


def check(
    signed: dict[str, str], url: str = URL, body: bytes = b"", method: str = "GET", now: datetime = NOW,
    by: Verifying | None = None,
) -> str:  # fmt: skip
    return (by or verifying()).check(Message(method, url, Lines(signed.items())), body, now)


def refused(signed: dict[str, str], says: str, **given: object) -> None:
    with pytest.raises(UnauthenticatedError, match=says) as caught:
        check(signed, **given)  # type: ignore[arg-type]
    assert caught.value.time


def changed(signed: dict[str, str], old: str, new: str) -> dict[str, str]:
    assert any(old in value for value in signed.values())
    return {name: value.replace(old, new) for name, value in signed.items()}


# --- what is signed


def test_the_example_of_rfc_9421_verifies() -> None:
    """Appendix B.2.6, with the key of B.1.4."""
    key = Ed25519PublicKey.from_public_bytes(b64decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="))
    lines = {
        "Host": "example.com",
        "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "Content-Type": "application/json",
        "Content-Length": "18",
        "Signature-Input": 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
        "Signature": "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1"
        "u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
    }
    keys = signatures.MappingKeyResolver(public_keys={"test-key-ed25519": key}, private_keys={})
    verifier = signatures._Verifier(signature_algorithm=signatures.ED25519, key_resolver=keys)
    message = Message("POST", "https://example.com/foo?param=Value&Pet=dog", Lines(lines.items()))
    [found] = verifier.verify(message, max_age=None)
    assert found.parameters == {"created": 1618884473, "keyid": "test-key-ed25519"}


def test_the_example_of_the_specification_is_believed() -> None:
    text = (make_vectors.FOLDER.parent / "SPEC.md").read_text("utf-8")
    shown = text[text.index("GET /feeds/", text.index("### 7.10")) :]
    request, host, *lines = shown[: shown.index("```")].splitlines()
    given, signature = "".join(lines).removeprefix("Signature-Input: ").split("Signature: ")
    network = Network(recovery=3, threshold=2)
    key = b64decode(network.identity.current.transport_key)
    url = f"https://{host.removeprefix('Host: ')}{request.removeprefix('GET ')}"
    by = Verifying(lambda keyid: key if keyid == network.id else None, began=NOW)
    assert check({"Signature-Input": given, "Signature": signature}, url, by=by) == network.id


def test_what_is_signed_can_be_written_down_by_anybody() -> None:
    signed = headers(body=BODY, method="POST")
    assert signed["Content-Digest"] == f"sha-256=:{b64encode(sha256(BODY).digest()).decode()}:"
    parameters = signed["Signature-Input"].removeprefix("fednet=")
    base = (
        f'"@method": POST\n"@target-uri": {URL}\n"content-digest": {signed["Content-Digest"]}\n'
        f'"@signature-params": {parameters}'
    )
    assert parameters == (
        '("@method" "@target-uri" "content-digest");created=1795284000'
        f';keyid="{KEYID}";alg="ed25519";expires=1795284300;nonce="12345678";tag="fednet"'
    )
    signature = b64decode(signed["Signature"].removeprefix("fednet=:").removesuffix(":"))
    assert ed25519.verifies(ed25519.public_key(SEED), signature, base.encode())


def test_signing_is_deterministic() -> None:
    assert headers() == headers() != headers(nonce="other nonce")


# --- who is believed


def test_a_request_tells_who_asks() -> None:
    assert check(headers()) == KEYID
    assert check(headers(body=BODY, method="POST"), body=BODY, method="POST") == KEYID


@pytest.mark.parametrize("given", [
    {"method": "HEAD"},
    {"url": URL.replace("1.41", "0.0")},
    {"url": URL.replace("https", "http")},
    {"url": URL.replace("node.example", "mirror.example")},
    {"body": b"anything"},
])  # fmt: skip
def test_a_signature_is_good_for_that_request_only(given: dict[str, object]) -> None:
    refused(headers(), "no good signature", **given)


def test_a_body_must_be_the_one_that_was_signed() -> None:
    signed = headers(body=BODY, method="POST")
    for body in (BODY + b" ", b""):
        refused(signed, "no good signature", body=body, method="POST")
    without = {name: value for name, value in signed.items() if name != "Content-Digest"}
    refused(without, "no good signature", body=BODY, method="POST")
    unsigned = headers(method="POST") | {"Content-Digest": signed["Content-Digest"]}
    refused(unsigned, "no good signature", body=BODY, method="POST")


def test_an_unknown_network_is_refused_in_the_words_of_a_wrong_signature() -> None:
    said = []
    for signed in (headers(keyid=STRANGER), headers(seed=seed("another"))):
        with pytest.raises(UnauthenticatedError) as caught:
            check(signed)
        said.append((caught.value.detail, caught.value.hint, caught.value.time))
    assert said[0] == said[1]


def test_the_key_that_stands_for_strangers_opens_nothing() -> None:
    assert isinstance(signatures._Keys.nobody, Ed25519PublicKey)
    keys = signatures._Keys(lambda keyid: None)
    keys.resolve_public_key(STRANGER)
    assert not keys.found


@pytest.mark.parametrize(("old", "new"), [
    ('tag="fednet"', 'tag="other"'),
    (';tag="fednet"', ""),
    ('alg="ed25519"', 'alg="hmac-sha256"'),
    (';alg="ed25519"', ""),
    (';nonce="12345678"', ""),
    ('nonce="12345678"', 'nonce="1234567"'),
    (";created=1795284000", ""),
    (";expires=1795284300", ""),
    ("created=1795284000", 'created="1795284000"'),
    ('"@target-uri"', '"@path"'),
    ('"@method" ', ""),
])  # fmt: skip
def test_what_must_be_said_must_be_said(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the key's owner signs it so."""
    refused(changed(headers(), old, new), ".")
    signed = resigned(changed(headers(), old, new)["Signature-Input"])
    refused(signed, ".")


def resigned(parameters: str, url: str = URL) -> dict[str, str]:
    """A good signature over parameters that we do not accept."""
    values = {'"@method"': "GET", '"@target-uri"': url, '"@path"': url.partition("example")[2].partition("?")[0]}
    inner = parameters.removeprefix("fednet=")
    covered = inner[1 : inner.index(")")].split()
    lines = [f"{name}: {values[name]}" for name in covered] + [f'"@signature-params": {inner}']
    signature = ed25519.sign(SEED, "\n".join(lines).encode())
    return {"Signature-Input": parameters, "Signature": f"fednet=:{b64encode(signature).decode()}:"}


def test_two_signatures_are_not_one() -> None:
    one, two = headers(), changed(headers(nonce="another nonce"), "fednet=", "second=")
    both = Lines([*one.items(), *two.items()])
    with pytest.raises(UnauthenticatedError):
        verifying().check(Message("GET", URL, both), b"", NOW)
    joined = {name: f"{one[name]}, {two[name]}" for name in one}
    refused(joined, "no good signature")
    twice = {name: f"{one[name]}, {one[name]}" for name in one}
    refused(twice, "no good signature")


def test_long_headers_are_refused_unread() -> None:
    refused(headers() | {"Signature": "fednet=:" + "A" * 5000 + ":"}, "longer")


SPLIT = st.sampled_from(sorted(headers().values())).flatmap(
    lambda value: st.integers(0, len(value)).map(lambda at: f"{value[:at]}({value[at:]}")
)
SAID = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60) | SPLIT


@given(st.dictionaries(st.sampled_from(["Signature", "Signature-Input", "Content-Digest"]), SAID))
def test_strangers_can_say_what_they_like(found: dict[str, str]) -> None:
    with pytest.raises(FednetError):
        check(found, body=BODY)


# --- when, and how often


def test_a_request_counts_once() -> None:
    once = verifying()
    signed = headers()
    assert check(signed, by=once) == KEYID
    refused(signed, "made before", by=once)
    refused(signed, "made before", by=once, now=NOW + timedelta(seconds=LIFETIME - 1))
    assert check(headers(nonce="another nonce"), by=once) == KEYID


def test_the_same_nonce_of_two_networks_is_no_replay() -> None:
    both = Verifying(lambda keyid: ed25519.public_key(SEED), began=NOW)
    assert check(headers(), by=both) == KEYID
    assert check(headers(keyid=STRANGER), by=both) == STRANGER


def test_what_was_used_stays_used_over_a_restart(tmp_path: Path) -> None:
    seen = tmp_path / "requests.seen"
    check(headers(), by=verifying(seen=seen))
    assert seen.stat().st_mode & 0o777 == 0o600 and KEYID.encode() not in seen.read_bytes()
    with seen.open("ab") as file:
        file.write(b"17952\x00 half a li")
    again = verifying(seen=seen)
    refused(headers(), "made before", by=again)
    assert check(headers(nonce="another nonce"), by=again) == KEYID


def test_what_has_expired_is_forgotten(tmp_path: Path) -> None:
    seen = tmp_path / "requests.seen"
    once = verifying(seen=seen)
    for at in range(5):
        created = NOW + timedelta(seconds=at * LIFETIME)
        check(headers(created=created), by=once, now=created)
        assert len(seen.read_bytes().splitlines()) <= 2
        assert sum(map(len, once.nonces.seen.values())) <= 2


def test_one_network_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "MAX_NONCES", 2)
    once = verifying()
    for nonce in ("nonce one", "nonce two"):
        check(headers(nonce=nonce), by=once)
    with pytest.raises(BusyError):
        check(headers(nonce="nonce three"), by=once)
    later = NOW + timedelta(seconds=LIFETIME)
    assert check(headers(nonce="nonce three", created=later), by=once, now=later) == KEYID


def test_a_full_disk_keeps_nobody_out(tmp_path: Path) -> None:
    once = verifying(seen=tmp_path / "missing" / "requests.seen")
    assert check(headers(), by=once) == KEYID
    refused(headers(), "made before", by=once)


@pytest.mark.parametrize("off", [0, AHEAD, -LIFETIME + 1])
def test_clocks_may_differ_by_minutes(off: int) -> None:
    signed = headers(created=NOW + timedelta(seconds=off))
    assert check(signed, by=verifying(began=NOW - timedelta(hours=1))) == KEYID


def test_late_and_early_requests_are_refused_and_the_time_is_told() -> None:
    old = verifying(began=NOW - timedelta(hours=1))
    refused(headers(created=NOW + timedelta(seconds=AHEAD + 1)), "301 s in the future: .* 2026-11-21T18:00:00Z", by=old)
    refused(headers(created=NOW - timedelta(seconds=LIFETIME)), "expired 0 s ago", by=old)


def test_requests_older_than_the_process_are_refused() -> None:
    signed = headers(created=NOW - timedelta(seconds=1))
    refused(signed, "before this node was started")
    assert check(headers(), by=verifying(began=NOW + timedelta(milliseconds=700))) == KEYID  # created is whole seconds


def test_a_clock_that_was_set_back_shuts_nobody_out() -> None:
    back = NOW - timedelta(hours=1)
    by = verifying()
    check(headers(), by=by)
    assert check(headers(created=back, nonce="another nonce"), by=by, now=back) == KEYID
    refused(headers(created=back, nonce="another nonce"), "made before", by=by, now=back)
    refused(headers(created=back - timedelta(seconds=1)), "before this node was started", by=by, now=back)


def test_a_signature_is_good_for_five_minutes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "LIFETIME", 301)
    signed = headers()
    monkeypatch.setattr(signatures, "LIFETIME", 300)
    refused(signed, "good for 1 to 300 s")


def test_an_asker_with_a_wrong_clock_learns_the_time_from_the_refusal() -> None:
    asker = Signer(KEYID, SEED, clock=lambda: NOW - timedelta(hours=3))
    by = verifying()
    with pytest.raises(UnauthenticatedError) as caught:
        check(asker.headers("GET", URL), by=by)
    told = b'{"error":"unauthenticated","detail":"...","time":"%s"}' % (caught.value.time or "").encode()
    assert asker.corrected(told) and not asker.corrected(told)
    assert check(asker.headers("GET", URL), by=by) == KEYID


@pytest.mark.parametrize("body", [
    b"", b"null", b"[]", b'{"time":3}', b'{"time":"soon"}', b"\xff", b"[" * 100_000,
    b'{"time":"2026-11-21T18:00:03Z"}', b'{"time":"2026-11-23T18:00:00Z"}',
])  # fmt: skip
def test_a_refusal_that_explains_nothing_corrects_nothing(body: bytes) -> None:
    asker = Signer(KEYID, SEED, clock=lambda: NOW)
    assert not asker.corrected(body) and asker.offset == timedelta()
