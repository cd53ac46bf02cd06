"""Which faults are armed, and which of them strikes: patterns, counts, chances and times, without knowing what a fault does.

Every answer may be asked for from any thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import parse_qsl

from exchangeclient.sandbox.faults.kinds import COMMON, HANDSHAKE, KINDS, METHODS, MOST_MESSAGE_BYTES, ROUTE, SOCKET, STREAM, Place
from exchangeclient.sandbox.faults.options import Option, shown
from exchangeclient.serving.messages import HttpRequest

_NOBODY = "sandbox"  # whose requests are charged to no client
_MOST_ARMED = 1000
_MOST_ENDED = 100  # are still listed


class Watcher(Protocol):
    """Who has to act at once when a fault is armed or ends."""

    def armed(self, fault: Fault) -> None:
        """It may strike from now on."""

    def ended(self, fault: Fault) -> None:
        """It was lifted, or has struck as often as it was to."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault may strike: one request, message or socket.

    :ivar method: of a request
    :ivar name: the path of a request, or what a call asks for
    :ivar values: a request's parameters
    :ivar streams: what a message belongs to, or all that a socket carries
    :ivar socket: the path of the websocket
    :ivar accounts: the keys of whose it is; a socket is everybody's who has signed in on it or is told of his account
    """

    place: Place
    method: str = ""
    name: str = ""
    values: frozenset[tuple[str, str]] = frozenset()
    streams: Iterable[str] = ()
    socket: str = ""
    accounts: Collection[str] = ()
    peer: str = ""


def request_target(request: HttpRequest, account: str, *, handshake: bool) -> Target:
    """The target that a request is."""
    form = "" if handshake else request.body.decode("utf-8", "replace")
    return Target(
        "request",
        method=HANDSHAKE if handshake else request.method,
        name=request.path,
        values=frozenset(parse_qsl(request.query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)),
        accounts=(account,),
        peer=request.peer,
    )


class Fault:
    """One fault, armed until it is lifted, its time is over, or it has struck often enough. ``with fault:`` lifts it at the end.

    :ivar id: what :meth:`Faults.lift` and the command line call it by
    :ivar hits: how often it has struck
    :ivar options: what its kind is told
    """

    def __init__(self, registry: Faults, id: int, kind: str, said: Mapping[str, Any]) -> None:
        self.id = id
        self.kind = kind
        self.hits = 0
        self.is_armed = True
        self._registry = registry
        self._seen = 0
        self._said = dict(said)
        common = {name: said.get(name, option.default) for name, option in COMMON.items()}
        self._times: int | None = common["times"] or KINDS[kind].times
        self._after: int = common["after"]
        self._probability: float = common["probability"]
        self._whom: tuple[str | None, str | None] = (common["account"], common["peer"])
        self._until_s = None if common["seconds"] is None else registry.now() + common["seconds"]
        self.options = {name: said.get(name, option.default) for name, option in KINDS[kind].options.items()}
        self.place = _place(kind, said)
        if kind == "huge" and self.place != "request" and self.options["bytes"] > MOST_MESSAGE_BYTES:
            raise ValueError(f"bytes of a message must be a whole number up to {MOST_MESSAGE_BYTES}, not {self.options['bytes']}")
        self.route: str | None = said.get("route")
        self._method, self._path, self._query = _read_route(self.route)
        self._methods = KINDS[kind].methods
        self._values = frozenset(parse_qsl(self._query, keep_blank_values=True))
        self._stream: str | None = said.get("stream")
        self._socket: str | None = said.get("socket")

    def lift(self) -> None:
        """End it. Does nothing when it has ended."""
        self._registry.lift(self.id)

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.lift()

    def __repr__(self) -> str:
        said = "".join(f" {name}={value}" for name, value in self._said.items())
        return f"<Fault {self.id}: {self.kind}{said}, {self.hits} hits{'' if self.is_armed else ', ended'}>"

    def shape(self) -> dict[str, Any]:
        """It as plain values, for JSON."""
        return {"id": self.id, "kind": self.kind, **self._said, "hits": self.hits, "armed": self.is_armed}

    def whole_request(self) -> HttpRequest | None:
        """The request that its route is, if it is one to read something and leaves nothing open."""
        if self._path is None or self._method not in (None, "GET") or not self._query or set("*[") & set(self._path):
            return None
        return HttpRequest("GET", self._path, self._query, peer=_NOBODY)

    # ---- asked by the registry -----------------------------------------------------------------------------------------

    @property
    def seconds_left(self) -> float | None:
        """How long it is still armed, if that was said."""
        return None if self._until_s is None else max(0.0, self._until_s - self._registry.now())

    def is_about(self, target: Target) -> bool:
        """Whether it is meant for such as this, whatever counts and chances say."""
        if self.place not in (target.place, "everything"):
            return False
        account, peer = self._whom
        if (account is not None and account not in target.accounts) or peer not in (None, target.peer):
            return False
        if self.place == "everything":
            return target.place in ("request", "socket")
        if self.place in ("request", "call"):
            return self._is_on_the_route(target)
        if self._socket is not None and not fnmatchcase(target.socket, self._socket):
            return False
        return self._stream is None or any(fnmatchcase(stream, self._stream) for stream in target.streams)

    def _is_on_the_route(self, target: Target) -> bool:
        if target.place == "request" and self._methods is not None and target.method not in self._methods:
            return False
        if self._path is None:  # of all REST requests
            return target.place == "request" and target.method != HANDSHAKE
        if self._method is None and target.method == HANDSHAKE:
            return False
        return self._method in (None, "*", target.method) and fnmatchcase(target.name, self._path) and self._values <= target.values

    def strikes(self, chance: Random) -> bool:
        """Count one target, and say whether it is struck."""
        if self._has_struck_enough:
            return False
        self._seen += 1
        if self._seen <= self._after or (self._probability < 1 and chance.random() >= self._probability):
            return False
        self.hits += 1
        return True

    @property
    def is_over(self) -> bool:
        """Whether it has struck often enough, or its time has passed."""
        lasts = self.place in KINDS[self.kind].lasts
        return (self._has_struck_enough and not lasts) or self.seconds_left == 0.0

    @property
    def _has_struck_enough(self) -> bool:
        return self._times is not None and self.hits >= self._times


class Faults:
    """The faults of one sandbox.

    :param seed: of the chances that ``probability`` gives
    :param now: seconds of real time, of which only differences count
    """

    def __init__(self, *, seed: int, now: Callable[[], float]) -> None:
        self.now = now
        self.lock = threading.RLock()
        self._chance = Random(seed)
        self._armed: dict[int, Fault] = {}
        self._ended: deque[Fault] = deque(maxlen=_MOST_ENDED)
        self._watchers: list[Watcher] = []
        self._numbers = 0

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher`` of every fault that is armed or ends from here on."""
        self._watchers.append(watcher)

    # ---- arming and lifting --------------------------------------------------------------------------------------------

    def add(self, kind: str, /, **said: Any) -> Fault:
        """Arm a fault; what may be said is in :mod:`.kinds`.

        :raises ValueError: naming what is wrong with it
        """
        said = _checked(kind, said)
        with self.lock:
            if len(self._armed) >= _MOST_ARMED:
                raise ValueError(f"{_MOST_ARMED} faults are armed already; lift some first")
            self._numbers += 1
            fault = self._armed[self._numbers] = Fault(self, self._numbers, kind, said)
        for watcher in self._watchers:
            watcher.armed(fault)
        return fault

    def lift(self, id: int) -> bool:
        """End one fault; False when there is no such fault that is armed."""
        with self.lock:
            fault = self._armed.get(id)
            if fault is None:
                return False
            self._end(fault)
            return True

    def clear(self) -> None:
        """End all faults, and forget them."""
        with self.lock:
            for fault in list(self._armed.values()):
                self._end(fault)
            self._ended.clear()

    def list(self) -> Sequence[Fault]:
        """Those that are armed, and behind them the latest that have ended."""
        with self.lock:
            self._end_those_over()
            return [*self._armed.values(), *reversed(self._ended)]

    # ---- striking --------------------------------------------------------------------------------------------------------

    @property
    def any_armed(self) -> bool:
        """False when nothing needs to be asked."""
        return bool(self._armed)

    def strike(self, target: Target, *, but: Collection[Fault] = ()) -> Sequence[Fault]:
        """Those that strike this one, in the order in which they were armed.

        :param but: these are not asked
        """
        if not self._armed:
            return []
        with self.lock:
            self._end_those_over()
            meant = [fault for fault in self._armed.values() if fault not in but and fault.is_about(target)]
            struck = [fault for fault in meant if fault.strikes(self._chance)]
            self._end_those_over()
            return struck

    def strike_with(self, fault: Fault, target: Target) -> bool:
        """Whether this very one strikes."""
        with self.lock:
            self._end_those_over()
            struck = fault.is_armed and fault.is_about(target) and fault.strikes(self._chance)
            self._end_those_over()
            return struck

    def end_those_over(self) -> None:
        """Whose time has passed ends by itself when something might be struck; this is for when nothing comes."""
        with self.lock:
            self._end_those_over()

    def _end_those_over(self) -> None:
        for fault in [fault for fault in self._armed.values() if fault.is_over]:
            self._end(fault)

    def _end(self, fault: Fault) -> None:
        del self._armed[fault.id]
        fault.is_armed = False
        self._ended.append(fault)
        for watcher in self._watchers:
            watcher.ended(fault)


