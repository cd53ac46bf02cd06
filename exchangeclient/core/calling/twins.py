"""Calls that a venue takes by another way than REST: each is the twin of a REST call, declared once, there.

A twin has its REST call's parameters, checks, weight, order rules, errors, and settlement of a lost answer; only the way is another.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, ParamSpec, TypeVar, cast

from exchangeclient.core.calling.endpoint import Endpoints, declaration

P = ParamSpec("P")
T = TypeVar("T")

# The others are of a connection, and this one is made already.
_OPTIONS: Final = ("timeout", "priority", "when_limited")


@dataclass(frozen=True)
class Way:
    """The other way of one venue.

    :ivar name: what it is called, such as ``the WebSocket API``
    :ivar host: what requests that go this way name as their host
    :ivar methods: by the route of its twin, the venue's name of each call
    :ivar unsent: keywords that are taken and not sent
    """

    name: str
    host: str
    methods: Mapping[tuple[str, str], str]
    unsent: tuple[str, ...] = ()

    def twin(self, rest: Callable[P, T], module: str) -> Callable[P, T]:
        """The same call by this way, named ``ws_`` and what it is named on REST.

        :param module: where it is declared, in a class ``WsCalls``
        """
        there = declaration(rest)
        here = replace(there, name=f"ws_{there.name}", host=self.host)

        @functools.wraps(rest)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            owner = cast("Endpoints", args[0])
            named = {name: value for name, value in kwargs.items() if name not in self.unsent}
            request = here.request(args[1:], named)
            self._check_options(here.name, request.options)
            return cast("T", owner._call(request))

        first_line = (rest.__doc__ or "").partition("\n")[0]
        call.__name__ = here.name
        call.__qualname__ = f"WsCalls.{here.name}"
        call.__module__ = module
        call.__doc__ = f"""{first_line}

        ``{self.methods[there.verb, there.path]}`` of {self.name}. Parameters, weight, answer and errors are those of :meth:`{there.name}`,
        and so is what happens when the answer is lost. Of ``requests_params`` it takes {", ".join(f"``{name}``" for name in _OPTIONS)}.
        """
        vars(call)["endpoint"] = here
        return call

    def _check_options(self, name: str, options: object) -> None:
        """Refuse what is no option of a call that goes over a connection that others use too; what is no dict is refused later."""
        for option in options if isinstance(options, Mapping) else ():
            if option not in _OPTIONS:
                raise TypeError(f"{name}() goes over {self.name}: requests_params takes {', '.join(_OPTIONS)}; not {str(option)[:40]}")
