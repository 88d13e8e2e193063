"""Every vocabulary of records under one roof. Codes go into bodies; names, in four languages, onto pages.

`SERVICES.find("aide juridique")` is `"legal-aid"`; `SERVICES.name("legal-aid", "ar")` is `"المساعدة القانونية"`.
"""

from __future__ import annotations

from fednet.listing.client_groups import CLIENT_GROUPS
from fednet.listing.services import SERVICES
from fednet.listing.term import LANGUAGES, Term, Vocabulary
from fednet.listing.types import (
    EVENT_MODES,
    EVENT_STATUSES,
    EVENT_TYPES,
    EXCHANGE_OUTCOMES,
    EXCHANGE_STATES,
    EXCHANGE_TYPES,
    GROUP_TYPES,
    MODALITIES,
    ORGANIZATION_TYPES,
    RESOURCE_TYPES,
    STAGES,
    TWINNING_STATES,
)

ALL: tuple[Vocabulary, ...] = (
    SERVICES,
    CLIENT_GROUPS,
    ORGANIZATION_TYPES,
    GROUP_TYPES,
    EVENT_TYPES,
    EVENT_STATUSES,
    EVENT_MODES,
    EXCHANGE_TYPES,
    MODALITIES,
    STAGES,
    EXCHANGE_STATES,
    EXCHANGE_OUTCOMES,
    RESOURCE_TYPES,
    TWINNING_STATES,
)


THEMES = Vocabulary("theme", [*SERVICES, *(term for term in CLIENT_GROUPS if term.code not in SERVICES)])
"""What events, exchanges and resources are about: a service, else a client group. Bits repeat: mask with those two."""

__all__ = [
    "ALL",
    "CLIENT_GROUPS",
    "EVENT_MODES",
    "EVENT_STATUSES",
    "EVENT_TYPES",
    "EXCHANGE_OUTCOMES",
    "EXCHANGE_STATES",
    "EXCHANGE_TYPES",
    "GROUP_TYPES",
    "LANGUAGES",
    "MODALITIES",
    "ORGANIZATION_TYPES",
    "RESOURCE_TYPES",
    "SERVICES",
    "STAGES",
    "THEMES",
    "TWINNING_STATES",
    "Term",
    "Vocabulary",
]
