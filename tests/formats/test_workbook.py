"""Files that were made to cost more than they weigh: each is refused, or read, within a bounded time and memory."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest

from fednet.formats import table
from fednet.formats import workbook as limits
from fednet.formats.reading import UnreadableFileError
from tests.formats.files import workbook

SECONDS, MEMORY = 20, 700 << 20  # of processor time, and of address space: some ten times what a large table takes
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEAD, TAIL = b"<worksheet " + MAIN + b"><sheetData>", b"</sheetData></worksheet>"
MIB = 1 << 20

READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
import json
from pathlib import Path
from fednet import formats
from fednet.errors import FednetError
for name in sys.argv[1:]:
    try:
        found = formats.read(Path(name))
        print(json.dumps([len(found.entries), len(found.refused)]))
    except FednetError as error:
        print(json.dumps(error.detail))
"""


def read_in_a_child(*paths: Path) -> list[object]:
    """What reading each file came to, in one process that may not cost more than the limits above, all together."""
    program = READ.format(seconds=SECONDS, memory=MEMORY)
    done = subprocess.run([sys.executable, "-c", program, *map(str, paths)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def with_part(name: str, content: Iterable[bytes]) -> bytes:
    """A workbook of one row with one part replaced by another."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(Members=[["name"], ["Aster"]]))) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for member in source.namelist():
            if member != name:
                archive.writestr(member, source.read(member))
        with archive.open(name, "w") as part:
            for piece in content:
                part.write(piece)
    return out.getvalue()


def far_cell(row: int) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["A2"], sheet[f"XFD{row}"] = "name", "Aster", "far"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def entities(nested: bool) -> bytes:
    """A document type whose entities expand to gigabytes."""
    if not nested:
        declared = b'<!ENTITY a "' + b"a" * 100_000 + b'">'
        return b"<!DOCTYPE x [" + declared + b"]><sst " + MAIN + b"><si><t>" + b"&a;" * 20_000 + b"</t></si></sst>"
    levels = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"lol") for n in range(10))
    return b"<!DOCTYPE x [" + levels + b"]><sst " + MAIN + b"><si><t>&e9;</t></si></sst>"


LARGE = "the workbook is too large when unpacked"
DECLARES = "the workbook declares what no spreadsheet program would (a document type)"
ROW = b"<row>" + b"<c/>" * 1_000 + b"</row>"
LONG = b"<row><c><is><t>" + b"x" * 2 * MIB + b"</t></is></c></row>"
BOMBS = {
    "swollen": (lambda: with_part(SHEET, [HEAD, *[b"<row/>" * 10_000] * 200, TAIL]), LARGE),
    "empty rows": (lambda: with_part(SHEET, [HEAD, b"<row/>" * 30_000, TAIL]), LARGE),
    "cells in a row": (lambda: with_part(SHEET, [HEAD, b"<row>", b"<c/>" * 17_000, b"</row>", TAIL]), LARGE),
    "cells in all": (lambda: with_part(SHEET, [HEAD, ROW * 30, TAIL]), LARGE),
    "depth": (lambda: with_part(SHEET, [HEAD, b"<a>" * 100, b"</a>" * 100, TAIL]), LARGE),
    "a long text": (lambda: with_part(SHEET, [HEAD, LONG, TAIL]), LARGE),
    "strings": (lambda: with_part(STRINGS, [b"<sst " + MAIN + b">", b"<si/>" * 30_000, b"</sst>"]), LARGE),
    "styles": (lambda: with_part("xl/styles.xml", [b"<styleSheet>", b"<xf/>" * 30_000, b"</styleSheet>"]), LARGE),
    "compression": (lambda: with_part("xl/media/image1.png", [b"\x89PNG" + b"\0" * 9 * MIB]), LARGE),
    "nested entities": (lambda: with_part(STRINGS, [entities(nested=True)]), DECLARES),
    "a long entity": (lambda: with_part(STRINGS, [entities(nested=False)]), DECLARES),
    "an entity of the system": (
        lambda: with_part(SHEET, [b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', HEAD, b"&a;", TAIL]),
        DECLARES,
    ),
    "no XML": (lambda: with_part(SHEET, [HEAD, b"<row>"]), "the workbook is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_workbook_that_was_made_to_cost_much_is_refused_before_it_is_opened(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, reason = BOMBS[name][0](), BOMBS[name][1]
    for limit in ("MAX_CELLS", "MAX_STRINGS", "MAX_ELEMENTS"):
        monkeypatch.setattr(limits, limit, 20_000)
    monkeypatch.setattr(openpyxl, "load_workbook", None)
    with pytest.raises(UnreadableFileError) as refusal:
        table.sheets(content, ".xlsx", [])
    assert (refusal.value.detail, bool(refusal.value.hint)) == (reason, True)


def test_openpyxl_itself_would_refuse_entities(tmp_path: Path) -> None:
    """The second lock: its parser is that of defusedxml."""
    from defusedxml.common import EntitiesForbidden

    assert openpyxl.DEFUSEDXML is True
    with pytest.raises(EntitiesForbidden):
        openpyxl.xml.functions.fromstring(entities(nested=True))


def test_a_workbook_whose_directory_lies_about_sizes_is_damaged() -> None:
    content = bytearray(with_part(SHEET, [HEAD, b"<row/>" * 100_000, TAIL]))
    at = content.rfind(b"PK\x01\x02", 0, content.rfind(SHEET.encode()))
    content[at + 24 : at + 28] = (1_000).to_bytes(4, "little")
    with pytest.raises(UnreadableFileError, match="damaged"):
        table.sheets(bytes(content), ".xlsx", [])


def test_a_cell_in_the_last_column_or_the_last_row_costs_nothing(tmp_path: Path) -> None:
    paths = [tmp_path / "wide.xlsx", tmp_path / "far.xlsx"]
    paths[0].write_bytes(far_cell(3))
    paths[1].write_bytes(far_cell(1_048_576))
    assert read_in_a_child(*paths) == [[1, 0], [1, 0]]


TEXTS = {
    "a line without end.csv": b"name,x\n" + b"a" * 12 * MIB,
    "a quotation without end.csv": b'name,x\n"' + b"a" * 12 * MIB,
    "a million columns.csv": b"name" + b",x" * 6 * MIB,
    "quotations.csv": b"name,x\n" + b'"a\n' * MIB,
    "terms.csv": b"name,services\n" + b"".join(b'A%d,"%s"\n' % (n, b"x/y,z;" * 5_000) for n in range(300)),
    "unknown terms.csv": b"name,country\n" + b"".join(b"A%d,nowhere number %d\n" % (n, n) for n in range(20_000)),
    "headers.csv": b"name" + b",((((____" * 3_000 + b"\n" + (b"A," + b"( " * 15_000 + b"\n") * 30,
    "depth.json": b"[" * 4 * MIB,
    "depth of objects.json": b'{"a":' * MIB,
    "depth of lines.jsonl": (b"[" * 50_000 + b"\n") * 50,
    "a number.json": b'[{"kind":"organization","names":{"en":"A"},"x":' + b"9" * MIB + b"}]",
}


def test_texts_that_were_made_to_cost_much_do_not(tmp_path: Path) -> None:
    for name, content in TEXTS.items():
        (tmp_path / name).write_bytes(content)
    said = read_in_a_child(*(tmp_path / name for name in TEXTS))
    assert dict(zip(TEXTS, said, strict=True)) == {
        "a line without end.csv": "line 2 has more than 8,388,608 characters",
        "a quotation without end.csv": "line 2 has more than 8,388,608 characters",
        "a million columns.csv": "line 1 has more than 8,388,608 characters",
        "quotations.csv": "more than 200,000 rows",
        "terms.csv": [300, 300],
        "unknown terms.csv": [20_000, 10_000],
        "headers.csv": [1, 0],
        "depth.json": "depth.json is nested too deeply",
        "depth of objects.json": "depth of objects.json is nested too deeply",
        "depth of lines.jsonl": "depth of lines.jsonl is nested too deeply",
        "a number.json": "a number.json holds no JSON object",
    }
