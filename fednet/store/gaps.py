"""Zeroing what SQLite leaves between the cells of its pages; a program of its own, `python gaps.py DATABASE`.

```
page = header | pointers to cells | gap | cells        (SQLite file format, section 1.6)
```
`secure_delete` zeroes a cell that is deleted. But when cells move to a neighbouring page, their old bytes stay in the
gap of the page they left, and nobody zeroes those when the cell is deleted later (tried: of 2,000 records taken out,
the text of one was still in the file). What is in a gap means nothing, so it may be zeroed in place.

Whoever calls makes sure that nobody else writes meanwhile, that the write-ahead log is empty, and that afterwards
nobody goes on with pages read before. It is a process of its own because closing a database file takes away all locks
that the process has on it (sqlite.org/howtocorrupt.html, section 2.2). It knows no other module, and starts fast.
"""

from __future__ import annotations

import os
import sys

CHUNK = 256  # pages read at once
FIRST = 100  # bytes of the file's header, before that of the first page
HEADERS = {2: 12, 5: 12, 10: 8, 13: 8}
"""Length of the header by the first byte of a page of a b-tree."""

MAX_PAGES = 0x02000000
"""In a larger file the first byte of an overflow page, part of a page number, may look like that of a b-tree page."""


def gap(page: bytes, start: int = 0) -> tuple[int, int]:
    """Where the gap of a b-tree page begins and ends; empty for any other page."""
    length = HEADERS.get(page[start])
    if length is None:
        return 0, 0
    cells = int.from_bytes(page[start + 3 : start + 5], "big")
    end = int.from_bytes(page[start + 5 : start + 7], "big") or 65_536
    return start + length + 2 * cells, min(end, len(page))


def zero(path: str) -> int:
    """Zero the gaps of all pages, durably; how many were not zero before."""
    with open(path, "r+b", buffering=0) as file:  # noqa: PTH123  (pathlib takes a third of the time of all this)
        size = int.from_bytes(os.pread(file.fileno(), 2, 16), "big")
        size = 65_536 if size == 1 else size
        pages = os.fstat(file.fileno()).st_size // size
        if pages >= MAX_PAGES:
            raise SystemExit(f"{pages} pages are too many")
        found = sum(_zero_chunk(file.fileno(), first, size) for first in range(0, pages, CHUNK))
        os.fsync(file.fileno())
    return found


def _zero_chunk(file: int, first: int, size: int) -> int:
    chunk = os.pread(file, CHUNK * size, first * size)
    found = 0
    for number in range(len(chunk) // size):
        page = chunk[number * size : (number + 1) * size]
        start, end = gap(page, FIRST if first + number == 0 else 0)
        if start < end and page.count(0, start, end) != end - start:
            os.pwrite(file, bytes(end - start), (first + number) * size + start)
            found += 1
    return found


if __name__ == "__main__":
    sys.stdout.write(f"{zero(sys.argv[1])}\n")
