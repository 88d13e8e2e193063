"""For all tests: no example is too slow, for no test measures time."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fednet", parent=settings(), deadline=None)
settings.load_profile("fednet")
