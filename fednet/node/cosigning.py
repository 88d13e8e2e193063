"""Asking our witnesses to cosign the public log's newest checkpoint (C2SP tlog-witness, the client's side).

They are asked before an edition becomes visible, all at once, within one deadline; whoever does not answer is asked
again later. Publishing never waits longer and never fails because of them. By then the edition is durable and the mark
allows it, so after a crash the same checkpoint is signed and asked for again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec
from sqlite_utils import Database

from fednet.errors import FednetError, RefusedError, RollbackError, UnreachableError, UsageError
from fednet.feed import tlog, witness
from fednet.feed.identity import fingerprint
from fednet.feed.note import COSIGNATURE_V1, Note, Signature, parse_vkey
from fednet.feed.text import number, utc_text, utf8
from fednet.feed.witness import Request
from fednet.node.address import base_url
from fednet.node.fetch import Fetched, Fetcher, error_detail
from fednet.node.following import read_identity, read_well_known
from fednet.node.home import Home, now
from fednet.node.publish import Cosign
from fednet.store import feeds, witnesses
from fednet.store.witnesses import Witness

DEADLINE = 5.0  # seconds for all witnesses together
MAX_WITNESSES = 16
MAX_ANSWER = 16 * 1024

Leaves = Sequence[bytes]


def by_witnesses(home: Home, *, allow_private: bool) -> Cosign:
    """What one pass of publishing calls for each public checkpoint; to be used where no event loop runs.

    A witness that fails once is not asked again in this pass.
    """
    failed: set[str] = set()

    def cosign(checkpoint: Note, leaves: Callable[[], Leaves]) -> Note:
        with home.store.reading() as db:
            known = [one for one in asked(db) if one.url not in failed]
        if not known:
            return checkpoint
        try:
            more = asyncio.run(_asked(home, checkpoint, leaves(), known, allow_private=allow_private))
        except FednetError:  # of our own store; those that are missing are asked again later
            return checkpoint
        failed.update(one.url for one in known if not has_cosigned(more, one))
        return more

    return cosign


async def _asked(
    home: Home, checkpoint: Note, leaves: Leaves, known: Sequence[Witness], *, allow_private: bool
) -> Note:
    async with Fetcher(allow_private=allow_private) as fetcher:
        return await ask(home, fetcher, checkpoint, leaves, known)


async def ask(home: Home, fetcher: Fetcher, checkpoint: Note, leaves: Leaves, known: Sequence[Witness]) -> Note:
    """The checkpoint with the cosignatures of those witnesses that give one in time; failures are remembered.

    `leaves` are the hashes of all leaves of the log, as many as the checkpoint says.
    """
    found = await asyncio.gather(*(_one(fetcher, one, checkpoint, leaves) for one in known))
    with home.store.writing() as db:
        for one, answer in zip(known, found, strict=True):
            witnesses.asked(db, one.url, now(), answer if isinstance(answer, str) else None)
    for answer in found:
        if not isinstance(answer, str):
            checkpoint = witness.cosigned(checkpoint, answer)
    return checkpoint


async def _one(fetcher: Fetcher, one: Witness, checkpoint: Note, leaves: Leaves) -> tuple[Signature, ...] | str:
    """A witness's cosignatures, or in words why there are none."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await _submitted(fetcher, one, checkpoint, leaves)
    except FednetError as error:
        return error.detail
    except TimeoutError:
        return f"{one.url}: no answer within {DEADLINE:.0f} s"


async def _submitted(fetcher: Fetcher, one: Witness, checkpoint: Note, leaves: Leaves) -> tuple[Signature, ...]:
    """Most likely it has cosigned the checkpoint before this one; if not it says which, and is asked once more."""
    fetched = await _posted(fetcher, one, checkpoint, leaves, max(len(leaves) - 1, 0))
    if fetched.status == 409 and fetched.media_type == witness.SIZE_TYPE:
        known = number(utf8(fetched.body).removesuffix("\n"), "the size that the witness knows")
        if known > len(leaves):
            raise RollbackError(
                f"{one.url} has cosigned edition {known} of this log, this node is at {len(leaves)}: it was restored "
                "from an old backup, or somebody else signs with its key"
            )
        fetched = await _posted(fetcher, one, checkpoint, leaves, known)
    if fetched.status != 200:
        raise UnreachableError(f"{one.url} answers {error_detail(fetched)}")
    return witness.cosignatures(fetched.body, checkpoint.text, [one.verifier])


