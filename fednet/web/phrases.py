"""What the rooms below say to people, found in their code: sentences with `%(name)s` where something is filled in.

Errors, their hints and the reasons of a result are English f-strings there. `every()` reads them from the syntax
tree, so that catalogues hold them (`catalogue.py`), and `translation.told` finds by its pattern which one a text is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import fednet
from fednet.listing import vocabulary

ROOT = Path(fednet.__file__).parent

RAISING = ("directory", "formats", "listing", "node", "store", "web")
"""Rooms whose errors a page may have to show."""
FOR_PROGRAMS = frozenset(
    """
    directory/changes.py directory/statements.py
    formats/admission.py formats/hsds.py formats/hsds_objects.py formats/hsds_profile.py formats/linked.py
    node/accept.py node/answers.py node/ask.py node/bundle_source.py node/coding.py node/cosigning.py node/descent.py
    node/doctor.py node/evidence.py node/gossip.py node/home.py node/mark.py node/reading.py node/rehearsal.py
    node/restore.py node/revisions.py node/sheet.py node/signatures.py node/sites.py node/tombstones.py node/verify.py
    node/watch.py node/witnessing.py node/epochs.py node/recovery.py node/receipts.py node/forgotten.py
    store/accounts.py store/database.py store/destruction.py store/feeds.py store/integrity.py store/schema.py
    web/callers.py web/catalogue.py web/programs/addresses.py web/programs/api.py
    web/programs/changes.py web/programs/charts.py web/programs/exchanges.py web/programs/feeds.py
    web/programs/files.py web/programs/hsds.py
    web/programs/hsds_addresses.py web/programs/messages.py web/programs/openapi.py web/programs/receipts.py
    web/programs/witness.py web/public/worldmap.py
    """.split()
)
"""Modules that refuse programs, operators at a command line, and bytes: shown as they are, in English."""
TELLING = tuple(
    """
    directory/planning.py directory/reasons.py
    formats/calendar.py formats/calendar_zones.py formats/clock.py formats/columns.py formats/foreign.py
    formats/organizations.py formats/recurrence.py formats/rows.py formats/sheets.py formats/table.py formats/values.py
    listing/check.py listing/fields.py listing/likeness.py web/refusal.py
    node/import_plan.py node/imports.py node/preview.py node/undo.py
    """.split()
)
"""Modules whose every sentence is for people."""
MOST_FORMS = 16
"""Forms of one sentence: each choice in it doubles them."""


def every() -> Iterator[str]:
    """All phrases, some of them several times."""
    for path in _modules():
        module = Module(path)
        yield from filter(is_sentence, module.refusing())
        if path.relative_to(ROOT).as_posix() in TELLING:
            told = map(plainly, module.telling())
            yield from (said for said in told if re.match("[a-z0-9%]", said) and is_sentence(said))
    yield from (known.what for known in vocabulary.ALL)


def _modules() -> list[Path]:
    found = (path for room in RAISING for path in sorted((ROOT / room).rglob("*.py")))
    return [path for path in found if path.relative_to(ROOT).as_posix() not in FOR_PROGRAMS]


def plainly(note: str) -> str:
    """A note without what only the command line needs: a part of a sentence that names options or commands."""
    note = re.sub(r"(?:(?<!\s)\s+)?\([^()]*\)", lambda found: "" if _is_for_operators(found[0]) else found[0], note)
    parts = re.split(r"(?<=[;:]) ", note)
    return " ".join(part for part in parts if not _is_for_operators(part)).rstrip(";: ")


def _is_for_operators(part: str) -> bool:
    return "--" in part or "fednet " in part


def is_sentence(message: str) -> bool:
    """Whether a text could be said in another language, and on a page: not a code, a command or one of its options."""
    own = re.sub(r"%\(\w+\)s", "", message)
    worded = " " in (own if own != message else own.strip())
    return worded and re.search("[a-z]{2}", own) is not None and not re.search(_FOR_OPERATORS, own)


_FOR_OPERATORS = re.compile(r"fednet |--\w|node\.toml|^\w+ = |^[\[{]|\bage\b|AGE-")


class Module:
    """One module's syntax tree, and what its functions return."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text("utf-8"))
        self.functions = {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        self.constants = dict(_texts(self.tree.body))

    def refusing(self) -> Iterator[str]:
        """What its errors say: `SomeError(detail, hint=hint)`, `ListingError(field, found, reason)`."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(func=ast.Name(id=name), args=args, keywords=more) if name.endswith("Error"):
                    said = args[3:4] if name == "RowError" else [*args[:1], *args[2:3]]
                    for one in (*said, *(given.value for given in more if given.arg in ("hint", "reason"))):
                        yield from self.forms(one)
                case ast.Call(func=ast.Attribute(attr="__init__"), args=[said, *_]):
                    yield from self.forms(said)

    def telling(self) -> Iterator[str]:
        """Every text of it but docstrings and what is a part of a longer text."""
        parts = {id(inner) for node in ast.walk(self.tree) for inner in _within(node)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and id(node) not in parts:
                yield from self.forms(node)

    def forms(self, said: ast.expr) -> list[str]:
        """The messages that an expression can be: several where it chooses, none where it is no text of the code."""
        return [_message(parts) for parts in self._alternatives(said)[:MOST_FORMS]]

    def _alternatives(self, said: ast.expr) -> list[Parts]:
        match said:
            case ast.Constant(value=str() as text):
                return [((text, False),)]
            case ast.Name(id=name) if name in self.constants:
                return [((self.constants[name], False),)]
            case ast.JoinedStr(values=values):
                return _joined([self._piece(value) for value in values])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined([self._alternatives(left), self._alternatives(right)])
            case ast.IfExp(body=body, orelse=orelse):
                return [*self._alternatives(body), *self._alternatives(orelse)]
            case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                returned = (node.value for node in ast.walk(self.functions[name]) if isinstance(node, ast.Return))
                return [one for value in returned if value for one in self._alternatives(value)]
        return []

    def _piece(self, value: ast.expr) -> list[Parts]:
        if not isinstance(value, ast.FormattedValue):
            return self._alternatives(value)
        if isinstance(value.value, ast.Name):
            return [((_name(value.value), True),)]
        return self._alternatives(value.value) or [((_name(value.value), True),)]


def _texts(body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    """The constants of a module that are texts."""
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text)):
                yield name, text


Part = tuple[str, bool]
"""A text of the code, or (True) the name of what is filled in."""
Parts = tuple[Part, ...]


def _within(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Expr(value=ast.Constant() as docstring):
            yield docstring
        case ast.JoinedStr() | ast.BinOp():
            yield from (inner for inner in ast.walk(node) if inner is not node)


def _joined(pieces: list[list[Parts]]) -> list[Parts]:
    return [tuple(part for piece in chosen for part in piece) for chosen in product(*pieces)]


def _message(parts: Parts) -> str:
    """The parts as one message; every place to fill has a name of its own."""
    named: list[str] = []
    message = ""
    filled = any(is_name for _, is_name in parts)
    for text, is_name in parts:
        if is_name:
            named.append(text if text not in named else f"{text}{len(named) + 1}")
            message += f"%({named[-1]})s"
        else:
            message += text.replace("%", "%%") if filled else text
    return message


def _name(value: ast.expr) -> str:
    """What to call what is filled in: as the code does."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call(func=ast.Attribute(value=inner)) | ast.Subscript(value=inner) | ast.FormattedValue(value=inner):
            return _name(inner)
    return "value"
