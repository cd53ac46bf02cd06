"""A whole exchange as bytes, and back: what was frozen goes on exactly as the original would.

Everything that hangs together is kept, with its shared references: an order that is in several maps is one order again. What
may occur in it is a closed list: plain values, the usual containers, generators of random numbers, and the classes of this
package. Frozen values of the engine and tuples are told apart from things that change: the former are made anew, complete, in an
order in which each finds its parts, the latter are made empty and filled afterwards, so they may refer to each other in circles.

The text is JSON behind one line that says what it is, with a checksum. A class names in ``caches`` those of its attributes that
are emptied instead of being kept.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from hashlib import blake2b
from random import Random
from typing import Any

import msgspec
from msgspec.structs import astuple

from exchangeclient.sandbox import engine

_NAME = b"exchangeclient sandbox state 1 "  # the figure grows when the layout below changes
_PLAIN = frozenset((bool, int, float, str, type(None)))

# Where classes have gone since there are states that name their former module.
_MOVED = {"events": ("words", "commands")}

# A row is [kind, ...]: the kind of a class is its place in the list of classes, of anything else one of these. In a row a value
# stands for itself, a reference is a list of one: the number of its row.
_LIST, _DICT, _SET, _DEQUE, _RANDOM, _TUPLE, _FROZENSET, _ORDERED = -1, -2, -3, -4, -5, -6, -7, -8

Row = list[Any]


class _Content(msgspec.Struct):
    classes: list[tuple[str, str, list[str]]]  # module, name, attributes
    rows: list[Row]
    root: int


def freeze(root: object) -> bytes:
    """All of it as bytes.

    :raises TypeError: naming the type that has no place in an exchange
    """
    writer = _Writer()
    place = writer.write(root)
    content = _Content([_described(kind) for kind in writer.classes], writer.rows, place)
    payload = msgspec.json.encode(content)
    return _NAME + _digest(payload) + b"\n" + payload


def thaw(data: bytes, into: object | None = None) -> Any:
    """What was frozen.

    :param into: an object of the frozen one's class to become it, so that whoever holds it need not learn of a new one
    :raises ValueError: when the data are of something else, of another version, or damaged; then nothing has changed
    """
    head, _, payload = data.partition(b"\n")
    if not head.startswith(_NAME):
        raise ValueError("not the state of an exchange, or that of another version of this package")
    if head[len(_NAME) :] != _digest(payload):
        raise ValueError("the state cannot be restored: it is damaged, its checksum is wrong")
    try:
        return _Reader(msgspec.json.decode(payload, type=_Content)).read(into)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"the state cannot be restored: {error}") from error


def _digest(payload: bytes) -> bytes:
    return blake2b(payload, digest_size=16).hexdigest().encode()


# ---- the classes that may occur ----------------------------------------------------------------------------------------


@cache
def _known() -> dict[tuple[str, str], type]:
    """Every class that this package defines, by module and name."""
    found = {}
    for info in pkgutil.iter_modules(engine.__path__, engine.__name__ + "."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, type) and value.__module__ == info.name:
                found[info.name.rpartition(".")[2], value.__qualname__] = value
    return found


def _described(kind: type) -> tuple[str, str, list[str]]:
    return kind.__module__.rpartition(".")[2], kind.__qualname__, list(_fields(kind))


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    """The attributes of a class that has a fixed set of them."""
    if issubclass(kind, msgspec.Struct):
        return tuple(kind.__struct_fields__)
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    return tuple(name for base in reversed(kind.__mro__) for name in _slots(base) if name not in ("__dict__", "__weakref__"))


def _slots(kind: Any) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


@cache
def _is_value(kind: Any) -> bool:
    """True for frozen structs and dataclasses: complete from the beginning, and equal when their parts are."""
    if issubclass(kind, msgspec.Struct):
        return bool(kind.__struct_config__.frozen)
    return is_dataclass(kind) and bool(vars(kind)["__dataclass_params__"].frozen)


# ---- writing -----------------------------------------------------------------------------------------------------------


class _Writer:
    """Turns an object and all that it refers to into rows."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.classes: dict[type, int] = {}
        self._places: dict[int, list[int]] = {}  # by identity: the reference to a row
        self._kept: list[object] = []  # or the identity of something short-lived could be given out twice
        self._waiting: list[tuple[object, Row]] = []  # things that change, to be filled in

    def write(self, root: object) -> int:
        (place,) = self._reference(root)
        while self._waiting:
            thing, row = self._waiting.pop()
            row += self._content(thing)
        return place

    def _value(self, value: object) -> object:
        return value if value.__class__ in _PLAIN else self._reference(value)

    def _reference(self, value: Any) -> list[int]:
        place = self._places.get(id(value))
        if place is not None:
            return place
        kind = value.__class__
        row: Row
        if _is_value(kind):
            parts = astuple(value) if isinstance(value, msgspec.Struct) else [getattr(value, name) for name in _fields(kind)]
            row = [self._kind(kind), *[part if part.__class__ in _PLAIN else self._reference(part) for part in parts]]
        elif kind is tuple:
            row = [_TUPLE, *map(self._value, value)]
        elif kind is frozenset:  # its own order differs from process to process
            row = [_FROZENSET, *map(self._value, sorted(value, key=repr))]
        elif isinstance(value, Enum):
            row = [self._kind(kind), value.name]
        else:
            row = [_CHANGING[kind] if kind in _CHANGING else self._kind(kind)]
            self._waiting.append((value, row))
        place = self._places[id(value)] = [len(self.rows)]
        self.rows.append(row)
        self._kept.append(value)
        return place

    def _kind(self, kind: type) -> int:
        number = self.classes.get(kind)
        if number is None:
            if _known().get((kind.__module__.rpartition(".")[2], kind.__qualname__)) is not kind:
                raise TypeError(f"{kind.__module__}.{kind.__qualname__} has no place in the state of an exchange")
            number = self.classes[kind] = len(self.classes)
        return number

    def _content(self, thing: Any) -> Iterator[object]:
        """The rest of the row of something that changes."""
        kind = thing.__class__
        if kind is dict or kind is OrderedDict:
            for key, value in thing.items():
                yield self._value(key)
                yield self._value(value)
        elif kind is deque:
            yield thing.maxlen
            yield from map(self._value, thing)
        elif kind is Random:
            yield self._value(thing.getstate())
        elif kind in _CHANGING:
            yield from map(self._value, thing)
        else:
            emptied = getattr(kind, "caches", ())
            for name in _fields(kind):
                yield self._value(getattr(thing, name))
            for name, value in getattr(thing, "__dict__", {}).items():
                yield name
                yield self._value(type(value)() if name in emptied else value)


