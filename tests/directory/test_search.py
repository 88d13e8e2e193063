from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet.directory.agenda import agenda, parse_agenda
from fednet.directory.search import OPERATOR, PUBLIC, Query, Results, parse_query, record, search
from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed.edition import LIFETIME
from fednet.feed.record import put
from fednet.store import blocks, feeds, records
from fednet.store.database import Store
from tests.directory.world import LONG_AGO, NOW, World, event, organization


def titles(world: World, text: str = "", **asked: Any) -> list[str]:
    return [hit.title for hit in find(world, text, **asked).hits]


def find(world: World, text: str = "", **asked: Any) -> Results:
    return search(world.store, parse_query(text=text, **asked), PUBLIC, NOW)


@pytest.fixture
def asia(world: World) -> World:
    """One network with three members."""
    network = world.network("Asia Pacific Network")
    world.lists(
        network,
        organization(
            {"en": "Paper Boat Legal Centre", "th": "ศูนย์กฎหมายเรือกระดาษ"},
            seat={"country": "TH", "place": "Mae Sot"},
            countries=["TH", "MM"],
            services=["legal-aid", "child-protection"],
            client_groups=["unaccompanied-minors"],
            languages=["th", "my"],
        ),
        organization(
            {"fr": "Conseil des Réfugiés de Montréal"},
            seat={"country": "CA"},
            services=["legal-aid", "health"],
            client_groups=["refugees"],
            languages=["fr-CA", "en"],
        ),
        organization(
            "Harbour Clinic", seat={"country": "MY"}, services=["health"], client_groups=["refugees"], languages=["ms"]
        ),
    )
    return world


# --- places -----------------------------------------------------------------------------------------------------------


def at(place: str, latitude: int, longitude: int, country: str = "TH") -> dict[str, Any]:
    seat = {
        "country": country,
        "place": place,
        "latitude_e6": latitude * 1_000_000,
        "longitude_e6": longitude * 1_000_000,
    }
    return organization(f"At {latitude},{longitude}", seat=seat)


