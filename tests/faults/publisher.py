"""A publisher to be killed: `python -m tests.faults.publisher HOME edits|publish`.

`edits` waits for lines on stdin and for each one forks a child that adds and publishes until somebody kills it. The
child tells what is acknowledged and what is signed as soon as it is:

```
child <pid>
edit <handle>
signed <size> <root>
```
`publish` signs what waits, once.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fednet.feed.checkpoint import parse_checkpoint
from fednet.feed.text import base64_text
from fednet.node import edits, publish
from fednet.node.home import Home

NOW = datetime(2026, 11, 21, 18, 0, 0, tzinfo=UTC)
sign = publish.sign


def tell(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def told(text: bytes, *signers: Any) -> Any:
    note = sign(text, *signers)
    checkpoint = parse_checkpoint(text)
    tell("signed", checkpoint.size, base64_text(checkpoint.root))
    return note


def forever(path: Path) -> None:
    home = Home(path)
    tell("child", os.getpid())
    while True:
        for word in ("Alpha", "Beta"):
            tell("edit", edits.add(home, "organization", {"names": {"en": word}}, NOW).handle)
        publish.publish(home, NOW)


def main() -> None:
    path, what = Path(sys.argv[1]), sys.argv[2]
    publish.sign = told
    if what == "publish":
        publish.publish(Home(path), NOW)
        return
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            forever(path)
        os.waitpid(child, 0)
        tell("killed")


if __name__ == "__main__":
    main()