def _checked(kind: str, said: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"there is no fault {shown(kind)}; there are {', '.join(KINDS)}")
    options = known_options(kind)
    for name in said:
        if name not in options:
            raise ValueError(f"a {kind} fault has no option {shown(name)}; it has {', '.join(options)}")
    where = [name for name in ("route", "stream", "socket") if said.get(name) is not None]
    if "route" in where and len(where) > 1:
        raise ValueError(f"route and {where[1]} name different things; give one")
    return {name: value for name, value in ((name, options[name].read(name, value)) for name, value in said.items()) if value is not None}


def known_options(kind: str) -> dict[str, Option]:
    """All that may be said about a fault of this kind."""
    places = KINDS[kind].places
    selectors: dict[str, Option] = {}
    if "request" in places:
        selectors["route"] = ROUTE
    if "message" in places or "socket" in places:
        selectors |= {"stream": STREAM, "socket": SOCKET}
    return {**selectors, **KINDS[kind].options, **COMMON}


def _place(kind: str, said: Mapping[str, Any]) -> Place:
    """Where it strikes.

    :raises ValueError: when its kind cannot, or has no use there for what was said
    """
    places = KINDS[kind].places
    place: Place = places[0]
    route = said.get("route")
    if route is not None:
        place = "call" if _is_call(route) else "request"
        if place not in places:
            raise ValueError(f"a {kind} fault strikes HTTP requests only, and route={route!r} names no path")
    elif "message" in places and (said.get("stream") is not None or said.get("socket") is not None):
        place = "message"
    if place == "request":
        _check_route(kind, route)
    elif useless := KINDS[kind].http_only & set(said):
        raise ValueError(f"{min(useless)} is about HTTP answers, and a {place} on a websocket has none")
    return place


def _check_route(kind: str, route: str | None) -> None:
    method, path, _ = _read_route(route)
    if path is not None and not path.startswith(("/", "*")):
        raise ValueError(f"the path of a route begins with a slash, and that of route={route!r} does not")
    methods = KINDS[kind].methods
    if methods is not None and method not in (None, "*", *methods):
        raise ValueError(f"a {kind} fault strikes {', '.join(sorted(methods))} requests only, and route={route!r} names none of them")


def _is_call(route: str) -> bool:
    """A call goes by one word without a slash; ``*`` and ``GET *`` are every path, and a method alone is none."""
    word = route.strip()
    return not set("/ ") & set(word) and word != "*" and word.upper() not in {*METHODS, HANDSHAKE}


def _read_route(route: str | None) -> tuple[str | None, str | None, str]:
    """The method if there is one, the pattern of the path or name, and the parameters that must be there."""
    if route is None:
        return None, None, ""
    method, space, path = route.strip().rpartition(" ")
    path, _, query = path.partition("?")
    return method.strip().upper() if space else None, path, query
