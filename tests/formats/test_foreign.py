"""Files in other formats are named for what they are, with what to do."""

from __future__ import annotations

import io
import zipfile

import pytest

from fednet import formats
from fednet.formats import Told, UnreadableFileError
from tests.formats.files import workbook


def archive(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        for name, text in parts.items():
            written.writestr(name.replace("__", "/"), text)
    return out.getvalue()


ODS = archive(mimetype="application/vnd.oasis.opendocument.spreadsheet", **{"content.xml": "<x/>"})
DOCX = archive(**{"[Content_Types].xml": "<x/>", "word__document.xml": "<x/>"})
VCF = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Aster House\r\nEND:VCARD\r\n"


@pytest.mark.parametrize(
    ("name", "content", "what", "hint"),
    [
        ("list.ods", ODS, "OpenDocument spreadsheet", "Save As"),
        ("list.xlsx", ODS, "OpenDocument spreadsheet", "Save As"),
        ("list.odt", ODS.replace(b"spreadsheet", b"text-ending"), "OpenDocument file", ".csv"),
        ("list.docx", DOCX, "text document", "spreadsheet"),
        ("list.pdf", b"%PDF-1.7\n%\xe2\xe3", "PDF", "spreadsheet"),
        ("list.vcf", VCF, "vCard", ".csv"),
        ("list.rtf", b"{\\rtf1\\ansi}", "text document", "spreadsheet"),
        ("list.xls", b"\xef\xbb\xbf\n<html><table>", "web page", ".xlsx"),
        ("list.numbers", archive(**{"Index__Document.iwa": "x"}), "Numbers", "Export"),
    ],
)
def test_a_file_that_is_not_read_is_named_for_what_it_is(name: str, content: bytes, what: str, hint: str) -> None:
    with pytest.raises(UnreadableFileError) as refusal:
        formats.read_file(name, content, Told())
    assert what in refusal.value.detail and name in refusal.value.detail
    assert hint in (refusal.value.hint or "")


def test_a_workbook_and_a_table_are_none_of_them() -> None:
    table = [["name"], ["PDF"]]
    assert formats.read_file("list.xlsx", workbook(one=table), Told()).entries  # type: ignore[arg-type]
    assert formats.read_file("list.csv", b"name\n%PDF-1\n", Told()).entries
