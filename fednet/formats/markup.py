"""HTML that programs write into fields of plain text, as text: calendars of web sites do so in every description.

```
<p>Room 3, <b>first floor</b><br>Programme: <a href="https://networks.example/p">here</a></p>
Room 3, first floor
Programme: here (https://networks.example/p)
```
Text without tags stays as it is, with its `<` and `&`, but for character references (`&amp;`, `&#8211;`).
"""

from __future__ import annotations

import re
from html import unescape

_TAGS = (
    "a|abbr|b|blockquote|body|br|center|code|div|dd|dl|dt|em|figure|font|h[1-6]|head|hr|html|i|img|li|link|meta|ol|p|pre"
    "|s|script|section|small|span|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul"
)
_TAG = re.compile(rf"<(/?)({_TAGS})\b([^<>]{{0,2000}})>|<!--[^<>]{{0,2000}}-->", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#[0-9]{2,5}|#x[0-9a-f]{2,5}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[nm]dash|hellip);", re.I)
_HREF = re.compile(r"\bhref\s*=\s*[\"']?(https?://[^\s\"'<>]+)", re.IGNORECASE)
_LINES = frozenset(
    "blockquote br center div dd dl dt figure h1 h2 h3 h4 h5 h6 hr li ol p pre section table title tr ul".split()
)
_UNSEEN = frozenset(("head", "script", "style"))


def plain_text(written: str) -> str:
    """What a person reads of it: lines where the markup breaks them, links with their addresses, no tags."""
    tags = list(_TAG.finditer(written))
    if not tags:
        return _REFERENCE.sub(_character, written)
    found: list[str] = []
    at, link, begun, unseen = 0, "", 0, ""
    for tag in tags:
        closing, name = tag[1], (tag[2] or "").lower()
        if not unseen:
            found.append(" ".join(re.split(r"[ \t\r\n]+", unescape(written[at : tag.start()]))))
        at = tag.end()
        if name in _UNSEEN:
            unseen = "" if closing or unseen else name
        elif name == "a" and not closing:
            opened = _HREF.search(tag[3])
            link, begun = unescape(opened[1]) if opened else "", len(found)
        elif name == "a" and link:
            found += [f" ({link})"] if link not in "".join(found[begun:]) else []
            link = ""
        elif name in _LINES:
            found.append("\n- " if name == "li" and not closing else "\n")
        elif name in ("td", "th"):
            found.append(" ")
    rest = "" if unseen else " ".join(re.split(r"[ \t\r\n]+", unescape(written[at:])))
    lines = [" ".join(line.split()) for line in "".join([*found, rest]).split("\n")]
    return "\n".join(line for line in lines if line not in ("", "-"))


def _character(found: re.Match[str]) -> str:
    return unescape(found[0]).replace("\xa0", " ")
