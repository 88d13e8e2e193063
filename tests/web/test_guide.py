"""Every example of docs/api.md is answered as it says: lines behind `>` are asked, the others found in this order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.asgi import Answer, Client

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"^```http\n(.*?)^```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def asked(client: Client, lines: list[str]) -> Answer:
    method, _, url = lines[0].partition(" ")
    blank = lines.index("") if "" in lines else len(lines)
    headers = dict(line.split(": ", 1) for line in lines[1:blank])
    named = {name.replace("-", "_").lower(): value for name, value in headers.items()}
    return client.ask(method, url, "\n".join(lines[blank + 1 :]).encode(), **named)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[0])
def test_an_example_is_answered_as_the_guide_says(program: Client, example: str) -> None:
    handle = program.get("/api/v1/organizations?text=Paper+Boat&language=my&network=Asia").json["items"][0]["handle"]
    lines = example.replace("HANDLE", handle).splitlines()
    question = [line[2:] for line in lines if line.startswith(">")]
    status, *expected = [line for line in lines if not line.startswith(">")]
    answer = asked(program, question)
    assert f"{answer.status} {answer.headers.get('content-type', '')}".strip() == status
    rest = answer.body.decode("utf-8-sig").replace("\r\n ", "")
    for line in expected:
        pattern = ".*?".join(re.escape(part.strip()) for part in line.split("..."))
        found = re.search(pattern, rest, re.DOTALL)
        assert found, f"{line}\nis not in\n{rest[:2000]}"
        rest = rest[found.end() :]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10
