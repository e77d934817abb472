"""Frozen values with named fields: dataclasses that cost almost nothing at import.

A command has to start faster than the tools that people know. Importing ``dataclasses`` takes as
long as starting Python, and each class that it makes about a millisecond, for code that mostly is
never called. ``record`` makes the same kind of class: frozen, with slots, compared and hashed by
its fields, and generates only ``__init__``, and that after the first few values. Type checkers
take it for a dataclass (PEP 681), and so do ``dataclasses.replace``, ``fields`` and ``asdict``.

Limits: no inheritance between records, no ``InitVar``, no ``kw_only``. The modules that every
command imports use it; all others may use ``dataclasses``.
"""

from __future__ import annotations

from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar, dataclass_transform

    _T = TypeVar("_T")
    _P = ParamSpec("_P")
else:

    def dataclass_transform(**_facts):
        """What type checkers need to know; nothing at run time."""
        return lambda function: function


_MISSING = object()

#: From this number of fields on it is faster to fill a value as one of another class.
_MANY = 7

#: So many values of a class are filled field by field before a function is compiled for it.
_FEW = 12


class Field:
    """What ``field`` says: a default, or how it is made; whether the field is compared."""

    __slots__ = ("compare", "default", "factory")

    def __init__(self, default: Any, factory: Callable[[], Any] | None, compare: bool) -> None:
        self.default = default
        self.factory = factory
        self.compare = compare


def field(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] | None = None,
    compare: bool = True,
) -> Any:
    """A field whose default is made anew for each value, or that is not compared."""
    return Field(default, default_factory, compare)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    *, order: bool = False, slots: bool = True, frozen: bool = True
) -> Callable[[type[_T]], type[_T]]:
    """Make a frozen value of a class with annotated fields; ``order`` compares by all fields.

    Without ``slots`` values have a ``__dict__``, which ``functools.cached_property`` needs. With
    ``frozen`` false they can be changed, and have no hash.
    """

    def made(cls: type[_T]) -> type[_T]:
        return _made(cls, order, slots, frozen)

    return made


def replace(value: _T, /, **changes: Any) -> _T:
    """``value`` with some fields changed; unknown names are a ``TypeError``."""
    cls = type(value)
    names = getattr(cls, "__match_args__", ())
    if cls not in _readers:
        _readers[cls] = _key(names)
    given = dict(zip(names, _readers[cls](value), strict=True))
    given.update(changes)
    return cls(*given.values()) if len(given) == len(names) else cls(**given)


def maker(cls: Callable[_P, _T]) -> Callable[_P, _T]:
    """A function that makes values of the record ``cls``, for readers that make one a line.

    It takes the parameters of the class. A call of a class packs and unpacks its arguments, which
    takes longer than filling the value; a function gets them as they are.
    """
    if cls not in _makers:
        _makers[cls] = _maker(cls)
    made: Callable[_P, _T] = _makers[cls]
    return made


_makers: dict[Any, Any] = {}
_readers: dict[Any, Any] = {}


def _made(cls: type[Any], order: bool, slots: bool, frozen: bool) -> type[Any]:
    members = dict(cls.__dict__)
    names = tuple(members.get("__annotations__", {}))
    fields = {}
    for name in names:
        said = members.pop(name, _MISSING)
        fields[name] = said if isinstance(said, Field) else Field(said, None, True)
    key = _key(tuple(n for n in names if fields[n].compare))
    members.update(_comparisons(key, order))
    members["__init__"] = _LateInit(fields, "__post_init__" in members)
    members["__match_args__"] = names
    members["__dataclass_fields__"] = _Fields(fields)
    members.setdefault("__repr__", _repr)
    if frozen:
        members["__setattr__"] = members["__delattr__"] = _frozen
    else:
        members["__hash__"] = None
    members.pop("__dict__", None)
    members.pop("__weakref__", None)
    if slots:
        members["__slots__"] = names
        members["__getstate__"] = _getstate
        members["__setstate__"] = _setstate
    return type(cls.__name__, cls.__bases__, members)


