"""One scenario played against one follower: what the command line is asked, and whether it answers as it must."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from suite.network import Fields, Network, Response, drop, erase, put
from suite.server import Server

SECONDS = 120  # a verb that takes longer hangs
DONE, UNREACHABLE, REFUSED = 0, 1, 3
FEED = ("network", "circle", "epoch", "edition")
RECORD = ("network", "circle", "key", "handle", "body", "erased")

Lie = Callable[[Response], Response]
Play = Callable[["Trial"], None]


class WrongError(Exception):
    """The follower did not do what the scenario expects."""


class Ended(NamedTuple):
    """What came of running a program with some words."""

    code: int
    out: bytes
    err: bytes


Program = Callable[[Sequence[str]], Ended]


def spawned(command: Sequence[str]) -> Program:
    """The program that this command starts, a process each time."""

    def program(words: Sequence[str]) -> Ended:
        try:
            ended = subprocess.run([*command, *words], capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise WrongError(f"{words[2]} did not end within {SECONDS} s") from None
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return program


class Outcome(NamedTuple):
    """How a verb ended: its exit code, the error word that it named, all that it said."""

    code: int
    word: str
    said: str

    def __str__(self) -> str:
        said = self.said.strip().splitlines()
        return f"exit {self.code} {self.word}".strip() + (f" ({said[-1][:200]})" if said else "")


class Scenario(NamedTuple):
    """`begin` says what the follower knows of the example network at first: `fresh`, `followed` or `synced`."""

    name: str
    begin: str
    play: Play


SCENARIOS: list[Scenario] = []


def scenario(begin: str = "synced") -> Callable[[Play], Play]:
    """Register a function as a scenario; its name is the scenario's."""

    def register(play: Play) -> Play:
        SCENARIOS.append(Scenario(play.__name__.replace("_", "-"), begin, play))
        return play

    return register


def example() -> Network:
    """What a `synced` follower has read: three editions, 24 listings less one dropped, one of them erased."""
    network = Network()
    network.publish(*map(put, range(24)))
    network.publish(put(0, 2), erase(1))
    network.publish(drop(2))
    return network


class Trial:
    """A follower in its own directory, and the network it follows at its own address."""

    def __init__(self, program: Program, directory: Path, server: Server, network: Network) -> None:
        self.program, self.directory, self.server, self.network = program, directory, server, network
        self.lies: list[tuple[str, Lie]] = []
        self.before: list[Fields] = []  # what was shown when it was last right
        server.answer = self._answer

    def _answer(self, target: str) -> Response:
        response = self.network.resource(target)
        for part, lie in self.lies:
            if part in target:
                response = lie(response)
        return response

    # --- what a scenario sets up

    def lie(self, part: str, change: Callable[[bytes], bytes]) -> None:
        """Change the body of every good answer whose path has this part."""
        self.instead(part, lambda good: good._replace(body=change(good.body)) if good.status == 200 else good)

    def instead(self, part: str, lie: Lie) -> None:
        self.lies.append((part, lie))

    def honest(self) -> None:
        self.lies.clear()

    # --- what it asks of the follower

    def verb(self, *words: str) -> Outcome:
        self.server.sent = 0
        ended = self.program(["--dir", str(self.directory), *words])
        said = ended.err.decode("utf-8", "replace")
        self.printed = ended.out
        word = said.strip().splitlines()[-1].partition(":")[0] if said.strip() else ""
        return Outcome(ended.code, word if ended.code == REFUSED else "", said)

    def follow(self) -> Outcome:
        return self.verb("follow", self.server.url, "--fingerprint", self.network.id)

    def dump(self) -> list[Fields]:
        """What is shown, reduced to what is compared."""
        outcome = self.verb("dump")
        _check(outcome.code == DONE, f"dump: expected exit 0, found {outcome}")
        try:
            lines = [json.loads(line) for line in self.printed.decode().split("\n") if line]
        except ValueError as error:
            raise WrongError(f"dump does not print one JSON object a line: {error}") from None
        return sorted(
            [{name: line[name] for name in (FEED if "edition" in line else RECORD) if name in line} for line in lines],
            key=lambda line: (line["network"], line["circle"], line.get("key", "")),
        )

    # --- what it expects

    def follows(self) -> None:
        outcome = self.follow()
        _check(outcome.code == DONE, f"follow: expected exit 0, found {outcome}")

    def accepts(self) -> None:
        """A sync ends well, and what is shown is what the network signed last."""
        outcome = self.verb("sync")
        _check(outcome.code == DONE, f"sync: expected exit 0, found {outcome}")
        self.shows(self.network.dumped())

    def shows(self, expected: list[Fields]) -> None:
        found = self.dump()
        _check(found == expected, f"dump: {_difference(expected, found)}")
        self.before = found

    def refuses(self, *words: str, most: int = 0) -> None:
        """A sync names one of these words, reads at most `most` bytes, and changes nothing that is shown."""
        outcome = self.verb("sync")
        self._refused("sync", outcome, words)
        _check(not most or self.server.sent <= most, f"sync read {self.server.sent} bytes, at most {most} are needed")
        self.shows(self.before)

    def refuses_or_reads_pages(self, *words: str, most: int) -> None:
        """What is too much is refused within `most` bytes; or the same is read in smaller parts, and accepted."""
        outcome = self.verb("sync")
        if outcome.code != DONE:
            self._refused("sync", outcome, words)
        _check(self.server.sent <= most, f"sync read {self.server.sent} bytes, at most {most} are needed")
        self.shows(self.before if outcome.code else self.network.dumped())

    def refuses_to_follow(self, *words: str) -> None:
        self._refused("follow", self.follow(), words)

    def fails(self) -> None:
        """A sync finds nobody, and changes nothing."""
        outcome = self.verb("sync")
        _check(outcome.code == UNREACHABLE, f"sync: expected exit 1, found {outcome}")
        self.shows(self.before)

    def _refused(self, verb: str, outcome: Outcome, words: tuple[str, ...]) -> None:
        good = outcome.code == REFUSED and outcome.word in words
        _check(good, f"{verb}: expected exit 3 {' or '.join(words)}, found {outcome}")


def _check(good: bool, otherwise: str) -> None:
    if not good:
        raise WrongError(otherwise)


def _difference(expected: list[Fields], found: list[Fields]) -> str:
    missing = [line for line in expected if line not in found]
    surplus = [line for line in found if line not in expected]
    return f"expected {len(expected)} lines, found {len(found)}; missing {missing[:1]}, too many {surplus[:1]}"[:600]
