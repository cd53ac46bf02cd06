"""Proves that wrong arguments cost nothing: each is refused by its name before a byte is sent, or leaves exactly as it was meant.

``python chaos/bad_input.py [--percent N] [--seed N] [--break NAME]`` prints one line and exits with 0, or with 1 when any public callable,
given any odd value in any of its parameters, fails otherwise or sends a malformed request. The venue is in memory; it takes anything. A
break spoils the client on purpose: it must be found.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import inspect
import json
import logging
import os
import re
import sys
import traceback
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, mkdtemp
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, quote

import proof
import requests
from odd_values import VALUES, can_mean
from order_venue import FILTERS

import exchangeclient
from exchangeclient import helpers, validation
from exchangeclient.archive import Archive, Series
from exchangeclient.archive.binance import BinanceSource
from exchangeclient.binance import signing, wsapi
from exchangeclient.client import Client
from exchangeclient.core.calling import dates, endpoint
from exchangeclient.core.feeds.socket_transport import SocketTransport
from exchangeclient.core.http import request
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeException
from exchangeclient.serving.inprocess import InProcessAdapter
from exchangeclient.serving.messages import HttpRequest, HttpResponse

KEY, SECRET, BASE = "canary-key", "canary-secret", "http://venue.localhost"
NOW_MS = 1_700_000_000_000
PACKAGE = str(Path(exchangeclient.__file__).parent)

# What makes sense for each parameter that a call cannot do without; the rest has one by its name's ending.
SAMPLES: dict[str, Any] = {
    "symbol": "BTCUSDT", "interval": "1h", "asset": "BTC", "coin": "BTC", "address": "bc1q", "url": BASE, "withdraw_id": "w1",
    "side": "BUY", "workingSide": "BUY", "pendingSide": "SELL", "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": 5,
    "type": "LIMIT", "timeInForce": "GTC", "aboveType": "LIMIT_MAKER", "abovePrice": "210", "belowType": "STOP_LOSS",
    "belowStopPrice": "90", "stopPrice": "90", "price": "100", "workingType": "LIMIT", "workingTimeInForce": "GTC", "workingPrice": "100",
    "pendingType": "MARKET", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "210", "quantity": "1", "newQty": "0.5",
    "workingQuantity": "1", "pendingQuantity": "1", "orderId": 5, "fromId": 5, "amount": "1",
    "stakingAsset": "BNB",
}  # fmt: skip
LIMIT = {"symbol": "BTCUSDT", "quantity": "1", "price": "100"}
OCO = {"symbol": "BTCUSDT", "quantity": "1", "price": "100", "stopPrice": "90"}
# What a call needs besides, so that it is sent.
BESIDES: dict[str, dict[str, Any]] = {
    name: dict(besides)
    for names, besides in (
        ("create_order create_test_order", {**LIMIT, "side": "BUY", "timeInForce": "GTC"}),
        ("preview_order", {**LIMIT, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}),
        (
            "create_sor_order create_sor_test_order create_test_sor_order v3_post_sor_order v3_post_sor_order_test",
            {"price": "100", "timeInForce": "GTC"},
        ),
        ("cancel_replace_order cancel_and_replace_order v3_post_cancel_replace", {**LIMIT, "timeInForce": "GTC", "cancelOrderId": 5}),
        ("cancel_order get_order amend_order_keep_priority", {"orderId": 5}),
        ("cancel_order_list cancel_oco_order v3_delete_order_list get_order_list get_oco_order v3_get_order_list", {"orderListId": 5}),
    )
    for name in names.split()
}
# What became of an order, a list of orders, an amendment or a replacement.
DONE = {"orderId": 5, "orderListId": 7, "amendedOrder": {"orderId": 5}, "cancelResult": "SUCCESS", "newOrderResult": "SUCCESS"}
FILES = {"file", "path", "root"}
CALLBACKS = {"on_progress", "complain"}
OF_AN_EXTRA = {"arrays", "frame", "export_parquet"}
HOUR_MS = 3_600_000
OPENS_A_SOCKET = ("stream",)  # which is tried where there is one to open
REFUSED_ALWAYS = ("stream_get_listen_key", "stream_keepalive", "stream_close")
# What the calls by which they are fetched say otherwise.
OF_A_PAGE = [(name, "limit") for name in ("get_historical_klines", "get_historical_klines_generator")]
PRODUCTS = {"symbols": [{"symbol": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT", "status": "TRADING", "filters": FILTERS}]}

FIGURES = re.compile(r"(?i)(quantity|qty|price|amount)$")
SYMBOLS = re.compile(r"(?i)symbols?$")
DIGITS = re.compile(r"\d+(\.\d+)?", re.ASCII)
NOT_ENCODED = re.compile(r"[^A-Za-z0-9_.~%=&-]|%(?![0-9A-F]{2})", re.ASCII)


@dataclass
class TakesAnything:
    """A venue that answers whatever it is asked, and looks at how it was asked.

    :ivar sent: what arrived since it was last looked at, by name and text
    :ivar malformed: what is wrong with it
    """

    sent: list[dict[str, str]] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)

    def http(self, asked: HttpRequest) -> HttpResponse:
        text = asked.query or asked.body.decode("ascii", errors="replace")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict") if text else []
        params = dict(pairs)
        self.sent.append(params)
        if not re.fullmatch(r"(/[A-Za-z0-9-]+)+(\.html)?", asked.path):
            self.malformed.append(f"path {asked.path!r}")
        if len(params) != len(pairs) or len(pairs) != text.count("=") or NOT_ENCODED.search(text):
            self.malformed.append(f"query {text[:200]!r}")
        for name, value in params.items():
            if FIGURES.search(name) and not DIGITS.fullmatch(value):
                self.malformed.append(f"{name}={value[:40]!r} is no plain number")
        if "signature" in params and not text.endswith(_signed(text.rpartition("&signature=")[0])):
            self.malformed.append(f"the signature is not of {text[:200]!r}")
        if any(ord(letter) < 32 for header in asked.headers.values() for letter in header):
            self.malformed.append("a header with a control character")
        return HttpResponse(200, json.dumps(self.answer(asked.path, params)).encode(), {"content-type": "application/json"})

    def frame(self, asked: request.Message) -> request.Response:
        """A call over the WebSocket API."""
        written = re.findall(r'"((?:[^"\\]|\\.)*)":("(?:[^"\\]|\\.)*"|\[[^]]*\]|[^",\[\]]+)(?=[,}])', asked.body)
        said = json.loads(asked.body)
        params = {json.loads(f'"{name}"'): json.loads(value) if value.startswith('"') else value for name, value in written}
        self.sent.append(params)
        if said.keys() != params.keys():
            self.malformed.append(f"params {asked.body[:200]!r}")
        for name, value in params.items():
            if FIGURES.search(name) and not (DIGITS.fullmatch(value) and isinstance(said[name], str)):
                self.malformed.append(f"{name}={value[:40]!r} is no plain number in quotes")
        if "signature" in params and params["signature"] != _signed(
            "&".join(f"{name}={value}" for name, value in sorted(params.items()) if name != "signature")
        ):
            self.malformed.append(f"the signature is not of {asked.body[:200]!r}")
        path = next(path for (_, path), method in wsapi.METHODS.items() if method == asked.verb)
        return request.Response(200, json.dumps(self.answer(path, params)).encode())

    def answer(self, path: str, params: Mapping[str, str]) -> Any:
        match path.rpartition("/")[2]:
            case "time":
                return {"serverTime": NOW_MS}
            case "account":
                return {"balances": []}
            case "exchangeInfo":
                return {**PRODUCTS, "rateLimits": [], "serverTime": NOW_MS}
            case "depth":
                return {"lastUpdateId": 1, "bids": [["99", "1"]], "asks": [["101", "1"]]}
            case "referencePrice":
                return {"symbol": "BTCUSDT", "referencePrice": "100", "timestamp": NOW_MS}
            case "openOrders":
                return []
            case "klines" | "uiKlines" | "aggTrades" | "trades" | "historicalTrades":
                return []
            case "history" if "withdraw" in path:
                return [{"id": params.get("idList", "w1")}]
        return DONE if "/order" in path else {}

    def websocket(self, _: HttpRequest) -> HttpResponse:
        return HttpResponse(404)


def _signed(text: str) -> str:
    return quote(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest())


@dataclass(frozen=True)
class Subject:
    """One public callable.

    :ivar call: takes its arguments by name
    :ivar usual: arguments that make sense
    :ivar parameters: the names of all that it takes
    """

    name: str
    call: Callable[..., Any]
    usual: Mapping[str, Any]
    parameters: tuple[str, ...]
    sends: bool = False


def subjects(client: Client) -> Iterator[Subject]:
    """Every public callable of the client, the client itself, and the functions beside it."""
    for name in dir(Client):
        if not name.startswith("_") and name not in OPENS_A_SOCKET and inspect.isroutine(inspect.getattr_static(Client, name)):
            usual = _usual(name, getattr(client, name))
            local = name in (*REFUSED_ALWAYS, "close", "limits", "preview_order", "quantize_order", "route", "undecided_orders")
            yield Subject(name, getattr(client, name), usual, _parameters(getattr(client, name), usual), not local)
    named = functools.partial(_with_options, client)
    yield Subject("requests_params", named, {}, ("timeout", "proxies", "verify", "cert", "headers", "priority", "when_limited"), True)
    usual = {"api_key": KEY, "api_secret": SECRET, "environment": BASE, "clock": FakeClock(NOW_MS)}
    yield Subject("Client", Client, usual, _parameters(Client, usual))
    usual = {"params": {**LIMIT, "type": "LIMIT"}, "products": PRODUCTS}
    yield Subject("validate_order", validation.validate_order, usual, _parameters(validation.validate_order, usual))
    for name, usual in (
        ("date_to_milliseconds", {"date_str": "now"}),
        ("interval_to_milliseconds", {"interval": "1h"}),
        ("round_step_size", {"quantity": "1", "step_size": "0.1"}),
    ):
        yield Subject(name, getattr(helpers, name), usual, _parameters(getattr(helpers, name), usual))
    yield from archive_subjects(client)


def archive_subjects(client: Client) -> Iterator[Subject]:
    """Every public callable of an archive that has four days of hours, made in this folder."""
    folder = Path(mkdtemp(dir="."))
    archive = Archive(folder / "a.db")
    source = BinanceSource.name_of(client)
    hours = [NOW_MS // HOUR_MS * HOUR_MS - number * HOUR_MS for number in range(96, 0, -1)]
    kept = archive._store.want(Series(source, "BTCUSDT", "1h"), hours[0])
    candles = [(at, "2", "3", "1", "2", "1", at + HOUR_MS - 1, "2", 1, "1", "2") for at in hours]
    archive._store.commit(kept, candles, [(hours[0], hours[-1] + HOUR_MS)], now_ms=NOW_MS)
    archive._store.asked(kept, hours[-1] + HOUR_MS, NOW_MS)
    archive.export_csv(folder / "hours.csv", "BTCUSDT", "1h")
    file, told = folder / "hours.csv", {"symbol": "BTCUSDT", "interval": "1h", "venue": source}
    usuals: dict[str, dict[str, Any]] = {
        "sync": {"client": client, "symbols": "BTCUSDT", "intervals": "1h"},
        "series": {}, "gaps": {}, "revisions": {}, "verify": {}, "repair": {}, "find": told, "rows": told, "candles": told,
        "state": {**told, "at": hours[5]}, "resample": {**told, "target": "1d"},
        "export_csv": {**told, "file": "out.csv"}, "export_dumps": {**told, "root": "dumps"},
        "import_file": {**told, "path": file, "venue": "another"}, "salvage": {"path": archive.path},
    }  # fmt: skip
    public = {name for name in dir(Archive) if not name.startswith("_") and callable(getattr(Archive, name))}
    if missing := public - usuals.keys() - OF_AN_EXTRA - {"close"}:
        raise RuntimeError(f"nothing is said of {missing}")
    for name, usual in usuals.items():
        function = getattr(archive, name)
        yield Subject(f"Archive.{name}", functools.partial(_drained, function), usual, _parameters(function, usual), name == "sync")
    yield Subject("Archive", Archive, {"path": archive.path}, ("path", "create"))


def _drained(function: Callable[..., Any], **arguments: Any) -> Any:
    """What a call gives, with what it would give bit by bit."""
    given = function(**arguments)
    for each in given if isinstance(given, tuple) else (given,):
        if isinstance(each, Iterator):
            list(each)
    return given


def _with_options(client: Client, **options: Any) -> Any:
    return client.get_server_time(requests_params=options)


def _usual(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    needed = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    name = name.removeprefix("ws_")
    usual = {parameter: SAMPLES[parameter] for parameter in needed} | BESIDES.get(name, {})
    for parameter in tuple(usual):  # what the types of a list's orders need
        for further in {"LIMIT_MAKER": ("Price",), "STOP_LOSS": ("StopPrice",), "LIMIT": ("TimeInForce",)}.get(usual[parameter], ()):
            if parameter.endswith("Type"):
                usual.setdefault(parameter.removesuffix("Type") + further, SAMPLES.get(parameter.removesuffix("Type") + further))
    if name.startswith(("order_oco", "create_old_oco")):
        usual |= OCO
    elif name.startswith(("order_", "quantize_order")):
        usual |= LIMIT if "market" not in name else {"symbol": "BTCUSDT", "quantity": "1"}
        usual |= {} if name.endswith(("_buy", "_sell")) else {"side": "BUY"}
    return usual


def _parameters(function: Callable[..., Any], usual: Mapping[str, Any]) -> tuple[str, ...]:
    declared = inspect.signature(function).parameters.values()
    further = ["somethingNew"] if any(p.kind is p.VAR_KEYWORD for p in declared) else []
    names = [p.name for p in declared if p.kind is not p.VAR_KEYWORD]
    return tuple(dict.fromkeys([*names, *usual, *further]))


class Trial:
    """Calls everything with everything, and counts what is wrong."""

    def __init__(self, random: Random, percent: float) -> None:
        self.counts = Counter[str]()
        self.found: list[str] = []
        self._random = random
        self._percent = percent
        self._venue = TakesAnything()
        self._clock = FakeClock(NOW_MS)
        adapter = InProcessAdapter(self._venue)
        requests.Session.get_adapter = lambda *_, **__: adapter  # type: ignore[method-assign, misc] # also of clients made here
        SocketTransport.reach = lambda *_: None  # type: ignore[method-assign, misc]
        SocketTransport.send = lambda _, parcel, __: self._venue.frame(parcel.message)  # type: ignore[method-assign, misc]
        self._client = Client(KEY, SECRET, environment=BASE, clock=self._clock)

    def run(self) -> None:
        for subject in subjects(self._client):
            self.counts["callables"] += 1
            self.usual(subject)
            for parameter in subject.parameters:
                few = max(1, round(len(VALUES) * self._percent / 100))
                for value in self._random.sample(list(VALUES), few):
                    self.counts["calls"] += 1
                    self.odd(subject, parameter, value)
        self._client.close()  # it may be used all the same
        for subject in subjects(self._client):
            self.usual(subject)

    def usual(self, subject: Subject) -> None:
        """The call as it should be, without which the others would show nothing."""
        error = self._outcome(subject, dict(subject.usual))
        if subject.name in REFUSED_ALWAYS:
            error = None if isinstance(error, ExchangeException) else RuntimeError("not refused")
        if error is not None or (subject.sends and not self._venue.sent):
            self._note("foreign", f"{subject.name} as it should be: {error!r}")
        self._close(subject, "nothing odd")

    def odd(self, subject: Subject, parameter: str, name: str) -> None:
        value = VALUES[name]()
        if parameter in CALLBACKS and callable(value):
            return  # how it fails is its own
        error = self._outcome(subject, {**subject.usual, parameter: value})
        if error is not None:
            self.counts["refused"] += 1
            if foreign := _foreign(error, subject, parameter):
                self._note("foreign", f"{subject.name}({parameter}={name}): {foreign}")
        elif value is not None and self._venue.sent:  # None is an argument left out
            text = None if (subject.name, parameter) in OF_A_PAGE else self._venue.sent[-1].get(parameter)
            if text is not None and not can_mean(value, text, in_capitals=SYMBOLS.search(parameter) is not None):
                self._note("malformed", f"{subject.name}({parameter}={name}) sent {text[:60]!r}")
        self._close(subject, f"{parameter}={name}")

    def _outcome(self, subject: Subject, arguments: dict[str, Any]) -> Exception | None:
        self._venue.sent.clear()
        self._clock.advance(61)
        try:
            result = subject.call(**arguments)
            if inspect.isgenerator(result):
                list(result)
        except Exception as error:  # noqa: BLE001 - which one it may be is the question
            return error
        return None

    def _close(self, subject: Subject, what: str) -> None:
        for wrong in self._venue.malformed:
            self._note("malformed", f"{subject.name}({what}): {wrong}")
        self._venue.malformed.clear()

    def _note(self, what: str, line: str) -> None:
        self.counts[what] += 1
        self.found.append(f"{what}: {line}")


def _foreign(error: Exception, subject: Subject, parameter: str) -> str:
    """What is wrong with an exception: it has to be ours, or a TypeError or ValueError of ours that names the argument."""
    if isinstance(error, ExchangeException):
        return ""
    if isinstance(error, OSError) and parameter in FILES:  # it names the file
        return ""
    if subject.name == "get_withdraw_history_id" and type(error) is LookupError:
        return ""
    shown = f"{type(error).__name__}: {str(error)[:200]}"
    if not isinstance(error, (TypeError, ValueError)):
        return shown
    *_, (innermost, _line) = traceback.walk_tb(error.__traceback__)
    where = innermost.f_code.co_filename
    if not where.startswith(PACKAGE):
        return f"{shown} (raised in {where})"
    named = re.search(rf"\b{re.escape(parameter)}\b", str(error)) or str(error).startswith(
        (f"{subject.name}() needs ", f"{subject.name}: ")
    )
    return "" if named else f"{shown} (does not name it)"


def exponents() -> None:
    """Numbers leave as Python shows them."""
    endpoint.plain = lambda value, _: str(value)  # type: ignore[assignment]
    request.plain = endpoint.plain  # type: ignore[assignment]


def unquoted() -> None:
    """Texts leave as they are, unencoded."""
    signing.encode = lambda params: "&".join(f"{name}={text}" for name, text in params.items())  # type: ignore[assignment]


def other_bytes() -> None:
    """What is signed is not what is sent."""
    signature = signing.signature
    signing.signature = lambda payload, credentials: signature(payload.lower(), credentials)


def unnamed() -> None:
    """Refusals do not say what they refuse."""
    endpoint._mistyped = lambda _, wanted, value: TypeError(f"must be {wanted}, not {type(value).__name__}")


def unchecked() -> None:
    """Whatever can be shown is taken."""
    endpoint.converter = lambda _: lambda value, _name: str(value)


def as_written() -> None:
    """Symbols leave as they are written."""
    endpoint._in_capitals = lambda value: value


def dates_of_others() -> None:
    """A date that cannot be read fails as its parser does."""
    dates._unreadable = lambda _name, when: ValueError(f"Invalid isoformat string: {when!r}")


BREAKS: dict[str, Callable[[], None]] = {
    "exponents": exponents,
    "unquoted": unquoted,
    "other-bytes": other_bytes,
    "unnamed": unnamed,
    "unchecked": unchecked,
    "as-written": as_written,
    "dates-of-others": dates_of_others,
}


def main() -> int:
    """Call everything with everything, and tell in one line how it went."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--percent", type=float, default=100.0, help="of the values for each parameter, one at least")
    parser.add_argument("--shown", type=int, default=20, help="how many of the wrong ones are printed")
    arguments = proof.arguments(parser, BREAKS)
    logging.disable(logging.CRITICAL)
    if arguments.broken is not None:
        BREAKS[arguments.broken]()
    began, trial, here = monotonic(), Trial(Random(arguments.seed), arguments.percent), Path.cwd()
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.ExitStack() as back:
        os.chdir(folder)  # some parameters are paths
        back.callback(os.chdir, here)
        trial.run()
    for line in trial.found[: arguments.shown]:
        print(line.encode("ascii", "backslashreplace").decode(), file=sys.stderr)
    failed = bool(trial.counts["foreign"] or trial.counts["malformed"])
    figures = {"callables": trial.counts["callables"], "odd values": len(VALUES), "calls": trial.counts["calls"]}
    figures |= {"refused": trial.counts["refused"], "foreign exceptions": trial.counts["foreign"]}
    figures |= {"malformed requests": trial.counts["malformed"], "seconds": round(monotonic() - began)}
    print(f"bad_input {'FAIL' if failed else 'ok'} {', '.join(f'{n} {what}' for what, n in figures.items())}; seed {arguments.seed}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