class _LateInit:
    """``__init__`` until it is worth compiling: most classes make a few values, or none."""

    def __init__(self, fields: dict[str, Field], checked: bool) -> None:
        self._fields = fields
        self._checked = checked
        self._filled = 0

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._owner = owner

    def __get__(self, value: object, owner: type | None = None) -> Any:
        if value is None or self._filled == _FEW:
            return self._compiled() if value is None else self._compiled().__get__(value, owner)

        def init(*positional: Any, **named: Any) -> None:
            if self._fill(value, positional, named):
                self._filled += 1
            else:
                # It says in the usual words what is wrong.
                self._compiled()(value, *positional, **named)

        return init

    def _compiled(self) -> Any:
        made = self._owner.__init__ = _init(self._owner, self._fields, self._checked)
        return made

    def _fill(self, value: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> bool:
        """Whether these parameters are right; the value is filled with them then."""
        given = dict(zip(self._fields, positional, strict=False))
        if len(positional) > len(self._fields) or given.keys() & named.keys():
            return False
        given.update(named)
        if not given.keys() <= self._fields.keys():
            return False
        for name, said in self._fields.items():
            if name not in given:
                if said.factory is None and said.default is _MISSING:
                    return False
                given[name] = said.default if said.factory is None else said.factory()
        for name, field_value in given.items():
            object.__setattr__(value, name, field_value)
        if self._checked:
            value.__post_init__()
        return True


def _init(cls: type[Any], fields: dict[str, Field], checked: bool) -> Any:
    """``__init__`` with the fields as its parameters, in their order."""
    parameters, values, known = _parameters(fields)
    lines, twin = _stores(cls, values, known, _MANY)
    if twin:
        lines = ["_put(_self, '__class__', _twin)", *lines]
    lines = [*lines, *(["_self.__post_init__()"] if checked else [])] or ["pass"]
    return _function(cls, "__init__", ["_self", *parameters], lines, known)


def _maker(cls: Any) -> Any:
    """A function that makes a value of ``cls``."""
    parameters, values, known = _parameters(cls.__dict__["__dataclass_fields__"].said)
    lines, twin = _stores(cls, values, known, 0)
    known.update(_new=object.__new__, _cls=cls)
    checked = ["_self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    lines = [f"_self = _new({'_twin' if twin else '_cls'})", *lines, *checked, "return _self"]
    return _function(cls, "made", parameters, lines, known)


def _parameters(fields: dict[str, Field]) -> tuple[list[str], dict[str, str], dict[str, Any]]:
    """The parameters, what each field is given, and the names that both use."""
    known: dict[str, Any] = {"_missing": _MISSING}
    parameters, values = [], {}
    for name, said in fields.items():
        values[name] = name
        if said.factory is not None:
            known[f"_make_{name}"] = said.factory
            parameters.append(f"{name}=_missing")
            values[name] = f"_make_{name}() if {name} is _missing else {name}"
        elif said.default is not _MISSING:
            known[f"_default_{name}"] = said.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
    return parameters, values, known


def _function(
    cls: type[Any], name: str, parameters: list[str], lines: list[str], known: dict[str, Any]
) -> Any:
    text = f"def {name}({', '.join(parameters)}):\n    " + "\n    ".join(lines)
    exec(text, known)
    made = known[name]
    made.__qualname__ = f"{cls.__qualname__}.{name}"
    return made


def _stores(
    cls: type[Any], values: dict[str, str], known: dict[str, Any], many: int
) -> tuple[list[str], bool]:
    """The lines that give the fields their values, and whether they want a value of the twin.

    A frozen class takes no assignments. A few fields go around that one by one, through their slots
    where it has any. A value of ``many`` fields is of a twin class with the same slots until it is
    filled, for then the interpreter's fast way is open to all of them.
    """
    plain = [f"_self.{name} = {value}" for name, value in values.items()]
    if cls.__setattr__ is not _frozen:
        return plain, False
    known["_put"] = object.__setattr__
    slots = cls.__dict__.get("__slots__")
    if len(values) < many:
        known.update({f"_set_{name}": cls.__dict__[name].__set__ for name in slots or ()})
        way = "_put(_self, {0!r}, {1})" if slots is None else "_set_{0}(_self, {1})"
        return [way.format(name, value) for name, value in values.items()], False
    same = {} if slots is None else {"__slots__": slots}
    known.update(_cls=cls, _twin=type(cls.__name__, cls.__bases__, same))
    return [*plain, "_self.__class__ = _cls"], True


def _key(names: tuple[str, ...]) -> Callable[[Any], Any]:
    if not names:
        return lambda _value: ()
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda value: (one(value),)
    return attrgetter(*names)


def _comparisons(key: Callable[[Any], Any], order: bool) -> dict[str, Any]:
    def equal(self: Any, other: object) -> Any:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(key(self))

    def less(self: Any, other: object) -> Any:
        return key(self) < key(other) if other.__class__ is self.__class__ else NotImplemented

    def at_most(self: Any, other: object) -> Any:
        return key(self) <= key(other) if other.__class__ is self.__class__ else NotImplemented

    found: dict[str, Any] = {"__eq__": equal, "__hash__": hashed}
    return {**found, "__lt__": less, "__le__": at_most} if order else found


def _repr(self: Any) -> str:
    said = ", ".join(f"{n}={getattr(self, n)!r}" for n in self.__match_args__)
    return f"{type(self).__qualname__}({said})"


def _frozen(self: Any, name: str, *_value: object) -> None:
    raise AttributeError(f"cannot change {name!r} of a {type(self).__name__}: it is a value")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__match_args__]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)


class _Fields:
    """What ``dataclasses`` asks a class for, made when it asks."""

    def __init__(self, fields: dict[str, Field]) -> None:
        self.said = fields
        self._made: dict[str, Any] | None = None

    def __get__(self, value: object, owner: type | None = None) -> dict[str, Any]:
        if self._made is None:
            import dataclasses

            annotations = owner.__annotations__ if owner else {}
            bare: dict[str, Any] = {
                "__annotations__": annotations,
                **{n: _as_dataclass(f) for n, f in self.said.items() if _has_default(f)},
            }
            shadow: Any = dataclasses.dataclass(type("Shadow", (), bare))
            self._made = vars(shadow)["__dataclass_fields__"]
        return self._made


def _has_default(said: Field) -> bool:
    return said.default is not _MISSING or said.factory is not None or not said.compare


def _as_dataclass(said: Field) -> Any:
    import dataclasses

    if said.factory is not None:
        return dataclasses.field(default_factory=said.factory, compare=said.compare)
    if said.default is not _MISSING:
        return dataclasses.field(default=said.default, compare=said.compare)
    return dataclasses.field(compare=said.compare)
