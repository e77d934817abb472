"""Records: what a frozen dataclass does, compared with one."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Mapping
from functools import cached_property

import pytest

from flashwright.base.record import field, maker, record, replace


@record(order=True)
class Point:
    """Two numbers."""

    x: int
    y: int = 2

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("negative")

    @property
    def sum(self) -> int:
        return self.x + self.y


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Twin:
    x: int
    y: int = 2


@record()
class Bag:
    """A field that is made anew, and one that is not compared."""

    name: str
    facts: Mapping[str, int] = field(default_factory=dict)
    note: str = field(default="", compare=False)


@record(slots=False)
class Lazy:
    """Works something out once."""

    x: int

    @cached_property
    def double(self) -> int:
        return self.x * 2


def test_values_defaults_and_their_check() -> None:
    assert (Point(1).x, Point(1).y, Point(1, 5).sum, Point(y=3, x=4).sum) == (1, 2, 6, 7)
    with pytest.raises(ValueError, match="negative"):
        Point(-1)
    for arguments in ((), (1, 2, 3)):
        with pytest.raises(TypeError):
            Point(*arguments)
    with pytest.raises(TypeError):
        Point(1, z=2)  # type: ignore[call-arg]


def test_they_compare_hash_and_print_like_a_dataclass() -> None:
    assert Point(1) == Point(1, 2) != Point(2)
    assert hash(Point(1)) == hash(Twin(1)) == hash((1, 2))
    assert repr(Point(1)) == repr(Twin(1)).replace("Twin", "Point")
    assert Point(1, 9) < Point(2, 0) <= Point(2, 0) and Point(3) > Point(2) and Point(2) >= Point(2)
    assert Point(1) != Twin(1) and Point(1) != (1, 2)
    with pytest.raises(TypeError):
        assert Bag("a") < Bag("b")  # type: ignore[operator]


def test_they_are_values() -> None:
    point = Point(1)
    for change in (lambda: setattr(point, "x", 2), lambda: delattr(point, "x")):
        with pytest.raises(AttributeError, match="cannot change"):
            change()
    with pytest.raises(AttributeError):
        point.z = 1  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


def test_factories_and_fields_that_are_not_compared() -> None:
    first, second = Bag("a"), Bag("a", note="other")
    assert first == second and first.facts is not second.facts
    assert {first.name: 1} == {"a": 1}


def test_replace_copy_and_pickle() -> None:
    assert replace(Point(1), y=7) == Point(1, 7) == dataclasses.replace(Point(1), y=7)
    with pytest.raises(TypeError):
        replace(Point(1), z=1)
    for value in (Point(3, 4), Bag("a", {"b": 1})):
        assert copy.deepcopy(value) == value
        assert pickle.loads(pickle.dumps(value)) == value


def test_dataclasses_takes_them_for_its_own() -> None:
    assert dataclasses.is_dataclass(Point)
    assert [f.name for f in dataclasses.fields(Bag)] == ["name", "facts", "note"]
    assert dataclasses.asdict(Bag("a", {"b": 1})) == {"name": "a", "facts": {"b": 1}, "note": ""}


@record(frozen=False)
class Count:
    """A number that grows."""

    number: int = 0


def test_one_that_is_not_frozen_can_be_changed() -> None:
    count = Count()
    count.number += 1
    assert count == Count(1)
    with pytest.raises(TypeError):
        hash(count)


@record()
class Wide:
    """More fields than are stored one by one."""

    a: int
    b: int = 2
    c: tuple[int, ...] = ()
    d: dict[str, int] = field(default_factory=dict)
    e: int = 5
    f: int = 6
    g: int = 7
    h: int = 8

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError(f"negative {type(self).__name__}")


@record(slots=False)
class WideAndLazy:
    """As many, with a ``__dict__``."""

    a: int
    b: int = 2
    c: int = 3
    d: int = 4
    e: int = 5
    f: int = 6
    g: int = 7

    @cached_property
    def sum(self) -> int:
        return self.a + self.g


def test_values_of_many_fields_are_values_too() -> None:
    wide = Wide(1, h=9)
    assert type(wide) is Wide and isinstance(wide, Wide)
    assert (wide.a, wide.b, wide.d, wide.g, wide.h) == (1, 2, {}, 7, 9)
    assert wide == Wide(1, h=9) != Wide(1) and wide.d is not Wide(1).d
    assert not hasattr(wide, "__dict__")
    for change in (lambda: setattr(wide, "a", 2), lambda: delattr(wide, "a")):
        with pytest.raises(AttributeError, match="cannot change"):
            change()
    with pytest.raises(ValueError, match="negative Wide"):
        Wide(-1)
    assert copy.deepcopy(wide) == pickle.loads(pickle.dumps(wide)) == replace(wide, b=2) == wide
    lazy = WideAndLazy(1)
    assert (lazy.sum, type(lazy)) == (8, WideAndLazy)
    with pytest.raises(AttributeError, match="cannot change"):
        lazy.a = 2  # type: ignore[misc]


def test_init_is_made_once_and_can_be_inspected() -> None:
    @record()
    class Fresh:
        x: int
        y: int = 2

    assert "__init__" in vars(Fresh) and not inspect.isfunction(vars(Fresh)["__init__"])
    assert list(inspect.signature(Fresh).parameters) == ["x", "y"]
    assert Fresh(1) == Fresh(1, 2)
    assert inspect.isfunction(vars(Fresh)["__init__"])


def test_cached_properties_need_a_dict() -> None:
    lazy = Lazy(2)
    assert (lazy.double, lazy.double) == (4, 4)


def test_patterns_match_by_position() -> None:
    match Point(1, 5):
        case Point(x, y):
            assert (x, y) == (1, 5)


def test_a_maker_makes_what_the_class_makes() -> None:
    point, bag, lazy, wide, loose = map(maker, (Point, Bag, Lazy, Wide, Count))
    assert (point(1), point(y=3, x=4)) == (Point(1), Point(4, 3))
    assert type(point(1)) is Point
    assert bag("a") == Bag("a")
    assert bag("a").facts is not bag("a").facts
    assert lazy(3).double == 6
    assert (wide(1, 2, (), {}, 5, 6, 7), type(wide(*range(7)))) == (
        Wide(1, 2, (), {}, 5, 6, 7),
        Wide,
    )
    made = loose(1)
    made.number = 2
    assert made == Count(2)
    assert maker(Point) is point


def test_a_maker_checks_and_freezes() -> None:
    with pytest.raises(ValueError, match="negative"):
        maker(Point)(-1)
    with pytest.raises(AttributeError, match="cannot change 'a' of a Wide"):
        maker(Wide)(*range(7)).a = 1
    with pytest.raises(TypeError, match=r"made\(\) missing 1 required positional argument: 'x'"):
        maker(Point)()


def late() -> type:
    """A record of which there is no value yet."""

    @record()
    class Late:
        x: int
        y: tuple[int, ...] = ()
        z: list[int] = field(default_factory=list)

    return Late


def test_the_first_values_and_the_later_ones_are_made_alike() -> None:
    made = late()
    for _ in range(40):
        value = made(1, z=[2])
        assert (value.x, value.y, value.z) == (1, (), [2])
        assert made(x=3).z is not made(3).z


@pytest.mark.parametrize("before", [0, 40])
def test_wrong_parameters_are_told_in_the_usual_words(before: int) -> None:
    for positional, named, said in (
        ((), {"y": ()}, "missing 1 required positional argument: 'x'"),
        ((1,), {"a": 2}, "unexpected keyword argument 'a'"),
        ((1,), {"x": 2}, "multiple values for argument 'x'"),
        ((1, (), [], 4), {}, "takes from 2 to 4 positional arguments but 5 were given"),
    ):
        made = late()
        for _ in range(before):
            made(1)
        with pytest.raises(TypeError, match=said):
            made(*positional, **named)
