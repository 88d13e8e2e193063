"""Four example networks on one machine: `make demo` (with `ONCE=1`: stop after printing).

Each node is a copy of `nodes/<name>` in `.demo/`, used through the command line as its secretariat would. INRR follows
the three others; they follow INRR, and each other, of whom INRR speaks. APRRN and INRR are partners, CCR and APRRN
witness each other. Exit 0 only if all converged and verified, and each saw what it may see.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DEMO = HERE.parent / ".demo"
NODES = {"ccr": 8411, "aprrn": 8412, "inrr": 8413, "cpc": 8414}
HUB = "inrr"
PARTNERS = ("aprrn", "inrr")
WITNESSES = ("ccr", "aprrn")
NEWS = {
    "kind": "resource",
    "titles": {"en": "Minutes of the coordination call"},
    "type": "report",
    "date": "2026-11-20",
}
CALL = {
    "kind": "event",
    "titles": {"en": "Call: who can host in January?", "th": "ประชุมทางโทรศัพท์: ใครรับรองได้ในเดือนมกราคม"},
    "type": "virtual-meeting",
    "start": "2026-12-10T14:00:00",
    "end": "2026-12-10T15:00:00",
    "zone": "Asia/Bangkok",
    "mode": "online",
}
MOVED = {"start": "2026-12-11T09:00:00", "end": "2026-12-11T10:00:00"}
NEED, OFFER = "A lawyer for children in Mae Sot", "Lawyers for secondment to a legal aid office in Asia"
ASKED = "Our lawyer leaves in June. Could one of yours come before that?"
TWINS = ("Magpie Ferry Legal Aid Centre", "Birchhaven Sponsorship Circle")  # of APRRN and of CCR
TWINNING = {
    "kind": "twinning",
    "titles": {"en": "Community sponsorship, from twenty years to none", "ko": "민간 후원 자매결연"},
    "goals": {"en": "A first group of sponsors in Seoul is trained and has received a family."},
    "start": "2026-10",
    "end": "2027-09",
    "activities": [
        {"date": "2026-10-14", "text": {"en": "First call"}},
        {"date": "2027-02", "text": {"en": "A visit of two weeks"}},
    ],
    "state": "active",
    "themes": ["sponsorship-resettlement"],
    "uid": "twinning-magpie-birchhaven@example",
}
SCRIPTS = ("ช่วยเหลือทางกฎหมาย", "法律援助", "aide juridique", "Papr Boat")
IMPORTS = (
    "members.csv",
    "groups.jsonl",
    "persons.jsonl",
    "resources.jsonl",
    "exchange.jsonl",
    "exchange.csv",
    "events.ics",
)
QUIET = {"FEDNET_NODE", "FEDNET_ALLOW_PRIVATE_ADDRESSES"}


class DemoError(Exception):
    """A step of the demonstration failed."""


def fednet(node: str, *arguments: str) -> str:
    """Run one command of a node and give what it printed."""
    done = subprocess.run(_command(node, *arguments), capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode:
        raise DemoError(f"{node}: fednet {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def show(node: str, *arguments: str) -> None:
    """Run one command and let it print by itself: a table on a terminal."""
    if subprocess.run(_command(node, *arguments), env=_environment(), check=False).returncode:
        raise DemoError(f"{node}: fednet {' '.join(arguments)} failed")


def _command(node: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "fednet", "--node", str(DEMO / node), *arguments]


def lines(node: str, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in fednet(node, *arguments, "--json").splitlines()]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in QUIET}


def say(text: str) -> None:
    print(text, flush=True)


def prepare() -> dict[str, str]:
    """Fresh homes with the example records, signed; the address of each node."""
    shutil.rmtree(DEMO, ignore_errors=True)
    addresses = {name: f"http://127.0.0.1:{_free(port)}" for name, port in NODES.items()}
    with ThreadPoolExecutor() as several:
        for name, head in zip(NODES, several.map(_prepare, NODES, addresses.values()), strict=True):
            say(f"  {name:<6} {head['fingerprint']}  {head['records']} public records  {addresses[name]}")
    return addresses


def _prepare(name: str, address: str) -> dict[str, Any]:
    """One of them; what its `status` says then."""
    shutil.copytree(HERE / name, DEMO / name)
    settings = DEMO / name / "node.toml"
    settings.write_text(settings.read_text().replace(f"http://127.0.0.1:{NODES[name]}", address))
    fednet(name, "init")
    for file in IMPORTS:
        if (DEMO / name / file).exists():
            fednet(name, "import", str(DEMO / name / file))
    fednet(name, "publish")
    return lines(name, "status")[0]


def _free(port: int) -> int:
    """The port itself, or another one when somebody uses it."""
    for wanted in (port, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left is free
            probe.bind(("127.0.0.1", wanted))
            return int(probe.getsockname()[1])
    raise DemoError("no free port on this machine")


@contextlib.contextmanager
def serving(addresses: dict[str, str]) -> Iterator[None]:
    """All nodes serve while the block runs; only the processes started here are ended."""
    started = []
    try:
        for name, address in addresses.items():
            command = _command(name, "serve", "--port", address.rpartition(":")[2])
            log = (DEMO / name / "serve.log").open("w")
            started.append(subprocess.Popen(command, stdout=log, stderr=log, env=_environment()))
            log.close()
        for name, address in addresses.items():
            _await(address, name)
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(address: str, name: str) -> None:
    for _ in range(150):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/readyz", timeout=2):
            return
        time.sleep(0.2)
    raise DemoError(f"{name} does not answer; see .demo/{name}/serve.log")


def follow_each_other(addresses: dict[str, str]) -> None:
    """INRR follows everyone; the others follow INRR, then those of whom it speaks (offered, and here accepted)."""
    for name in addresses:
        if name != HUB:
            fednet(HUB, "follow", addresses[name], "--fingerprint", _fingerprint(name))
    sync(HUB)
    for name in addresses:
        if name == HUB:
            continue
        fednet(name, "follow", addresses[HUB], "--fingerprint", _fingerprint(HUB))
        for offered in lines(name, "peers"):
            if offered.get("mentioned_by") and offered["urls"]:
                fednet(name, "follow", offered["urls"][0], "--fingerprint", offered["network"])
                say(f"  {name} follows {offered['name']}, of which {offered['mentioned_by']} speaks")
        sync(name)


@cache
def _fingerprint(name: str) -> str:
    return str(lines(name, "status")[0]["network"])


def sync(name: str) -> None:
    for one in lines(name, "sync"):
        if not one["verified"]:
            raise DemoError(f"{name} could not verify {one['name']}: {one['error']}")
        if one["changed"]:
            whose = one["name"] if one["circle"] == "public" else f"{one['name']}, {one['circle']}"
            say(f"  {name:<6} <- {whose}: edition {one['edition']}, {one['records']} records, verified")


def share_with_partners() -> None:
    """Two networks let each other read what is for partners; nobody else learns that there is such a thing."""
    one, other = PARTNERS
    fednet(one, "partner", _fingerprint(other), "--yes")
    fednet(other, "partner", _fingerprint(one), "--yes")
    sync(other)
    seen = {name: len(lines(name, "search", "--kind", "person", "--network", _fingerprint(one))) for name in NODES}
    if not seen[other] or any(seen[name] for name in NODES if name not in PARTNERS):
        raise DemoError(f"who sees the individual members of {one}: {seen}")
    say(f"  {other} reads the {seen[other]} individual members of {one}, its partner; nobody else does")


def witness_each_other(addresses: dict[str, str]) -> None:
    """Two networks cosign each other's editions, and the hub asks for the cosignature of one."""
    one, other = WITNESSES
    fednet(one, "witness", "add", addresses[other])
    fednet(other, "witness", "add", addresses[one])
    (key,) = lines(other, "witness", "key")
    policy = DEMO / HUB / "witnesses.policy"
    policy.write_text(f"witness {other} {key['key']} {key['url']}\nquorum {other}\n")
    fednet(HUB, "policy", _fingerprint(one), str(policy), "--yes")
    for name in WITNESSES:
        news = DEMO / name / "news.json"
        news.write_text(json.dumps(NEWS))
        fednet(name, "add", "resource", "--json", str(news))
        fednet(name, "publish")
    for name in addresses:
        sync(name)
    (seen,) = (head for head in lines(HUB, "status") if head["network"] == _fingerprint(one))
    if not seen["witnessed"]:
        raise DemoError(f"{other} has not cosigned the newest edition of {one}")
    say(f"  {HUB} holds edition {seen['edition']} of {one}, witnessed by {other}")


