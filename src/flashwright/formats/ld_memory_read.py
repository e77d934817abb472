"""How a GNU ld script's ``MEMORY`` blocks are read, as the linker evaluates them.

Origins and lengths are expressions: numbers with K and M, ``+ - * / << >> & |``, brackets, earlier
regions (``ORIGIN(FLASH) + LENGTH(FLASH)``) and symbols that the script itself gives a value. What
needs a symbol of the linker command or of a preprocessor is said, never guessed; so is a line that
is no region. A region whose name is that of a RAM, or that can be written to and is not called a
flash, is none.

Limits: ``LARGEST_TEXT`` bytes, ``_MOST_REGIONS`` regions, expressions of ``_DEEPEST`` brackets.
Source: GNU ld manual, "MEMORY Command" and "Expressions in Linker Scripts".
"""

from __future__ import annotations

import re

from flashwright.base.extent import Extent
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error
from flashwright.formats.format import LARGEST_TEXT, Decoded, ReadOptions, Source
from flashwright.model.roles import role_by_name
from flashwright.model.table import Partition, Table

_DEEPEST, _MOST_REGIONS = 32, 1000
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_BLOCK = re.compile(r"^[ \t]*MEMORY\b\s*\{", re.M)
_HEAD = re.compile(r"(?P<name>[A-Za-z_.$][\w.$-]*)\s*(?:\((?P<attributes>[^():{}]{0,40})\))?\s*:")
_BODY = re.compile(
    r"\s*(?:ORIGIN|origin|org|o)\s*=\s*(?P<origin>[^,;{}]{1,400}?)\s*,"
    r"\s*(?:LENGTH|length|len|l)\s*=\s*(?P<length>[^,;{}]{1,400})[,;]?"
)
_SYMBOL = re.compile(
    r"(?:^|(?<=[;}]))[ \t]*(?:PROVIDE(?:_HIDDEN)?\s*\(\s*)?"
    r"([A-Za-z_.$][\w.$]*)\s*=\s*([^;={}]{1,400}?)\)?\s*;",
    re.M,
)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})[KkMm]?)\b"
    r"|(?P<word>[A-Za-z_.$][\w.$]*)|(?P<mark><<|>>|[-+*/&|()]))"
)
#: How tightly operators bind, as in C.
_BINDING = {"|": 1, "&": 2, "<<": 3, ">>": 3, "+": 4, "-": 4, "*": 5, "/": 5}
#: Names of memories that are no flash (CCM: STM32; TCM: Cortex-M7).
_RAM = re.compile(r"ram|(?:^|_)(?:ccm|[id]tcm)(?:$|_)", re.I)
#: Names of memories that are flash whatever their attributes; `FLASH (rwx)` is common.
_FLASH = re.compile(r"flash|(?:^|_)(?:rom|text|xip)(?:$|_)", re.I)


class _UnknownError(Exception):
    """What has no value here."""


def decode(source: Source, options: ReadOptions) -> Decoded:
    """The regions of all ``MEMORY`` blocks as one table."""
    if len(source.data) > LARGEST_TEXT:
        fault = error("FMT015", f"{len(source.data)} bytes are no linker script", "", _of(source))
        return Decoded((), (fault,))
    text = source.data.decode("utf-8", "replace")
    text = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    starts = list(_BLOCK.finditer(text))
    if not starts:
        return Decoded((), (error("FMT015", "no MEMORY block in it", "", _of(source)),))
    reading = _Reading(source, text, options)
    for start in starts:
        end = text.find("}", start.end())
        if end < 0:
            place = reading.place(start.start())
            fault = error("FMT015", "the MEMORY block is not closed", "add `}`", place)
            return Decoded((), (*reading.findings, fault))
        reading.block(start.end(), end)
    partitions = tuple(reading.partitions)
    table = Table("MEMORY", partitions, options.device, format="ld-memory", place=_of(source))
    return Decoded((table,), tuple(reading.findings))


def _of(source: Source) -> Place:
    return Place(source.path)


