"""Every shape of question among a million organisations, on fednet, PostgreSQL and tantivy over the same rows, in one
run (`python -m tests.bench --only search`).

A tenth of the rows are statements of an organisation that the other network lists, too: fednet counts those once, the
others count rows. Each question of a shape is asked with other words, in turn; a process has answered each before.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fednet.directory.search import PUBLIC, parse_query, search
from fednet.listing import text
from fednet.node import home
from fednet.store import columns
from fednet.store.database import Store
from tests.bench.rows import build

ROUNDS = 40
SLOW_ROUNDS = 6
"""Of engines that take seconds for a question."""
SLOW = 300.0
FACETS = ("country", "service", "client_group", "language")
WORDS = "refugee legal women community housing youth hope shelter network rights".split()
SERVICES = ("legal-aid", "health", "housing", "detention")
THAI, CHINESE = "ช่วยเหลือ", "律援"


class Question(NamedTuple):
    """Words (the last may go on when `prefix`), two filters or none, and whether the facets are wanted."""

    text: str = ""
    service: str = ""
    language: str = ""
    facets: bool = False
    prefix: bool = False


class Shape(NamedTuple):
    name: str
    target: float
    question: Callable[[int], Question]


SHAPES = (
    Shape("common word, top 20 + count", 40, lambda n: Question(WORDS[n % 10])),
    Shape("prefix", 40, lambda n: Question(WORDS[n % 10][:4], prefix=True)),
    Shape("two filters + 4 facets", 40, lambda n: Question("", SERVICES[n % 4], "en", True)),
    Shape("text + 2 filters + 4 facets", 90, lambda n: Question(WORDS[n % 10], SERVICES[n % 4], "en", True)),
    Shape("common word + 4 facets", 40, lambda n: Question(WORDS[n % 10], facets=True)),
    Shape("everything + 4 facets", 40, lambda n: Question(facets=True)),
    Shape("Thai substring", 40, lambda n: Question(THAI)),
    Shape("two Chinese characters", 40, lambda n: Question(CHINESE)),
)


class Timed(NamedTuple):
    """Milliseconds, of a wall clock and of the asking thread's processor, and what was counted the last time."""

    p50: float
    p95: float
    processor: tuple[float, float]
    total: int


Ask = Callable[[Question], int]
"""Asks, reads the whole answer, and says how many were counted."""


def timed(ask: Ask, shape: Shape) -> Timed:
    taken: list[float] = []
    worked: list[float] = []
    began = time.perf_counter()
    total = ask(shape.question(0))
    rounds = ROUNDS if (time.perf_counter() - began) * 1000 < SLOW else SLOW_ROUNDS
    for number in range(rounds):
        began, begun = time.perf_counter(), time.thread_time()
        total = ask(shape.question(number))
        taken.append((time.perf_counter() - began) * 1000)
        worked.append((time.thread_time() - begun) * 1000)
    return Timed(*_usual_and_slow(taken), _usual_and_slow(worked), total)


def _usual_and_slow(taken: Sequence[float]) -> tuple[float, float]:
    return statistics.median(taken), statistics.quantiles(taken, n=20, method="inclusive")[18]


class Figures(NamedTuple):
    shape: Shape
    engines: dict[str, Timed]


def measure(folder: Path, count: int, say: Callable[[str], None] = print) -> Iterator[Figures | str]:
    """Notes, then the figures of each shape."""
    began = time.perf_counter()
    store = build(folder / "search.db", count)
    say(f"fednet: {count:,} rows indexed in {time.perf_counter() - began:.0f} s")
    engines: dict[str, Ask] = {}
    kept = columns.keep(store)
    began = time.perf_counter()
    with store.reading() as db:
        version = kept.at(db)
    yield (
        f"The columns of {count:,} rows take {version.nbytes / count:.0f} bytes a row and load in "
        f"{time.perf_counter() - began:.1f} s."
    )
    engines["fednet"] = fednet(store)
    with tempfile.TemporaryDirectory(prefix="fednet-pg-") as place, postgresql(Path(place), store, say) as asking:
        if asking is None:
            yield "PostgreSQL was left out: it is not on this machine."
        else:
            engines["PostgreSQL"] = asking
        engines["tantivy"] = tantivy(folder / "tantivy", store, say)
        for shape in SHAPES:
            found = {name: timed(ask, shape) for name, ask in engines.items()}
            say(
                f"{shape.name} (load {os.getloadavg()[0]:.1f}): "
                + ", ".join(f"{name} {one.p50:.1f} / {one.p95:.1f}" for name, one in found.items())
            )
            yield Figures(shape, found)
    store.close()


