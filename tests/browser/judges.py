"""axe-core as judge of a page: WCAG 2.2 A and AA, and what its authors call best practice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe() -> str:
    """The judge's program; without it a test is skipped, on the machine that decides it fails."""
    if not AXE.exists():
        if os.environ.get("FEDNET_CI") == "1":
            pytest.fail("axe-core is not installed: npm ci --prefix tests/browser")
        pytest.skip("axe-core is not installed: npm ci --prefix tests/browser")
    return AXE.read_text("utf-8")


def violations(page: Page, program: str) -> list[str]:
    """What axe finds wrong with the page as it stands: rule, place and summary, one line each."""
    page.evaluate(program)
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{page.url}: {one['id']}: {node['target']} {node['html'][:160]} ({node['failureSummary'][:300]})"
        for one in found["violations"]
        for node in one["nodes"]
    ]
