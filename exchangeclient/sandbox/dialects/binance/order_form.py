"""What an order request asks for: Binance's parameters of one order become the engine's :class:`Place`.

Only their shape is checked here: what is mandatory, what is forbidden, which words there are, what belongs together. Whether the
symbol, the market and the account allow the order is the engine's to say.
"""

from __future__ import annotations

from collections.abc import Mapping

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.order_shapes import CONDITIONAL, PEG_NAMES, PEG_OFFSET
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.engine.commands import Peg, Place
from exchangeclient.sandbox.engine.words import OrderType, PegKind, SelfTrade, Side, TimeInForce

Names = Mapping[str, str]
"""What a request calls the parameters of one of its orders; one that is missing cannot be sent for it."""

_OF_ANY_ORDER = ("timeInForce", "price", "strategyId", "strategyType", "icebergQty")
_OF_A_STOP = ("stopPrice", "trailingDelta")
_OF_A_PEG = ("pegPriceType", "pegOffsetType", "pegOffsetValue")
_PLAIN = {word: word for word in ("side", "type", "quantity", *_OF_ANY_ORDER)} | {"clientOrderId": "newClientOrderId"}

SINGLE: Names = _PLAIN | {word: word for word in ("quoteOrderQty", *_OF_A_STOP, *_OF_A_PEG)}
ROUTED: Names = _PLAIN

# By order type: what it needs beside its side and quantity, and what makes no sense for it.
_NEEDED: Mapping[OrderType, tuple[str, ...]] = {
    OrderType.LIMIT: ("timeInForce", "quantity", "price"),
    OrderType.LIMIT_MAKER: ("quantity", "price"),
    OrderType.MARKET: (),
    OrderType.STOP_LOSS: ("quantity",),
    OrderType.STOP_LOSS_LIMIT: ("timeInForce", "quantity", "price"),
    OrderType.TAKE_PROFIT: ("quantity",),
    OrderType.TAKE_PROFIT_LIMIT: ("timeInForce", "quantity", "price"),
}
_FORBIDDEN: Mapping[OrderType, tuple[str, ...]] = {
    OrderType.LIMIT: ("quoteOrderQty", *_OF_A_STOP),
    OrderType.LIMIT_MAKER: ("timeInForce", "quoteOrderQty", *_OF_A_STOP),
    OrderType.MARKET: ("timeInForce", "price", *_OF_A_STOP, "icebergQty"),
    OrderType.STOP_LOSS: ("timeInForce", "quoteOrderQty", "price", "icebergQty"),
    OrderType.STOP_LOSS_LIMIT: ("quoteOrderQty",),
    OrderType.TAKE_PROFIT: ("timeInForce", "quoteOrderQty", "price", "icebergQty"),
    OrderType.TAKE_PROFIT_LIMIT: ("quoteOrderQty",),
}
_WITHOUT_PRICE = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT})
_PEGS = {name: kind for kind, name in PEG_NAMES.items()}
_DEEPEST_PEG = 100
_LEAST_STRATEGY_TYPE = 1_000_000
# The words of the wire; an Enum's own look-up costs a multiple.
_SIDES, _TYPES = dict(Side.__members__), dict(OrderType.__members__)
_TIMES_IN_FORCE = {each.value: each for each in (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)}
_SELF_TRADES = dict(SelfTrade.__members__)
_RESPONSE_TYPES = ("ACK", "RESULT", "FULL")


def names_of(prefix: str, others: Names, *, stops: bool = True) -> Names:
    """The names of an order of a list: its own under a prefix, ``abovePrice``.

    :param others: those that follow no such rule, mostly because it shares them with other orders
    :param stops: False for an order that cannot be conditional
    """
    words = (*_OF_ANY_ORDER, *(_OF_A_STOP if stops else ()), *_OF_A_PEG, "type", "clientOrderId")
    return {word: f"{prefix}{word[0].upper()}{word[1:]}" for word in words} | dict(others)


def read_order(params: Params, names: Names, *, account: str, kind: OrderType | None = None) -> Place:
    """The order that the parameters ask for.

    :param kind: its type, where that is not sent
    """
    form = _Form(params, names)
    side = form.side()
    kind = kind or form.kind()
    form.check_presence(kind)
    time_in_force = form.time_in_force()
    quantity, quote_quantity = form.amount("quantity"), form.amount("quoteOrderQty")
    price, iceberg = form.amount("price"), form.amount("icebergQty")
    stop_price, trailing_delta = form.stop()
    client_order_id = form.client_order_id()
    strategy_id, strategy_type = form.strategy()
    if iceberg and time_in_force is not TimeInForce.GTC:
        raise form.iceberg_not_gtc()
    return Place(
        account=account,
        symbol=read_symbol(params),
        side=side,
        type=kind,
        quantity=quantity,
        quote_quantity=quote_quantity,
        price=price,
        time_in_force=time_in_force,
        client_order_id=client_order_id,
        strategy_id=strategy_id,
        strategy_type=strategy_type,
        stop_price=stop_price,
        trailing_delta=trailing_delta,
        iceberg_quantity=iceberg,
        self_trade=_self_trade(params),
        peg=form.peg(kind, time_in_force),
    )


