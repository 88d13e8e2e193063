"""Who may be put in touch: `exchange introduce`, `introductions`, `accept`, `decline`, `take-back`, `forget`, ..."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fednet.cli.options import agreed, chosen_entry, json_option, opened, yes_option
from fednet.cli.output import counted, say, show_fields, show_json, show_table
from fednet.errors import UsageError

if TYPE_CHECKING:
    from fednet.feed.introduction import Details
    from fednet.node.home import Home
    from fednet.node.introductions import Introduction, Party

F = TypeVar("F", bound=Callable[..., Any])

id_argument = click.argument("id_", metavar="ID")

STATES = {
    "waiting": "waits for an answer",
    "accepted": "accepted; the other side's details are on their way",
    "introduced": "introduced: both know how to reach each other",
    "declined": "declined",
    "taken-back": "taken back",
}
HALF_TOLD = "introduced: your details are still on their way to the other side"
CUT = {
    "unfollowed": "this network is not followed any more: nothing travels between the two",
    "blocked": "this network is blocked: nothing travels between the two",
    "frozen": "this network has contradicted itself: nothing travels until somebody has decided about it",
}
ACTS = {
    "asked": "asked here",
    "accepted": "accepted here",
    "declined": "declined here",
    "taken-back": "taken back here",
    "outcome": "outcome noted here",
    "closed": "declined by this node itself: the entry was closed or over",
}


def details_options(command: F) -> F:
    """How this side is reached, which the other is told only when both have agreed."""
    for option in reversed(
        [
            click.option("--name", metavar="NAME", default="", help="Whom to ask for."),
            click.option("--email", "emails", metavar="ADDRESS", multiple=True, help="May be given several times."),
            click.option("--phone", "phones", metavar="NUMBER", multiple=True, help="May be given several times."),
            click.option("--note", metavar="TEXT", default="", help="When and how, for example."),
            click.option("--from-contact", is_flag=True, help="What is missing: from the organisation's contact."),
        ]
    ):
        command = option(command)
    return command


@click.command()
@click.argument("theirs", metavar="THEIRS")
@click.option("--for", "ours", metavar="OURS", default="", help="The own need or offer for which you ask.")
@click.option("--text", default="", metavar="TEXT", help="What they read first: who asks, and why.")
@click.option("--language", default="", metavar="TAG", help="The language of the text.")
@details_options
@yes_option
@json_option
def introduce(
    theirs: str, ours: str, text: str, language: str, name: str, emails: tuple[str, ...], phones: tuple[str, ...],
    note: str, from_contact: bool, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Ask to be put in touch with whoever listed a need or an offer. Handles may be cut short.

    They read now which network asks, for which entry, and the text; how to reach you only when they have said yes. It
    travels from your node to theirs alone, and stands in no feed.

    \b
        fednet exchange introduce 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --name "Front desk" --email desk@example.org
    """
    from fednet.node import introductions
    from fednet.node.home import now

    home = opened()
    theirs = theirs if ":" in theirs else chosen_entry(home, theirs)
    ours = ours and chosen_entry(home, ours)
    details = _details(home, ours, name, emails, phones, note, from_contact)
    found = introductions.preview(home, theirs, ours, text, language, details, now())
    if not as_json:
        side, later = found.now, found.later
        say(f"{found.to} is asked, and reads now:")
        show_fields(
            [
                ("  network", home.network.name),
                ("  for", " / ".join(side.own.titles.values()) or "no entry in particular"),
                ("  organisation", side.own.organization),
                ("  text", side.text),
            ]
        )
        say("they read only when they have said yes:")
        _show_details("  ", later)
    if not agreed("Ask them?", yes):
        return
    asked = introductions.ask(home, theirs, ours, text, language, details, "", now())
    _done(asked, as_json, f"asked: introduction {asked.id[:8]}")


