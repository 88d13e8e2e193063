"""Sending letters: from the database to the mail server of `[mail]` in node.toml (RFC 6409), and then gone.

```
due        letters whose time has come, one connection for all of them
sent       the server has taken it: it is destroyed here
failed     tried again after a minute, two, four ... six hours, for five days; then the desk hears of it
refused    the server says that there is nobody of that name: not tried again
```
The line to the server is encrypted, and its certificate checked, unless `security = "none"`, over which no password
goes beyond this machine. What is logged names no recipient, and what is kept of a failure is a word and a number.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from email.utils import format_datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlite_utils import Database

from fednet.errors import UsageError
from fednet.feed.text import plain
from fednet.node.home import Home, Mail
from fednet.store import letters
from fednet.store.letters import Outgoing

if TYPE_CHECKING:
    import aiosmtplib

A_TIME = 50
"""Letters that go over one connection."""
SECONDS = 30.0
"""For each answer of the server."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
GIVE_UP = timedelta(days=5)
KEEP_STOPPED = timedelta(days=30)
"""How long the desk sees a letter that was given up."""

log = logging.getLogger("fednet.post")


class _PostError(Exception):
    """`word`: what the desk tells, see `fednet.web.letters`; with a number, the code of the server's reply.

    `final`: to try again is of no use. `whole`: no other letter would fare better.
    """

    def __init__(self, word: str, code: int = 0, *, final: bool = False, whole: bool = False) -> None:
        super().__init__(word)
        self.word = f"{word} {code}" if code else word
        self.final, self.whole = final, whole


async def deliver(home: Home, now: datetime, tls: ssl.SSLContext | None = None) -> int:
    """Try every letter whose time has come; how many went. `tls`: whom to trust, other than this machine's usual."""
    mail = home.config.mail
    waiting = await asyncio.to_thread(_due, home, now)
    if mail is None or not waiting:
        return 0
    gone = 0
    try:
        async with _connected(home, mail, tls) as server:
            for letter in waiting:
                gone += await _tried(home, server, mail, letter, now)
    except _PostError as failure:
        log.warning("letters: %s", failure.word)
        with home.store.writing() as db:
            for letter in letters.due(db, now, A_TIME):
                _postpone(db, letter, failure, now)
    return gone


def _due(home: Home, now: datetime) -> list[Outgoing]:
    with home.store.reading() as db:
        found = letters.due(db, now, A_TIME)
    if any(letter.until and datetime.fromisoformat(letter.until) < now for letter in found):
        sweep(home, now)
        return _due(home, now)
    return found


def sweep(home: Home, now: datetime) -> None:
    """Drop letters that are worth nothing any more, and those that were given up long ago."""
    with home.store.writing() as db:
        letters.sweep(db, now, now - KEEP_STOPPED)


async def _tried(home: Home, server: aiosmtplib.SMTP, mail: Mail, letter: Outgoing, now: datetime) -> bool:
    """Send one letter; raises _PostError when no other would fare better."""
    try:
        await _send(server, message(home, mail, letter, now))
    except _PostError as failure:
        if failure.whole:
            raise
        log.warning("letter %s: %s", letter.id, failure.word)
        with home.store.writing() as db:
            _postpone(db, letter, failure, now)
        return False
    with home.store.writing() as db:
        letters.sent(db, letter.id)
    return True


def _postpone(db: Database, letter: Outgoing, failure: _PostError, now: datetime) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(letter.tries, 20), LONGEST_PAUSE)
    stopped = failure.final or now - datetime.fromisoformat(letter.at) >= GIVE_UP
    letters.failed(db, letter.id, failure.word, now if stopped else now + pause, stopped=stopped)