def one_card_for_an_organisation(reader: str) -> None:
    """An organisation that several networks list under other names is found once, with what each says of it."""
    first = lines(reader, "search", "Paper Boat", "--kind", "organization")[0]
    if len(first["networks"]) != 3:
        raise DemoError(f"{first['title']} is not one organisation of three networks: {first['networks']}")
    show(reader, "show", first["handle"])


def search_in_many_scripts(reader: str) -> None:
    for words in SCRIPTS:
        found = lines(reader, "search", words, "--kind", "organization", "--limit", "1000")
        if not found:
            raise DemoError(f"nothing was found for {words}")
        say(f"  {words}: {len(found)} organisations, first {found[0]['title']}")


def move_an_event(addresses: dict[str, str], host: str, reader: str) -> None:
    """A call is announced, and then moved; whoever subscribed to the calendar of another node sees both."""
    (DEMO / host / "call.json").write_text(json.dumps(CALL))
    (DEMO / host / "moved.json").write_text(json.dumps(MOVED))
    handle = fednet(host, "add", "event", "--json", str(DEMO / host / "call.json")).strip()
    before = _subscribed(addresses, host, reader)
    fednet(host, "edit", handle, "--json", str(DEMO / host / "moved.json"))
    after = _subscribed(addresses, host, reader)
    if before == after:
        raise DemoError(f"the calendar of {reader} does not show that the call moved: {after}")
    say(f"  {before}\n  {after}")


