"""Every regular expression of the project takes steps in proportion to what it reads, whatever strangers write.

Python's engine tries again from each place, and holds the interpreter meanwhile: a pattern whose tries overlap stops
the whole node. Steps are counted by a slow matcher of the same kind, over texts that are made to mislead each pattern.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import fednet

ROOT = Path(fednet.__file__).parent
SHORT, LONG = 40, 80
MOST = 200 * LONG
GROWTH = 2.9
"""Of twice the text: 2 where steps are in proportion to it, 4 where they grow as its square."""
TYPICAL = "a1 .-@/;(_"
SCANNING = frozenset({"search", "sub", "subn", "finditer", "findall", "split"})
METHODS = SCANNING | {"match", "fullmatch"}
CALLS = {f"re.{one}" for one in METHODS}


class Pattern(NamedTuple):
    """`scans`: it is tried from every place of a text, not from its beginning alone."""

    where: str
    text: str | bytes
    flags: int
    scans: bool


def patterns() -> Iterator[Pattern]:
    """Every pattern in the source, and how it is used."""
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text())
        module = ".".join(("fednet", *path.relative_to(ROOT).with_suffix("").parts))
        uses: dict[str, set[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                uses.setdefault(node.value.id, set()).add(node.attr)
            if isinstance(node, ast.Call) and _name(node.func) in CALLS:
                pattern = node.args[0]
                if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str | bytes):
                    scans = _name(node.func).removeprefix("re.") in SCANNING
                    yield Pattern(f"{module}:{node.lineno}", pattern.value, 0, scans)
        for node in tree.body:
            if isinstance(node, ast.Assign) and "re.compile(" in ast.unparse(node):
                name = ast.unparse(node.targets[0])
                for found in _compiled(getattr(importlib.import_module(module), name, None)):
                    used = uses.get(name, set())
                    anchored = bool(used) and not used & SCANNING
                    yield Pattern(f"{module}.{name}", found.pattern, found.flags, not anchored)


def _name(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute) else ""


def _compiled(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif getattr(value, "__name__", "") in METHODS and isinstance(getattr(value, "__self__", None), re.Pattern):
        yield value.__self__
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _compiled(one)


# --- a slow matcher that counts ---------------------------------------------------------------------------------------


class TooManyError(Exception):
    """Nothing in proportion to so short a text takes so many steps."""


class Matcher:
    """Matches as Python's engine does, by trying and going back, and counts what it tries."""

    def __init__(self, text: str, flags: int) -> None:
        self.text, self.flags, self.steps = text, flags, 0
        self.groups: dict[int, str] = {}

    def searched(self, items: Sequence[Any], scans: bool) -> int:
        at = 0
        try:
            while at <= len(self.text):
                end = next(self.ends(items, 0, at), None)
                if not scans:
                    break
                at = max(end, at + 1) if end is not None else at + 1
        except TooManyError:
            pass
        return self.steps

    def ends(self, items: Sequence[Any], index: int, at: int) -> Iterator[int]:
        if index == len(items):
            yield at
            return
        for end in self.one(items[index], at):
            yield from self.ends(items, index + 1, end)

    def one(self, item: Any, at: int) -> Iterator[int]:
        self.steps += 1
        if self.steps > MOST:
            raise TooManyError
        op, argument = item
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            if at < len(self.text) and self.fits(item, self.text[at]):
                yield at + 1
        elif op is sre.BRANCH:
            for branch in argument[1]:
                yield from self.ends(branch, 0, at)
        elif op is sre.SUBPATTERN:
            for end in self.ends(argument[3], 0, at):
                if argument[0] is not None:
                    self.groups[argument[0]] = self.text[at:end]
                yield end
        elif op is sre.ATOMIC_GROUP:
            end = next(self.ends(argument, 0, at), None)
            if end is not None:
                yield end
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            yield from self.repeated(op, *argument, at)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            direction, wanted = argument
            starts = [at] if direction > 0 else [at - wanted.getwidth()[0]]
            held = any(start >= 0 and next(self.ends(wanted, 0, start), None) is not None for start in starts)
            if held == (op is sre.ASSERT):
                yield at
        elif op is sre.AT:
            if self.stands(argument, at):
                yield at
        elif op is sre.GROUPREF:
            if self.text.startswith(self.groups.get(argument, "\0\0"), at):
                yield at + len(self.groups[argument])
        else:
            raise NotImplementedError(op)

    def repeated(self, op: Any, least: int, most: Any, wanted: Sequence[Any], at: int) -> Iterator[int]:
        if len(wanted) == 1 and wanted[0][0] in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            end = at
            limit = len(self.text) if most is sre.MAXREPEAT else min(len(self.text), at + most)
            while end < limit and self.fits(wanted[0], self.text[end]):
                end += 1
            found: Iterable[int] = range(end, at + least - 1, -1)
            if op is sre.MIN_REPEAT:
                found = range(at + least, end + 1)
            elif op is sre.POSSESSIVE_REPEAT:
                found = [end] if end >= at + least else []
            self.steps += end - at
            for one in found:
                self.steps += 1
                yield one
            return
        if op is sre.MIN_REPEAT and least <= 0:
            yield at
        if most is sre.MAXREPEAT or most > 0:
            fewer = most if most is sre.MAXREPEAT else most - 1
            for end in self.ends(wanted, 0, at):
                if end > at:
                    yield from self.repeated(op, least - 1, fewer, wanted, end)
        if op is not sre.MIN_REPEAT and least <= 0:
            yield at

    def fits(self, item: Any, sign: str) -> bool:
        op, argument = item
        if op is sre.ANY:
            return bool(self.flags & re.DOTALL) or sign != "\n"
        signs = {ord(sign), ord(sign.lower()), ord(sign.upper()[:1])} if self.flags & re.IGNORECASE else {ord(sign)}
        if op is sre.LITERAL:
            return argument in signs
        if op is sre.NOT_LITERAL:
            return argument not in signs
        return _within(argument, sign, signs)

    def stands(self, where: Any, at: int) -> bool:
        before = at > 0 and _is_word(self.text[at - 1])
        after = at < len(self.text) and _is_word(self.text[at])
        lines = bool(self.flags & re.MULTILINE)
        begins = at == 0 or (lines and self.text[at - 1] == "\n")
        ends = at == len(self.text) or (lines and self.text[at] == "\n")
        return {
            sre.AT_BEGINNING: begins, sre.AT_BEGINNING_STRING: at == 0, sre.AT_BOUNDARY: before != after,
            sre.AT_NON_BOUNDARY: before == after, sre.AT_END: ends, sre.AT_END_STRING: at == len(self.text),
        }[where]  # fmt: skip


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _within(parts: Sequence[Any], sign: str, signs: set[int]) -> bool:
    negated, found = False, False
    for op, argument in parts:
        if op is sre.NEGATE:
            negated = True
        elif op is sre.LITERAL:
            found |= argument in signs
        elif op is sre.RANGE:
            found |= any(argument[0] <= one <= argument[1] for one in signs)
        else:
            found |= {
                sre.CATEGORY_DIGIT: sign.isdigit(), sre.CATEGORY_NOT_DIGIT: not sign.isdigit(),
                sre.CATEGORY_SPACE: sign.isspace(), sre.CATEGORY_NOT_SPACE: not sign.isspace(),
                sre.CATEGORY_WORD: _is_word(sign), sre.CATEGORY_NOT_WORD: not _is_word(sign),
            }[argument]  # fmt: skip
    return found != negated