def message(home: Home, mail: Mail, letter: Outgoing, now: datetime) -> EmailMessage:
    """A letter as it is sent. No text of it becomes a header of its own: whatever ends a line is refused in headers
    (RFC 5322, 2.2); of a lone carriage return Python's own check knows nothing.

    Its id stays the same however often it is tried, so that whoever gets it twice can tell.
    """
    if not _is_one_line(letter.recipient + letter.subject):
        raise _PostError("unwritable", final=True)
    try:
        found = EmailMessage(policy=MAIL_POLICY)
        found["From"] = Address(display_name=plain(home.config.name), addr_spec=mail.sender)
        found["To"] = Address(addr_spec=check_address(letter.recipient))
        found["Subject"] = letter.subject
        found["Date"] = format_datetime(now)
        unique = sha256(f"{home.network.network} {letter.id} {letter.at}".encode()).hexdigest()[:32]
        found["Message-ID"] = f"<{unique}@{_name(home)}>"
        found["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers from machines
        found.set_content(letter.text)
    except (MessageError, ValueError, UsageError):
        raise _PostError("unwritable", final=True) from None
    return found


def _is_one_line(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text)


def check_address(address: str) -> str:
    """An address that a letter can go to, its domain as the network knows it (RFC 5890); raises UsageError.

    Names beyond ASCII before the @ are for few servers, and for Python's mail package not at all.
    """
    name, _at, domain = address.rpartition("@")
    try:
        found = Address(addr_spec=f"{name}@{domain.encode('idna').decode('ascii')}")
    except (MessageError, ValueError, IndexError):
        raise UsageError("that is not an e-mail address") from None
    if not found.username or not found.domain or not _is_one_line(address):
        raise UsageError("that is not an e-mail address")
    return found.addr_spec


def _name(home: Home) -> str:
    """What this node calls itself to mail servers: the name it is reached by, never that of the machine."""
    return (urlsplit(home.config.url).hostname if home.config.url else None) or "localhost"


@asynccontextmanager
async def _connected(home: Home, mail: Mail, tls: ssl.SSLContext | None) -> AsyncIterator[aiosmtplib.SMTP]:
    """A connection to the mail server, encrypted and signed in; raises _PostError."""
    import aiosmtplib

    password = _password(home, mail)
    direct = mail.security == "tls"
    server = aiosmtplib.SMTP(
        hostname=mail.host,
        port=mail.port,
        local_hostname=_name(home),
        timeout=SECONDS,
        use_tls=direct,
        start_tls=False,
        tls_context=tls or ssl.create_default_context(),
    )
    try:
        await _begin(server, mail, password)
        yield server
    finally:
        server.close()


async def _begin(server: aiosmtplib.SMTP, mail: Mail, password: str) -> None:
    import aiosmtplib

    try:
        await server.connect()
        await server.ehlo()
        if mail.security == "starttls":
            if not server.supports_extension("starttls"):
                raise _PostError("no-tls", whole=True)
            await server.starttls()
            await server.ehlo()
        if mail.user:
            await server.login(mail.user, password)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise _PostError("login", error.code, whole=True) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _PostError("tls" if _is_of_tls(error) else "unreachable", whole=True) from None


def _is_of_tls(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError)


async def _send(server: aiosmtplib.SMTP, letter: EmailMessage) -> None:
    import aiosmtplib

    try:
        await server.send_message(letter)
        return
    except aiosmtplib.SMTPRecipientsRefused as error:
        code = error.recipients[0].code
        raise _PostError("refused" if code >= 500 else "later", code, final=code >= 500) from None
    except aiosmtplib.SMTPNotSupported:  # an address beyond ASCII (RFC 6531)
        raise _PostError("address", final=True) from None
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError):
        raise _PostError("unreachable", whole=True) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _PostError("not-taken", error.code) from None
    except (aiosmtplib.SMTPException, ValueError):
        raise _PostError("unwritable", final=True) from None


def _password(home: Home, mail: Mail) -> str:
    """The first line of the file that the settings name."""
    if not mail.user:
        return ""
    if mail.security == "none" and not _is_here(mail.host):
        raise _PostError("open-line", whole=True)
    try:
        lines = (home.path / mail.password_file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise _PostError("no-password", whole=True) from None
    return lines[0] if lines else ""


def _is_here(host: str) -> bool:
    """Whether that is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
