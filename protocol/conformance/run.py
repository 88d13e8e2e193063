"""Hold an implementation to the protocol:

    python3 protocol/conformance/run.py -- node protocol/conformance/reference-js/follower.mjs
    python3 protocol/conformance/run.py --only theft -- <command...>
    python3 protocol/conformance/run.py --feed-url https://node.example.org

One line a scenario; the exit code is 1 when anything failed. README.md says what `<command...>` must offer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).resolve().parent))

from suite.probe import probe
from suite.trial import Program, Scenario, spawned
from suite.worker import SCENARIOS, Worker

WORKERS = 2


def verdicts(program: Program, chosen: Sequence[Scenario], folder: Path) -> Iterator[tuple[str, str]]:
    """Scenario by scenario, in their order: name, and what is wrong."""
    free: SimpleQueue[Worker] = SimpleQueue()
    workers = [Worker(program, folder / str(i)) for i in range(WORKERS)]
    for worker in workers:
        free.put(worker)

    def played(scenario: Scenario) -> str:
        worker = free.get()
        try:
            return worker.verdict(scenario)
        finally:
            free.put(worker)

    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            yield from zip((scenario.name for scenario in chosen), pool.map(played, chosen), strict=True)
    finally:
        for worker in workers:
            worker.close()


def show(lines: Iterator[tuple[str, str]]) -> int:
    """Print the verdicts; how many are bad."""
    good = bad = 0
    for name, wrong in lines:
        sys.stdout.write(f"FAIL  {name}: {wrong}\n" if wrong else f"ok    {name}\n")
        sys.stdout.flush()
        good, bad = good + (not wrong), bad + bool(wrong)
    sys.stdout.write(f"{good} ok, {bad} failed\n")
    return bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="WORD", action="append", help="only scenarios whose name has this in it")
    parser.add_argument("--list", action="store_true", help="print the names of all scenarios")
    parser.add_argument("--feed-url", metavar="URL", help="read a live node, and judge what it serves")
    parser.add_argument("command", nargs="*", help="the implementation, after --")
    asked = parser.parse_args()
    chosen = [s for s in SCENARIOS if not asked.only or any(word in s.name for word in asked.only)]
    if asked.list:
        sys.stdout.write("".join(f"{scenario.name}\n" for scenario in chosen))
        return 0
    if not asked.feed_url and not asked.command:
        parser.error("give a command after --, or --feed-url")
    bad = show(probe(asked.feed_url)) if asked.feed_url else 0
    if asked.command:
        with tempfile.TemporaryDirectory() as folder:
            bad += show(verdicts(spawned(asked.command), chosen, Path(folder)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
