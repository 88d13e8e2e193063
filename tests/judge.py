"""The independent judge: Go's packages note and tlog audit a log that is served over HTTP (`tests/feed/judge`)."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "feed" / "judge" / "main.go"
PACKAGES = Path("/usr/share/gocode")  # where Debian's golang-golang-x-mod-dev puts its sources


def missing() -> str | None:
    """Why there can be no judge on this machine."""
    if not shutil.which("go"):
        return "go is not installed (Debian: golang-go)"
    if not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        return "the Go packages note and tlog are not installed (Debian: golang-golang-x-mod-dev)"
    return None


def require() -> None:
    """Skip the test that calls this where there is no judge; on the build machine that is a failure."""
    reason = missing()
    if reason and os.environ.get("FEDNET_CI") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@cache
def binary() -> Path:
    """The judge, built once a session."""
    folder = Path(tempfile.mkdtemp(prefix="fednet-judge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": f"{PACKAGES}:{folder}", "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", folder / "judge", SOURCE], env=environment, check=True, timeout=300)
    return folder / "judge"


def judge(base_url: str, vkey: str, old_size: int, old_root: str | None = None) -> subprocess.CompletedProcess[str]:
    """What the judge says of the log below `base_url` (`.../feeds/<network>/public/1`): `returncode` 0 iff all holds.

    `old_size` (0: none) is an earlier size that must be a prefix, `old_root` its base64 root as it was seen then.
    """
    require()
    command = [binary(), base_url, vkey, str(old_size), *([old_root] if old_root else [])]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def judge_cosignature(checkpoint: bytes, log: str, witness: str) -> subprocess.CompletedProcess[bytes]:
    """What the judge says of a checkpoint that both of these verifier keys must have signed."""
    require()
    command = [binary(), "cosignature", log, witness]
    return subprocess.run(command, input=checkpoint, capture_output=True, timeout=60, check=False)