def _subscribed(addresses: dict[str, str], host: str, reader: str) -> str:
    """What a calendar program that subscribes to a node sees of the call, after an edition and a sync."""
    fednet(host, "publish")
    sync(reader)
    address = f"{addresses[reader]}/calendar.ics?from=2026-12-01&to=2026-12-31"
    with urllib.request.urlopen(address, timeout=10) as answer:
        events = answer.read().decode().replace("\r\n ", "").split("BEGIN:VEVENT")
    (call,) = (one.splitlines() for one in events if CALL["titles"]["en"] in one)
    return "  ".join(line for line in call if line.startswith(("DTSTART", "SEQUENCE")))


def exchange(needing: str, offering: str) -> None:
    """A need meets an offer of another network; whoever needs asks to be introduced, and the other says yes."""
    need = _entry(needing, NEED)
    show(needing, "exchange", "match", need)
    best = lines(needing, "exchange", "match", need)[0]
    offer = best["offer"]
    if (offer["title"], offer["network"]) != (OFFER, _fingerprint(offering)) or not best["reasons"]:
        raise DemoError(f"{NEED} is met by {offer['title']}")
    reached = ("--name", "The coordinator", "--email", "desk@paper-boat.example")
    said = lines(needing, "exchange", "introduce", offer["handle"], "--for", need, "--text", ASKED, *reached, "--yes")
    sync(needing)
    (asked,) = lines(offering, "exchange", "introductions")
    answered = ("--name", "The secondment desk", "--email", "desk@otterbridge.example")
    fednet(offering, "exchange", "accept", asked["id"], *answered, "--yes")
    sync(offering)
    sync(needing)
    show(needing, "exchange", "introductions", said[0]["id"])
    known = {name: [one["state"] for one in lines(name, "exchange", "introductions")] for name in NODES}
    if known != {name: ["introduced"] if name in (needing, offering) else [] for name in NODES}:
        raise DemoError(f"who knows of the introduction: {known}")
    say(f"  {needing} and {offering} were put in touch; nobody else learns that they were")


def _entry(node: str, title: str) -> str:
    """The handle of an own need or offer."""
    return next(
        str(one["handle"]) for one in lines(node, "exchange", "list", "--limit", "1000") if one["title"] == title
    )


def nobody_offers(reader: str) -> None:
    unmet = lines(reader, "exchange", "list", "--unmet", "--type", "need")
    if not unmet:
        raise DemoError("every need has a match, which the example entries do not say")
    for one in unmet[:4]:
        say(f"  {one['title']} ({one['organization']['name']}, {one['network_name']})")


