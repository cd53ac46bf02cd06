"""Endpoints as declared methods: a real signature and docstring, a ``...`` body, and the route above them.

``@endpoint("GET /api/v3/klines", weight=2)`` turns the method into one that makes a :class:`~exchangeclient.core.http.request.Request`
of its arguments and hands it to the object's ``_call``. Names stay as the venue spells them, keywords that the method does not
know pass through (with a warning when they look like one that it knows), and None is dropped. Each parameter is written once: its
annotation is also its check. An argument left out is the venue's to judge, even where the signature (for editors and mypy) asks for it.

Three keywords are never sent: ``requests_params`` (transport options of this call), ``headers`` (short for those of them) and
``disable_validation``.
"""

from __future__ import annotations

import functools
import inspect
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from string import ascii_lowercase, ascii_uppercase
from typing import Annotated, Any, Literal, ParamSpec, SupportsIndex, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.request import Kind, Request, Security, wire_text
from exchangeclient.numbers import exact, plain

P = ParamSpec("P")
T = TypeVar("T")

Weight = int | Callable[[Mapping[str, str]], int]
"""What a call costs: a figure, or a function of its parameters whose ``str`` says the rule."""

Convert = Callable[[object, str], str]

CLOSED = "closed"
"""``Annotated[Literal[...] | str, CLOSED]``: mypy takes any text, but the words are all there are and others are refused."""

CAPITALS = "capitals"
"""``Annotated[str, CAPITALS]``: sent in capital letters and without spaces around, however a caller writes it."""

Symbol = Annotated[str, CAPITALS]
"""A symbol of a venue that knows them in capitals only."""

Symbols = Annotated[str | Sequence[str], CAPITALS]
"""Several of them: a list, or its JSON."""

_TO_CAPITALS = str.maketrans(ascii_lowercase, ascii_uppercase)
_DOCS = re.compile(r"`documentation\s+<(\S+)>`__")
_INTEGER = re.compile(r"-?[0-9]+")
_OPTIONS = ("requests_params", "headers", "disable_validation")


class Endpoints:
    """Base of the classes that declare endpoints; the class that composes them says how a request is carried."""

    def _call(self, request: Request) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how a request is carried")


@dataclass(frozen=True)
class Endpoint:
    """One declared endpoint.

    :ivar name: the method's name
    :ivar weight: see :data:`Weight`
    :ivar counts: by what the venue counts the weight
    :ivar by: the parameter for each value of which the venue counts apart
    :ivar orders: how many orders it places
    :ivar host: which of the client's hosts it goes to
    """

    name: str
    verb: str
    path: str
    weight: Weight
    security: Security
    kind: Kind
    host: str
    function: Callable[..., Any]
    counts: str = "weight"
    by: str = ""
    orders: int | Callable[[Mapping[str, str]], int] = 0

    @functools.cached_property
    def parameters(self) -> tuple[inspect.Parameter, ...]:
        """The declared parameters in their order, without self, ``**params`` and the options that are never sent."""
        declared = list(inspect.signature(self.function).parameters.values())[1:]
        return tuple(p for p in declared if p.kind is not p.VAR_KEYWORD and p.name not in _OPTIONS)

    @functools.cached_property
    def docs(self) -> str:
        """The venue's page about it, as the docstring names it."""
        found = _DOCS.search(self.function.__doc__ or "")
        return found.group(1) if found else ""

    @functools.cached_property
    def _positional(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.parameters if p.kind is p.POSITIONAL_OR_KEYWORD)

    @functools.cached_property
    def _converts(self) -> dict[str, Convert]:
        hints = get_type_hints(self.function, include_extras=True)
        return {p.name: converter(hints[p.name]) for p in self.parameters}

    @functools.cached_property
    def bare(self) -> frozenset[str]:
        """The parameters that are whole numbers, flags or lists: their texts are JSON as they are."""
        hints = get_type_hints(self.function, include_extras=True)
        return frozenset(parameter.name for parameter in self.parameters if _is_bare(hints[parameter.name]))

    @functools.cached_property
    def figures(self) -> frozenset[str]:
        """The parameters that are prices and quantities: their texts are plain digits."""
        hints = get_type_hints(self.function, include_extras=True)
        return frozenset(parameter.name for parameter in self.parameters if Decimal in _members(hints[parameter.name])[0])

    def request(self, given: Sequence[object], named: Mapping[str, Any]) -> Request:
        """The request that a call with these arguments makes.

        :raises TypeError: for an argument of a wrong type, one given twice, or too many of them
        :raises ValueError: for a value that the venue cannot mean, naming the argument
        :warns UserWarning: for a keyword that is not declared and looks like one that is
        """
        if len(given) > len(self._positional):
            raise TypeError(f"{self.name}() takes {len(self._positional)} positional arguments, {len(given)} were given")
        arguments: dict[str, Any] = dict(zip(self._positional, given, strict=False))
        for name, value in named.items():
            if name in arguments:
                raise TypeError(f"{self.name}() got {name} twice")
            arguments[name] = value
        options: Any = arguments.pop("requests_params", None)
        headers = arguments.pop("headers", None)
        if headers is not None and isinstance(options, Mapping | None):  # else it is refused as it is
            options = {**(options or {}), "headers": headers}
        unchecked = arguments.pop("disable_validation", False)
        if not isinstance(unchecked, bool):
            raise TypeError(f"disable_validation must be a bool, not {type(unchecked).__name__}")
        params = {name: self._converts.get(name, wire_text)(value, name) for name, value in arguments.items() if value is not None}
        if not params.keys() <= self._converts.keys():
            from exchangeclient.core.calling.spelling import warn_of_misspelled

            warn_of_misspelled(self.name, params, (*self._converts, *_OPTIONS))
        return self.carrying(params, validate=not unchecked, options={} if options is None else options)

    def carrying(self, params: Mapping[str, str], *, validate: bool = True, options: Mapping[str, Any] | None = None) -> Request:
        """The request of these wire texts, whatever they are."""
        return Request(
            name=self.name,
            verb=self.verb,
            path=self.path,
            params=params,
            security=self.security,
            kind=self.kind,
            weight=self.weight if isinstance(self.weight, int) else self.weight(params),
            counts=self.counts,
            bucket=f"{self.path} {params.get(self.by, '')}" if self.by else "",
            orders=self.orders if isinstance(self.orders, int) else self.orders(params),
            host=self.host,
            validate=validate,
            options={} if options is None else options,
        )

    def text(self, parameter: str, value: object, name: str = "") -> str:
        """The wire text of one declared parameter, for code that pages or computes with it.

        :param name: what its caller knows it by
        :raises TypeError: see :meth:`request`; None is of a wrong type here
        :raises ValueError: see :meth:`request`
        """
        return self._converts[parameter](value, name or parameter)


