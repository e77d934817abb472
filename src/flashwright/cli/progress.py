"""How far a long proof is, on a terminal; and an end to it that still says what it covered.

``Ctrl-C`` ends the proof as a limit does: INCOMPLETE, with what was covered. A second one ends the
program. Nothing is shown where standard error is no terminal.
"""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType, TracebackType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flashwright.sim.explore import Progress

#: Seconds between two pictures of the bar, and its cells.
_EVERY = 0.25
_CELLS = 20

_MOST_TITLE = 28


class ProgressBar:
    """A context: inside of it ``watch`` is what a proof asks whether to go on.

    ``seconds``: how long all proofs inside may take together (``None``: as long as they want).
    ``title`` names the present one; ``stopped`` tells why no other one should begin.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self.title = ""
        self.stopped = ""
        self._shows = sys.stderr.isatty()
        self._begin = self._shown = self._first = time.monotonic()
        self._wide = 0
        self._before: object = None

    def __enter__(self) -> ProgressBar:
        """From here on Ctrl-C stops the proof and not the program."""
        self._before = signal.getsignal(signal.SIGINT)
        try:
            signal.signal(signal.SIGINT, self._interrupted)
        except ValueError:  # not in the main thread: nobody can press keys there
            self._before = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wipe the bar, give Ctrl-C back."""
        self._wipe()
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]

    def begin(self, title: str) -> None:
        """Another proof begins."""
        self.title = title[:_MOST_TITLE]
        self._first = time.monotonic()

    def watch(self, progress: Progress) -> bool:
        """Show how far it is; ``False`` when it is to end."""
        now = time.monotonic()
        if self.seconds is not None and now - self._begin >= self.seconds:
            self.stopped = self.stopped or f"stopped after {self.seconds:g} s"
        if self._shows and now - self._shown >= _EVERY:
            self._shown = now
            self._draw(progress, max(now - self._first, 0.001))
        return not self.stopped

    def _draw(self, progress: Progress, seconds: float) -> None:
        done = min(_CELLS, progress.expanded * _CELLS // max(1, progress.states))
        line = (
            f"{self.title} [{'#' * done:<{_CELLS}}] {progress.states} states, "
            f"{progress.cuts} cuts covered, {progress.expanded / seconds:.0f} states/s, "
            f"{seconds:.0f} s; Ctrl-C stops"
        )
        print(f"\r{line:<{self._wide}}", end="", file=sys.stderr, flush=True)
        self._wide = len(line)

    def _wipe(self) -> None:
        if self._wide:
            print(f"\r{'':<{self._wide}}\r", end="", file=sys.stderr, flush=True)
            self._wide = 0

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = "stopped by Ctrl-C"