@click.command()
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--for", "ours", metavar="HANDLE", help="Those of one own entry.")
@json_option
def introductions(id_: str | None, ours: str | None, as_json: bool) -> None:
    """List the introductions of this node, newest first; of one, all that may be read. ID may be cut short.

    \b
        fednet exchange introductions
    """
    from fednet.node import introductions as node

    home = opened()
    if id_ is not None:
        found = node.introduction(home, id_)
        show_json([_object(found)]) if as_json else _show(found)
        return
    several = node.introductions(home, ours=chosen_entry(home, ours) if ours else None)
    if as_json:
        show_json(map(_object, several))
        return
    headers = ["id", "asked", "state", "theirs", "ours", "network", "told"]
    show_table(headers, [_row(one) for one in several])
    waiting = sum("accept" in one.may() and one.state == "waiting" for one in several)
    say(counted(len(several), "introduction"))
    if waiting:
        say(f"{counted(waiting, 'introduction')} to answer: fednet exchange accept ID, or decline ID")


@click.command()
@id_argument
@click.option("--text", default="", metavar="TEXT", help="What they read with it.")
@click.option("--language", default="", metavar="TAG", help="The language of the text.")
@details_options
@yes_option
@json_option
def accept(
    id_: str, text: str, language: str, name: str, emails: tuple[str, ...], phones: tuple[str, ...], note: str,
    from_contact: bool, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Say yes: they are told how to reach you, and you how to reach them.

    \b
        fednet exchange accept 3f4a5b6c --name "Front desk" --email desk@example.org
    """
    from fednet.node import introductions as node
    from fednet.node import reaching
    from fednet.node.home import now

    home = opened()
    asked = node.introduction(home, id_, "asked")
    details = _details(home, asked.asked.handle, name, emails, phones, note, from_contact)
    if not as_json:
        say(f"{_who(asked.asker)} will read:")
        show_fields([("  text", text)])
        _show_details("  ", reaching.checked(details))
    if agreed("Accept?", yes):
        _done(node.accept(home, id_, details, now(), "", text, language), as_json, "accepted")


@click.command()
@id_argument
@click.option("--text", default="", metavar="TEXT", help="A sentence that they read, if you like.")
@click.option("--language", default="", metavar="TAG", help="The language of the text.")
@yes_option
@json_option
def decline(id_: str, text: str, language: str, yes: bool, as_json: bool) -> None:
    """Say no, with or without a sentence. You may still accept later, while they ask.

    \b
        fednet exchange decline 3f4a5b6c --text "Our places are taken until June."
    """
    from fednet.node import introductions as node
    from fednet.node.home import now

    home = opened()
    asked = node.introduction(home, id_, "asked")
    if agreed(f"Decline what {_who(asked.asker)} asks?", yes):
        _done(node.decline(home, id_, text, now(), "", language), as_json, "declined")


@click.command("take-back")
@id_argument
@yes_option
@json_option
def take_back(id_: str, yes: bool, as_json: bool) -> None:
    """Ask no longer. The other side is told, and nothing can follow on it.

    \b
        fednet exchange take-back 3f4a5b6c
    """
    from fednet.node import introductions as node
    from fednet.node.home import now

    home = opened()
    if agreed(f"Take back introduction {node.introduction(home, id_).id[:8]}?", yes):
        _done(node.take_back(home, id_, now(), ""), as_json, "taken back")


@click.command()
@id_argument
@click.argument("outcome", metavar="OUTCOME", type=click.Choice(["met", "partly-met", "not-met", "none-yet"]))
@json_option
def outcome(id_: str, outcome: str, as_json: bool) -> None:
    """Note what came of an introduction: met, partly-met, not-met or none-yet. It is for your own report.

    \b
        fednet exchange outcome 3f4a5b6c met
    """
    from fednet.node import introductions as node
    from fednet.node.home import now

    _done(node.note_outcome(opened(), id_, outcome, now(), ""), as_json, "noted")


@click.command()
@id_argument
@yes_option
@json_option
def forget(id_: str, yes: bool, as_json: bool) -> None:
    """Destroy texts, titles and details of an introduction here; what was open ends with that.

    The network, dates and the outcome stay for the report.

    \b
        fednet exchange forget 3f4a5b6c
    """
    from fednet.node import introductions as node
    from fednet.node.home import now

    home = opened()
    if agreed(f"Destroy what introduction {node.introduction(home, id_).id[:8]} says, for good?", yes):
        _done(node.forget(home, id_, now()), as_json, "forgotten")


def _details(
    home: Home, handle: str, name: str, emails: tuple[str, ...], phones: tuple[str, ...], note: str, from_contact: bool
) -> Details:
    from fednet.feed.introduction import Details
    from fednet.node import reaching

    given = Details(name, emails, phones, note)
    if not from_contact:
        return given
    found = reaching.suggested_details(home, handle) if handle else None
    if found is None:
        raise UsageError("there is no contact of that organisation", hint="give --name, and --email or --phone")
    some = bool(emails or phones)
    return Details(name or found.name, emails if some else found.emails, phones if some else found.phones, note)


def _done(found: Introduction, as_json: bool, said: str) -> None:
    if as_json:
        show_json([_object(found)])
        return
    say(said)
    if found.cut:
        say(CUT[found.cut])
    elif found.undelivered:
        say(f"{found.network_name} is told when the two nodes next reach each other: by serve, sync, or in a bundle")


def _who(party: Party) -> str:
    return f"{party.organization} ({party.network_name})" if party.organization else party.network_name


def _titles(party: Party) -> str:
    english = [party.titles["en"]] if "en" in party.titles else []
    return " / ".join(dict.fromkeys([*english, *party.titles.values()])) or party.handle or "-"


def _row(found: Introduction) -> tuple[str, ...]:
    told = "no" if found.undelivered else "yes"
    titles = ("destroyed", "destroyed") if found.emptied else (_titles(found.other), _titles(found.own))
    return (
        found.id[:8], found.asked_at[:10], found.state, *titles, found.network_name,
        found.cut or told,
    )  # fmt: skip


def _show(found: Introduction) -> None:
    """All of one introduction, for people."""
    show_fields(
        [
            ("introduction", found.id),
            ("state", HALF_TOLD if found.half_told else STATES[found.state]),
            ("network", f"{found.network_name} ({found.network})"),
            ("asked", found.asked_at),
            ("answered", found.answered_at),
            ("introduced", found.introduced_at),
            ("ended", found.ended_at),
            ("outcome", found.outcome),
            ("may", ", ".join(sorted(found.may()))),
        ]
    )
    for word, party in (("asks", found.asker), ("is asked", found.asked)):
        click.echo()
        show_fields(
            [
                (word, _who(party)),
                ("entry", _titles(party)),
                ("handle", party.handle),
                ("says", party.text),
            ]
        )
        if party.details is not None:
            _show_details("", party.details)
    if found.steps:
        click.echo()
        show_table(["at", "what", "by"], [(step.at, ACTS.get(step.act, step.act), step.by) for step in found.steps])
    if found.emptied:
        say("what was said is destroyed; this is kept for the report")
    if found.cut:
        say(CUT[found.cut])
    elif found.undelivered:
        say("the other side does not know of it yet")


def _show_details(indent: str, details: Details) -> None:
    show_fields(
        [
            (f"{indent}name", details.name),
            (f"{indent}e-mail", ", ".join(details.emails)),
            (f"{indent}phone", ", ".join(details.phones)),
            (f"{indent}note", details.note),
        ]
    )


def _object(found: Introduction) -> dict[str, Any]:
    """As a JSON object."""
    whole = found._asdict()
    del whole["seen_as"]
    return {**whole, "asker": found.asker._asdict(), "asked": found.asked._asdict(), "may": sorted(found.may())}
