"""Who signs in on this node's pages: `user add|list|reset|end`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from fednet.cli.options import agreed, json_option, opened, yes_option
from fednet.cli.output import plain, say, show_json, show_table
from fednet.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from sqlite_utils import Database

    from fednet.node.home import Home
    from fednet.store.accounts import Account

ROLES = ("administrator", "editor", "auditor", "organization", "individual")


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account; `link` is its welcome link, where one was made."""

    email: str
    name: str
    role: str
    organization: str | None = None
    made_at: str = ""
    ended_at: str | None = None
    second_factor: bool = False
    link: str | None = None


@click.group()
def user() -> None:
    """Accounts of the people who sign in on this node's pages.

    \b
        fednet user add mina@example.org --name "Mina Example" --role editor
        fednet user list
    """


@user.command("add")
@click.argument("email", metavar="EMAIL")
@click.option("--name", required=True, metavar="N", help="What the person is called.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the person may do.")
@click.option("--organization", metavar="HANDLE", help="Whose administrator, or member of staff, the person is.")
@json_option
def add(email: str, name: str, role: str, organization: str | None, as_json: bool) -> None:
    """Make an account, and print the link with which its owner chooses a password; it works once, for 14 days.

    \b
        fednet user add mina@example.org --name "Mina Example" --role editor
    """
    from fednet.node import accounts
    from fednet.node.home import now

    home = opened()
    account, secret = accounts.invite(home, name=name, email=email, role=role, organization=organization, now=now())
    _log(home, "invited", account)
    _told(home, account, secret, as_json)


@user.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the accounts of this node, those that have ended last.

    \b
        fednet user list
    """
    from fednet.store import accounts

    home = opened()
    with home.store.reading() as db:
        found = [_shown(db, account) for account in accounts.accounts(db)]
    if as_json:
        show_json(found)
        return
    show_table(
        ["e-mail", "name", "role", "organisation", "second factor", "since", "ended"],
        [
            (one.email, one.name, one.role, one.organization or "", "yes" if one.second_factor else "", *_days(one))
            for one in found
        ],
    )
    if not any(one.role == "administrator" and not one.ended_at for one in found):
        say('hint: fednet user add EMAIL --name NAME --role administrator, or the link that "fednet serve" prints')


@user.command("reset")
@click.argument("email", metavar="EMAIL")
@yes_option
@json_option
def reset(email: str, yes: bool, as_json: bool) -> None:
    """Let somebody begin anew: signed out everywhere, password and second factor removed, a new link printed.

    \b
        fednet user reset mina@example.org --yes
    """
    from fednet.node import accounts
    from fednet.node.home import now

    home = opened()
    account = _named(home, email)
    if not agreed(f"Take password and second factor away from {plain(account.name)}, and sign them out?", yes):
        return
    with home.store.writing() as db:
        secret = accounts.reset(db, account, now())
    _log(home, "account-reset", account)
    _told(home, account, secret, as_json)


@user.command("end")
@click.argument("email", metavar="EMAIL")
@yes_option
def end(email: str, yes: bool) -> None:
    """Send somebody away: nothing of the account works any more.

    \b
        fednet user end mina@example.org --yes
    """
    from fednet.node import accounts
    from fednet.node.home import now

    home = opened()
    account = _named(home, email)
    if agreed(f"End the account of {plain(account.name)}?", yes):
        with home.store.writing() as db:
            accounts.end(db, account, now())
        _log(home, "account-ended", account)
        say(f"the account of {plain(account.name)} has ended")


def _days(one: Shown) -> tuple[str, str]:
    """Since when, until when."""
    return one.made_at[:10], (one.ended_at or "")[:10]


def _named(home: Home, email: str) -> Account:
    from fednet.store import accounts

    with home.store.reading() as db:
        found = accounts.by_email(db, email)
    if found is None:
        raise NotFoundError(f"there is no account {email}", hint="fednet user list")
    if found.ended_at is not None:
        raise UsageError(f"the account {email} has ended", hint=f"fednet user add {email} --name NAME --role ROLE")
    return found


def _log(home: Home, act: str, account: Account) -> None:
    """What was done here is in the audit log as well, as the command line's."""
    from fednet.node.home import now
    from fednet.store import acts

    with home.store.writing() as db:
        acts.end(db, acts.begin(db, None, act, str(account.id), now(), role="command-line"), "done")


def _shown(db: Database, account: Account, link: str | None = None) -> Shown:
    from fednet.store import accounts

    second = accounts.factors(db, account.id).second
    return Shown(
        account.email, account.name, account.role, account.organization, account.made_at, account.ended_at, second, link
    )


def _told(home: Home, account: Account, secret: str, as_json: bool) -> None:
    """The link, on stdout alone: it is for one person."""
    base = (home.config.url or "").rstrip("/")
    link = f"{base}/welcome/{secret}"
    if as_json:
        with home.store.reading() as db:
            show_json([_shown(db, account, link)])
        return
    click.echo(link)
    where = "" if base else " (after the address at which this node is served)"
    say(f"hint: give this link to {plain(account.name)}, by a way that only they can read{where}; it works once")