# --- texts that mislead -----------------------------------------------------------------------------------------------


def _signs(item: Any, flags: int) -> list[str]:
    """Some characters that an item begins with, or holds."""
    op, argument = item
    if op in (sre.LITERAL, sre.NOT_LITERAL):
        return [chr(argument)] if op is sre.LITERAL else [one for one in TYPICAL if ord(one) != argument][:2]
    if op in (sre.IN, sre.ANY):
        own = [chr(one[1]) for one in argument or () if one[0] is sre.LITERAL]
        own += [chr(one[1][0]) for one in argument or () if one[0] is sre.RANGE]
        return [one for one in [*TYPICAL, *own] if Matcher("", flags).fits(item, one)][:6]
    inner: list[str] = []
    for part in _inside(item):
        for one in part:
            inner += _signs(one, flags)
    return inner


def _inside(item: Any) -> list[Any]:
    op, argument = item
    if op is sre.BRANCH:
        return list(argument[1])
    if op is sre.SUBPATTERN:
        return [argument[3]]
    if op is sre.ATOMIC_GROUP:
        return [argument]
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        return [argument[2]]
    return []


def _sample(items: Iterable[Any], flags: int) -> str:
    """A short text that the items match, as a rule."""
    found = ""
    for item in items:
        op, argument = item
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            found += _sample(argument[2], flags) * max(argument[0], 0)
        elif op is sre.BRANCH:
            found += _sample(argument[1][0], flags)
        elif _inside(item):
            found += _sample(_inside(item)[0], flags)
        else:
            found += (_signs(item, flags) or [""])[0]
    return found


def _repeats(items: Iterable[Any]) -> bool:
    """Whether something repeats without a bound that counts."""
    for item in items:
        op, argument = item
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT) and argument[1] > 32:
            return True
        if any(_repeats(part) for part in _inside(item)):
            return True
    return False


def _texts(items: Sequence[Any], flags: int, length: int) -> Iterator[str]:
    for at, item in enumerate(items):
        before = _sample(items[:at], flags)
        signs = list(dict.fromkeys(_signs(item, flags)))[:7]
        following = list(dict.fromkeys(sign for one in items[at + 1 : at + 3] for sign in _signs(one, flags)))[:4]
        pumps = [*signs, *(one + other for one in signs for other in [*signs, *following] if one != other)]
        pumps.append(_sample([item], flags))
        pumps.append(_sample(items[: at + 1], flags))
        for pump in dict.fromkeys(pumps):
            if pump:
                yield before + (pump * length)[:length] + "\0"


def misled(pattern: Pattern) -> str | None:
    """A text on which the steps grow faster than its length; None when none is found."""
    text = pattern.text.decode("latin-1") if isinstance(pattern.text, bytes) else pattern.text
    items = parser.parse(text, pattern.flags & ~(re.UNICODE if isinstance(pattern.text, bytes) else 0))
    if not _repeats(items):
        return None
    pairs = zip(_texts(items, pattern.flags, SHORT), _texts(items, pattern.flags, LONG), strict=True)
    for short, long in pairs:
        few = Matcher(short, pattern.flags).searched(items, pattern.scans)
        if few > 8 * SHORT:
            many = Matcher(long, pattern.flags).searched(items, pattern.scans)
            if many > GROWTH * few or many > MOST:
                return long
    return None


def test_the_counting_knows_what_froze_the_node() -> None:
    mail = Pattern("", r"[\w.+-]+@[\w-]+\.[\w.-]*\w", 0, True)
    assert misled(mail) is not None
    assert misled(mail._replace(text=r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w")) is None
    assert misled(Pattern("", r"(a|aa)+b", 0, False)) is not None
    assert misled(Pattern("", r"\s+x", 0, True)) is not None and misled(Pattern("", r"\s+x", 0, False)) is None


def test_every_pattern_takes_steps_in_proportion_to_the_text() -> None:
    slow = {one.where: (one.text, misled_by) for one in patterns() if (misled_by := misled(one)) is not None}
    assert slow == {}
