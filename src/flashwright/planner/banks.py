"""Banks for partitions that must lie together or apart: every way, one problem each."""

from __future__ import annotations

from collections.abc import Iterator

from flashwright.base.extent import Extent
from flashwright.base.record import replace
from flashwright.planner.problem import Problem

#: How many ways of giving banks are tried, and how many steps it may take to find them.
MOST_BANKINGS = 256
MOST_STEPS = 20_000

#: The bank of each partition concerned: its flash and the range.
Banking = dict[str, tuple[str, Extent]]


class Bankings:
    """The problems that the ways of giving banks make; ``complete`` once all were gone through."""

    def __init__(self, problem: Problem) -> None:
        self.complete = False
        self._problem = problem
        self._steps = 0

    def __iter__(self) -> Iterator[Problem]:
        problem = self._problem
        names = sorted({n for pair in (*problem.together, *problem.apart) for n in pair})
        if not names:
            self.complete = True
            yield problem
            return
        for number, banking in enumerate(self._ways(names, {})):
            if number == MOST_BANKINGS:
                return
            yield _banked(problem, {n: extent for n, (_, extent) in banking.items()})
        self.complete = self._steps <= MOST_STEPS

    def _ways(self, names: list[str], given: Banking) -> Iterator[Banking]:
        """Give a bank to one name after the other, as long as nothing contradicts."""
        stack = [(given, self._choices(names[0]))]
        while stack:
            given, choices = stack[-1]
            choice = next(choices, None)
            self._steps += 1
            if self._steps > MOST_STEPS:
                return
            if choice is None:
                stack.pop()
                continue
            now = {**given, names[len(given)]: choice}
            if not self._sound(now):
                continue
            if len(now) == len(names):
                yield now
            else:
                stack.append((now, self._choices(names[len(now)])))

    def _choices(self, name: str) -> Iterator[tuple[str, Extent]]:
        owner = self._problem.items[name].owner
        whole = (Extent(0, self._problem.grounds[owner].size),)
        return iter([(owner, bank) for bank in self._problem.banks.get(owner, ()) or whole])

    def _sound(self, given: Banking) -> bool:
        pairs = [(p, True) for p in self._problem.together]
        pairs += [(p, False) for p in self._problem.apart]
        return all(
            (given[a] == given[b]) is same for (a, b), same in pairs if a in given and b in given
        )


def _banked(problem: Problem, banks: dict[str, Extent]) -> Problem:
    items = {}
    for name, item in problem.items.items():
        bank = banks.get(name)
        if bank is not None:
            homes = [bank] if item.homes is None else [h.intersection(bank) for h in item.homes]
            item = replace(item, homes=[h for h in homes if h])
        items[name] = item
    banked = replace(problem, items=items)
    banked.arrange()
    return banked
