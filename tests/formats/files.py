"""Files made for the tests: nothing here comes from anybody's real list."""

from __future__ import annotations

import io
from pathlib import Path

from fednet import formats


def reading(tmp_path: Path, content: str | bytes, name: str = "members.csv", **options: object) -> formats.Reading:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return formats.read(path, **options)  # type: ignore[arg-type]


def workbook(**sheets: list[list[object]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def organizations(reading: formats.Reading) -> list[dict[str, object]]:
    return [entry.fields for entry in reading.entries if entry.fields["kind"] == "organization"]


def calendar(*lines: str, before: str = "") -> bytes:
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\n{before}" + "\n".join(lines) + "\nEND:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def vevent(*lines: str, uid: str = "1@networks.example", summary: str = "Spring consultation") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{summary}", *lines, "END:VEVENT"])
