"""What the acts of the audit log are called on a page; `policy` names each, and the log keeps that name."""

from __future__ import annotations

from fednet.web.translation import gettext as _
from fednet.web.translation import noted

WORDS = {
    "account": noted("Changed their own account"),
    "account-deleted": noted("Deleted their own account"),
    "account-ended": noted("Ended an account"),
    "account-link": noted("Made a new link for an account"),
    "account-reset": noted("Let somebody begin anew"),
    "add-circle": noted("Made a circle"),
    "add-record": noted("Added a record"),
    "add-source": noted("Added an address of a network"),
    "add-witness": noted("Added a witness"),
    "applicant-asked": noted("Asked an applicant back"),
    "application-answered": noted("Answered about an application"),
    "application-approved": noted("Approved an application"),
    "application-changed": noted("Changed an application"),
    "application-declined": noted("Declined an application"),
    "application-link": noted("Made a new link for an applicant"),
    "application-withdrawn": noted("Took an application back"),
    "applications-declined": noted("Declined several applications"),
    "applied": noted("Applied to join"),
    "ask-to-confirm": noted("Asked for confirmation"),
    "block": noted("Blocked a network"),
    "change-records": noted("Changed several records"),
    "change-settings": noted("Changed settings"),
    "change-witness-policy": noted("Changed whose cosignatures count"),
    "choose-columns": noted("Chose columns of an import"),
    "confirm-record": noted("Confirmed a record"),
    "confirm-records": noted("Confirmed records"),
    "delete-backup": noted("Deleted a backup"),
    "discard-edit": noted("Discarded an edit"),
    "download-backup": noted("Downloaded a backup"),
    "drop-upload": noted("Threw an uploaded file away"),
    "edit-record": noted("Changed a record"),
    "end-partnership": noted("Ended a partnership"),
    "endorsed": noted("Spoke for an applicant, or not"),
    "endorsers-asked": noted("Asked members about an applicant"),
    "entry-added": noted("Added an entry of their own"),
    "entry-changed": noted("Changed an entry of their own"),
    "entry-confirmed": noted("Confirmed an entry of their own"),
    "entry-erased": noted("Erased an entry of their own"),
    "entry-withdrawn": noted("Withdrew an entry of their own"),
    "erase-record": noted("Erased a record"),
    "follow": noted("Followed a network"),
    "forget-columns": noted("Forgot columns of an import"),
    "hide": noted("Hid records in an emergency"),
    "hold-signing": noted("Held signing back, or let it go on"),
    "import": noted("Imported files"),
    "invitation-taken-back": noted("Took an invitation back"),
    "invited": noted("Invited somebody"),
    "leave-refused-rows": noted("Settled refused rows of an import"),
    "let-network-read": noted("Let a network read a circle"),
    "let-network-read-no-more": noted("Let a network read a circle no more"),
    "letter-again": noted("Tried again to send a letter"),
    "letter-dropped": noted("Threw a letter away"),
    "link-answered": noted("Answered by a link whether an entry is right"),
    "look-at-network": noted("Looked at a network before following it"),
    "make-backup": noted("Made a backup"),
    "make-partner": noted("Made a network a partner"),
    "membership-renewed": noted("Renewed a membership"),
    "password": noted("Changed their password"),
    "proposal-approved": noted("Approved an edit"),
    "proposal-declined": noted("Declined an edit"),
    "proposal-taken-back": noted("Took an edit back"),
    "publish": noted("Published"),
    "put-back-hidden": noted("Put hidden records back"),
    "read-bundle": noted("Read a bundle"),
    "rehearse-restore": noted("Rehearsed a restore"),
    "remove-source": noted("Removed an address of a network"),
    "remove-witness": noted("Removed a witness"),
    "resolve-evidence": noted("Decided about evidence"),
    "role-changed": noted("Changed somebody's role"),
    "say-same-or-not": noted("Said that two are the same, or not"),
    "second-factor": noted("Set up a second step"),
    "second-factor-removed": noted("Removed a second step"),
    "send-test-letter": noted("Sent a test letter"),
    "sessions-ended": noted("Signed out everywhere else"),
    "set-step-aside": noted("Set a first step aside"),
    "sign-hidden": noted("Signed that records are hidden"),
    "sign-in": noted("Signed in"),
    "sign-in-letter": noted("Asked for a link to sign in"),
    "sign-in-second": noted("Took the second step"),
    "sign-out": noted("Signed out"),
    "sync": noted("Synced with a network"),
    "unblock": noted("Unblocked a network"),
    "undo-import": noted("Took an import back"),
    "unfollow": noted("Let go of a network"),
    "upload-files": noted("Uploaded files to import"),
    "welcome": noted("Came for the first time, or chose a new password"),
    "withdraw-record": noted("Withdrew a record"),
    "write-bundle": noted("Wrote a bundle"),
}
OUTCOMES = {"done": noted("done"), "failed": noted("failed"), "": noted("not finished")}
REFUSED = noted("refused")


def deed(act: str) -> str:
    """What was done, by the name of an act in the audit log; one of another version as it calls itself."""
    return _(WORDS[act]) if act in WORDS else act


def outcome(word: str) -> str:
    """How it ended."""
    return _(OUTCOMES.get(word, REFUSED))
