from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet.errors import UsageError
from fednet.node import home as homes
from fednet.node import post
from fednet.node.background import Background
from fednet.node.home import Home, Mail
from fednet.store import letters
from fednet.store.letters import Outgoing
from tests.web.place import NOW

SENDER = "secretariat@network.example"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made, _ = homes.create(tmp_path / "node", "Example Network", "https://network.example", tmp_path / "key.txt")
    yield made
    made.close()


def mailing(home: Home, port: int, **settings: Any) -> None:
    mail = Mail(host="127.0.0.1", port=port, sender=SENDER, **settings)
    home.config = msgspec.structs.replace(home.config, mail=mail)


def written(home: Home, recipient: str = "member@member.example", **more: Any) -> None:
    with home.store.writing() as db:
        letters.put(db, recipient, "A question", "Are you there?\n", NOW, **more)


def waiting(home: Home) -> list[Outgoing]:
    with home.store.reading() as db:
        return letters.waiting(db)


class Taking:
    """A mail server's ear: what it took; `refuses` by recipient."""

    def __init__(self, **refuses: str) -> None:
        self.taken: list[Envelope] = []
        self.refuses = refuses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.refuses.get(address.partition("@")[0]):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return "250 OK"

    def messages(self) -> list[EmailMessage]:
        found = [message_from_bytes(one.content or b"", policy=policy.default) for one in self.taken]  # type: ignore[arg-type]
        return [one for one in found if isinstance(one, EmailMessage)]


@asynccontextmanager
async def server(ear: Taking, **options: Any) -> AsyncIterator[int]:
    """A mail server on loopback; its port."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(ear, hostname="mail.example", enable_SMTPUTF8=True, loop=loop, **options), "127.0.0.1", 0
    )
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side with a certificate of its own, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1))
        .not_valid_after(datetime(2100, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("mail")
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(private)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return serving, ssl.create_default_context(cafile=str(folder / "cert.pem"))


def test_a_letter_goes_over_an_encrypted_line_and_is_destroyed_here(
    home: Home, certified: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    serving, trusting = certified
    ear = Taking()
    written(home)

    async def story() -> None:
        async with server(ear, tls_context=serving, require_starttls=True) as port:
            mailing(home, port)
            assert await post.deliver(home, NOW, trusting) == 1
            assert await post.deliver(home, NOW, trusting) == 0

    asyncio.run(story())
    (letter,) = ear.messages()
    assert (letter["From"], letter["To"]) == ("Example Network <secretariat@network.example>", "member@member.example")
    assert letter["Subject"] == "A question" and letter.get_content().strip() == "Are you there?"
    assert waiting(home) == []


def test_starttls_is_insisted_on_where_a_server_offers_none(home: Home) -> None:
    ear = Taking()
    written(home)

    async def story() -> None:
        async with server(ear) as port:
            mailing(home, port)
            assert await post.deliver(home, NOW) == 0

    asyncio.run(story())
    assert ear.taken == []
    assert [one.error for one in waiting(home)] == ["no-tls"]


def test_a_certificate_that_nobody_vouches_for_is_refused(
    home: Home, certified: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    ear = Taking()
    written(home)

    async def story() -> None:
        async with server(ear, tls_context=certified[0]) as port:
            mailing(home, port)
            assert await post.deliver(home, NOW) == 0

    asyncio.run(story())
    assert ear.taken == []
    assert [one.error for one in waiting(home)] == ["tls"]


def test_an_outage_delays_letters_and_loses_none(home: Home) -> None:
    ear = Taking()
    for number in range(3):
        written(home, f"member-{number}@member.example")
    mailing(home, 9, security="none")
    assert asyncio.run(post.deliver(home, NOW)) == 0
    assert asyncio.run(post.deliver(home, NOW)) == 0, "not before its time"

    async def story() -> None:
        async with server(ear) as port:
            mailing(home, port, security="none")
            assert await post.deliver(home, NOW + timedelta(seconds=59)) == 0
            assert await post.deliver(home, NOW + timedelta(seconds=60)) == 3

    asyncio.run(story())
    assert sorted(str(one["To"]) for one in ear.messages()) == [f"member-{n}@member.example" for n in range(3)]
    assert waiting(home) == []


def test_pauses_grow_and_after_five_days_the_desk_hears_of_it(home: Home) -> None:
    written(home)
    mailing(home, 9, security="none")
    now, pauses = NOW, []
    while not waiting(home)[0].stopped:
        asyncio.run(post.deliver(home, now))
        due = datetime.fromisoformat(waiting(home)[0].due_at)
        pauses.append(due - now)
        now = max(due, now)
    assert pauses[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert pauses == [*sorted(pauses[:-1]), timedelta()] and max(pauses) == timedelta(hours=6)
    assert timedelta(days=5) <= now - NOW < timedelta(days=5, hours=6)
    with home.store.reading() as db:
        assert [one.error for one in letters.stuck(db)] == ["unreachable"]
    assert asyncio.run(post.deliver(home, now + timedelta(days=1))) == 0


def test_whom_a_server_does_not_know_is_written_to_once_and_all_others_get_theirs(home: Home) -> None:
    ear = Taking(nobody="550 5.1.1 no such user: nobody", busy="450 4.2.1 later")
    for name in ("nobody", "busy", "somebody"):
        written(home, f"{name}@member.example")

    async def story() -> None:
        async with server(ear) as port:
            mailing(home, port, security="none")
            assert await post.deliver(home, NOW) == 1

    asyncio.run(story())
    found = {one.recipient.partition("@")[0]: (one.error, one.stopped) for one in waiting(home)}
    assert found == {"nobody": ("refused 550", True), "busy": ("later 450", False)}


def test_the_log_names_no_recipient(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    ear = Taking(hidden="550 no hidden@member.example here")
    written(home, "hidden@member.example")
    written(home, "hidden\n@member.example")

    async def story() -> None:
        async with server(ear) as port:
            mailing(home, port, security="none")
            await post.deliver(home, NOW)

    with caplog.at_level(logging.DEBUG, "fednet"):
        asyncio.run(story())
    told = [one.getMessage() for one in caplog.records if one.name.startswith("fednet")]
    assert len(told) == 2 and not any("hidden" in one for one in told)
    assert not any("hidden" in (one.error or "") for one in waiting(home))


def test_a_password_goes_over_no_open_line_and_is_read_from_its_file(home: Home) -> None:
    written(home)
    mail = Mail(host="mail.example", sender=SENDER, user="u", password_file="secret", security="none")
    home.config = msgspec.structs.replace(home.config, mail=mail)
    assert asyncio.run(post.deliver(home, NOW)) == 0
    assert [one.error for one in waiting(home)] == ["open-line"]
    home.config = msgspec.structs.replace(home.config, mail=msgspec.structs.replace(mail, security="starttls"))
    assert asyncio.run(post.deliver(home, NOW + timedelta(hours=1))) == 0
    assert [one.error for one in waiting(home)] == ["no-password"]


def test_a_link_that_has_expired_is_not_sent(home: Home) -> None:
    ear = Taking()
    written(home, until=NOW + timedelta(minutes=15))

    async def story() -> None:
        async with server(ear) as port:
            mailing(home, port, security="none")
            assert await post.deliver(home, NOW + timedelta(minutes=16)) == 0

    asyncio.run(story())
    assert ear.taken == [] and waiting(home) == []


def test_whoever_serves_sends_what_is_written_and_writes_what_is_due(home: Home) -> None:
    """The background's two tasks, with a server that listens in a loop of its own."""
    came, looked = threading.Event(), threading.Event()

    class Ear(Taking):
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
            came.set()
            return await super().handle_DATA(server, session, envelope)

    def daily(home: Home, now: datetime) -> None:
        looked.set()
        raise UsageError("what goes wrong ends nothing else")

    async def story() -> None:
        async with server(Ear()) as port:
            mailing(home, port, security="none")
            background = Background(home, allow_private=True, daily=daily)
            background.start()
            try:
                written(home)
                assert await asyncio.to_thread(came.wait, 20) and await asyncio.to_thread(looked.wait, 20)
            finally:
                await asyncio.to_thread(background.stop)

    asyncio.run(story())


HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding"]
_TEXT = st.text(st.sampled_from("ab:@.,;<>\"' \r\n\t\0\x0b\u2028\u0085éع\u202e"), max_size=40)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_TEXT, _TEXT, _TEXT, _TEXT)
def test_whatever_is_written_into_a_letter_makes_no_header(
    home: Home, recipient: str, subject: str, text: str, name: str
) -> None:
    injected = "\r\nBcc: x@evil.example\r\n\r\nbody"
    mail = Mail(host="127.0.0.1", sender=SENDER)
    home.config = msgspec.structs.replace(home.config, name=name + injected)
    for to in (f"a@member.example{recipient}", f"{recipient}@member.example", "a@member.example"):
        letter = Outgoing(
            1, to, subject + injected, text + injected, "2026-11-21T18:30:00Z", "", None, 0, "", None, False
        )
        for one in (letter, letter._replace(subject=subject)):
            try:
                raw = post.message(home, mail, one, NOW).as_bytes()
            except post._PostError as error:
                assert error.word == "unwritable"
                continue
            read = message_from_bytes(raw, policy=policy.default)
            assert [key for key in read if key != "MIME-Version"] == HEADERS
            assert "evil" not in str(read["To"]) + str(read["Bcc"] or "")


@pytest.mark.parametrize(
    "wrong", ["", "@", "a@", "@b.example", "a@b.example\nBcc: c@d.example", "a b@c.example", "a@b@c"]
)
def test_what_is_no_address_gets_no_letter(wrong: str) -> None:
    with pytest.raises(UsageError):
        post.check_address(wrong)
    assert post.check_address("etoile@maisön.example").startswith("etoile@xn--")
