"""The routes of the gateway's REST part: what each is for, takes and answers. Pure.

Paths are below ``/api/v1``. ``{contract}`` is all the rest of a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PREFIX: Final = "/api/v1"
ACCOUNT: Final = "/trade/{exchange}/{account}"


@dataclass(frozen=True, slots=True)
class Route:
    """One of them.

    :ivar name: of what answers it
    :ivar query: names of parameters, with what they mean; those whose meaning begins with ``*`` are needed
    :ivar body: the same of the fields of a body
    """

    verb: str
    path: str
    name: str
    summary: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)

    @property
    def signed(self) -> bool:
        """Whether it is of an account."""
        return self.path.startswith(ACCOUNT)


_OIDS: Final = {"client_oid": "one or up to nine, with commas between", "exchange_oid": "the same by the ids of the exchange"}
_PAST: Final = {
    "start": "Unix seconds or milliseconds, or a date",
    "end": "the same",
    "contract": "only of this one",
}
_MOVES: Final = "moves funds: always refused with not-allowed"

ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/basic/time", "time", "The gateway's time, in seconds"),
    Route("GET", "/basic/support-exchanges-v2", "exchanges", "The exchanges that are served"),
    Route("GET", "/basic/exchanges", "exchanges", "The same under its former name"),
    Route(
        "GET",
        "/basic/contracts",
        "contracts",
        "Contracts and their rules; an empty list for a name that there is not",
        {"exchange": "* such as okex", "name": "such as btc.usdt"},
    ),
    Route("GET", "/basic/ip-pool", "ip_pool", "Empty: requests leave from this machine"),
    Route("GET", "/quote/ticks", "ticks", "A tick of one level a side for every contract", {"exchange": "* such as okex"}),
    Route("GET", "/quote/single-tick/{contract}", "single_tick", "The tick of a contract"),
    Route(
        "GET",
        "/quote/candles",
        "candles",
        "Candles, oldest first",
        {
            "contract": "* such as okex/btc.usdt",
            "duration": "1m when left out; 5m 15m 30m 1h 2h 4h 6h 1d 1w",
            "since": "Unix seconds or milliseconds, or a date; the last day when left out",
            "until": "the same; now when left out",
        },
    ),
    Route("GET", "/quote/trades", "trades", "The newest trades, oldest first", {"contract": "* such as okex/btc.usdt"}),
    Route("GET", f"{ACCOUNT}/info", "info", "Balances and positions, valued"),
    Route("GET", f"{ACCOUNT}/status", "status", "100 when the venue answers"),
    Route(
        "GET",
        f"{ACCOUNT}/orders",
        "orders",
        "Orders",
        {
            "contract": "needed for those that have ended, but not with helper=db",
            "state": "active when left out; end, all, or a state",
            **_OIDS,
            "helper": "db: as the gateway's own store has them",
        },
    ),
    Route(
        "POST",
        f"{ACCOUNT}/orders",
        "place",
        "Place an order: its ids",
        body={
            "contract": "* such as okex/btc.usdt",
            "price": "* but for market orders",
            "bs": "* b or s",
            "amount": "*",
            "client_oid": "drawn when left out",
            "tags": "an object, or a:b,c:d",
            "options": "open, close, post_only, type (limit or market)",
        },
    ),
    Route("PATCH", f"{ACCOUNT}/orders", "amend", "Amend an order, where the venue can", _OIDS, {"price": "", "amount": ""}),
    Route("DELETE", f"{ACCOUNT}/orders", "cancel", "Cancel orders: a list of their ids", _OIDS),
    Route("DELETE", f"{ACCOUNT}/orders/all", "cancel_all", "Cancel every open order", {"contract": "only of this one"}),
    Route(
        "GET",
        f"{ACCOUNT}/trans",
        "trans",
        "The account's trades, oldest first",
        {
            "contract": "needed, but not with helper=db",
            "count": "the newest 100 when left out; at most 500, and 100 at OKX; with helper=db all when left out",
            "helper": "db: as the gateway's own store has them",
        },
    ),
    Route(
        "GET",
        f"{ACCOUNT}/dealt-order/orders",
        "dealt_orders",
        "Orders that the gateway's store has",
        {**_PAST, "state": "end when left out"},
    ),
    Route("GET", f"{ACCOUNT}/dealt-order/trans", "dealt_trans", "Trades that the gateway's store has", _PAST),
    *(
        Route(verb, f"{ACCOUNT}{path}", "moves_funds", _MOVES)
        for verb, path in (
            ("POST", "/withdraws"),
            ("GET", "/withdraws"),
            ("DELETE", "/withdraws"),
            ("GET", "/deposits"),
            ("GET", "/deposits/addresses"),
            ("GET", "/loan-records"),
            ("POST", "/borrow"),
            ("POST", "/return"),
            ("POST", "/assets-internal"),
        )
    ),
)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("".join(_part(part) for part in re.split(r"({\w+})", path)))


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = part[1:-1]
    return f"(?P<{name}>.+)" if name == "contract" else f"(?P<{name}>[^/]+)"


_PATTERNS: Final = tuple((route, _pattern(route.path)) for route in ROUTES)


def below_prefix(path: str) -> str | None:
    """A path without what it may begin with: ``/api/v1``, ``/v1``, or nothing in the oldest clients; None when it is none of ours."""
    for prefix in ("/api/v1/", "/v1/"):
        if path.startswith(prefix):
            return path[len(prefix) - 1 :]
    return path if path.startswith(("/trade/", "/quote/", "/basic/", "/ws")) else None


def found(path: str) -> Iterator[tuple[Route, Mapping[str, str]]]:
    """The routes at a path, by their verbs."""
    for route, pattern in _PATTERNS:
        if match := pattern.fullmatch(path):
            yield route, match.groupdict()


def _called(route: Route) -> str:
    """The end of a route's path as one word; no two of a verb have the same."""
    end = route.path.removeprefix(ACCOUNT).partition("{")[0]
    return end.strip("/").replace("/", "_").replace("-", "_")


