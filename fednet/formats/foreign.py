"""Files that people try to import and that are not read: each by its first bytes, with what to do about it."""

from __future__ import annotations

from fednet.formats.reading import UnreadableFileError

_ZIP = b"PK\x03\x04"
_SAVE_AS = "open it and save the table as .xlsx or .csv"
_BEGINNINGS = (
    (b"%PDF-", "a PDF, which holds pages and no table", "ask for the file it was made from, or copy its table into a "
     "spreadsheet and save that as .xlsx or .csv"),
    (b"{\\rtf", "a text document (RTF)", "copy its table into a spreadsheet and save that as .xlsx or .csv"),
    (b"BEGIN:VCARD", "an address book (vCard), which is written here, and not read",
     "export the contacts as .csv from your address book, and import that"),
    (b"<!DOCTYPE HTML", "a web page", _SAVE_AS),
    (b"<HTML", "a web page", _SAVE_AS),
    (b"<TABLE", "a web page", _SAVE_AS),
)  # fmt: skip


def check_known(content: bytes, name: str) -> None:
    """Raises UnreadableFileError, in words that say what to do, for a file in one of the formats that are not read."""
    beginning = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")[:20].upper()
    for start, what, hint in _BEGINNINGS:
        if beginning.startswith(start.upper()):
            raise UnreadableFileError(f"{name} is {what}", hint=hint)
    if content.startswith(_ZIP) and (told := _archive(content)):
        raise UnreadableFileError(f"{name} is {told[0]}", hint=told[1])


def _archive(content: bytes) -> tuple[str, str] | None:
    """What an archive is and what to do, by the names of its parts, which stand in it as they are."""
    # OpenDocument 1.3, part 2, section 3.3: the first part is called `mimetype` and says which, not packed.
    if content[30:38] == b"mimetype":
        if b"opendocument.spreadsheet" in content[38:120]:
            return (
                "an OpenDocument spreadsheet (.ods), which is not read",
                "in LibreOffice: File, Save As, .xlsx or .csv",
            )
        if b"opendocument." in content[38:120]:
            return "an OpenDocument file that is no spreadsheet", "copy its table into one and save it as .xlsx or .csv"
    if b"xl/workbook.xml" in content:
        return None
    if b"word/document.xml" in content:
        return "a text document (.docx)", "copy its table into a spreadsheet and save that as .xlsx or .csv"
    if b"Index/Document.iwa" in content:
        return "an Apple Numbers or Pages file", "in Numbers: File, Export To, Excel or CSV"
    return None
