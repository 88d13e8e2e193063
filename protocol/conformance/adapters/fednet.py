"""The three verbs of the contract over the command line of this repository's program, which is run, not imported.

    python3 protocol/conformance/run.py -- python3 protocol/conformance/adapters/fednet.py

`FEDNET` in the environment names another program, as `FEDNET="python -m fednet"`.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

PROGRAM = shlex.split(os.environ.get("FEDNET", "")) or [sys.executable, "-m", "fednet"]
ROOT = Path(__file__).resolve().parents[3]
REFUSED = 3


def fednet(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "FEDNET_ALLOW_PRIVATE_ADDRESSES": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*PROGRAM, "--node", str(home), *words], capture_output=True, text=True, env=known, check=False
    )


def told(done: subprocess.CompletedProcess[str]) -> int:
    """Pass on how a command failed: `fednet: <word>: <detail>` becomes `<word>: <detail>`."""
    said = [line.removeprefix("fednet: ") for line in done.stderr.splitlines() if line.startswith("fednet: ")]
    sys.stderr.write("\n".join(said or [done.stderr.strip()]) + "\n")
    return done.returncode


def synced(done: subprocess.CompletedProcess[str]) -> int:
    """Of the feeds that were synced, tell the first that failed."""
    for one in map(json.loads, done.stdout.splitlines()):
        if one.get("error"):
            sys.stderr.write(f"{one['word']}: {one['error']}\n")
            return REFUSED if one["refused"] else 1
    return told(done) if done.returncode else 0


def main(words: list[str]) -> int:
    home = Path(words[words.index("--dir") + 1]) / "home"
    verb, rest = words[2], words[3:]
    if not home.exists():
        made = fednet(home, "init", "--name", "Conformance")
        if made.returncode:
            return told(made)
    done = fednet(home, verb, *rest, *(["--json"] if verb == "sync" else []))
    if verb == "sync":
        return synced(done)
    if done.returncode:
        return told(done)
    if verb == "dump":
        sys.stdout.write(done.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