class _Reading:
    """What has been read so far: regions, symbols, findings."""

    def __init__(self, source: Source, text: str, options: ReadOptions) -> None:
        self.source, self.text, self.options = source, text, options
        self.partitions: list[Partition] = []
        self.findings: list[Finding] = []
        self.regions: dict[str, tuple[int, int]] = {}
        self._lines = [m.start() for m in re.finditer(r"\n", text)]
        self.symbols: dict[str, str] = {}
        for match in _SYMBOL.finditer(text):
            self.symbols.setdefault(match[1], match[2])
        self.symbols.update(options.defines)

    def place(self, at: int) -> Place:
        """Line and column of a position in the text."""
        from bisect import bisect_left

        line = bisect_left(self._lines, at)
        return Place(self.source.path, line + 1, at - (self._lines[line - 1] if line else -1))

    def block(self, start: int, end: int) -> None:
        """The regions between the braces of one block."""
        heads = list(_HEAD.finditer(self.text, start, end))
        before = heads[0].start() if heads else end
        self._stray(start, before)
        for number, head in enumerate(heads):
            if len(self.partitions) >= _MOST_REGIONS:
                message = f"more than {_MOST_REGIONS} regions"
                self.findings.append(error("FMT016", message, "", self.place(head.start())))
                return
            following = heads[number + 1].start() if number + 1 < len(heads) else end
            self._region(head, following)

    def _stray(self, start: int, end: int) -> None:
        """Say of text that belongs to no region that it is not read (INCLUDE, a preprocessor's)."""
        left = self.text[start:end]
        if left.strip():
            at = start + len(left) - len(left.lstrip())
            self._say("the MEMORY block", left, at)

    def _region(self, head: re.Match[str], end: int) -> None:
        name, at = head["name"], head.start("name")
        body = _BODY.match(self.text, head.end(), end)
        if body is None:
            self._say(f"region `{printable(name, 60)}`", self.text[head.end() : end], at)
            return
        self._stray(body.end(), end)
        origin, length = self._value(body["origin"]), self._value(body["length"])
        if origin is None or length is None:
            needs = body["origin"] if origin is None else body["length"]
            self._say(f"region `{printable(name, 60)}`", needs, at)
            return
        self.regions[name] = (origin, length)
        attributes, place = head["attributes"] or "", self.place(at)
        made = _partition(name, attributes, origin, length, place, self.options)
        self.partitions.append(made)

    def _value(self, text: str) -> int | None:
        try:
            value = _Expression(text, self).value()
        except _UnknownError:
            return None
        return value if 0 <= value < 2**64 else None

    def _say(self, what: str, needs: str, at: int) -> None:
        shown = printable(" ".join(needs.split()), 60)
        help = "write the number, give a symbol with -D, or compare the linker's map file instead"
        message = f"{what} needs the value of `{shown}`"
        self.findings.append(error("FMT016", message, help, self.place(at)))


class _Expression:
    """An expression of the linker, evaluated from left to right."""

    def __init__(self, text: str, reading: _Reading, depth: int = 0) -> None:
        self.reading, self.depth = reading, depth
        self.tokens: list[re.Match[str]] = []
        at, text = 0, text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _UnknownError
            self.tokens.append(match)
            at = match.end()
        self.at = 0

    def value(self) -> int:
        """Its value; ``_UnknownError`` where the script does not give one."""
        value = self._sum(0, self.depth)
        if self.at < len(self.tokens):
            raise _UnknownError
        return value

    def _next(self) -> re.Match[str]:
        if self.at >= len(self.tokens):
            raise _UnknownError
        self.at += 1
        return self.tokens[self.at - 1]

    def _mark(self) -> str:
        return self.tokens[self.at]["mark"] or "" if self.at < len(self.tokens) else ""

    def _sum(self, least: int, depth: int) -> int:
        if depth > _DEEPEST:
            raise _UnknownError
        value = self._term(depth)
        while (binding := _BINDING.get(self._mark(), 0)) > least:
            operator = self._next()["mark"]
            value = _applied(operator, value, self._sum(binding, depth + 1))
        return value

    def _term(self, depth: int) -> int:
        token = self._next()
        if token["number"]:
            return _number(token["number"])
        if token["word"]:
            return self._named(token["word"], depth)
        if token["mark"] == "(":
            value = self._sum(0, depth + 1)
            if self._next()["mark"] != ")":
                raise _UnknownError
            return value
        if token["mark"] == "-" and depth < _DEEPEST:
            return -self._term(depth + 1)
        raise _UnknownError

    def _named(self, word: str, depth: int) -> int:
        part = {"ORIGIN": 0, "LENGTH": 1}.get(word)
        if part is not None and self._mark() == "(":
            self._next()
            region = self.reading.regions.get(self._next()["word"] or "")
            if region is None or self._next()["mark"] != ")":
                raise _UnknownError
            return region[part]
        said = self.reading.symbols.get(word)
        if said is None or depth + 8 > _DEEPEST:
            raise _UnknownError
        return _Expression(said, self.reading, depth + 8).value()


def _applied(operator: str, one: int, other: int) -> int:
    if operator == "/":
        if not other:
            raise _UnknownError
        return one // other
    if operator in ("<<", ">>"):
        if not 0 <= other < 64:
            raise _UnknownError
        return one << other if operator == "<<" else one >> other
    values = {"+": one + other, "-": one - other, "*": one * other}
    value = values[operator] if operator in values else one & other
    value = one | other if operator == "|" else value
    if abs(value) >= 2**80:
        raise _UnknownError
    return value


def _number(text: str) -> int:
    unit = {"k": 1 << 10, "m": 1 << 20}.get(text[-1].lower(), 1)
    digits = text[:-1] if unit > 1 else text
    if digits[:2].lower() == "0x":
        return int(digits, 16) * unit
    if digits.startswith("0") and len(digits) > 1:
        if digits.strip("01234567"):
            raise _UnknownError  # GNU ld reads `08` as 0
        return int(digits, 8) * unit
    return int(digits) * unit


def _partition(
    name: str, attributes: str, origin: int, length: int, place: Place, options: ReadOptions
) -> Partition:
    found = options.device.locate(origin) if options.device else None
    owner, offset = (found[0].name, found[1]) if found else ("embedded", origin)
    writable = "w" in attributes.split("!")[0].lower() and not _FLASH.search(name)
    if found is None and (writable or _RAM.search(name)):
        owner = "ram"
    elif found is None and options.device is not None:
        owner = name.lower()
    return Partition(
        name=name.lower(),
        role=role_by_name(name),
        owner=owner,
        extent=Extent.of(offset, length),
        start=origin,
        id=name,
        place=place,
    )
