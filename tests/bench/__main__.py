"""All measurements, one table: each row has the figure, the target of the design, and how it was made."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pysqlite3.dbapi2 as sqlite

from fednet.directory.search import OPERATOR, parse_query, search
from fednet.node import home, publish
from fednet.node.home import Home
from tests.bench.nodes import change, new_home, origin, run, serving

SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000
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
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="fednet-bench-") as folder:
        for row in measure(Path(folder), options.largest):
            rows.append(row)
            print(f"{'  ' if row.met else '! '}{row.what}: {row.figure} (target {row.target})", flush=True)
    if options.write:
        TABLE.write_text(document(rows, options.largest))


def measure(folder: Path, largest: int):  # type: ignore[no-untyped-def]
    """Rows as they are measured."""
    update_seconds = {}
    for count, share in ((SMALL, None), (MIDDLE, 0.35), (largest, 0.5)):
        node = origin(folder / f"origin-{count}", count)
        reader = folder / f"reader-{count}"
        new_home(reader, "Reader").close()
        with serving(node.path) as served:
            run(reader, "follow", served.url, "--yes")
            first = run(reader, "sync", "--json")
            synced = first.lines[0]
            if share is not None:
                yield from first_sync_rows(node, folder, count, share, synced, first.megabytes, served.megabytes)
            if count == MIDDLE:
                yield from search_rows(reader)
            publish_ms, update = changes_after(node, reader)
            update_seconds[count] = update["seconds"]
            yield Row(f"100 changes after {count:,}: requests, wire", f"{update['requests']}, {update['bytes']:,} B",
                      "1, 20,480 B", update["requests"] == 1 and update["bytes"] <= 20_480)  # fmt: skip
            yield Row(f"100 changes after {count:,}: time (median of 5)", f"{update['seconds'] * 1000:.0f} ms", "100 ms",
                      update["seconds"] < 0.1)  # fmt: skip
            if count == largest:
                yield Row(f"publish 100 edits into {count:,} (median of 5)", f"{publish_ms:.0f} ms", "200 ms",
                          publish_ms < 200)  # fmt: skip
        node.close()
    ratio = update_seconds[largest] / update_seconds[SMALL]
    yield Row(f"100 changes: {largest:,} against {SMALL:,}", f"{ratio:.2f}", "1.5", ratio <= 1.5)


def first_sync_rows(node: Home, folder: Path, count: int, share: float, synced: dict, client: float, server: float):  # type: ignore[no-untyped-def, type-arg]
    plain = plain_rate(node, folder / "plain.db")
    rate = synced["records"] / synced["seconds"]
    yield Row(f"first sync of {count:,}: records/s, against plain executemany",
              f"{rate:,.0f}, {rate / plain:.2f} of {plain:,.0f}", f"{share} of plain", rate / plain >= share)  # fmt: skip
    yield Row(f"first sync of {count:,}: peak memory, follower / origin", f"{client:.0f} / {server:.0f} MB", "350 MB",
              max(client, server) < 350)  # fmt: skip
    wire = synced["bytes"] / synced["records"]
    yield Row(f"first sync of {count:,}: wire", f"{wire:.0f} B a record", "180 B", wire <= 180)


def plain_rate(node: Home, path: Path) -> float:
    """Rows a second of plain `executemany` of (id, network, edition, body) into SQLite WAL; median of three."""
    with node.store.reading() as db:
        rows = db.execute("SELECT handle, 'bench', edition, body FROM record").fetchall()
    rates = []
    for _ in range(3 if len(rows) < LARGE else 1):
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()
        conn = sqlite.connect(str(path))
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("CREATE TABLE record (id TEXT PRIMARY KEY, network TEXT, edition INTEGER, body BLOB)")
        began = time.perf_counter()
        for start in range(0, len(rows), 10_000):
            with conn:
                conn.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", rows[start : start + 10_000])
        rates.append(len(rows) / (time.perf_counter() - began))
        conn.close()
    return statistics.median(rates)


def changes_after(node: Home, reader: Path) -> tuple[float, dict]:  # type: ignore[type-arg]
    """Publish 100 edits and sync them, five times; median milliseconds of publishing, and the median sync."""
    published, syncs = [], []
    for round_ in range(5):
        change(node, 100, seed=100 + round_)
        began = time.perf_counter()
        publish.publish(node, home.now())
        published.append((time.perf_counter() - began) * 1000)
        syncs.append(run(reader, "sync", "--json").lines[0])
    return statistics.median(published), sorted(syncs, key=lambda one: one["seconds"])[2]


def search_rows(reader: Path):  # type: ignore[no-untyped-def]
    node = Home(reader)
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
    p95 = statistics.quantiles(times[8:], n=20)[18]
    median = statistics.median(times[8:])
    yield Row("search among 100,000: text + 2 filters + 4 facets, p50 / p95", f"{median:.1f} / {p95:.1f} ms", "30 ms p95",
              p95 < 30)  # fmt: skip
    starts = [run(reader, "search", "refugee", "--country", "TH", "--json").seconds for _ in range(6)]
    cold = statistics.median(starts[1:])
    yield Row("`fednet search` as a process, from nothing to printed", f"{cold:.2f} s", "0.4 s", cold < 0.4)


def document(rows: list[Row], largest: int) -> str:
    head = f"""# Measurements

Made with `make bench` on {os.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()},
SQLite {sqlite.sqlite_version}), largest node {largest:,} records. Records are synthetic, about 450 bytes of body (`tests/bench/records.py`);
origin and follower are processes of their own on loopback; every record is verified, stored and searchable when a sync ends.
Compare ratios, not absolute figures: they drift with the machine.

| measured | figure | target | met |
|---|---|---|---|
"""
    body = "".join(f"| {r.what} | {r.figure} | {r.target} | {'yes' if r.met else 'no'} |\n" for r in rows)
    return head + body


if __name__ == "__main__":
    main()