def twinning(one: str, other: str) -> None:
    """Two networks state the same twinning of two of their organisations, each in its own words and keys."""
    twins = [
        {"network": _fingerprint(node), "handle": _organization(node, name), "name": name}
        for node, name in zip((one, other), TWINS, strict=True)
    ]
    for node in (one, other):
        stated = DEMO / node / "twinning.json"
        stated.write_text(json.dumps({**TWINNING, "organizations": twins}))
        fednet(node, "add", "twinning", "--json", str(stated))
        fednet(node, "publish")
    sync(one)
    sync(other)
    stated = {hit["network_name"] for hit in lines(other, "search", "--kind", "twinning")}
    if len(stated) != 2:
        raise DemoError(f"who states the twinning: {stated}")
    say(f"  {' and '.join(TWINS)}, as {' and '.join(sorted(stated))} say")


def _organization(node: str, name: str) -> str:
    found = lines(node, "search", name, "--kind", "organization", "--network", _fingerprint(node))
    return next(str(each["handle"]) for each in found if each["title"] == name)


def check_converged(addresses: dict[str, str]) -> None:
    """Every node holds every network, at one edition, and every stored byte re-hashes to what was signed."""
    seen: dict[str, set[tuple[int, int]]] = {}
    for name in addresses:
        verified = [one for one in lines(name, "verify") if one["circle"] == "public"]
        if len(verified) != len(NODES) or not all(one["ok"] for one in verified):
            raise DemoError(f"{name} holds {len(verified)} of {len(NODES)} networks, or some do not verify")
        for one in verified:
            seen.setdefault(one["network"], set()).add((one["edition"], one["records"]))
    if any(len(states) != 1 for states in seen.values()):
        raise DemoError(f"the nodes do not agree: {seen}")
    say(f"  {len(addresses)} nodes hold the same {sum(next(iter(s))[1] for s in seen.values())} records, all re-hashed")


def lock_demo() -> None:
    """Raise DemoError while another demonstration uses the folder; the lock goes with this process."""
    holder = os.open(__file__, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise DemoError("a demonstration is running already; end it with Ctrl-C first") from None


def wait_for_end() -> None:
    """Until Ctrl-C, or a signal to terminate: the nodes started here are ended in both cases."""
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, lambda *_: None)
    signal.pause()


def main() -> int:
    once = "--once" in sys.argv[1:]
    lock_demo()
    say("Four networks, each with its own members and events:")
    addresses = prepare()
    with serving(addresses):
        say("They follow each other and sync:")
        follow_each_other(addresses)
        say("APRRN and INRR become partners; CCR and APRRN witness each other:")
        share_with_partners()
        witness_each_other(addresses)
        say("A call that is announced in Bangkok, and then moved, in the calendar that people subscribe to in Canada:")
        move_an_event(addresses, "aprrn", "ccr")
        say("\nA need in Asia that somebody in Canada can meet; one asks to be introduced, the other says yes:")
        exchange("aprrn", "ccr")
        say("Two networks state the twinning of two of their members, each for itself:")
        twinning("aprrn", "ccr")
        for name in addresses:
            sync(name)
        check_converged(addresses)
        say("\nOne organisation, listed by three networks under other names, on one card:")
        one_card_for_an_organisation("ccr")
        say("Words in many scripts, in any language that the node speaks, and with a slip of the pen:")
        search_in_many_scripts("ccr")
        say("\nWho gives legal aid to unaccompanied minors in Thailand and speaks Burmese? (asked in Canada)")
        wanted = (
            "--service",
            "legal-aid",
            "--client-group",
            "unaccompanied-minors",
            "--country",
            "TH",
            "--language",
            "my",
        )
        show("ccr", "search", *wanted)
        say("What is needed, in all four networks, and offered by nobody yet?")
        nobody_offers("inrr")
        say("What is on, in every network, in Bangkok time? (asked in Asia)")
        show("aprrn", "agenda", "--zone", "Asia/Bangkok", "--from", "2026-12-01", "--to", "2026-12-31")
        if not once:
            say("Open in a browser:")
            for name, address in addresses.items():
                say(f"  {name:<6} {address}/   {address}/events   {address}/exchange   {address}/exchange/chart")
            say("Ctrl-C ends the demonstration.")
            wait_for_end()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
