"""`publish`: sign what waits."""

from __future__ import annotations

import click

from fednet.cli.options import find_matches, forget_old, json_option, opened, private_allowed, private_option
from fednet.cli.output import counted, say, show_json, show_table

FEW = 2_000
"""New records among which it takes a second to find what belongs together: nobody waits longer for an edition."""


@click.command()
@click.option("--hold", "when", flag_value="hold", help="Sign nothing by itself: changes wait for publish.")
@click.option("--by-itself", "when", flag_value="by itself", help="Let a node that serves sign by itself again.")
@private_option
@json_option
def publish(when: str | None, allow_private: bool, as_json: bool) -> None:
    """Sign an edition of everything that waits; a node that serves does it by itself.

    First, followers are asked whether they hold more than is known here; witnesses are asked to cosign what is signed.
    Both have a few seconds to answer.

    \b
        fednet publish
    """
    from fednet.feed.text import utc_text
    from fednet.node import ask
    from fednet.node.cosigning import by_witnesses
    from fednet.node.home import now
    from fednet.node.publish import hold
    from fednet.node.publish import publish as publish_drafts

    home = opened()
    if when is not None:
        hold(home, when == "hold")
        say("changes wait until fednet publish signs them" if when == "hold" else "fednet serve signs by itself again")
        return
    forget_old(home)
    private = private_allowed(home, allow_private)
    ask.once(home, allow_private=private)
    cosign = by_witnesses(home, allow_private=private)
    published = publish_drafts(home, now(), cosign=cosign)
    find_matches(home, FEW)
    rows = [
        {
            "network": home.network.network,
            "circle": one.circle,
            "edition": one.edition.edition,
            "changes": one.changes,
            "records": one.edition.records,
            "erased": one.edition.erased,
            "issued": utc_text(one.edition.issued_at),
            "expires": utc_text(one.edition.expires_at),
        }
        for one in published
    ]
    if as_json:
        show_json(rows)
    elif rows:
        headers = ["circle", "edition", "changes", "records", "expires"]
        show_table(headers, [[row[header] for header in headers] for row in rows])
        say(f"signed {counted(len(rows), 'edition')}")
    else:
        say("nothing waits to be signed")