_CHANGING: dict[type, int] = {list: _LIST, dict: _DICT, set: _SET, deque: _DEQUE, Random: _RANDOM, OrderedDict: _ORDERED}
_EMPTY: dict[int, Callable[[], Any]] = {number: kind for kind, number in _CHANGING.items()}


# ---- reading -----------------------------------------------------------------------------------------------------------


class _Reader:
    """Turns rows into the object that they were written of."""

    def __init__(self, content: _Content) -> None:
        self._rows, self._root = content.rows, content.root
        self._things: list[Any] = [None] * len(content.rows)
        self._classes: list[type] = []
        for module, name, attributes in content.classes:
            kind = next((_known()[place, name] for place in (module, *_MOVED.get(module, ())) if (place, name) in _known()), None)
            if kind is None or attributes != list(_fields(kind)):
                raise ValueError(f"it is that of another version of this package, {module}.{name} is not what it was")
            self._classes.append(kind)

    def read(self, into: object | None) -> Any:
        changing = [place for place, row in enumerate(self._rows) if self._changes(row[0])]
        for place in changing:  # first what may be referred to before it is complete
            self._things[place] = self._empty(self._rows[place])
        if into is not None:
            if self._things[self._root].__class__ is not into.__class__:
                raise ValueError(f"it is not that of an object of {into.__class__.__name__}")
            self._things[self._root] = into
        for place, row in enumerate(self._rows):
            if not self._changes(row[0]):
                self._things[place] = self._made(row)
        for place in sorted(changing, key=lambda place: place == self._root):  # it comes last: until then nothing has changed
            self._fill(self._things[place], self._rows[place])
        return self._things[self._root]

    def _changes(self, number: int) -> bool:
        if number < 0:
            return number in _EMPTY
        kind = self._classes[number]
        return not (_is_value(kind) or issubclass(kind, Enum))

    def _empty(self, row: Row) -> Any:
        if row[0] == _DEQUE:
            return deque(maxlen=row[1])
        if row[0] < 0:
            return _EMPTY[row[0]]()
        kind = self._classes[row[0]]
        return kind(**dict.fromkeys(_fields(kind))) if issubclass(kind, msgspec.Struct) else kind.__new__(kind)

    def _parts(self, values: list[Any]) -> list[Any]:
        things = self._things
        return [things[value[0]] if value.__class__ is list else value for value in values]

    def _made(self, row: Row) -> Any:
        if row[0] < 0:
            return {_TUPLE: tuple, _FROZENSET: frozenset}[row[0]](self._parts(row[1:]))
        kind: Any = self._classes[row[0]]
        if issubclass(kind, Enum):
            return kind[row[1]]
        parts = self._parts(row[1:])
        if issubclass(kind, msgspec.Struct):
            return kind(*parts)
        made = kind.__new__(kind)
        for name, part in zip(_fields(kind), parts, strict=True):
            object.__setattr__(made, name, part)
        return made

    def _fill(self, thing: Any, row: Row) -> None:
        number, parts = row[0], self._parts(row[1:])
        if number in (_DICT, _ORDERED):
            thing.update(zip(parts[::2], parts[1::2], strict=True))
        elif number == _RANDOM:
            thing.setstate(parts[0])
        elif number == _SET:
            thing.update(parts)
        elif number < 0:
            thing += parts[number == _DEQUE :]
        else:
            names = _fields(self._classes[number])
            free = dict(zip(parts[len(names) :: 2], parts[len(names) + 1 :: 2], strict=True))
            for name, part in zip(names, parts[: len(names)], strict=True):
                setattr(thing, name, part)
            if free or hasattr(thing, "__dict__"):
                thing.__dict__.clear()
                thing.__dict__.update(free)