def read_symbol(params: Params) -> str:
    """The name of the mandatory symbol."""
    params.need("symbol")
    return params.symbol() or ""


def response_type(params: Params, default: str) -> str:
    """Which of the three forms the answer should have."""
    return params.choice("newOrderRespType", _RESPONSE_TYPES) or default


def _self_trade(params: Params) -> SelfTrade | None:
    mode = params.choice("selfTradePreventionMode", _SELF_TRADES)
    return None if mode is None else _SELF_TRADES[mode]


class _Form:
    """The parameters of one order among those of its request, by the venue's plain words for them."""

    def __init__(self, params: Params, names: Names) -> None:
        self._params = params
        self._names = names
        sent = params.sent
        self._sent = {word for word, name in names.items() if name in sent}  # most words are not

    def has(self, word: str) -> bool:
        return word in self._sent

    def text(self, word: str) -> str | None:
        return self._params.text(self._names[word]) if word in self._sent else None

    def amount(self, word: str) -> int:
        return self._params.amount(self._names[word]) if word in self._sent else 0

    def integer(self, word: str) -> int | None:
        return self._params.integer(self._names[word]) if word in self._sent else None

    def side(self) -> Side:
        side = _SIDES.get(self._params.need(self._names["side"]))
        if side is None:
            raise errors.BAD_SIDE()
        return side

    def kind(self) -> OrderType:
        kind = _TYPES.get(self._params.need(self._names["type"]))
        if kind is None:
            raise errors.BAD_TYPE()
        return kind

    def check_presence(self, kind: OrderType) -> None:
        """Refuse unless all is there that the type needs, and nothing that makes no sense for it."""
        pegged = self.has("pegPriceType")
        for word in _NEEDED[kind]:
            if word in self._names and not (pegged and word == "price"):
                self._params.need(self._names[word])
        for word in _FORBIDDEN[kind]:
            if word in self._sent:
                raise errors.NOT_REQUIRED(self._names[word])
        if kind in CONDITIONAL and "stopPrice" in self._names:
            self._params.need_one(*(self._names[word] for word in _OF_A_STOP))
        if kind is OrderType.MARKET and "quoteOrderQty" in self._names:
            quantity, quote_quantity = self._names["quantity"], self._names["quoteOrderQty"]
            self._params.need_one(quantity, quote_quantity)
            if quantity in self._params:
                self._params.forbid((quote_quantity,))

    def time_in_force(self) -> TimeInForce:
        text = self.text("timeInForce")
        found = TimeInForce.GTC if text is None else _TIMES_IN_FORCE.get(text)
        if found is None:
            raise errors.BAD_TIME_IN_FORCE()
        return found

    def stop(self) -> tuple[int, int]:
        """The stop price and the trailing delta; 0 stands for one that was not sent, so it must not be sent."""
        if self._sent.isdisjoint(_OF_A_STOP):
            return 0, 0
        stop_price, trailing_delta = self.amount("stopPrice"), self.integer("trailingDelta")
        for word, number in (("stopPrice", stop_price), ("trailingDelta", trailing_delta)):
            if number == 0 and self.has(word):
                raise errors.BAD_VALUE(self._names[word])
        return stop_price, trailing_delta or 0

    def client_order_id(self) -> str:
        return self._params.client_order_id(self._names["clientOrderId"])

    def strategy(self) -> tuple[int | None, int | None]:
        number, kind = self.integer("strategyId"), self.integer("strategyType")
        if kind is not None and kind < _LEAST_STRATEGY_TYPE:
            raise errors.BAD_STRATEGY_TYPE()
        return number, kind

    def peg(self, kind: OrderType, time_in_force: TimeInForce) -> Peg | None:
        if self._sent.isdisjoint(_OF_A_PEG):
            return None
        price_type = self._params.need(self._names["pegPriceType"])
        if price_type not in _PEGS:
            raise errors.BAD_PEG_PRICE_TYPE()
        peg = Peg(_PEGS[price_type], self._peg_levels())
        if kind in _WITHOUT_PRICE:
            raise errors.PEG_NOT_FOR_TYPE()
        crosses = kind is OrderType.LIMIT_MAKER and peg.kind is PegKind.MARKET
        misses = kind is OrderType.LIMIT and peg.kind is PegKind.PRIMARY and time_in_force is not TimeInForce.GTC
        if crosses or misses:
            raise errors.PEG_NOT_WITH_TYPE()
        return peg

    def _peg_levels(self) -> int:
        offset_type, offset = self._names["pegOffsetType"], self._names["pegOffsetValue"]
        if offset_type not in self._params and offset not in self._params:
            return 0
        if self._params.need(offset_type) != PEG_OFFSET:
            raise errors.BAD_PEG_OFFSET_TYPE()
        self._params.need(offset)
        levels = self._params.integer(offset) or 0
        if not 1 <= levels <= _DEEPEST_PEG:
            raise errors.BAD_VALUE(offset)
        return levels

    def iceberg_not_gtc(self) -> errors.VenueError:
        name = self._names["icebergQty"]
        return errors.UNSUPPORTED_COMBINATION() if name in SINGLE else errors.LIST_ICEBERG_NOT_GTC(name)
