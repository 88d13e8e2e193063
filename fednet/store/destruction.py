"""Destroying what was taken out, in every place where this database keeps a copy of it.

```
rows        zeroed at once: `secure_delete`, in the transaction that takes a record out
edits       of records that this network erased: what waits, and what imports remember
words       the text index keeps them in older segments: it is written anew, a piece a transaction
log         the write-ahead log holds old pages: it is written back and truncated
gaps        pages keep copies of cells that moved elsewhere: they are zeroed (fednet.store.gaps)
```
All but the first is **owed** from the transaction that took the record out until it is done, so that a crash forgets
nothing. What files leave on the disk when they shrink is beyond a database; that is what disk encryption is for.
"""

from __future__ import annotations

import subprocess
import sys

import msgspec
from sqlite_utils import Database

from fednet.errors import BrokenStoreError, BusyError
from fednet.feed.record import key_of
from fednet.store import accounts, acts, applications, drafts, exchanges, gaps, index, introductions, proposals
from fednet.store.database import Store

SETTING = "destruction"


class Ledger(msgspec.Struct, frozen=True):
    """Numbers of destructions, counted from 1: the newest that is owed, the newest prompt one, the newest of words too,
    and up to which all is done.

    Prompt is what was erased or let go of; what was merely replaced or withdrawn may wait.
    """

    owed: int = 0
    prompt: int = 0
    words: int = 0
    done: int = 0


def ledger(db: Database) -> Ledger:
    found = drafts.setting(db, SETTING)
    return msgspec.json.decode(found, type=Ledger) if found else Ledger()


def owe(db: Database, *, prompt: bool, words: bool = False) -> None:
    """Note, in the transaction that takes bodies out, that copies of them must go, and with `words` their words too."""
    held = ledger(db)
    number = held.owed + 1
    _write(db, Ledger(number, number if prompt else held.prompt, number if words else held.words, held.done))


def is_owed(db: Database, *, prompt: bool = True) -> bool:
    """Whether copies are left of what was erased; with `prompt=False` also of what was replaced or withdrawn."""
    held = ledger(db)
    return (held.prompt if prompt else held.owed) > held.done


def settle(store: Store) -> None:
    """Destroy all that is owed, durably. Raises BusyError when somebody reads or writes so long that it must wait."""
    with store.reading() as db:
        held = ledger(db)
    if held.owed == held.done:
        return
    if held.prompt > held.done:
        with store.writing() as db:
            forget_erased(db)
    if held.words > held.done:
        _scrub(store)
    with store.emptied() as db:
        found = ledger(db)
        if found.owed < held.owed:
            raise BusyError("the database was replaced meanwhile", hint="try again in a moment")
        _zero_gaps(store)
        _write(db, msgspec.structs.replace(found, done=held.owed))


def forget_erased(db: Database) -> None:
    """What waits, what imports remember, what applications, letters, accounts and the log say, of erased records."""
    erased = drafts.forget_erased(db)
    for handle in applications.handles(db):
        if key_of(handle) in erased:
            applications.forget(db, handle)
    proposals.forget_erased(db, erased)
    introductions.forget_erased(db)
    exchanges.forget_erased(db)
    for forget, handles in ((accounts.forget, accounts.handles(db)), (acts.forget, acts.handles(db))):
        for handle in handles:
            if key_of(handle) in erased:
                forget(db, handle)


def _scrub(store: Store) -> None:
    """Write the text index anew; others write in between."""
    more = True
    with store.writing() as db:
        index.begin_scrub(db)
    while more:
        with store.writing() as db:
            more = index.scrub_on(db)


def _zero_gaps(store: Store) -> None:
    command = [sys.executable, "-I", "-S", gaps.__file__, str(store.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokenStoreError(f"copies of what was taken out are left in {store.path}: {done.stderr.strip()[-200:]}")


def _write(db: Database, held: Ledger) -> None:
    drafts.set_setting(db, SETTING, msgspec.json.encode(held).decode())
