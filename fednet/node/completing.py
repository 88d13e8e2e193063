"""What a record gets by itself when it is saved: the day a need was posted, what a twinning is known by everywhere."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fednet.listing.exchange import CLOSED


def begun(fields: Mapping[str, Any], network: str, now: datetime | None) -> dict[str, Any]:
    """The fields of a new record, with what nobody has to fill in; what is there already stays.

    An exchange gets the day on which it is `posted` (UTC; not without a `now`, nor one that was closed before), a
    twinning the `uid` by which two networks' statements of it are one.
    """
    match fields["kind"]:
        case "exchange" if now is not None:
            today = now.date().isoformat()
            return {"posted": today, **fields} if fields.get("closed", today) >= today else dict(fields)
        case "twinning":
            return placed({"uid": str(uuid.uuid4()), **fields}, network)
        case _:
            return dict(fields)


def edited(fields: Mapping[str, Any], before: Mapping[str, Any], network: str, now: datetime) -> dict[str, Any]:
    """The fields of a record that was edited: an exchange that is closed now gets the day on which that was."""
    newly = fields.get("state") == CLOSED != before.get("state") and fields["kind"] == "exchange"
    dated = {"closed": max(now.date().isoformat(), fields.get("posted", "")), **fields} if newly else fields
    return placed(dated, network)


def placed(fields: Mapping[str, Any], network: str) -> dict[str, Any]:
    """The fields of a record, each organisation of a twinning with the network whose handle it bears: ours, where
    nothing else is said."""
    if fields["kind"] != "twinning":
        return dict(fields)
    return {**fields, "organizations": [_placed(one, network) for one in fields["organizations"]]}


def _placed(twin: Mapping[str, Any], network: str) -> dict[str, Any]:
    return {"network": network, **twin} if twin.get("handle") else {**twin}
