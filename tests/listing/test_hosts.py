from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.listing.hosts import domain, mail_domain, own_host


@pytest.mark.parametrize(
    ("website", "host"),
    [
        ("https://www.House.example/", "house.example"),
        ("http://house.example:8080", "house.example"),
        ("https://house.example./fr", "house.example"),
        ("https://house.example/pt-BR/", "house.example"),
        ("https://house.example/index.html", "house.example"),
        ("https://house.example/?lang=th#top", "house.example"),
        ("https://โครงการ.example/", "โครงการ.example"),
        ("https://house.wordpress.com/", "house.wordpress.com"),
        ("https://law.university.example/clinics/refugees", None),
        ("https://www.facebook.com/", None),
        ("https://facebook.com/house", None),
        ("https://wordpress.com/house", None),
        ("https://localhost/", None),
    ],
)
def test_only_a_site_of_its_own_has_a_host(website: str, host: str | None) -> None:
    assert own_host(website) == host


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("house.example", "house.example"),
        ("thai.house.example", "house.example"),
        ("thai.house.org.uk", "house.org.uk"),
        ("house.or.th", "house.or.th"),
        ("house.wordpress.com", "house.wordpress.com"),
        ("a.house.wordpress.com", "house.wordpress.com"),
        ("house.co", "house.co"),
    ],
)
def test_a_domain_is_what_somebody_registered(host: str, registered: str) -> None:
    assert domain(host) == registered


@pytest.mark.parametrize(
    ("email", "own"),
    [
        ("office@House.example", "house.example"),
        ("office@mail.house.org.uk", "house.org.uk"),
        ("house@gmail.com", None),
        ("house@yahoo.co.th", None),
        ("house@students.example.org", None),
        ("house@localhost", None),
    ],
)
def test_a_mailbox_that_anybody_may_have_tells_no_domain(email: str, own: str | None) -> None:
    assert mail_domain(email) == own


@given(st.text(max_size=60))
def test_any_text_has_a_host_or_none(text: str) -> None:
    own_host(text)
    mail_domain(text)
    domain(text)
