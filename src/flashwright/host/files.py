"""Files: read whole and bounded, written whole or not at all; faults are findings."""

from __future__ import annotations

import os
import sys

from flashwright.base.nearest import nearest
from flashwright.base.text import printable
from flashwright.diag.finding import Finding, Place, error
from flashwright.formats.format import LARGEST_TEXT, Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: The largest file that is read at all, in bytes (a flash dump).
LARGEST_FILE = 256 << 20

#: What a layout file refers to: headers and parts of devicetrees.
_REFERRED = frozenset({".h", ".inc", ".dtsi", ".dts", ".overlay", ".json"})


class FileFaultError(Exception):
    """A file cannot be read or written; ``finding`` says which, why, and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def read_source(path: str, others: dict[str, bytes] | None = None) -> Source:
    """The file at ``path`` (``-``: standard input); ``FileFaultError`` if it cannot be read."""
    if path == "-":
        data = sys.stdin.buffer.read(LARGEST_FILE + 1)
        path = "<stdin>"
    else:
        data = _read(path)
    if len(data) > LARGEST_FILE:
        raise _fault("HST002", path, f"larger than {LARGEST_FILE} bytes", "give the layout file")
    return Source(path, data, others or {})


def read_others(directory: str) -> dict[str, bytes]:
    """The headers and devicetree parts below ``directory``, by their path from there.

    At most 5000 files of at most 4 MiB each; larger ones and what cannot be read are left out.
    ``FileFaultError`` if there is no such directory.
    """
    from pathlib import Path  # takes long to import, and few commands have directories

    root = Path(directory)
    if not root.is_dir():
        raise _fault("HST001", directory, "is no directory", "give a directory to -I")
    found: dict[str, bytes] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix not in _REFERRED or not path.is_file() or len(found) >= 5000:
            continue
        try:
            if path.stat().st_size <= LARGEST_TEXT:
                found[path.relative_to(root).as_posix()] = path.read_bytes()
        except OSError:
            continue
    return found


def write_whole(path: str, data: bytes, inputs: Iterable[str] = ()) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old file or the new, never a part.

    The mode of an existing file is kept; ``FileFaultError`` if it cannot be written, or if it is
    one of ``inputs``, the files that the output was made of.
    """
    if any(_same(path, i) for i in inputs):
        raise _fault("HST005", path, "is the file that was read", "write to another file with -o")
    try:
        target = os.path.realpath(path) if os.path.islink(path) else path
        handle, temporary = _new_beside(target)
    except (OSError, ValueError) as fault:
        raise _cannot_write(path, fault) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except OSError as fault:
        _remove(temporary)
        raise _cannot_write(path, fault) from None
    except BaseException:
        _remove(temporary)
        raise


def _new_beside(target: str) -> tuple[int, str]:
    """A file of its own in the directory of ``target``, open for writing, and its path.

    What ``tempfile.mkstemp`` does, whose import takes longer than a conversion.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        name = f".flashwright-{os.urandom(8).hex()}"
        temporary = os.path.join(os.path.dirname(target), name)
        try:
            return os.open(temporary, flags, 0o600), temporary
        except FileExistsError:
            continue


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


def _same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):
        return False


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_FILE + 1)
    except IsADirectoryError:
        raise _fault("HST001", path, "is a directory", "give the file in it") from None
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "not a usable path"
        raise _fault("HST001", path, why.lower(), _neighbour(path)) from None


def _neighbour(path: str) -> str:
    """A help line where the directory has a file of nearly that name."""
    try:
        names = os.listdir(os.path.dirname(path) or ".")[:1000]
    except (OSError, ValueError):
        return ""
    near = nearest(os.path.basename(path), names)
    return f"did you mean `{printable(near, 100)}`?" if near else ""


def _mode(target: str) -> int:
    try:
        return os.stat(target).st_mode & 0o7777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def _cannot_write(path: str, fault: Exception) -> FileFaultError:
    why = (getattr(fault, "strerror", None) or "not a usable path").lower()
    return _fault("HST003", path, f"cannot be written: {why}", "")


def _fault(code: str, path: str, why: str, help: str) -> FileFaultError:
    shown = printable(path, 300)
    return FileFaultError(error(code, f"`{shown}`: {why}", help, Place(shown)))
