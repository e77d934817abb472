"""pcpp with bounds, with the place of every token, and with no way to the files.

Imported where a file is preprocessed and not before: pcpp takes 40 ms to import. pcpp hands the
line number of a macro's use on to what the macro becomes; here that number carries file and offset
with it, so that every token can be traced. See ``c_source`` for the laws.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from pcpp import Action, OutputDirective, Preprocessor

from flashwright.formats.c_blank import blanked
from flashwright.formats.c_integer import Arithmetic
from flashwright.formats.c_source import (
    LARGEST_C,
    Condition,
    CText,
    Fault,
    Origin,
    TooMuchError,
    expression_root,
    given_file,
)
from flashwright.formats.c_value import Unknown, value_of
from flashwright.formats.format import Source

#: The most conditionals on undefined macros that are told of.
_MOST_CONDITIONS = 200
#: The deepest nesting of macro expansions and of includes.
DEEPEST = 100
_DEEPEST_INCLUDE = 20

#: What pcpp raises on directives and macros that are malformed in ways that it does not expect.
_PCPP_FAULTS = (
    *(IndexError, KeyError, ValueError, TypeError, AttributeError, AssertionError),
    *(RecursionError, UnboundLocalError),
)

#: Directives without a meaning here.
_PASSED_OVER = ("error", "warning", "line", "ident", "sccs", "import", "assert", "unassert")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")


class _Spot(int):
    """A line number that also knows file and offset; pcpp hands it on to what a macro becomes."""

    path: str
    offset: int


class Bounded(Preprocessor):  # type: ignore[misc]
    """pcpp with bounds, with places, and with no way to the file system."""

    def __init__(self, source: Source, arrays: frozenset[str], work: int) -> None:
        super().__init__()
        self.arrays = arrays
        for name in ("__DATE__", "__TIME__", "__PCPP__"):
            self.undef(name)
        self.expand_filemacro = False
        self.rewrite_paths: list[Any] = []
        self.main = source
        self.files: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.missing: list[str] = []
        self.conditions: list[Condition] = []
        self.open: list[tuple[str, int, set[str]]] = []
        self.asked: set[str] = set()
        self.work = self.left = work
        self.lengths: list[int] = []
        self.nested = 0
        self.held: dict[str, list[Any]] = {}

    def define_from_outside(self, name: str, value: str) -> None:
        """A macro as ``-D`` gives it; one that is none is a fault."""
        text = value.split("\n", 1)[0]
        try:
            self.define(f"{name} {text}")
        except _PCPP_FAULTS:
            self.faults.append(Fault(f"-D {name}={text} is no macro", self.main.path, 0))

    def result(self) -> CText:
        """The whole text, each token with its origin."""
        texts: list[str] = []
        starts: list[int] = []
        origins: list[Origin] = []
        length = 0
        before: Origin | None = None
        try:
            for token in self.with_arrays(self.lines_of(self.main.path, self.main.data)):
                if token.type in self.t_WS or not token.value:
                    continue
                origin = self.origin_of(token)
                apart = not _touching(before, origin, texts[-1] if texts else "")
                if texts and apart and not _decimal(texts[-1], token.value):
                    texts.append(" ")
                    length += 1
                starts.append(length)
                origins.append(origin)
                texts.append(token.value)
                length += len(token.value)
                before = origin
        except _PCPP_FAULTS as fault:
            where = getattr(self.lastdirective, "lineno", None)
            offset = where.offset if isinstance(where, _Spot) else 0
            kind = "nested too deeply" if isinstance(fault, RecursionError) else "malformed"
            self.faults.append(Fault(f"{kind} directive or macro", self.main.path, offset))
        text = "".join(texts).encode("latin-1")
        return CText(
            self.main.path,
            self.main.data,
            text,
            starts,
            origins,
            self.files,
            tuple(self.faults),
            tuple(self.conditions),
            tuple(dict.fromkeys(self.missing)),
            frozenset(self.macros),
        )

    def origin_of(self, token: Any) -> Origin:
        """Where ``token`` is written; for what a macro became, where the macro is used."""
        spot = token.lineno
        if not isinstance(spot, _Spot):
            return Origin(self.main.path, 0, 0, False)
        data = self.files[spot.path]
        size = len(token.value)
        raw = (
            token.lexpos == spot.offset
            and data[spot.offset : spot.offset + size].decode("latin-1") == token.value
        )
        if not raw:
            name = _WORD.match(data, spot.offset)
            size = len(name[0]) if name else 1
        return Origin(spot.path, spot.offset, spot.offset + size, raw)

    def lines_of(self, path: str, data: bytes) -> Iterator[Any]:
        """The tokens of one file, with those of what it includes."""
        if len(data) > LARGEST_C:
            raise TooMuchError(f"{len(data)} bytes; C files up to {LARGEST_C} bytes are read")
        self.files[path] = data
        yield from self.parsegen(blanked(data).decode("latin-1"), path, None)

    def with_arrays(self, tokens: Iterator[Any]) -> Iterator[Any]:
        """The tokens; behind all others the arrays, since a macro has its meaning where it is used.

        A table that stands for a macro is used behind the whole file: what it names may be defined
        after it. Its place holder keeps the branch of the file in which it stands.
        """
        reached = []
        for token in tokens:
            if token.value in self.held:
                reached.append(self.held[token.value])
            else:
                yield token
        for line in reached:
            yield from self.expand_macros(line)

    # What pcpp calls -------------------------------------------------------------------------

    def group_lines(self, _input: str, _source: str) -> Iterator[list[Any]]:
        """Lines of tokens. The first is a directive of ours, lest pcpp looks for a guard."""
        path = next(reversed(self.files))
        lexer = self.lexer.clone()
        yield self.tokens_of(lexer, "#undef __flashwright_\n", path, 0)
        lexer = self.lexer.clone()
        lexer.input(blanked(self.files[path]).decode("latin-1"))
        line: list[Any] = []
        while (token := lexer.token()) is not None:
            self.spend(1)
            line.append(self.placed(token, path, token.lexpos))
            if token.value == "\n":
                yield self.as_array(line) if self.arrays else line
                line = []
        if line:
            line = self.as_array(line) if self.arrays else line
            yield [*line, *self.tokens_of(lexer, "\n", path, len(self.files[path]))]

    def as_array(self, line: list[Any]) -> list[Any]:
        """``#define NAME text`` as ``int NAME[] = text;`` for the names in ``arrays``."""
        solid = [t for t in line if t.type not in self.t_WS]
        said = [t.value for t in solid[:3]]
        if len(solid) < 4 or said[:2] != ["#", "define"] or said[2] not in self.arrays:
            return line
        made = []
        for text in ("int", said[2], "[", "]", "="):
            token = copy.copy(solid[2])
            token.type, token.value = "CPP_ID", text
            made.append(token)
        end = copy.copy(solid[-1])
        end.type, end.value = "CPP_SEMICOLON", ";"
        holder = copy.copy(solid[2])
        holder.type, holder.value = "CPP_ID", f"__flashwright_{len(self.held)}__"
        self.held[holder.value] = [*made, *solid[3:], end, line[-1]]
        return [holder, line[-1]]

    def tokens_of(self, lexer: Any, text: str, path: str, offset: int) -> list[Any]:
        """``text`` as tokens that all stand at ``offset``."""
        lexer.input(text)
        return [self.placed(token, path, offset) for token in iter(lexer.token, None)]

    def placed(self, token: Any, path: str, offset: int) -> Any:
        """``token`` with its place in its line number."""
        spot = _Spot(token.lineno)
        spot.path, spot.offset = path, offset
        token.lineno = spot
        token.source = path
        return token

    def spend(self, work: int) -> None:
        """Count ``work`` against the limit. Raises ``TooMuchError`` beyond it."""
        self.left -= work
        if self.left < 0:
            raise TooMuchError(
                f"more than {self.work} tokens to read or to make by macro expansion"
            )

    def expand_macros(self, tokens: list[Any], expanding_from: Any = ()) -> Any:
        """The tokens after expansion; its cost is the tokens handed in, at each depth."""
        if len(self.lengths) > DEEPEST:
            raise TooMuchError(f"macros expand more than {DEEPEST} deep")
        parent = self.lengths[-1] if self.lengths else 0
        self.spend(1 + len(tokens) + parent // 5000)
        self.lengths.append(len(tokens))
        made = super().expand_macros(tokens, list(expanding_from))
        self.lengths.pop()
        return made

    def collect_args(self, tokenlist: list[Any], ignore_errors: bool = False) -> Any:
        """pcpp's own, with its cost counted."""
        self.spend(len(tokenlist) // 2000)
        return super().collect_args(tokenlist, ignore_errors)

    def evalexpr(self, tokens: list[Any]) -> tuple[int, None]:
        """The value of an ``#if``, by the same arithmetic as the values of a table."""
        ready = self.without_defined(self.expand_macros(self.without_defined(tokens)))
        text = " ".join(t.value for t in ready if t.type not in self.t_WS)
        node = expression_root(text.encode("latin-1"))
        if node is None:
            self.on_error("", tokens[0].lineno if tokens else 0, f"#if {text[:60]}")
            return 0, None

        def zero(name: str) -> int:
            self.asked.add(name)
            return 0

        value = value_of(node, zero, arithmetic=Arithmetic.PREPROCESSOR)
        if isinstance(value, Unknown):
            self.on_error("", tokens[0].lineno, f"#if {text[:60]}: {value.why}")
            return 0, None
        return int(value != 0), None

    def without_defined(self, tokens: list[Any]) -> list[Any]:
        """The tokens with each ``defined(X)`` or ``defined X`` as 1 or 0."""
        solid = [t for t in tokens if t.type not in self.t_WS]
        out: list[Any] = []
        at = 0
        while at < len(solid):
            token = solid[at]
            at += 1
            if token.value != "defined":
                out.append(token)
                continue
            bracket = at < len(solid) and solid[at].value == "("
            at += bracket
            name = solid[at].value if at < len(solid) else ""
            at += 1 + bracket
            known = name in self.macros
            if not known:
                self.asked.add(name)
            answer = copy.copy(token)
            answer.type, answer.value = self.t_INTEGER, "1" if known else "0"
            out.append(answer)
        return out

    def include(self, tokens: list[Any], _original_line: list[Any]) -> Iterator[Any]:
        """The lines of a given file; the name of one that is not given is noted."""
        name = "".join(t.value for t in tokens).strip().strip('<>"')
        found = given_file(self.main.others, name)
        if found is None:
            self.missing.append(name[:200])
            return
        if found in self.include_once:
            return
        if self.nested >= _DEEPEST_INCLUDE:
            raise TooMuchError(f"files include each other more than {_DEEPEST_INCLUDE} deep")
        self.nested += 1
        # pcpp asks for the lines of the file that was entered last.
        self.files.pop(found, None)
        yield from self.lines_of(found, self.main.others[found])
        self.nested -= 1

    def on_directive_handle(
        self, directive: Any, toks: list[Any], ifpassthru: bool, precedingtoks: Any
    ) -> bool:
        """Note what each condition asks for, and pass over what pcpp would stumble on."""
        self.lastdirective = directive
        name = directive.value
        if name in ("if", "ifdef", "ifndef", "elif") and not toks:
            self.on_error("", directive.lineno, f"#{name} without a condition")
            toks.extend(self.tokenize("0"))
        if name in ("define", "undef") and (not toks or toks[0].type != self.t_ID):
            self.on_error("", directive.lineno, f"#{name} without a name")
            raise OutputDirective(Action.IgnoreAndRemove)
        if name in ("include", "pragma") and not toks:
            raise OutputDirective(Action.IgnoreAndRemove)
        if name in ("if", "ifdef", "ifndef"):
            self.asked = set()
            if name != "if" and toks[0].value not in self.macros:
                self.asked.add(toks[0].value)
            self.open.append((directive.lineno.path, directive.lineno.offset, self.asked))
        elif name == "elif" and self.open:
            self.asked = self.open[-1][2]
        elif name == "endif" and self.open:
            path, start, asked = self.open.pop()
            if asked and path == self.main.path and len(self.conditions) < _MOST_CONDITIONS:
                end = directive.lineno.offset
                self.conditions.append(Condition(tuple(sorted(asked)), start, end))
        return True

    def on_directive_unknown(self, directive: Any, *_: Any) -> bool:
        """``#error`` and its like are passed over; what is no directive is a fault."""
        if directive.value not in _PASSED_OVER:
            self.on_error("", directive.lineno, f"#{directive.value} is no directive")
        return True

    def on_error(self, _file: Any, line: Any, message: str) -> None:
        """Keep the first faults, each with its place."""
        spot = line if isinstance(line, _Spot) else None
        path, offset = (spot.path, spot.offset) if spot else (self.main.path, 0)
        if len(self.faults) < 20:
            self.faults.append(Fault(message[:200], path, offset))


def _decimal(last: str, value: str) -> bool:
    """Whether the two are parts of a number with a decimal point, which pcpp takes apart."""
    return (value == "." and last[-1:].isdigit()) or (last == "." and value[:1].isdigit())


def _touching(before: Origin | None, after: Origin, last: str) -> bool:
    """Whether two tokens stand side by side in the file (a sign is kept off its number)."""
    if before is None or last in ("+", "-") or not (before.raw and after.raw):
        return False
    return before.end == after.start and before.path == after.path
