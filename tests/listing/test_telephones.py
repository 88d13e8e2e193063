"""Telephone numbers in texts are noticed however people write them; days, hours and amounts are none."""

from __future__ import annotations

import pytest

from fednet.listing.telephones import telephone

NUMBERS = [
    "+1 514 555 0100", "0044 20 7946 0000", "020 7946 0000", "(020) 7946 0000", "02079460000", "06 12 34 56 78",
    "06.12.34.56.78", "(514) 555-0100", "514-555-0100", "514.555.0100", "514 555 0100", "5145550100", "1-800-555-0100",
    "91 234 56 78", "2345 6789", "+41 (0)44 555 01 00",
]  # fmt: skip
OTHERS = [
    "2026-11-22", "22.11.2026", "01.02.-05.03.2027", "1-3.12.2026", "2026-2027", "2019 2020 2021", "1 500 000",
    "10.000.000", "09.30-12.30", "9.30 - 12.30", "12345678", "978-3-16-148410-0", "1000-2000", "0.00000001",
    "100 000 000", "877f3125-1234-4123-8123-123456789012", "v1.20.300.4000", "20% to 30%",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_found_in_a_sentence(number: str) -> None:
    for before, after in (("Ring ", " before 17.00."), ("", ""), ("Ask Noor (", ")."), ("In 2026. ", ", or write")):
        assert telephone(f"{before}{number}{after}"), before
    assert number in telephone(f"Ring {number}")


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_no_number_is_none(other: str) -> None:
    for before, after in (("From ", " on."), ("", ""), ("Since 1999 (", ").")):
        assert telephone(f"{before}{other}{after}") == ""


def test_digits_of_other_scripts_are_digits() -> None:
    assert telephone("اتصل على ٠٢٠ ٧٩٤٦ ٠٠٠٠") == "020 7946 0000"


def test_long_runs_are_looked_through_once() -> None:
    for run in ("1" * 400_000, "1 " * 200_000, "1- " * 130_000, "(" * 400_000, ") (" * 130_000):
        assert telephone(run) == ""
