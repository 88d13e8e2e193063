"""Recovery sheets: one for each recovery key, to be printed and kept where the computer is not.

Each is written twice, outside the node's home and readable by its user only: as text, which `keys recover --recovery`
reads, and as a page with the key in letters and as a QR code. Whoever signs up to be the network again needs nothing
else than the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import msgspec

from fednet.errors import UsageError
from fednet.feed import ed25519
from fednet.feed.identity import MAX_RECOVERY_KEYS, fingerprint
from fednet.feed.text import plain
from fednet.node.files import write_atomically
from fednet.node.keys import key_id, spelled

TITLE = "Recovery key of"


class Sheet(msgspec.Struct, frozen=True):
    """One recovery key on paper: the `number`th of `total`, of which `threshold` are needed together."""

    name: str
    network: str
    seed: bytes
    number: int = 1
    total: int = 1
    threshold: int = 1

    @property
    def key_id(self) -> str:
        return key_id(ed25519.public_key(self.seed))

    @property
    def share(self) -> str:
        if self.total == 1:
            return "the only one"
        return f"{self.number} of {self.total}; any {self.threshold} of them are needed together"

    @property
    def text(self) -> bytes:
        lines = [
            f"{TITLE} {plain(self.name)}",
            f"network {fingerprint(self.network)}",
            f"sheet {self.share}",
            f"id {self.key_id}",
            f"key {spelled(self.seed)}",
            "",
            *_ADVICE,
        ]
        return ("\n".join(lines) + "\n").encode()

    @property
    def page(self) -> bytes:
        """A page of its own, with nothing that would be fetched from elsewhere."""
        groups = spelled(self.seed).split()
        rows = "\n".join(" ".join(groups[i : i + 7]) for i in range(0, len(groups), 7))
        fields = [("Network", fingerprint(self.network)), ("Sheet", self.share), ("Id of this key", self.key_id)]
        return _PAGE.format(
            title=escape(f"{TITLE} {plain(self.name)}"),
            fields="".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in fields),
            key=rows,
            code=_code(spelled(self.seed)),
            advice="".join(f"<p>{escape(line)}</p>" for line in _ADVICE),
        ).encode()


_ADVICE = (
    "Print this, keep the paper where the computer is not, and delete the file.",
    "Whoever has enough of these keys can say who the network is. Without them, a lost or stolen node cannot be "
    "recovered.",
    "To use it: fednet keys recover --recovery - --closes last-good, then type or scan the key.",
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 12pt/1.5 sans-serif; max-width: 40em; margin: 2em auto; padding: 0 1em; color: #000; background: #fff }}
dt {{ font-weight: bold }}
dd {{ margin: 0 0 .5em 0 }}
pre {{ font: 15pt/1.8 monospace; border: 1px solid #000; padding: .5em 1em; white-space: pre-wrap }}
svg {{ width: 6cm; height: 6cm }}
@page {{ margin: 2cm }}
</style>
</head>
<body>
<h1>{title}</h1>
<dl>{fields}</dl>
<pre>{key}</pre>
{code}
{advice}
</body>
</html>
"""


def _code(text: str) -> str:
    """The key as a QR code. In capitals it needs fewer squares, and the reader of keys does not mind."""
    import segno

    code = segno.make(text.upper(), error="m", micro=False)
    return code.svg_inline(omitsize=True, title="the same key, to be scanned")


def sheets(name: str, network: str, seeds: Sequence[bytes], threshold: int) -> list[Sheet]:
    return [Sheet(name, network, seed, number, len(seeds), threshold) for number, seed in enumerate(seeds, 1)]


def places(out: Path, count: int) -> list[Path]:
    """Where the texts go: FILE, or FILE-1, FILE-2, ... before its suffix."""
    if not out.name:
        raise UsageError("a recovery key needs a file with a name", hint="name a file elsewhere than in the home")
    if count == 1:
        return [out]
    return [out.with_name(f"{out.stem}-{number}{out.suffix}") for number in range(1, count + 1)]


def page_beside(text: Path) -> Path:
    """Where the page of a sheet lies: beside its text."""
    return text.with_suffix(".html") if text.suffix == ".txt" else text.with_name(f"{text.name}.html")


def check_shares(total: int, threshold: int) -> None:
    if not 1 <= threshold <= total <= MAX_RECOVERY_KEYS:
        raise UsageError(
            f"{threshold} of {total} recovery keys cannot be required",
            hint=f"1 to {MAX_RECOVERY_KEYS} keys, and a threshold of at most so many: --recovery-keys 3 --threshold 2",
        )


def check_places(home: Path, texts: Sequence[Path]) -> None:
    """Raise UsageError unless all sheets can be written: outside the home, over nothing that is there."""
    for place in (file for text in texts for file in (text, page_beside(text))):
        if place.exists():
            raise UsageError(f"{place} exists and is not overwritten", hint="name another file")
        if place.absolute().is_relative_to(home.absolute()) or place.resolve().is_relative_to(home.resolve()):
            raise UsageError("a recovery key must not be kept in the node's home", hint="name a file elsewhere")


def write(sheets: Sequence[Sheet], texts: Sequence[Path]) -> None:
    """Every sheet, or none: what was written is taken back when one cannot be."""
    try:
        for sheet, text in zip(sheets, texts, strict=True):
            write_atomically(text, sheet.text, mode=0o600)
            write_atomically(page_beside(text), sheet.page, mode=0o600)
    except BaseException:
        destroy(texts)
        raise


def destroy(texts: Sequence[Path]) -> None:
    """Take back sheets whose keys name nobody."""
    for text in texts:
        text.unlink(missing_ok=True)
        page_beside(text).unlink(missing_ok=True)
