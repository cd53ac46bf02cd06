"""What 1Token's calls and streams speak of: contracts, orders, an account's positions, candles, trades. Pure.

Each is made of the wire's own fields, which it keeps as ``data`` where there is more of them than attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self

from exchangeclient.numbers import exact
from exchangeclient.onetoken.names import contract_name
from exchangeclient.onetoken.tick import moment

BUY: Final = "b"
SELL: Final = "s"


class Contract:
    """What is traded, and by which steps.

    :param exchange: the service's code, such as ``okex``
    :param name: such as ``btc.usdt``, or ``btc.usd.q`` for the future of a quarter
    :param min_change: the step of prices
    :param uid: the service's number of it
    :param min_amount: the smallest amount of an order
    :param unit_amount: the step of amounts
    :param min_notional: the least that price times amount may be; None where the service does not say
    :raises ValueError: when exchange and name are no contract
    """

    def __init__(  # noqa: PLR0917 - the signature of the historic SDK
        self,
        exchange: str,
        name: str,
        min_change: float = 0.001,
        alias: str = "",
        category: str = "XTC",
        first_day: Any = None,
        last_day: Any = None,
        exec_price: Any = None,
        currency: str | None = None,
        uid: Any = None,
        min_amount: float = 1,
        unit_amount: float = 1,
        min_notional: float | None = None,
        **_: Any,
    ) -> None:
        self._symbol = contract_name(f"{exchange}/{name}", "exchange/name")
        self.exchange = exchange
        self.name = name
        self.min_change = min_change
        self.alias = alias
        self.category = category
        self.first_day = first_day
        self.last_day = last_day
        self.exec_price = exec_price
        self.currency = currency
        self.uid = uid
        self.min_amount = min_amount
        self.unit_amount = unit_amount
        self.min_notional = min_notional

    @property
    def symbol(self) -> str:
        """``exchange/name``."""
        return self._symbol

    @classmethod
    def from_symbol(cls, symbol: str) -> Self:
        """Of any of the three spellings, without rules."""
        exchange, _, name = contract_name(symbol, "symbol").partition("/")
        return cls(exchange, name)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Of the wire.

        :raises KeyError: when a field other than ``exchange`` and ``min_notional`` is missing
        """
        exchange = data["exchange"] if "exchange" in data else contract_name(data["symbol"], "symbol").partition("/")[0]
        return cls(
            exchange,
            data["name"],
            data["min_change"],
            data["alias"],
            data["category"],
            data["first_day"],
            data["last_day"],
            data["exec_price"],
            data["currency"],
            data["id"],
            data["min_amount"],
            data["unit_amount"],
            data.get("min_notional"),
        )

    def __eq__(self, other: object) -> bool:
        return self.symbol == other.symbol if isinstance(other, Contract) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.symbol)

    def __str__(self) -> str:
        return f"<Con:{self.symbol}>"

    def __repr__(self) -> str:
        return f"<Contract:{self.symbol}>"


