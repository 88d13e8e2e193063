"""Telephone numbers in running texts, as people write them: as they are dialled from anywhere, and within a country."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RUN = re.compile(r"[0-9+(][0-9 \u00a0().-]*")
_APART = re.compile(r" [- ]+|[.-] | ?(?<=[0-9]{4})\(|(?<=[0-9]{4}) (?=\()|\) ?(?=\()")
_GROUP = re.compile(r"[0-9]+")
_YEARS = ("19", "20")
_ASCII = {first + digit: 48 + digit for first in (0x660, 0x6F0, 0x1040) for digit in range(10)}
"""Digits of Arabic, Persian and Burmese."""
DIGITS = range(8, 14)
"""How many a number has that bears no sign of being one but its form."""


def telephone(text: str) -> str:
    """The first telephone number of a text; empty for none. Dates, hours, years and amounts are none."""
    return next((one for one in _runs(text.translate(_ASCII)) if _is_number(one)), "")


def _runs(text: str) -> Iterator[str]:
    """What could be a number: digits with what people write between them, and nothing that goes on at either end."""
    for run in _RUN.finditer(text):
        before, after = text[max(run.start() - 1, 0) : run.start()], text[run.end() : run.end() + 1]
        parts = _APART.split(run[0])
        for at, part in enumerate(parts):
            goes_on = (at == 0 and before and (before.isalnum() or before in "_/=.-")) or (
                at == len(parts) - 1 and part[-1:].isdigit() and after and (after.isalnum() or after in "_/%")
            )
            if not goes_on:
                yield _bare(part)


def _bare(part: str) -> str:
    """Without what stands around the number."""
    bare = part.strip(" \u00a0.-")
    return bare.strip("() ") if bare.endswith(")") or bare.count("(") != bare.count(")") else bare


def _is_number(run: str) -> bool:
    groups = _GROUP.findall(run)
    digits = "".join(groups)
    if run.startswith(("+", "00")):
        return 9 <= len(digits) <= 17 and digits.strip("0") != ""
    if len(digits) not in DIGITS or _is_time(groups) or digits.startswith(("978", "979")):
        return False
    if digits.startswith("0"):
        return (len(groups) > 1 and len(groups[0]) > 1) or len(digits) in (10, 11)
    if "(" in run and ")" in run:
        return len(groups) > 1
    match len(groups):
        case 1:
            return len(digits) == 10
        case 2:
            return "-" not in run and len(groups[0]) == len(groups[1]) == 4
        case _:
            return not _is_amount(groups)


def _is_time(groups: list[str]) -> bool:
    """Days, months and years; years alone; hours from and until."""
    lengths = [len(one) for one in groups]
    years = [len(one) == 4 and one.startswith(_YEARS) for one in groups]
    if all(years) or (years[-1] and max(lengths[:-1], default=0) <= 2):
        return True
    return (years[0] and max(lengths[1:], default=4) <= 2) or (
        lengths == [2, 2, 2, 2]
        and all(int(one) < 24 for one in groups[::2])
        and all(int(one) < 60 for one in groups[1::2])
    )


def _is_amount(groups: list[str]) -> bool:
    """Thousands apart: 1 500 000."""
    return len(groups[0]) <= 3 and all(len(one) == 3 for one in groups[1:])
