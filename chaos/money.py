"""Whether an account has what it should have: what it began with, and what its own trades say, to the last digit."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from decimal import Decimal
from typing import Any

from fuzz_clients import HttpClient
from hostile_requests import Signer

_PAGE = 1000

Funds = defaultdict[str, Decimal]


class Books:
    """The accounts of the venue as their owners see them, over signed requests."""

    def __init__(self, address: tuple[str, int], signers: list[tuple[str, str]], skew_ms: int) -> None:
        self._client = HttpClient(address)
        self._host = f"{address[0]}:{address[1]}"
        self._signers = signers
        self._skew_ms = skew_ms
        self._assets = self._listed()
        self._begun = {key: self._balances(key, secret) for key, secret in signers}

    def look_at_every_market(self) -> None:
        """Ask for all candles there are: the past of a market is made when somebody asks for it first, and kept."""
        for symbol in self._assets:
            for interval in ("1s", "1m", "5m", "1h", "1d", "1w"):
                self._get("/api/v3/klines", None, symbol=symbol, interval=interval, limit=_PAGE)

    def wrong(self) -> list[str]:
        """What does not add up, after every open order was cancelled; nothing if all is well."""
        found = []
        self._client.close()  # the server may have closed it long ago
        self._assets = self._listed()
        for key, secret in self._signers:
            for symbol in self._assets:
                self._ask("DELETE", "/api/v3/openOrders", (key, secret), symbol=symbol)
            have = self._balances(key, secret)
            should = self._begun[key].copy()
            for symbol in self._assets:
                self._count_trades(should, (key, secret), symbol)
            for asset in sorted(set(have) | set(should)):
                if have[asset] != should[asset]:
                    found.append(f"{key} has {have[asset]} {asset} and should have {should[asset]}")
        return found

    def close(self) -> None:
        self._client.close()

    def _listed(self) -> dict[str, tuple[str, str]]:
        """Base and quote asset of each symbol."""
        return {each["symbol"]: (each["baseAsset"], each["quoteAsset"]) for each in self._get("/api/v3/exchangeInfo", None)["symbols"]}

    def _count_trades(self, should: Funds, owner: tuple[str, str], symbol: str) -> None:
        base, quote = self._assets[symbol]
        for path, name in (("/api/v3/myTrades", "id"), ("/api/v3/myAllocations", "allocationId")):
            first = 0
            while True:
                start = {"fromId" if name == "id" else "fromAllocationId": first}
                trades = self._get(path, owner, symbol=symbol, limit=_PAGE, **start)
                for trade in trades:
                    sign = 1 if trade["isBuyer"] else -1
                    should[base] += sign * Decimal(trade["qty"])
                    should[quote] -= sign * Decimal(trade["quoteQty"])
                    should[trade["commissionAsset"]] -= Decimal(trade["commission"])
                if len(trades) < _PAGE:
                    break
                first = trades[-1][name] + 1

    def _balances(self, key: str, secret: str) -> Funds:
        """Free funds by asset; what is still locked shows as a difference."""
        account = self._get("/api/v3/account", (key, secret))
        return defaultdict(Decimal, {each["asset"]: Decimal(each["free"]) for each in account["balances"]})

    def _get(self, path: str, owner: tuple[str, str] | None, **params: object) -> Any:
        status, answer = self._ask("GET", path, owner, **params)
        if status != 200:
            raise RuntimeError(f"{path} {params} was refused: {answer}")
        return answer

    def _ask(self, method: str, path: str, owner: tuple[str, str] | None, **params: object) -> tuple[int, Any]:
        query = "&".join(f"{name}={value}" for name, value in params.items())
        header = ""
        if owner is not None:
            signer = Signer(*owner, now_ms=time.time_ns() // 1_000_000 + self._skew_ms)
            query += f"{'&' if query else ''}timestamp={signer.now_ms}&recvWindow=60000"
            query += f"&signature={signer.sign(query)}"
            header = f"X-MBX-APIKEY: {signer.key}\r\n"
        request = f"{method} {path}?{query} HTTP/1.1\r\nHost: {self._host}\r\n{header}Content-Length: 0\r\n\r\n"
        answer = self._client.ask(request.encode())
        return answer.status, json.loads(answer.body)
