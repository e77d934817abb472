"""The text of a C file without what is not code: comments and strings without end become spaces.

Every byte stays at its offset, and every line keeps its number. Time grows with the length alone.
"""

from __future__ import annotations

import re

# One pass over the text that blanks comments and what is not lexically sound, keeping its length.
_LEXICAL = re.compile(
    rb"""(?P<block>/\*)
        |(?P<line>//(?:[^\\\n]|\\[\s\S])*+)
        |(?P<string>"(?:[^"\\\n]|\\[\s\S])*+")
        |(?P<char>'(?:[^'\\\n]|\\[\s\S])*+')
        |(?P<open>["'][^\n]*+)
        |(?P<other>[^/"'\n]++|/|\n)""",
    re.VERBOSE,
)
#: A binary literal, which pcpp takes for two tokens.
_BINARY = re.compile(rb"(?<![\w.])0[bB]([01]+)(?![2-9A-Fa-f])")
_SEPARATORS = bytes.maketrans(b"\r\v\f\0\x1a", b"     ")


def blanked(data: bytes) -> bytes:
    """``data`` with comments (and strings that do not end) as spaces; its length stays.

    Binary literals become hexadecimal ones of the same length.
    """
    out = []
    plain = data.translate(_SEPARATORS)
    if plain.startswith(b"\xef\xbb\xbf"):
        plain = b"   " + plain[3:]
    at = 0
    while at < len(plain):
        match = _LEXICAL.match(plain, at)
        if match is None:  # pragma: no cover - the pattern matches any byte
            break
        end = match.end()
        if match.lastgroup == "block":
            close = plain.find(b"*/", end)
            end = len(plain) if close < 0 else close + 2
        if match.lastgroup == "other":
            out.append(_BINARY.sub(_as_hexadecimal, plain[at:end]))
        else:
            kept = match.lastgroup in ("string", "char")
            out.append(plain[at:end] if kept else b" " * (end - at))
        at = end
    return b"".join(out)


def _as_hexadecimal(match: re.Match[bytes]) -> bytes:
    return b"0x%0*x" % (len(match[1]), int(match[1], 2))
