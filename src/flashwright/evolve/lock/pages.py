"""The manual pages of the findings about ``flash.lock``."""

from __future__ import annotations

from flashwright.diag.finding import Severity
from flashwright.diag.page import Page, page

_E, _W = Severity.ERROR, Severity.WARNING

LOCK_PAGES: tuple[Page, ...] = (
    page(
        "EVO150",
        "lock-damaged",
        _E,
        """`flash.lock` cannot be read: it is no TOML, or says things that are no layout.

        ## How to fix
        Restore it from version control. It is used whole or not at all.
        """,
    ),
    page(
        "EVO151",
        "lock-truncated",
        _E,
        """`flash.lock` breaks off before its end.

        ## How to fix
        Restore it from version control; the seal `[end]` is its last part.
        """,
    ),
    page(
        "EVO152",
        "lock-newer",
        _E,
        """`flash.lock` was written by a newer version of flashwright.

        ## How to fix
        Update flashwright, in CI too.
        """,
    ),
    page(
        "EVO153",
        "lock-edited",
        _E,
        """`flash.lock` was changed by hand: a digest does not fit.

        ## Why it matters
        The lock says what devices in the field have. A number that was edited makes a check pass
        that should not.

        ## How to fix
        Restore it. To stop supporting a release use `flashwright lock --drop NAME --reason TEXT`.
        """,
    ),
    page(
        "EVO154",
        "lock-conflict",
        _E,
        """`flash.lock` has an unresolved merge conflict.

        ## How to fix
        Take the file of one branch whole, then record the other branch's releases again.
        """,
    ),
    page(
        "EVO155",
        "already-recorded",
        _E,
        """The release is in `flash.lock` already.

        ## How to fix
        What shipped does not change: give the new layout the next release's name. With the same
        layout this is a note, and nothing is written.
        """,
    ),
    page(
        "EVO156",
        "no-such-release",
        _E,
        """The release to drop is not in `flash.lock`, or was dropped before.

        ## How to fix
        `flashwright lock --list` shows the names.
        """,
    ),
    page(
        "EVO157",
        "drop-without-reason",
        _E,
        """A release is dropped without saying why.

        ## How to fix
        Say it in one line, for the reviewer: "no device has it any more".
        """,
    ),
    page(
        "EVO158",
        "breaks-a-release",
        _E,
        """The layout breaks a release that is still supported.

        ## What it checks
        The table against every layout in `flash.lock` that has not been dropped. The findings
        behind it say why.

        ## How to fix
        Mend the layout, or plan the way (`flashwright migrate`), or drop the release with a
        reason.
        """,
    ),
    page(
        "EVO159",
        "cannot-be-recorded",
        _E,
        """The name, the date or the tables of a release cannot be recorded.

        ## How to fix
        A name has 1 to 64 printable characters, a date is written 2026-03-01, and the tables of
        one release have different names.
        """,
    ),
    page(
        "EVO160",
        "not-guarded",
        _W,
        """`flash.lock` knows other tables, but none of this name.

        ## How to fix
        Keep the name of a table from release to release; record a new one with its release.
        """,
    ),
)
