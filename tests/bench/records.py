"""The same synthetic records everywhere: about 450 bytes of body, 85% organisations, 20 languages, 200 countries."""

from __future__ import annotations

import random
from collections.abc import Iterator

from fednet import listing
from fednet.listing import places, vocabulary

SYLLABLES = "ra mo ti ka ne lu so pe da vi ha jo mi re to ba gu fi wa ze".split()
COMMON = (
    "refugee legal aid centre community support rights network women youth housing health school protection "
    "family training law shelter migrant association council service project house bridge hope new"
).split()
SCRIPTS = ("ความช่วยเหลือทางกฎหมาย", "ဥပဒေအထောက်အကူ", "المساعدة القانونية للاجئين", "难民法律援助中心", "کمک حقوقی")


class Maker:
    """Bodies by number; the same seed gives the same bodies."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        words = ["".join(self.random.choices(SYLLABLES, k=3)) for _ in range(6_000)]
        self.words = words + COMMON * 40
        self.countries = sorted(code for code in places.codes() if len(code) == 2)[:200]
        self.services = vocabulary.SERVICES.codes[:12]
        self.groups = vocabulary.CLIENT_GROUPS.codes[:10]
        self.languages = "en fr es ar th my fa zh ru pt ms id hi bn ta ur tr sw am ti".split()

    def bodies(self, count: int, start: int = 0) -> Iterator[bytes]:
        for number in range(start, start + count):
            yield self.organization(number) if number % 20 < 17 else self.event(number)

    def _text(self, words: int) -> str:
        return " ".join(self.random.choices(self.words, k=words))

    def _some(self, of: list[str] | tuple[str, ...], most: int) -> list[str]:
        return sorted(self.random.sample(list(of), self.random.randint(1, most)))

    def organization(self, number: int) -> bytes:
        language = self.random.choice(self.languages)
        names = {"en": f"{self._text(3).title()} {number}"}
        if number % 5 == 0:
            names["th"] = f"{self.random.choice(SCRIPTS)} {number}"
        return listing.encode(
            {
                "kind": "organization",
                "names": names,
                "description": {"en": self._text(18)},
                "website": f"https://{self.random.choice(SYLLABLES)}{number}.example",
                "seat": {"country": self.random.choice(self.countries), "place": self._text(1).title()},
                "countries": self._some(self.countries, 3),
                "services": self._some(self.services, 3),
                "client_groups": self._some(self.groups, 3),
                "languages": sorted({"en", language}),
                "original": "en",
            }
        )

    def event(self, number: int) -> bytes:
        day = f"{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
        return listing.encode(
            {
                "kind": "event",
                "type": "webinar",
                "titles": {"en": f"{self._text(5).title()} {number}"},
                "start": f"2027-{day}T10:00:00",
                "end": f"2027-{day}T12:00:00",
                "zone": "Asia/Bangkok",
                "description": {"en": self._text(24)},
                "registration_url": f"https://meet.example/{number}",
                "languages": ["en"],
                "uid": f"{number}@bench.example",
            }
        )