class Order(dict[str, Any]):
    """An order: attributes, and a dict of all fields of the wire, ``order["status"]``.

    :ivar contract_symbol: such as ``okex/btc.usdt``
    :ivar bs: ``'b'`` or ``'s'``
    :ivar status: one of the constants below. ``unknown`` is no word of the service's: what became of the order while the stream was
        down cannot be found out; ``comment`` says why
    :ivar version: one more with each change
    :ivar entrust_time: when it was placed
    :ivar last_update: when it changed last
    """

    BUY: Final = BUY
    SELL: Final = SELL
    WAITING: Final = "waiting"
    PENDING: Final = "pending"
    PART_DEAL_PENDING: Final = "part-deal-pending"
    WITHDRAWING: Final = "withdrawing"
    PART_DEAL_WITHDRAWING: Final = "part-deal-withdrawing"
    DEALT: Final = "dealt"
    WITHDRAWN: Final = "withdrawn"
    PART_DEAL_WITHDRAWN: Final = "part-deal-withdrawn"
    ERROR_ORDER: Final = "error-order"
    ACTIVE: Final = "active"
    END: Final = "end"
    ALL: Final = "all"
    UNKNOWN: Final = "unknown"
    ACTIVE_STATUSES: Final = frozenset({WAITING, PENDING, PART_DEAL_PENDING, WITHDRAWING, PART_DEAL_WITHDRAWING})
    END_STATUSES: Final = frozenset({DEALT, WITHDRAWN, PART_DEAL_WITHDRAWN, ERROR_ORDER})
    ACTIVE_STATUS: Final = ACTIVE_STATUSES
    ALL_STATUSES: Final = ACTIVE_STATUSES | END_STATUSES

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(_object(data))
        get = self.get
        if get("bs") not in (BUY, SELL, None):
            raise ValueError(f"bs must be 'b' or 's', not {str(get('bs'))[:20]!r}")
        for name in ("contract", "account", "client_oid", "exchange_oid", "status"):
            if not isinstance(get(name), (str, int, type(None))):
                raise TypeError(f"{name} must be a str, not {type(get(name)).__name__}")
        self.contract_symbol: str | None = get("contract")
        self.account: str | None = get("account")
        self.bs: str | None = get("bs")
        self.client_oid: str | None = get("client_oid")
        self.exchange_oid: str | None = get("exchange_oid")
        self.status: str | None = get("status")
        self.entrust_price = get("entrust_price")
        self.entrust_amount = get("entrust_amount")
        self.entrust_time = _time_in(get("entrust_time"), "entrust_time")
        self.last_update = _time_in(get("last_update"), "last_update")
        self.avg_dealt_price = get("average_dealt_price", 0)
        self.dealt_amount = get("dealt_amount", 0)
        self.last_dealt_amount = get("last_dealt_amount", get("last_dealed_amount", 0))
        self.commission = get("commission", 0)
        self.version = get("version", 0)
        self.tags = get("tags") or {}
        self.options = get("options") or {}
        self.comment = get("comment", "")

    @classmethod
    def from_dict(cls, dct: Mapping[str, Any]) -> Self:
        """Of the wire, with all that an order has to have.

        :raises KeyError: when one of those is missing
        """
        for name in _NEEDED:
            dct[name]
        return cls(dct)

    @property
    def is_over(self) -> bool:
        """True when it will not change any more."""
        return self.status in self.END_STATUSES

    def __str__(self) -> str:
        oid = self.client_oid[-6:] if self.client_oid else None
        time = None if self.entrust_time is None else f"{self.entrust_time:%H:%M:%S}"
        prices = f"{self.avg_dealt_price}/{self.entrust_price}"
        return f"<{oid} {time} {self.contract_symbol} {prices} {self.bs} {self.dealt_amount}/{self.entrust_amount} {self.status}>"

    __repr__ = __str__


_NEEDED: Final = (
    "contract",
    "entrust_price",
    "bs",
    "entrust_amount",
    "entrust_time",
    "account",
    "last_update",
    "exchange_oid",
    "client_oid",
    "status",
    "version",
)


