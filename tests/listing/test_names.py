from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.listing.names import Likeness, acronyms, forms, likeness


def best(one: str, other: str) -> Likeness:
    return max((likeness(mine, theirs) for mine in forms(one) for theirs in forms(other)), default=Likeness.UNLIKE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Catholic Relief Services", "catholic relief services (CRS)"),
        ("Première Urgence Internationale", "PREMIERE URGENCE INTERNATIONALE"),
        ("Fonds des Nations Unies pour l'Enfance", "Fonds des Nations unies pour l’enfance"),
        ("Aster House e.V.", "The Aster House"),
        ("Stichting Vluchteling", "Vluchteling"),
        ("Haus Aster gGmbH", "Aster Haus"),
        ("UNFPA - United Nations Population Fund", "United Nations Population Fund"),
        ("Помощь беженцам", "ПОМОЩЬ БЕЖЕНЦАМ"),
        ("أسايل", "اسايل"),
        ("Deegroor Medical", "Deeg-Roor Medical"),
    ],
)
def test_the_same_name_however_it_is_written(one: str, other: str) -> None:
    assert best(one, other) is Likeness.SAME


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("International Rescue Committee", "International Rescue Comittee", Likeness.CLOSE),
        ("Finnish Refugee Council", "Finish Refugee Council", Likeness.CLOSE),
        ("Save the Children", "Save the Children International", Likeness.PART),
        ("Refugee Law Clinic", "Refugee Law Clinic Canada", Likeness.LIKE),
        ("Refugee Law Clinic", "Refugee Law Clinic (Chad)", Likeness.LIKE),
        ("Refugee Law Clinic", "Refugee Law Clinic - Suisse", Likeness.LIKE),
        ("Ministry of Women and Family, Galmudug State", "Ministry of Women and Family, Jubaland State", Likeness.LIKE),
        ("Danish Refugee Council", "Norwegian Refugee Council", Likeness.UNLIKE),
        ("Aster House", "Birch House", Likeness.UNLIKE),
        ("Aster House", "Ester House", Likeness.CLOSE),
        ("MSF", "MSI", Likeness.UNLIKE),
        ("Ward 21", "Ward 22", Likeness.UNLIKE),
    ],
)
def test_how_alike_two_names_are(one: str, other: str, alike: Likeness) -> None:
    assert best(one, other) is alike


def test_a_thai_name_is_itself_and_no_other() -> None:
    assert best("ศูนย์ช่วยเหลือทางกฎหมายเรือกระดาษ", "ศูนย์ช่วยเหลือทางกฎหมายเรือกระดาษ") is Likeness.SAME
    assert best("ศูนย์ช่วยเหลือทางกฎหมายเรือกระดาษ", "ศูนย์ช่วยเหลือทางกฎหมายนกเงือกเงิน") is Likeness.UNLIKE


def test_short_forms_are_read_where_they_stand() -> None:
    assert acronyms("U.N.H.C.R.") == {"unhcr"}
    assert acronyms("", ("Catholic Relief Services (CRS)",)) == {"crs"}
    assert acronyms("", ("UNFPA - United Nations Population Fund",)) == {"unfpa"}
    assert acronyms("", ("WHO",)) == {"who"}
    assert acronyms("", ("Muso", "Who cares")) == frozenset()
    assert acronyms("HI / HWS") == {"hi", "hws"}


@given(st.text(max_size=80), st.text(max_size=80))
def test_likeness_is_mutual_and_a_name_is_like_itself(one: str, other: str) -> None:
    assert best(one, other) == best(other, one)
    assert not forms(one) or best(one, one) is Likeness.SAME