def endpoint(
    route: str,
    *,
    weight: Weight,
    security: Security = Security.NONE,
    kind: Kind = Kind.READ,
    host: str = "rest",
    counts: str = "weight",
    by: str = "",
    orders: int | Callable[[Mapping[str, str]], int] = 0,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Declare a method of an :class:`Endpoints` class as the endpoint ``route`` (``"GET /api/v3/klines"``)."""
    verb, _, path = route.partition(" ")

    def declare(function: Callable[P, T]) -> Callable[P, T]:
        declared = Endpoint(function.__name__, verb, path, weight, security, kind, host, function, counts, by, orders)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            owner = cast("Endpoints", args[0])
            return cast("T", owner._call(declared.request(args[1:], kwargs)))

        vars(call)["endpoint"] = declared
        return call

    return declare


def declaration(method: Callable[..., Any]) -> Endpoint:
    """The endpoint that a method declares."""
    declared = getattr(method, "endpoint", None)
    if not isinstance(declared, Endpoint):
        raise TypeError(f"{method} declares no endpoint")
    return declared


def endpoints(owner: type) -> tuple[Endpoint, ...]:
    """The registry: every endpoint that a class declares or inherits, in the order of declaration. Further names of one are not in it."""
    found: dict[str, Endpoint] = {}
    for base in reversed(owner.__mro__):
        for name, attribute in vars(base).items():
            declared = getattr(attribute, "endpoint", None)
            if isinstance(declared, Endpoint) and declared.name == name:
                found[name] = declared
    return tuple(found.values())


def converter(annotation: Any) -> Convert:
    """The check that a parameter's annotation stands for: it makes the wire text, or raises naming the argument."""
    members, marks = _members(annotation)
    members.discard(type(None))
    convert = _check_of(members, closed=CLOSED in marks)
    return (lambda value, name: convert(_in_capitals(value), name)) if CAPITALS in marks else convert


def _members(annotation: Any) -> tuple[set[Any], set[Any]]:
    """The types that an annotation names, and what they are marked with."""
    if get_origin(annotation) is Annotated:
        members, marks = _members(annotation.__origin__)
        return members, marks | set(annotation.__metadata__)
    if get_origin(annotation) not in (Union, types.UnionType):
        return {annotation}, set()
    members, marks = zip(*map(_members, get_args(annotation)), strict=True)
    return set().union(*members), set().union(*marks)


def _is_bare(annotation: Any) -> bool:
    members, _ = _members(annotation)
    return Decimal not in members and any(member in (int, bool) or get_origin(member) is Sequence for member in members)


def _check_of(members: set[Any], *, closed: bool) -> Convert:
    words = [member for member in members if get_origin(member) is Literal]
    if members >= {Decimal, str, int, float}:
        return _figure
    if words and (closed or str not in members):
        return _one_of(get_args(words[0]))
    sequences = [member for member in members if get_origin(member) is Sequence]
    if sequences:
        is_of_rows = get_origin(get_args(sequences[0])[0]) is Mapping
        return _rows if is_of_rows else _text_or_list if str in members else _list
    if str in members:
        return _object if any(get_origin(member) is Mapping for member in members) else _text
    if members == {int}:
        return _whole
    return _flag if members == {bool} else wire_text


def in_capitals(text: str) -> str:
    """A symbol without spaces around, its letters from a to z in capitals. The capital of another letter may be that of another symbol."""
    return text.strip().translate(_TO_CAPITALS)


def _in_capitals(value: object) -> object:
    """A text in capitals, and so each of a list; anything else is left to be refused."""
    value = value.value if isinstance(value, Enum) else value
    if isinstance(value, list | tuple):
        return [in_capitals(each) if isinstance(each, str) else each for each in value]
    return in_capitals(value) if isinstance(value, str) else value


def _mistyped(name: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def _text(value: object, name: str) -> str:
    value = value.value if isinstance(value, Enum) else value
    if not isinstance(value, str):
        raise _mistyped(name, "a str", value)
    if not value.strip():
        raise ValueError(f"{name} must not be empty")
    return wire_text(value, name)


def _whole(value: object, name: str) -> str:
    """Digits. Scripts hand on what files and earlier answers gave them, so texts of digits and floats without a fraction are taken."""
    value = value.value if isinstance(value, Enum) else value
    if isinstance(value, bool) or not isinstance(value, (str, float, SupportsIndex)):
        raise _mistyped(name, "an int", value)
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise ValueError(f"{name} must be a whole number, not {value[:40]!r}")
    number = exact(value, name)
    if number != number.to_integral_value():
        raise ValueError(f"{name} must be a whole number, not {number:f}")
    if number < 0:  # nothing that the venues count or time goes below zero
        raise ValueError(f"{name} must not be negative: {number:f}")
    return format(number.to_integral_value(), "f").removeprefix("-")


def _figure(value: object, name: str) -> str:
    text = plain(value, name)
    if text.startswith("-"):
        raise ValueError(f"{name} must not be negative: {text[:40]}")
    return text


def _flag(value: object, name: str) -> str:
    if not isinstance(value, bool):
        raise _mistyped(name, "a bool", value)
    return wire_text(value, name)


def _list(value: object, name: str) -> str:
    if not isinstance(value, (list, tuple)):
        raise _mistyped(name, "a list", value)
    return wire_text(value, name)


def _rows(value: object, name: str) -> str:
    """The JSON of a list of dicts: numbers as texts of plain digits, flags as they are, None left out."""
    if not isinstance(value, (list, tuple)):
        raise _mistyped(name, "a list of dicts", value)
    if not value:
        raise ValueError(f"{name} must not be empty")
    return jsonio.encode([_row(each, f"{name}[{index}]") for index, each in enumerate(value)]).decode()


def _row(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _mistyped(name, "a dict", value)
    return {key: _cell(part, f"{name}[{key!r}]") for key, part in value.items() if part is not None}


def _cell(value: object, name: str) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return _row(value, name)
    if isinstance(value, (list, tuple)):
        return [_cell(each, name) for each in value]
    return wire_text(value, name)


def _object(value: object, name: str) -> str:
    """The JSON of a dict, or a text that is it already."""
    if not isinstance(value, Mapping):
        return _text(value, name)
    try:
        return jsonio.encode(dict(value)).decode()
    except TypeError as error:
        raise TypeError(f"{name} must be a dict that JSON can tell: {error}") from error


def _text_or_list(value: object, name: str) -> str:
    return _text(value, name) if isinstance(value, (str, Enum)) else _list(value, name)


def _one_of(words: Iterable[str]) -> Convert:
    legal = tuple(words)

    def check(value: object, name: str) -> str:
        text = _text(value, name)
        if text not in legal:
            raise ValueError(f"{name} must be one of {', '.join(legal)}; not {text[:40]!r}")
        return text

    return check
