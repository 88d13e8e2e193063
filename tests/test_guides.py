"""The guides' commands work: every fenced `console` block of a guide is run, in order, by nodes on loopback.

A block belongs to the network that its info string names, else to the first one. Lines that begin with `$ ` are run;
the others must be said, in this order, by the command above them (`...` stands for anything). `# exit 1` after a
command is how it ends. A `csv` block with a name is that file of the first network. What a comment
`<!-- meanwhile: ... -->` tells happens here.
"""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
from click.testing import CliRunner

from fednet.cli import main
from fednet.node import publish, standing
from fednet.node.home import Home
from fednet.web.app import create_app
from tests.node.nodes import NOW, add
from tests.serving import Serving

ROOT = Path(__file__).parents[1]
GUIDES = ("README.md", "docs/operating.md", "docs/calendar.md", "docs/importing.md", "docs/exchange.md")
NAMES = {"harbour": "Harbour Refugee Network", "river": "River Network", "hill": "Hill Network"}
MEMBERS = (
    "Name,Country,E-mail\nFerry Street Clinic,Canada,info@ferry.example\nPier Legal Aid,Canada,info@pier.example\n"
)
CLINIC = {"names": {"en": "Ferry Street Clinic"}, "seat": {"country": "CA"}}
PERSON = {"name": "Example Person", "role": "chair"}
PASSPHRASE = "six words on a piece of paper\n"


class Step(NamedTuple):
    """A command of a network and what it says, or something that happens meanwhile; `at` is where a guide says so."""

    at: str
    network: str
    command: str
    said: tuple[str, ...] = ()
    code: int = 0
    meanwhile: str = ""


def steps(guide: str) -> Iterator[Step]:
    """All that happens in a guide, in order."""
    network: str | None = None
    found: list[Step] = []
    for number, line in enumerate((ROOT / guide).read_text("utf-8").splitlines(), 1):
        at = f"{guide}:{number}"
        if network is None:
            if told := re.fullmatch(r"<!-- meanwhile: (.+) -->", line):
                yield Step(at, "", "", meanwhile=told[1])
            elif opened := re.fullmatch(r"```console ?(\w*)", line):
                network, found = opened[1] or "harbour", []
            elif opened := re.fullmatch(r"```csv (\S+)", line):
                network, found = "harbour", [Step(at, "harbour", opened[1], meanwhile="a file is written")]
        elif line == "```":
            yield from found
            network = None
        elif line.startswith("$ "):
            code = re.search(r"# exit (\d)$", line)
            found.append(Step(at, network, line[2:].partition(" #")[0].strip(), code=int(code[1]) if code else 0))
        elif line:
            found[-1] = found[-1]._replace(said=(*found[-1].said, line))


class Place(Serving):
    """Stands at one address from the beginning; what answers there may change, or be away."""

    def __init__(self) -> None:
        self.app: Any = None
        super().__init__(self._answer)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if self.app is not None:
            await self.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Office:
    """A network's folder, and the address at which its node is served."""

    def __init__(self, folder: Path, name: str, stack: ExitStack) -> None:
        self.folder, self.name, self._stack = folder, name, stack
        folder.mkdir()
        self.serving = Place()
        stack.callback(self.serving.close)
        self.paper = ""
        (folder / "members.csv").write_text(MEMBERS)
        (folder / "clinic.json").write_text(json.dumps(CLINIC))
        (folder / "person.json").write_text(json.dumps(PERSON))
        (folder / "passphrase.txt").write_text(PASSPHRASE)
        table = openpyxl.Workbook()
        for row in csv.reader(MEMBERS.splitlines()):
            table.worksheets[0].append(row)
        table.save(folder / "members.xlsx")
        shutil.copy(ROOT / "nodes" / "ccr" / "events.ics", folder)

    def home(self, folder: str = "node") -> Home:
        opened = Home(self.folder / folder)
        self._stack.callback(opened.close)
        return opened

    def serve(self, folder: str = "node") -> None:
        self.serving.app = create_app(self.home(folder))

    def copied(self) -> Home:
        """A second copy of the node that signs, as a thief would make it."""
        with self.home().store.emptied():
            shutil.copytree(self.folder / "node", self.folder / "stolen")
        thief = self.home("stolen")
        with thief.store.reading() as db:
            thief.mark.adopt(thief.network.network, standing.logs(db, thief.network))
        return thief


