"""The conformance suite lives with the protocol and imports nothing of ours; here two followers go through it."""

from __future__ import annotations

import sys
from pathlib import Path

CONFORMANCE = Path(__file__).parents[2] / "protocol" / "conformance"

sys.path.insert(0, str(CONFORMANCE))