def fednet(store: Store) -> Ask:
    now = home.now()

    def ask(asked: Question) -> int:
        query = parse_query(text=asked.text, service=asked.service, language=asked.language)
        return search(store, query, PUBLIC, now, FACETS if asked.facets else ()).total

    return ask


def rows(store: Store) -> Iterator[dict[str, Any]]:
    """The same rows as fednet indexes them: folded texts, and facets as codes."""
    with store.reading() as db:
        found = db.execute("SELECT body FROM record ORDER BY id")
        for (body,) in found:
            fields = msgspec.json.decode(body)
            yield {
                "name": text.fold(" ".join(fields["names"].values())),
                "text": text.fold(" ".join((*fields["description"].values(), fields["seat"]["place"]))),
                "country": sorted({fields["seat"]["country"], *fields["countries"]}),
                "service": fields["services"],
                "client_group": fields["client_groups"],
                "language": fields["languages"],
            }


# --- PostgreSQL -------------------------------------------------------------------------------------------------------

_TABLE = """
CREATE UNLOGGED TABLE org (
  id serial PRIMARY KEY, name text, body text, country text[], service text[], client_group text[], language text[],
  words tsvector
)
"""
_INDEXES = (
    "UPDATE org SET words = setweight(to_tsvector('simple', name), 'A') || to_tsvector('simple', body)",
    "CREATE INDEX ON org USING gin (words)",
    "CREATE INDEX ON org USING gin (service)",
    "CREATE INDEX ON org USING gin (language)",
    "VACUUM ANALYZE org",
)


