from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fednet import listing
from fednet.directory.alike import alike
from fednet.directory.matching import bring_up_to_date
from fednet.directory.search import OPERATOR, PUBLIC, Reader
from fednet.listing import Contact, Organization
from fednet.listing.likeness import Reason
from fednet.node import edits
from fednet.node.home import Home
from fednet.node.publish import publish
from tests.feed.network import handle
from tests.web.place import NOW, node


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = node(tmp_path_factory.mktemp("alike"))
    fields = {"names": {"en": "Kapok House"}, "countries": ["TH"]}
    own = edits.add(made, "organization", fields, NOW)
    edits.add(made, "contact", {"organization": own.handle, "emails": ["office@kapok-house.example"]}, NOW)
    publish(made, NOW)
    bring_up_to_date(made.store)
    yield made
    made.close()


def organization(name: str, **fields: Any) -> Organization:
    found = listing.parse(listing.encode({"kind": "organization", "names": {"en": name}, **fields}))
    assert isinstance(found, Organization)
    return found


def contact(*emails: str) -> Contact:
    return Contact(organization=handle(99), emails=emails)


def found(home: Home, one: Organization, about: Contact | None = None, reader: Reader = OPERATOR) -> dict[str, Reason]:
    return {one.hit.title: Reason(one.reasons) for one in alike(home.store, one, about, reader, NOW)}


def test_a_listed_organisation_is_found_by_its_website_and_by_its_name(home: Home) -> None:
    by_site = found(home, organization("Something else", website="https://paper-boat.example/fr"))
    assert by_site and all(Reason.SITE in reasons for reasons in by_site.values())
    by_name = found(home, organization("Maple House", countries=["CA"]))
    assert any(Reason.NAME in reasons for reasons in by_name.values())


def test_what_has_nothing_in_common_is_not_shown(home: Home) -> None:
    assert found(home, organization("Wholly Other Society", countries=["PE"], website="https://other.example")) == {}


def test_a_contact_tells_as_much_and_no_more_to_whoever_may_not_read_it(home: Home) -> None:
    one, about = organization("Something else"), contact("office@kapok-house.example")
    assert any(Reason.MAILBOX in reasons for reasons in found(home, one, about).values())
    assert not any(Reason.MAILBOX in reasons for reasons in found(home, one, about, PUBLIC).values())