class Info(dict[str, Any]):
    """What an account is worth and has: BTP's dict with ``info["position_dict"]["btc"]``, and OTS's ``info.position_dict``, both.

    Values are in the gateway's valuation currency, CNY unless it says otherwise.

    :ivar data: as the service sent it
    :ivar position_dict: its positions by ``contract``: a coin, or ``btc.usd.q``
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = dict(_object(data))
        position = self.data.get("position")
        rows = [row for row in position if isinstance(row, dict) and "contract" in row] if isinstance(position, list) else []
        self.position_dict: dict[str, dict[str, Any]] = {row["contract"]: row for row in rows}
        super().__init__(self.data, position_dict=self.position_dict)

    @property
    def balance(self) -> Any:
        """Cash and market value together."""
        return self.data["balance"]

    def get_total_amount(self, pos_symbol: str) -> float:
        """How much there is of a coin or contract; 0.0 of one that it does not have."""
        row = self.position_dict.get(pos_symbol)
        return 0.0 if row is None else float(row["total_amount"])

    def get_margin_acc_info(self, pos_symbol: str) -> Info | None:
        """The account of one pair of a margin account, ``eos.usdt``, with a position for each of its two coins; None when there is none.

        :raises KeyError: when the service left something out
        """
        row = self.position_dict.get(pos_symbol)
        if row is None:
            return None
        coin, _, base = pos_symbol.partition(".")
        position = [
            {
                "contract": contract,
                **{name: row[f"{name}_{side}"] for name in ("available", "frozen", "loan")},
                "total_amount": row[f"amount_{side}"],
                "market_value": row[f"market_value_{side}"],
                "value_cny": row[f"value_cny_{side}"],
            }
            for contract, side in ((coin, "coin"), (base, "base"))
        ]
        return Info(
            {
                "balance": row["value_cny"],
                "cash": row["value_cny_base"] if base == "usdt" else 0,
                "market_value": row["market_value"],
                "market_value_detail": {coin: row["market_value_coin"], base: row["market_value_base"]},
                "risk_rate": row["risk_rate"],
                "position": position,
            }
        )

    def __repr__(self) -> str:
        return f"Info({self.data!r})"


@dataclass(slots=True)
class Candle:
    """One candle. In the stream of the historic service ``amount`` was the base coin's and ``volume`` the turnover; fields are as told.

    :ivar time: when it begins
    """

    time: datetime
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any
    contract: str | None
    duration: str | None
    amount: Any = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, contract: str | None = None, duration: str | None = None) -> Self:
        """Of the stream's form, or of REST's, which has ``timestamp`` for the time and names neither contract nor duration.

        :raises KeyError: when a field is missing
        :raises ValueError: for a time that is none
        """
        time = datetime.fromtimestamp(data["timestamp"], UTC) if "time" not in data else moment(data["time"], "time")
        return cls(
            time,
            data["open"],
            data["high"],
            data["low"],
            data["close"],
            data["volume"],
            data.get("contract", contract),
            data.get("duration", duration),
            data.get("amount"),
        )


@dataclass(slots=True)
class Zhubi:
    """One trade of the market.

    :ivar amount: in the base coin
    :ivar bs: which side took: ``'b'`` or ``'s'``
    """

    time: datetime
    exchange_time: datetime
    contract: str
    price: Any
    amount: Any
    bs: str

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Of the wire.

        :raises KeyError: when a field other than ``exchange_time`` is missing; that is ``time`` then
        :raises ValueError: for a time that is none
        """
        time = moment(data["time"], "time")
        told = data.get("exchange_time")
        there = time if told is None else moment(told, "exchange_time")
        return cls(time, there, data["contract"], data["price"], data["amount"], data["bs"])


@dataclass(slots=True)
class LowFreqQuote:
    """A price now and then, about once a second at most, for lists of many contracts.

    :ivar price_s: the price as a text
    :ivar rise: in percent, since 24 hours ago
    """

    contract: str
    price: Any
    price_s: str
    rise: Any

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, decimal: bool = False) -> Self:
        """Of the wire.

        :param decimal: True has price and rise as :class:`~decimal.Decimal`
        :raises KeyError: when a field is missing
        :raises ValueError: for a price that is none
        """
        contract, price, text, rise = contract_name(data["contract"]), data["price"], str(data["price_s"]), data["rise"]
        return cls(contract, exact(text, "price_s"), text, exact(rise, "rise")) if decimal else cls(contract, price, text, rise)


@dataclass(slots=True)
class DealtTrans:
    """One deal of the account's own.

    :ivar dealt_type: ``maker`` or ``taker``
    """

    BUY: ClassVar = BUY
    SELL: ClassVar = SELL
    MAKER: ClassVar = "maker"
    TAKER: ClassVar = "taker"

    exchange_tid: str | None
    exchange_oid: str | None
    client_oid: str | None
    account: str | None
    contract: str
    bs: str
    dealt_price: Any
    dealt_amount: Any
    dealt_type: str | None
    dealt_time: datetime | None
    exchange_update: datetime | None
    commission: Any
    commission_currency: str | None
    tags: Any

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Of the wire.

        :raises KeyError: without contract, side, price or amount
        """
        needed = {name: data[name] for name in ("contract", "bs", "dealt_price", "dealt_amount")}
        told = {name: data.get(name) for name in cls.__slots__ if name not in needed}
        times = {name: _time_in(told[name], name) for name in ("dealt_time", "exchange_update")}
        return cls(**{**told, **needed, **times})

    def to_dict(self) -> dict[str, Any]:
        """As the wire has it; times in ISO 8601. (The historic SDK misspelt ``dealt_price``.)"""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}


def rows_in(answer: object, name: str) -> Sequence[Mapping[str, Any]]:
    """The objects of a list.

    :raises ValueError: when it is no list of objects
    """
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise ValueError(f"{name} is a list of objects, but this is {str(answer)[:80]}")
    return answer


def _object(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise TypeError(f"data must be a dict, not {type(data).__name__}")
    return data


def _time_in(value: object, name: str) -> datetime | None:
    return None if value is None or value == "" else moment(value, name)
