"""What the audit log calls an act, in words."""

from __future__ import annotations

from fednet.store.acts import Act
from fednet.web.translation import gettext as _
from fednet.web.translation import noted

NAMES: dict[str, str] = {
    "add-record": noted("New entry"),
    "ask-to-confirm": noted("Members were asked to confirm their entries"),
    "change-records": noted("Several entries changed at once"),
    "choose-columns": noted("Chosen how a file is read"),
    "confirm-record": noted("Entry confirmed as still right"),
    "confirm-records": noted("Entries confirmed as still right"),
    "discard-edit": noted("Unsigned change taken back"),
    "drop-upload": noted("Uploaded file thrown away"),
    "edit-record": noted("Entry changed"),
    "erase-record": noted("Entry erased"),
    "forget-columns": noted("Forgotten how the columns of a list are read"),
    "hold-signing": noted("Signing put on hold, or let go on"),
    "import": noted("File imported"),
    "leave-refused-rows": noted("Refused rows of an import left out"),
    "publish": noted("Everything that waited was signed"),
    "say-same-or-not": noted("Said of two entries whether they are the same"),
    "set-step-aside": noted("First step ticked off"),
    "undo-import": noted("Import taken back"),
    "upload-files": noted("Files uploaded"),
    "withdraw-record": noted("Entry withdrawn or cancelled"),
}


def in_words(act: Act) -> str:
    """What was done; an act that nobody has words for by its code."""
    return _(NAMES[act.act]) if act.act in NAMES else act.act