class World:
    """The three offices, a stick that they hand on, and the last handle and witness line that a command printed."""

    def __init__(self, folder: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.offices = {name: Office(folder / name, name, stack) for name in NAMES}
        self.stick, self._monkeypatch = folder / "stick", monkeypatch
        self.stick.mkdir()
        self.handle = ""
        self.named: dict[str, str] = {}

    def told(self, command: str, office: Office) -> str:
        """The command as it is meant here."""
        for name, other in self.offices.items():
            command = command.replace(f"https://directory.{name}.example", other.serving.url)
        if "FINGERPRINT" in command:
            asked = next(other for other in self.offices.values() if other.serving.url in command)
            command = command.replace("FINGERPRINT", asked.home().network.network)
        if command.startswith("fednet exchange"):
            command = re.sub(r"\b(NEED|OFFER|ID)\b", lambda found: self.named[found[1]], command)
        return command.replace("/media/usb", str(self.stick)).replace("HANDLE", self.handle)

    def run(self, step: Step) -> None:
        if step.meanwhile and not step.command:
            MEANWHILE[step.meanwhile](self)
            return
        office = self.offices[step.network]
        if step.meanwhile:
            (office.folder / step.command).write_text("\n".join(step.said))
            return
        command = self.told(step.command, office)
        self._monkeypatch.chdir(office.folder)
        if command == "fednet serve":
            office.serve()
            return
        if not command.startswith("fednet "):
            subprocess.run(command, shell=True, check=True)
            return
        given = office.paper if " - " in command else ""
        result = CliRunner().invoke(main, shlex.split(command)[1:], input=given, prog_name="fednet")
        said = result.stdout + result.stderr
        assert result.exit_code == step.code, f"{step.at}: {step.command}\n{said}"
        check_said(step, self.told("\n".join(step.said), office).splitlines(), said)
        self._remember(command, office, result.stdout, result.stderr)

    def _remember(self, command: str, office: Office, said: str, aside: str) -> None:
        if command.startswith("fednet add") and said.strip():
            self.handle = said.strip()
            self.named |= {file.upper(): self.handle for file in ("need", "offer") if f"{file}.json" in command}
        elif asked := re.search(r"asked: introduction (\w+)", aside):
            self.named["ID"] = asked[1]
        elif command.startswith("fednet init"):
            sheets = sorted(office.folder.glob("*-recovery-key*.txt"))
            office.paper = "".join(sheet.read_text() for sheet in sheets[-2:])
        elif command.startswith("fednet witness key"):
            text = f"{said}quorum {said.split()[1]}\n"
            (self.offices["harbour"].folder / "river.policy").write_text(text)


def check_said(step: Step, expected: list[str], said: str) -> None:
    """Each expected line is in what was said, one after the other."""
    rest = said
    for line in expected:
        pattern = ".*".join(re.escape(part.strip()) for part in line.split("..."))
        found = re.search(pattern, rest)
        assert found, f"{step.at}: {step.command}\nexpected: {line}\nsaid: {said}"
        rest = rest[found.end() :]


# --- what happens meanwhile


def lost(world: World) -> None:
    office = world.offices["harbour"]
    office.serving.app = None
    shutil.rmtree(office.folder / "node")


def robbed(world: World) -> None:
    thief = world.offices["harbour"].copied()
    for number in range(3):
        add(thief, f"Forged {number}")
        publish.publish(thief, NOW)
    world.offices["harbour"].serve("stolen")
    world.run(Step("", "river", "fednet sync"))
    world.run(Step("", "river", "fednet search Forged", said=("Forged 2",)))
    world.offices["harbour"].serve()


def mended(world: World) -> None:
    world.run(Step("", "river", "fednet search Forged", said=("0 records found",)))


def two_faced(world: World) -> None:
    river = world.offices["river"]
    other = river.copied()
    world.run(Step("", "river", "fednet add organization --json clinic.json"))
    world.run(Step("", "river", "fednet publish"))
    world.run(Step("", "harbour", "fednet sync"))
    for number in range(2):
        add(other, f"Other {number}")
        publish.publish(other, NOW)
    river.serve("stolen")


def corrected(world: World) -> None:
    """As in a spreadsheet: the cells of three rows, not the reasons beside them."""
    file = world.offices["harbour"].folder / "to-correct.csv"
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines(), delimiter=";"))
    name, country, does, mail = (rows[0].index(header) for header in ("Who", "Pays", "What they do", "E-mail"))
    rows[1][country], rows[1][does] = "Canada", "food, health"
    rows[2][name], rows[2][mail] = "Jordan Clinic", ""
    rows[3][mail] = "clinic@yangon.example"
    with file.open("w", newline="") as out:
        csv.writer(out, delimiter=";").writerows(rows)


MEANWHILE: dict[str, Callable[[World], None]] = {
    "somebody corrects to-correct.csv": corrected,
    "the machine is lost": lost,
    "a thief signs with the keys of harbour, and river believes it": robbed,
    "river finds nothing forged any more": mended,
    "river shows another history": two_faced,
}


@pytest.mark.usefixtures("quick_passphrases")
@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_of_a_guide_does_what_it_says(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDNET_ALLOW_PRIVATE_ADDRESSES", "1")
    monkeypatch.delenv("FEDNET_NODE", raising=False)
    with ExitStack() as stack:
        world = World(tmp_path, stack, monkeypatch)
        for name in ("hill", "river"):  # the others have done what the guide begins with
            world.run(Step("", name, f'fednet init --name "{NAMES[name]}" --url https://directory.{name}.example'))
            world.run(Step("", name, "fednet add organization --json clinic.json"))
            world.run(Step("", name, "fednet publish"))
            world.run(Step("", name, "fednet serve"))
        world.run(Step("", "hill", "fednet witness key"))
        done = list(steps(guide))
        assert len(done) > 15
        for step in done:
            world.run(step)
        monkeypatch.undo()
