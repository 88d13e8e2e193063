"""All measurements, one table: each row has the figure, the target of the design, and how it was made."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pysqlite3.dbapi2 as sqlite

from fednet.directory.search import OPERATOR, parse_query, search
from fednet.node import home, publish
from fednet.node.descent import BATCH_RECORDS
from fednet.node.home import Home
from fednet.store import columns
from tests.bench import exchange as exchange_bench
from tests.bench import matching as matching_bench
from tests.bench import search as search_bench
from tests.bench.nodes import Ran, change, new_home, origin, run, serving

SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000
ANSWER = 500
TABLE = Path(__file__).parents[2] / "docs" / "bench.md"


class Row(NamedTuple):
    what: str
    figure: str
    target: str
    met: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=LARGE, help="records of the largest node")
    parser.add_argument("--write", action="store_true", help="write docs/bench.md")
    parser.add_argument("--only", choices=["search", "exchange"], help="only this section")
    options = parser.parse_args()
    if options.only == "exchange":
        exchange_bench.section()
        return
    if options.only:
        searching(options.largest, options.write)
        return
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="fednet-bench-") as folder:
        for row in measure(Path(folder), options.largest):
            rows.append(row)
            print(f"{'  ' if row.met else '! '}{row.what}: {row.figure} (target {row.target})", flush=True)
    if options.write:
        section = TABLE.read_text().partition(search_bench.HEADING)
        TABLE.write_text(document(rows, options.largest) + "\n" + "".join(section[1:]))
    searching(options.largest, options.write)


def searching(largest: int, write: bool) -> None:
    """The section about searching, alone: the other rows of the table stay as they are."""
    with tempfile.TemporaryDirectory(prefix="fednet-bench-") as folder:
        section = search_bench.section(Path(folder), largest)
    print(section)
    if write:
        rest = TABLE.read_text().partition(search_bench.HEADING)[0].rstrip("\n")
        TABLE.write_text(f"{rest}\n\n{section}")


def measure(folder: Path, largest: int) -> Iterator[Row]:
    """Rows as they are measured."""
    update_seconds = {}
    for count, share in ((SMALL, 0.0), (MIDDLE, 0.35), (largest, 0.5)):
        node = origin(folder / f"origin-{count}", count)
        reader = folder / f"reader-{count}"
        new_home(reader, "Reader").close()
        with serving(node.path) as served:
            run(reader, "follow", served.url, "--yes")
            first = run(reader, "sync", "--json")
            if share:
                yield from first_sync_rows(node, folder, share, first, served.megabytes)
            if count == MIDDLE:
                yield from search_rows(reader)
            publish_ms, update = changes_after(node, reader)
        update_seconds[count] = update["seconds"]
        yield from update_rows(count, publish_ms, update)
        node.close()
    ratio = update_seconds[largest] / update_seconds[SMALL]
    yield Row(f"100 changes: time at {largest:,} against {SMALL:,}", f"{ratio:.2f}", "1.5", ratio <= 1.5)
    (folder / "matching").mkdir()
    yield from (Row(*row) for row in matching_bench.rows(folder / "matching"))


def first_sync_rows(node: Home, folder: Path, share: float, first: Ran, origin_megabytes: float) -> Iterator[Row]:
    synced = first.lines[0]
    count, rate = synced["records"], synced["records"] / synced["seconds"]
    by_answer, at_once = plain_rates(node, folder / "plain.db")
    yield Row(
        f"first sync of {count:,}: records/s, against plain `executemany` in transactions of {ANSWER} rows",
        f"{rate:,.0f}, {rate / by_answer:.2f} of {by_answer:,.0f}",
        f"{share} of plain",
        rate / by_answer >= share,
    )
    yield Row(
        f"first sync of {count:,}: against plain `executemany` in transactions of {BATCH_RECORDS:,} rows",
        f"{rate / at_once:.2f} of {at_once:,.0f}",
        f"{share} of plain",
        rate / at_once >= share,
    )
    peak = max(first.megabytes, origin_megabytes)
    figure = f"{first.megabytes:.0f} / {origin_megabytes:.0f} MB"
    yield Row(f"first sync of {count:,}: peak memory, follower / origin", figure, "350 MB", peak < 350)
    wire = synced["bytes"] / count
    yield Row(f"first sync of {count:,}: wire", f"{wire:.0f} B a record", "180 B", wire <= 180)


def update_rows(count: int, publish_ms: float, update: dict[str, Any]) -> Iterator[Row]:
    requests, size, seconds = update["requests"], update["bytes"], update["seconds"]
    within = requests == 1 and size <= 20 * 1024
    yield Row(f"100 changes after {count:,}: requests and wire", f"{requests}, {size:,} B", "1, 20,480 B", within)
    yield Row(f"100 changes after {count:,}: time", f"{seconds * 1000:.0f} ms", "100 ms", seconds < 0.1)
    yield Row(f"publish 100 edits into {count:,}", f"{publish_ms:.0f} ms", "200 ms", publish_ms < 200)


def plain_rates(node: Home, path: Path) -> tuple[float, float]:
    """Rows a second of plain `executemany` of (id, network, edition, body) into SQLite WAL: in transactions of as many
    rows as an answer has, and of as many as a batch of a first sync has. Medians of three."""
    with node.store.reading() as db:
        rows = db.execute("SELECT handle, 'bench', edition, body FROM record").fetchall()
    by_answer = statistics.median(plain_rate(rows, path, ANSWER) for _ in range(3))
    return by_answer, statistics.median(plain_rate(rows, path, BATCH_RECORDS) for _ in range(3))


def plain_rate(rows: list[Any], path: Path, size: int) -> float:
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    conn = sqlite.connect(str(path))
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("CREATE TABLE record (id TEXT PRIMARY KEY, network TEXT, edition INTEGER, body BLOB)")
    began = time.perf_counter()
    for start in range(0, len(rows), size):
        with conn:
            conn.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", rows[start : start + size])
    rate = len(rows) / (time.perf_counter() - began)
    conn.close()
    return rate


def changes_after(node: Home, reader: Path) -> tuple[float, dict[str, Any]]:
    """Publish 100 edits and sync them, seven times; median milliseconds of publishing, and the median sync."""
    published, syncs = [], []
    for round_ in range(7):
        change(node, 100, seed=100 + round_)
        began = time.perf_counter()
        publish.publish(node, home.now())
        published.append((time.perf_counter() - began) * 1000)
        syncs.append(run(reader, "sync", "--json").lines[0])
    return statistics.median(published), sorted(syncs, key=lambda one: one["seconds"])[3]


def search_rows(reader: Path) -> Iterator[Row]:
    node = Home(reader)
    columns.keep(node.store)
    times = []
    texts = ("refugee", "legal aid", "women shelter", "ramoti", "community", "housing project", "youth", "hope")
    for round_ in range(25):
        for number, text in enumerate(texts):
            service = ("legal-aid", "health", "housing", "detention")[(round_ + number) % 4]
            query = parse_query(text=text, service=[service], language=["en"], kind=["organization"])
            began = time.perf_counter()
            search(node.store, query, OPERATOR, home.now())
            times.append((time.perf_counter() - began) * 1000)
    node.close()
    median, p95 = statistics.median(times[8:]), statistics.quantiles(times[8:], n=20)[18]
    what = f"search among {MIDDLE:,}: text + 2 filters + 7 facets, p50 / p95"
    yield Row(what, f"{median:.1f} / {p95:.1f} ms", "30 ms p95", p95 < 30)
    starts = [run(reader, "search", "refugee", "--country", "CA", "--json").seconds for _ in range(6)]
    cold = statistics.median(starts[1:])
    yield Row("`fednet search` as a process, from nothing to printed", f"{cold:.2f} s", "0.4 s", cold < 0.4)


HEAD = """# Measurements

Made with `make bench` on {cores} cores ({machine}, Python {python}, SQLite {sqlite}), largest node {largest:,} records.
Records are synthetic, about 450 bytes of body (`tests/bench/records.py`). Origin and follower are processes of their
own on loopback (`fednet serve`, `fednet sync`); every record is verified, stored and searchable when a sync ends. Times
of updates are medians of seven. Compare ratios, not absolute figures: they drift with the machine.

| measured | figure | target | met |
|---|---|---|---|
"""


def document(rows: list[Row], largest: int) -> str:
    head = HEAD.format(
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        sqlite=sqlite.sqlite_version,
        largest=largest,
    )
    return head + "".join(f"| {r.what} | {r.figure} | {r.target} | {'yes' if r.met else 'no'} |\n" for r in rows)


if __name__ == "__main__":
    main()