@contextmanager
def postgresql(place: Path, store: Store, say: Callable[[str], None]) -> Iterator[Ask | None]:
    """A server in a temporary folder, on a socket there; started as another user where this one is root."""
    programs = _programs()
    if programs is None:
        yield None
        return
    import psycopg

    cluster = place / "cluster"
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(place, user)
        place.chmod(0o755)
    options = f"-c listen_addresses='' -c unix_socket_directories={place} -c shared_buffers=1GB -c work_mem=256MB "
    options += "-c fsync=off -c max_wal_size=8GB"
    for command in (
        [str(programs / "initdb"), "-D", str(cluster), "-U", "bench", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust"],
        [str(programs / "pg_ctl"), "-D", str(cluster), "-w", "-l", str(place / "log"), "-o", options, "start"],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, cwd=place)
    try:
        with psycopg.connect(host=str(place), user="bench", dbname="postgres", autocommit=True) as conn:
            began = time.perf_counter()
            conn.execute(_TABLE)
            copied = "COPY org (name, body, country, service, client_group, language) FROM STDIN"
            with conn.cursor() as cursor, cursor.copy(copied) as copy:
                for row in rows(store):
                    copy.write_row(tuple(row.values()))
            for statement in _INDEXES:
                conn.execute(statement)
            say(f"PostgreSQL: indexed in {time.perf_counter() - began:.0f} s")
            yield _asking(conn)
    finally:
        stop = [str(programs / "pg_ctl"), "-D", str(cluster), "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, user=user, cwd=place)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    here = shutil.which("initdb")
    return found[-1].parent if found else Path(here).parent if here else None


def _asking(conn: Any) -> Ask:
    def ask(asked: Question) -> int:
        fits, values = _condition(asked)
        top = f"SELECT id, name FROM org WHERE {fits} ORDER BY name LIMIT 20"
        if asked.text:
            ranked = "ts_rank(words, to_tsquery('simple', %(words)s)) DESC"
            top = f"SELECT id, name FROM org WHERE {fits} ORDER BY {ranked} LIMIT 20"
        conn.execute(top, values).fetchall()
        if not asked.facets:
            return int(conn.execute(f"SELECT count(*) FROM org WHERE {fits}", values).fetchone()[0])
        counts = " UNION ALL ".join(
            f"SELECT '{facet}', code, count(*) FROM found, unnest({facet}) code GROUP BY code" for facet in FACETS
        )
        every = f"WITH found AS MATERIALIZED (SELECT {', '.join(FACETS)} FROM org WHERE {fits}) {counts} "
        counted = conn.execute(every + "UNION ALL SELECT 'all', '', count(*) FROM found", values).fetchall()
        return next(int(count) for facet, _, count in counted if facet == "all")

    return ask


def _condition(asked: Question) -> tuple[str, dict[str, Any]]:
    """In unspaced scripts each letter is a word, as for fednet: a phrase of them is what is looked for. Marks are none
    to PostgreSQL."""
    words = " <-> ".join(word for word in text.fold(asked.text).split() if word.isalnum())
    parts = ["words @@ to_tsquery('simple', %(words)s)"] if asked.text else []
    parts += ["service @> ARRAY[%(service)s]"] if asked.service else []
    parts += ["language @> ARRAY[%(language)s]"] if asked.language else []
    values = {
        "words": f"{words}:*" if asked.prefix else words,
        "service": asked.service,
        "language": asked.language,
    }
    return " AND ".join(parts) or "true", values


# --- tantivy ----------------------------------------------------------------------------------------------------------


def tantivy(place: Path, store: Store, say: Callable[[str], None]) -> Ask:
    import tantivy as engine

    began = time.perf_counter()
    builder = engine.SchemaBuilder()
    for name in ("name", "text"):
        builder.add_text_field(name, tokenizer_name="words")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True)
    schema = builder.build()
    place.mkdir()
    index = engine.Index(schema, path=str(place))
    words = engine.TextAnalyzerBuilder(engine.Tokenizer.whitespace()).filter(engine.Filter.lowercase()).build()
    index.register_tokenizer("words", words)
    writer = index.writer(heap_size=300_000_000, num_threads=2)
    for row in rows(store):
        document = engine.Document()
        document.add_text("name", row["name"])
        document.add_text("text", row["text"])
        for name in FACETS:
            for code in row[name]:
                document.add_text(name, code)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    say(f"tantivy: indexed in {time.perf_counter() - began:.0f} s")
    counted = {name: {"terms": {"field": name, "size": 300}} for name in FACETS}

    def ask(asked: Question) -> int:
        query = _query(engine, schema, asked)
        found: Any = searcher.search(query, limit=20, count=True)
        if asked.facets:
            searcher.aggregate(query, counted)
        return int(found.count)

    return ask


def _query(engine: Any, schema: Any, asked: Question) -> Any:
    must = []
    if asked.text:
        words = text.fold(asked.text).split()
        either = [_standing(engine, schema, name, words, asked.prefix) for name in ("name", "text")]
        boosted = [engine.Query.boost_query(either[0], 10.0), either[1]]
        must.append(engine.Query.boolean_query([(engine.Occur.Should, one) for one in boosted]))
    for name, code in (("service", asked.service), ("language", asked.language)):
        if code:
            must.append(engine.Query.term_query(schema, name, code))
    if not must:
        return engine.Query.all_query()
    return engine.Query.boolean_query([(engine.Occur.Must, one) for one in must])


def _standing(engine: Any, schema: Any, name: str, words: Sequence[str], prefix: bool) -> Any:
    if prefix:
        return engine.Query.regex_query(schema, name, f"{words[0]}.*")
    if len(words) == 1:
        return engine.Query.term_query(schema, name, words[0])
    return engine.Query.phrase_query(schema, name, list(words))


HEADING = "## Searching\n"


def section(folder: Path, count: int) -> str:
    """The section of docs/bench.md."""
    notes: list[str] = []
    figures: list[Figures] = []
    load = ""
    for one in measure(folder, count):
        if isinstance(one, str):
            notes.append(one)
        else:
            load = load or f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
            figures.append(one)
    return HEADING + "\n" + TEXT.format(count=count, load=load, notes=" ".join(notes)) + "\n" + table(figures)


TEXT = """Made with `python -m tests.bench --only search` (part of `make bench`): {count:,} organisations in two
networks, a tenth of the rows statements of an organisation that the other network lists, too. All engines in one run
over the same rows; milliseconds, p50 / p95 of 40 questions (6 where one takes longer than 300 ms), each engine asked
before. The load of the machine when the questions began was {load}; what fednet itself worked is told by the time of
the processor. fednet finds organisations, each once, by words, filters and joins, ranks all of them, reads the first 20
records and says who lists each; the others count rows. {notes}
"""


def table(found: Sequence[Figures]) -> str:
    """For docs/bench.md."""
    engines = list(found[0].engines)
    lines = [
        f"| question | {' | '.join(engines)} | fednet, processor | target p95 | met |",
        f"|---|{'---|' * len(engines)}---|---|---|",
    ]
    for one in found:
        ours = one.engines["fednet"]
        figures = " | ".join(f"{timed.p50:.1f} / {timed.p95:.1f}" for timed in one.engines.values())
        worked = "{:.1f} / {:.1f}".format(*ours.processor)
        met = "yes" if ours.p95 < one.shape.target else "no"
        lines.append(f"| {one.shape.name} | {figures} | {worked} | {one.shape.target:.0f} | {met} |")
    return "\n".join(lines) + "\n"