def test_no_network_moves_a_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has one vote, however much it lists, and the own one counts before all others."""
    monkeypatch.setattr("fednet.directory.search.MOST_PLACES", 5)
    world.lists(world.network("Evil"), *(at("Mae Sot", -50, number) for number in range(7)))
    one, other = world.network("N one"), world.network("N two")
    world.lists(one, at("Mae Sot", 17, 98))
    world.lists(other, at("Mae Sot", 16, 98))
    assert titles(world, near="Mae Sot", within="200") == ["At 16,98", "At 17,98"]
    world.lists(world.network("Own", own=True), at("Mae Sot", 16, 99))
    assert titles(world, near="Mae Sot", within="1") == ["At 16,99"]


def test_a_country_behind_the_name_of_a_place_says_which_is_meant(world: World) -> None:
    world.lists(world.network("Own", own=True), at("Tripoli", 33, 13, "LY"), at("Tripoli", 34, 36, "LB"))
    assert titles(world, near="Tripoli, Lebanon", within="1") == ["At 34,36"]
    assert titles(world, near="tripoli, LY", within="1") == ["At 33,13"]
    with pytest.raises(NotFoundError, match="lies"):
        find(world, near="Tripoli, Greece")


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("ศูนย์ช่วยเหลือทางกฎหมาย", "กฎหมาย"),
        ("ศูนย์ช่วยเหลือทางกฎหมาย", "ศูนย์"),
        ("ဒုက္ခသည်ကူညီရေးအဖွဲ့", "ဒုက္ခသည်"),
        ("المساعدة القانونية للاجئين", "القانونيه"),
        ("المساعدة القانونية للاجئين", "للاجئين"),
        ("سازمان حقوق پناهندگان ایران", "حقوق"),
        ("سازمان یاری کودکان", "ياري"),  # Arabic letters for a Persian name
        ("香港難民權利協會", "難民"),
        ("香港難民權利協會", "權"),
        ("Фонд помощи беженцам", "ПОМОЩИ"),
        ("Conseil des Réfugiés", "refugies"),
        ("Türkiye Mülteci Işığı", "isigi"),
        ("Straße der Hoffnung", "strasse"),
    ],
)
def test_a_name_is_found_in_its_script(world: World, name: str, asked: str) -> None:
    network = world.network("A")
    world.lists(network, organization({"und": name}), organization("Something else"))
    assert titles(world, asked) == [name]


def test_all_words_must_occur_and_the_last_may_go_on(asia: World) -> None:
    assert titles(asia, "paper cen") == ["Paper Boat Legal Centre"]
    assert titles(asia, "pap centre") == []
    assert titles(asia, "paper clinic") == []
    assert titles(asia, 'centre -"mae sot"') == []


def test_a_word_in_the_name_ranks_before_one_in_the_description(world: World) -> None:
    network = world.network("A")
    world.lists(
        network,
        organization("Alpha", description={"en": "We keep a harbour open."}),
        organization("Harbour House"),
    )
    assert titles(world, "harbour") == ["Harbour House", "Alpha"]


@pytest.mark.parametrize("asked", ["legal aid", "aide juridique", "Asistencia jurídica", "المساعدة القانونية"])
def test_a_term_is_found_by_its_name_in_any_language(asia: World, asked: str) -> None:
    assert "Conseil des Réfugiés de Montréal" in titles(asia, asked)
    assert "Harbour Clinic" not in titles(asia, asked)


def test_terms_and_words_mix(asia: World) -> None:
    assert titles(asia, "legal aid mae sot") == ["Paper Boat Legal Centre"]
    assert titles(asia, "aide juridique unaccompanied minors") == ["Paper Boat Legal Centre"]
    assert titles(asia, '"legal aid"') == []


@pytest.mark.parametrize("asked", ["Myanmar", "burma", "พม่า", "缅甸", "Мьянма", "میانمار"])
def test_a_country_is_found_by_its_name_in_any_script(asia: World, asked: str) -> None:
    assert titles(asia, asked) == ["Paper Boat Legal Centre"]


@given(asked=st.text() | st.text(alphabet="\"-*():^{}+ANDORNT กခ漢ا'\\\0 ", max_size=40))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_is_an_error(tmp_path_factory: pytest.TempPathFactory, asked: str) -> None:
    world = _one_world(tmp_path_factory)
    search(world.store, Query(text=asked), PUBLIC, NOW)


def _one_world(paths: pytest.TempPathFactory, kept: list[World] = []) -> World:  # noqa: B006
    if not kept:
        kept.append(World(Path(paths.mktemp("any-text"))))
        kept[0].lists(kept[0].network("A"), organization("Paper Boat Legal Centre", services=["legal-aid"]))
    return kept[0]


# --- filters and facets -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"country": "Thaïlande"}, ["Paper Boat Legal Centre"]),
        ({"country": ["TH", "Canada"]}, ["Conseil des Réfugiés de Montréal", "Paper Boat Legal Centre"]),
        ({"country": "TH, CA"}, ["Conseil des Réfugiés de Montréal", "Paper Boat Legal Centre"]),
        ({"region": "035"}, ["Harbour Clinic", "Paper Boat Legal Centre"]),
        ({"region": "Asie du Sud-Est", "service": "santé"}, ["Harbour Clinic"]),
        ({"region": "Europe"}, []),
        ({"region": "035", "country": "TH"}, ["Paper Boat Legal Centre"]),
        ({"region": ["035", "021"], "country": "CA"}, ["Conseil des Réfugiés de Montréal"]),
        ({"region": "021", "country": "TH"}, []),
        ({"service": "aide juridique", "client_group": "refugees"}, ["Conseil des Réfugiés de Montréal"]),
        ({"language": "Birman"}, ["Paper Boat Legal Centre"]),
        ({"language": "fr"}, ["Conseil des Réfugiés de Montréal"]),
        ({"kind": "organisations"}, ["Conseil des Réfugiés de Montréal", "Harbour Clinic", "Paper Boat Legal Centre"]),
        ({"kind": "event"}, []),
        ({"network": "apn", "country": "CA"}, ["Conseil des Réfugiés de Montréal"]),
    ],
)
def test_filters_narrow(asia: World, asked: dict[str, Any], found: list[str]) -> None:
    assert titles(asia, **asked) == found


def test_facets_count_what_was_found_and_nothing_else(asia: World) -> None:
    found = find(asia, service="legal-aid")
    network = found.hits[0].network
    assert found.total == 2
    assert found.facets == {
        "country": {"CA": 1, "MM": 1, "TH": 1},
        "service": {"legal-aid": 2, "child-protection": 1, "health": 1},
        "client_group": {"refugees": 1, "unaccompanied-minors": 1},
        "language": {"en": 1, "fr": 1, "my": 1, "th": 1},
        "network": {network: 2},
        "kind": {"organization": 2},
        "type": {},
    }


@given(
    records=st.lists(
        st.tuples(
            st.sets(st.sampled_from(["TH", "MM", "CA", "CH"])),
            st.sets(st.sampled_from(["legal-aid", "health", "housing"])),
            st.sets(st.sampled_from(["fr", "my", "en"])),
        ),
        max_size=8,
    ),
    country=st.sampled_from(["TH", "CA", None]),
    service=st.sampled_from(["legal-aid", "health", None]),
)
@settings(max_examples=15, deadline=None)
def test_totals_and_facets_are_those_of_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory, records: list[Any], country: str | None, service: str | None
) -> None:
    world = World(tmp_path_factory.mktemp("count"))
    network = world.network("A")
    world.lists(
        network,
        *(
            organization(f"N{number}", countries=sorted(c), services=sorted(s), languages=sorted(spoken))
            for number, (c, s, spoken) in enumerate(records)
        ),
    )
    fitting = [r for r in records if (not country or country in r[0]) and (not service or service in r[1])]
    found = find(world, country=country, service=service)
    assert found.total == len(found.hits) == len(fitting)
    for name, at in (("country", 0), ("service", 1), ("language", 2)):
        codes = [code for r in fitting for code in r[at]]
        assert found.facets[name] == {code: codes.count(code) for code in codes}


def test_pages_show_everything_once(world: World) -> None:
    network = world.network("A")
    world.lists(network, *(organization(f"Member {number:02}", services=["health"]) for number in range(25)))
    for text, by_title in (("", True), ("member", False)):
        seen, cursor = [], None
        while True:
            page = find(world, text, limit=10, cursor=cursor)
            seen += [hit.title for hit in page.hits]
            cursor = page.next
            if cursor is None:
                break
        assert sorted(seen) == [f"Member {number:02}" for number in range(25)]
        assert not by_title or seen == sorted(seen)


# --- who may see what -------------------------------------------------------------------------------------------------


def test_the_public_never_sees_another_circle(world: World) -> None:
    network = world.network("A", own=True)
    world.lists(network, organization("Open House", website="https://house.example/"))
    [closed] = world.lists(
        network,
        {"kind": "person", "name": "Someone Protected", "languages": ["my"], "country": "TH"},
        circle="partners",
    )
    assert titles(world, "protected") == titles(world, language="my") == titles(world, kind="person") == []
    assert find(world).facets["kind"] == {"organization": 1}
    with pytest.raises(NotFoundError):
        record(world.store, closed, PUBLIC, NOW)
    assert search(world.store, Query(text="protected"), OPERATOR, NOW).hits[0].circle == "partners"
    assert record(world.store, closed, OPERATOR, NOW).title == "Someone Protected"


def test_that_a_partner_lists_it_in_a_closed_circle_is_not_told(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    world.lists(a, organization("House", website="https://house.example/"))
    world.lists(b, organization("The House", website="https://www.house.example"), circle="partners")
    assert [name for _, name in find(world, "house").hits[0].networks] == ["A"]
    assert [name for _, name in search(world.store, Query(text="house"), OPERATOR, NOW).hits[0].networks] == ["A", "B"]


def test_blocked_networks_and_unfinished_feeds_are_not_shown(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    [first] = world.lists(a, organization("First"))
    world.lists(b, organization("Second"))
    with world.store.writing() as db:
        blocks.block(db, a.network, NOW)
        db.execute("UPDATE feed SET visible = 0 WHERE network_id = ?", (b.id,))
    for reader in (PUBLIC, OPERATOR):
        assert search(world.store, Query(), reader, NOW).total == 0
        with pytest.raises(NotFoundError):
            record(world.store, first, reader, NOW)
    with pytest.raises(NotFoundError):
        find(world, network="A")


def test_contacts_are_found_only_when_asked_for(world: World) -> None:
    network = world.network("A")
    [house] = world.lists(network, organization("House"))
    world.lists(network, {"kind": "contact", "organization": house, "person": "House desk", "phones": ["+1 555"]})
    assert titles(world, "house") == ["House"]
    assert titles(world, "house", kind="contact") == ["House desk"]


def test_a_record_cannot_smuggle_itself_under_another_network(world: World) -> None:
    a, b = world.network("A"), world.network("B")
    world.lists(a, organization("Genuine", services=["health"]))
    world.lists(b, organization("Impostor", services=["x f1", "health"], languages=["en f1"]))
    assert titles(world, network="A", service="health") == ["Genuine"]


@pytest.mark.parametrize(
    "body",
    [b"null", b"not json", b"[" * 30_000, b'{"a":' * 900 + b"1" + b"}" * 900,
     b'{"kind":"group","names":{"en":"\\ud800"}}', b'{"kind":"group","kind":"group","names":{"en":"Twice"}}'],
)  # fmt: skip
def test_of_a_body_that_is_not_shown_only_the_provenance_is_told(world: World, body: bytes) -> None:
    network = world.network("A")
    [handle] = world.lists(network, organization("House"))
    with world.store.writing() as db:
        feed = feeds.open_feed(db, network, "public")
        records.apply(db, feed.id, [put(feed.commitments, handle, bytes(32), body)], 2)
    hit = record(world.store, handle, PUBLIC, NOW)
    assert (hit.fields, hit.kind, hit.title, hit.network_name) == ({}, "", "", "A")


# --- provenance -------------------------------------------------------------------------------------------------------


def test_a_hit_says_who_lists_it_in_which_edition_and_when_that_was_verified(world: World) -> None:
    network = world.network("A")
    [handle] = world.lists(network, organization("House", website="https://house.example/", acronym="H"))
    world.lists(network, organization("Other"))
    hit = record(world.store, handle, PUBLIC, NOW)
    assert (hit.kind, hit.title, hit.network, hit.network_name) == ("organization", "House", network.network, "A")
    assert (hit.circle, hit.epoch, hit.edition, hit.expired) == ("public", 1, 2, False)
    assert hit.verified_at == "2026-11-21T18:00:00Z"
    assert hit.networks == ((network.network, "A"),)
    assert hit.fields["acronym"] == "H"
    assert find(world, "house").hits == (hit,)


def test_an_edition_that_was_not_renewed_is_shown_as_expired(world: World) -> None:
    world.lists(world.network("A"), organization("House"), issued=LONG_AGO)
    assert find(world).hits[0].expired


def test_a_feed_that_expired_long_ago_is_in_no_view(world: World) -> None:
    own, other = world.network("Own", own=True), world.network("Other")
    house, call = organization("House"), event("Call", "2026-12-01T10:00", zone="UTC")
    days = LIFETIME + world.store.forget_after
    for network in (own, other):
        handle, _ = world.lists(network, house, call, issued=NOW - days)
    assert find(world).total == 4
    for reader in (PUBLIC, OPERATOR):
        later = NOW + timedelta(seconds=1)
        [hit] = search(world.store, parse_query(text="house"), reader, later).hits
        assert (hit.network, hit.networks) == (own.network, ((own.network, "Own"),))
        with pytest.raises(NotFoundError):
            record(world.store, handle, reader, later)
        [time] = agenda(world.store, parse_agenda(), reader, later)
        assert time.hit.network == own.network
    longer = Store(world.store.path, forget_after=timedelta(days=91))
    assert search(longer, Query(), PUBLIC, NOW + timedelta(seconds=1)).total == 4
    longer.close()


@pytest.mark.parametrize(
    "shared",
    [
        {"website": "https://www.house.example/en"},
        {"website": "http://house.example"},
        {"identifiers": [{"scheme": "CA-CRA_ACR", "value": "12345 6789 rr0001"}]},
    ],
)
def test_networks_that_list_the_same_organization_are_named(world: World, shared: dict[str, Any]) -> None:
    a, b, c = world.network("A"), world.network("B"), world.network("C", own=True)
    register = [{"scheme": "CA-CRA_ACR", "value": "123456789RR0001"}]
    world.lists(a, organization("House", website="https://house.example/", identifiers=register))
    [dropped] = world.lists(b, organization("The House", **shared))
    world.lists(c, organization("House", website="https://facebook.com/house"))
    assert [name for _, name in find(world, "house", network="A").hits[0].networks] == ["A", "B"]
    assert [name for _, name in find(world, "house", network="C").hits[0].networks] == ["C"]
    world.drops(b, dropped)
    assert [name for _, name in find(world, "house", network="A").hits[0].networks] == ["A"]


def test_of_copies_under_one_handle_the_own_networks_counts(world: World) -> None:
    other, own = world.network("Other"), world.network("Own", own=True)
    [handle] = world.lists(own, organization("Genuine"))
    world._count = 0
    assert world.lists(other, organization("Copy")) == [handle]
    assert record(world.store, handle, PUBLIC, NOW).title == "Genuine"


def test_an_event_has_its_title_and_kind(world: World) -> None:
    world.lists(world.network("A"), event("Spring consultation", "2027-05-01T10:00", zone="Europe/Zurich"))
    [hit] = find(world, "consultation").hits
    assert (hit.kind, hit.title) == ("event", "Spring consultation")


# --- what people type -------------------------------------------------------------------------------------------------


def test_everything_given_is_read_into_codes() -> None:
    assert parse_query(
        text="x", country=["Thailand", "mmr"], region="Asia", service="الصحة", kind="people", limit="5", cursor=None
    ) == Query(text="x", countries=("TH", "MM"), regions=("142",), services=("health",), kinds=("person",), limit=5)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"service": "legal-ade"}, "legal-aid"),
        ({"country": "Thialand"}, "Thailand"),
        ({"region": "South-Eastern Azia"}, "035"),
        ({"kind": "organizatoin"}, "organization"),
        ({"language": "Burmesse"}, "Burmese"),
        ({"limit": "many"}, "whole number"),
        ({"servcie": "health"}, "service"),
        ({"text": 5}, "text"),
        ({"near": "99,0"}, "latitude first"),
        ({"within": "5"}, "near which place"),
        ({"sort": "near"}, "near which place"),
        ({"near": "1,1", "within": "0"}, "20,100"),
        ({"sort": "random"}, "relevance"),
        ({"confirmed": "yes"}, "fresh"),
        ({"refugee_led": "perhaps"}, "yes or no"),
        ({"opinions": "mine"}, "followed"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_was_meant(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_query(**asked)
    assert says in f"{refused.value.detail} {refused.value.hint}"


@pytest.mark.parametrize("query", [Query(limit=0), Query(limit=1001), Query(cursor="é"), Query(cursor="LTE=")])
def test_limits_and_cursors_out_of_range_are_refused(asia: World, query: Query) -> None:
    with pytest.raises(UsageError):
        search(asia.store, query, PUBLIC, NOW)


def test_an_unknown_region_finds_nothing_rather_than_everything(asia: World) -> None:
    assert search(asia.store, Query(regions=("999",)), PUBLIC, NOW).total == 0


@given(value=st.text(max_size=30), name=st.sampled_from(["country", "service", "region", "language", "kind", "cursor"]))
@settings(max_examples=60, deadline=None)
def test_any_value_is_read_or_refused(value: str, name: str) -> None:
    with suppress(FednetError):
        parse_query(**{name: value})