def described() -> dict[str, Any]:
    """The routes as OpenAPI 3.0 describes them."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        there = paths.setdefault(f"{PREFIX}{route.path}", {})
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"{(\w+)}", route.path)
        ]
        parameters += [
            {
                "name": name,
                "in": "query",
                "required": meaning.startswith("*"),
                "description": meaning.removeprefix("* "),
                "schema": {"type": "string"},
            }
            for name, meaning in route.query.items()
        ]
        operation: dict[str, Any] = {
            "operationId": f"{route.verb.lower()}_{_called(route)}",
            "summary": route.summary,
            "parameters": parameters,
            "responses": {
                "200": {"description": "The answer"},
                "default": {
                    "description": "Refused",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                },
            },
        }
        if route.body:
            fields = {name: {"description": meaning.removeprefix("*").strip()} for name, meaning in route.body.items()}
            needed = [name for name, meaning in route.body.items() if meaning == "*" or (meaning.startswith("* ") and "but" not in meaning)]
            schema = {"type": "object", "properties": fields, **({"required": needed} if needed else {})}
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        if route.signed:
            operation["security"] = [{"key": [], "nonce": [], "signature": []}]
        there[route.verb.lower()] = operation
    schemes = {"key": "Api-Key", "nonce": "Api-Nonce", "signature": "Api-Signature"}
    error = {"code": {"type": "string"}, "message": {"type": "string"}, "data": {}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "The 1Token protocol, from this machine", "version": "1"},
        "paths": paths,
        "components": {
            "securitySchemes": {name: {"type": "apiKey", "in": "header", "name": header} for name, header in schemes.items()},
            "schemas": {"Error": {"type": "object", "properties": error, "required": ["code", "message"]}},
        },
    }