async def _posted(fetcher: Fetcher, one: Witness, checkpoint: Note, leaves: Leaves, known: int) -> Fetched:
    proof = tlog.consistency_proof(known, leaves) if known else []
    request = Request(known, tuple(proof), checkpoint).encoded
    return await fetcher.post(f"{one.url}/add-checkpoint", request, limit=MAX_ANSWER, seconds=DEADLINE)


# --- those that are missing -------------------------------------------------------------------------------------------


async def ask_missing(home: Home, fetcher: Fetcher) -> int:
    """Ask the witnesses that have not cosigned the newest public checkpoint yet; how many have done so now."""
    with home.store.reading() as db:
        feed = feeds.feed(db, home.network, "public")
        if feed is None or feed.followed.checkpoint is None:
            return 0
        missing = [one for one in asked(db) if not has_cosigned(feed.followed.checkpoint, one)]
        if not missing:
            return 0
        leaves = feeds.leaf_hashes(db, feed)
    more = await ask(home, fetcher, feed.followed.checkpoint, leaves, missing)
    with home.store.writing() as db:
        current = feeds.feed(db, home.network, "public")
        if current is not None and current.followed.checkpoint == feed.followed.checkpoint != more:
            witnesses.cosigned(db, current, more)
    return sum(has_cosigned(more, one) for one in missing)


def has_cosigned(checkpoint: Note, one: Witness) -> bool:
    verifier = one.verifier
    return any((found.name, found.id) == (verifier.name, verifier.id) for found in checkpoint.signatures)


def asked(db: Database) -> list[Witness]:
    """Our witnesses; those that are followed networks with the key that their identity names today."""
    cosigners = {network.network: network.identity.cosigner for network in feeds.networks(db)}
    return [
        msgspec.structs.replace(one, key=cosigners[one.network].vkey) if one.network in cosigners else one
        for one in witnesses.witnesses(db)
    ]


# --- whom to ask ------------------------------------------------------------------------------------------------------


async def add(home: Home, url: str, vkey: str | None, *, allow_private: bool) -> Witness:
    """Ask a witness from now on: a fednet node at its address, or any C2SP witness by submission prefix and key.

    Of a fednet node the key comes from its identity, which must be pinned here already.
    """
    base = base_url(url)
    moment = utc_text(now())
    if vkey is not None:
        try:
            verifier = parse_vkey(vkey)
        except RefusedError as error:
            raise UsageError(f"that is not the key of a witness: {error.detail}") from None
        if verifier.algorithm != COSIGNATURE_V1:
            raise UsageError("that is not the key of a witness", hint="a cosignature key has signature type 4")
        found = Witness(base, verifier.name, vkey, None, moment)
    else:
        found = await _node(home, base, moment, allow_private=allow_private)
    with home.store.writing() as db:
        known = {one.url for one in witnesses.witnesses(db)}
        if found.url not in known and len(known) >= MAX_WITNESSES:
            raise UsageError(f"at most {MAX_WITNESSES} witnesses are asked", hint="fednet witness remove URL")
        witnesses.add(db, found)
    return found


async def _node(home: Home, base: str, moment: str, *, allow_private: bool) -> Witness:
    async with Fetcher(allow_private=allow_private) as fetcher:
        hints = await read_well_known(fetcher, base)
        served = await read_identity(fetcher, base, hints.network)
    with home.store.reading() as db:
        pinned = feeds.pinned(db, served.network)
    if pinned is None or pinned.own:
        raise UsageError(
            f"{base} is {served.current.name}, {fingerprint(served.network)}, which this node does not follow",
            hint=f"fednet follow {base}, or give the witness's key: --key",
        )
    chain = pinned.identity
    return Witness(f"{base}/witness", chain.current.name, chain.cosigner.vkey, chain.network, moment)
