"""Playing scenarios one after the other, each against a copy of a follower that was prepared once."""

from __future__ import annotations

import shutil
from pathlib import Path

from suite import honest, hostile
from suite.server import Server
from suite.trial import SCENARIOS, Program, Scenario, Trial, WrongError, example

__all__ = ["SCENARIOS", "Worker", "honest", "hostile"]  # importing the last two registers their scenarios


class Worker:
    """One address, and followers prepared for it: none, one that has pinned the example, one that holds it."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.server = Server()
        self.ready: set[str] = set()
        self.count = 0

    def trial(self, begin: str, name: str) -> Trial:
        """A follower that stands where a scenario begins, as a copy of one prepared once."""
        self._prepare(begin)
        directory = self.folder / name
        shutil.copytree(self.folder / f"({begin})", directory)
        trial = Trial(self.program, directory, self.server, example())
        if begin == "synced":
            trial.before = trial.network.dumped()
        return trial

    def _prepare(self, begin: str) -> None:
        if begin in self.ready:
            return
        directory = self.folder / f"({begin})"
        shutil.rmtree(directory, ignore_errors=True)  # of an attempt that failed
        if begin == "fresh":
            directory.mkdir(parents=True)
            Trial(self.program, directory, self.server, example()).shows([])
        else:
            before = "fresh" if begin == "followed" else "followed"
            self._prepare(before)
            shutil.copytree(self.folder / f"({before})", directory)
            trial = Trial(self.program, directory, self.server, example())
            trial.follows() if begin == "followed" else trial.accepts()
        self.ready.add(begin)

    def verdict(self, scenario: Scenario) -> str:
        """What is wrong, or nothing."""
        try:
            trial = self.trial(scenario.begin, scenario.name)
            scenario.play(trial)
        except WrongError as error:
            return str(error)
        finally:
            shutil.rmtree(self.folder / scenario.name, ignore_errors=True)
        return ""

    def close(self) -> None:
        self.server.close()
