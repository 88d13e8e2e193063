"""QR codes as inline SVG (ISO/IEC 18004): black on white in any colour scheme, for cameras expect that."""

from __future__ import annotations

from io import BytesIO

import segno
from markupsafe import Markup

QUIET_ZONE = 4
"""Modules around the code (ISO/IEC 18004, 9.1)."""


def svg(text: str, label: str) -> Markup:
    """The code that holds a text; `label` is what it is to those who do not see it."""
    code = segno.make(text, error="m", micro=False)
    width, height = code.symbol_size(border=QUIET_ZONE)
    out = BytesIO()
    code.save(
        out, kind="svg", border=QUIET_ZONE, xmldecl=False, svgns=False, omitsize=True, nl=False, svgclass=None,
        lineclass=None, dark="#000", light="#fff",
    )  # fmt: skip
    inner = out.getvalue().decode().partition(">")[2].removesuffix("</svg>")
    frame = Markup('<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(width, height, label)
    return frame + Markup(inner) + Markup("</svg>")  # of numbers alone: segno draws, nobody's text is in it
