"""BitMEX's tables: their columns with types, their keys, and how a row looks in the two generations of the wire.

Until 2023-01-16 every column was there, null or not; since then nulls and empty texts are left out, and so are columns that meant nothing
any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Row = dict[str, Any]
Wire = Literal["2021", "2023"]
WIRES: tuple[Wire, ...] = ("2021", "2023")


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    :ivar types: of its columns, in their order
    :ivar attributes: how rows are ordered
    :ivar dropped: the columns that went in 2023
    :ivar is_of_account: whether it takes a login
    :ivar has_symbol: whether a topic can name a symbol
    """

    keys: tuple[str, ...]
    types: Mapping[str, str]
    attributes: Mapping[str, str]
    foreign_keys: Mapping[str, str]
    dropped: frozenset[str] = frozenset()
    is_of_account: bool = False
    has_symbol: bool = True

    def shown(self, row: Row, wire: Wire) -> Row:
        """A whole row as it goes over a websocket."""
        if wire == "2021":
            return row
        return {name: value for name, value in row.items() if name not in self.dropped and value is not None and value != ""}

    def kept(self, row: Row, wire: Wire) -> Row:
        """A row as REST shows it, where nulls stay."""
        return row if wire == "2021" or not self.dropped else {name: value for name, value in row.items() if name not in self.dropped}


_LETTERS = {"s": "symbol", "t": "timestamp", "g": "guid", "l": "long", "f": "float", "b": "boolean", "x": "string", "p": "timespan"}


def _types(text: str) -> dict[str, str]:
    """``"price:f side:s"`` -> what each column is."""
    return {name: _LETTERS[letter] for name, _, letter in (each.partition(":") for each in text.split())}


_BOOK = _types("symbol:s id:l side:s size:l price:f")
_QUOTE = _types("timestamp:t symbol:s bidSize:l bidPrice:f askPrice:f askSize:l")
_TRADE = _types(
    "timestamp:t symbol:s side:s size:l price:f tickDirection:s trdMatchID:g grossValue:l homeNotional:f foreignNotional:f trdType:s"
)
_BIN = _types(
    "timestamp:t symbol:s open:f high:f low:f close:f trades:l volume:l vwap:f lastSize:l turnover:l homeNotional:f foreignNotional:f"
)
_ORDER = _types(
    "orderID:g clOrdID:x clOrdLinkID:x account:l symbol:s side:s simpleOrderQty:f orderQty:l price:f displayQty:l stopPx:f "
    "pegOffsetValue:f pegPriceType:s currency:s settlCurrency:s ordType:s timeInForce:s execInst:s contingencyType:s exDestination:s "
    "ordStatus:s triggered:s workingIndicator:b ordRejReason:s simpleLeavesQty:f leavesQty:l simpleCumQty:f cumQty:l avgPx:f "
    "multiLegReportingType:s text:x transactTime:t timestamp:t"
)
_EXECUTION = _types(
    "execID:g orderID:g clOrdID:x clOrdLinkID:x account:l symbol:s side:s lastQty:l lastPx:f underlyingLastPx:f lastMkt:s "
    "lastLiquidityInd:s simpleOrderQty:f orderQty:l price:f displayQty:l stopPx:f pegOffsetValue:f pegPriceType:s currency:s "
    "settlCurrency:s execType:s ordType:s timeInForce:s execInst:s contingencyType:s exDestination:s ordStatus:s triggered:s "
    "workingIndicator:b ordRejReason:s simpleLeavesQty:f leavesQty:l simpleCumQty:f cumQty:l avgPx:f commission:f "
    "tradePublishIndicator:s multiLegReportingType:s text:x trdMatchID:g execCost:l execComm:l homeNotional:f foreignNotional:f "
    "transactTime:t timestamp:t"
)
_POSITION = _types(
    "account:l symbol:s currency:s underlying:s quoteCurrency:s commission:f initMarginReq:f maintMarginReq:f riskLimit:l leverage:f "
    "crossMargin:b deleveragePercentile:f rebalancedPnl:l prevRealisedPnl:l prevUnrealisedPnl:l prevClosePrice:f openingTimestamp:t "
    "openingQty:l openingCost:l openingComm:l openOrderBuyQty:l openOrderBuyCost:l openOrderBuyPremium:l openOrderSellQty:l "
    "openOrderSellCost:l openOrderSellPremium:l currentTimestamp:t currentQty:l currentCost:l currentComm:l realisedCost:l "
    "unrealisedCost:l grossOpenCost:l isOpen:b markPrice:f markValue:l riskValue:l homeNotional:f foreignNotional:f posState:x posCost:l "
    "posCross:l posInit:l posComm:l posMargin:l posMaint:l maintMargin:l initMargin:l realisedGrossPnl:l realisedPnl:l "
    "unrealisedGrossPnl:l unrealisedPnl:l unrealisedPnlPcnt:f unrealisedRoePcnt:f simpleQty:f simpleCost:f simpleValue:f simplePnl:f "
    "avgCostPrice:f avgEntryPrice:f breakEvenPrice:f marginCallPrice:f liquidationPrice:f bankruptPrice:f timestamp:t lastPrice:f "
    "lastValue:l"
)
_MARGIN = _types(
    "account:l currency:s riskLimit:l prevState:x state:x action:x amount:l pendingCredit:l pendingDebit:l confirmedDebit:l "
    "prevRealisedPnl:l prevUnrealisedPnl:l grossComm:l grossOpenCost:l grossOpenPremium:l grossExecCost:l grossMarkValue:l riskValue:l "
    "taxableMargin:l initMargin:l maintMargin:l sessionMargin:l targetExcessMargin:l varMargin:l realisedPnl:l unrealisedPnl:l "
    "indicativeTax:l walletBalance:l marginBalance:l marginBalancePcnt:f marginLeverage:f marginUsedPcnt:f excessMargin:l "
    "excessMarginPcnt:f availableMargin:l withdrawableMargin:l timestamp:t grossLastValue:l commission:f"
)
_WALLET = _types(
    "account:l currency:s prevDeposited:l prevWithdrawn:l prevTransferIn:l prevTransferOut:l prevAmount:l prevTimestamp:t "
    "deltaDeposited:l deltaWithdrawn:l deltaTransferIn:l deltaTransferOut:l deltaAmount:l deposited:l withdrawn:l transferIn:l "
    "transferOut:l amount:l pendingCredit:l pendingDebit:l confirmedDebit:l timestamp:t addr:x script:x"
)
_TRANSACT = _types(
    "transactID:g account:l currency:s transactType:s amount:l fee:l transactStatus:s address:x tx:x text:x transactTime:t "
    "walletBalance:l marginBalance:l timestamp:t"
)
_INSTRUMENT = _types(
    "symbol:s rootSymbol:s state:s typ:s listing:t front:t expiry:t settle:t listedSettle:t relistInterval:p inverseLeg:s sellLeg:s "
    "buyLeg:s optionStrikePcnt:f optionStrikeRound:f optionStrikePrice:f optionMultiplier:f positionCurrency:s underlying:s "
    "quoteCurrency:s underlyingSymbol:s reference:s referenceSymbol:s calcInterval:p publishInterval:p publishTime:p maxOrderQty:l "
    "maxPrice:f lotSize:l tickSize:f multiplier:l settlCurrency:s underlyingToPositionMultiplier:l underlyingToSettleMultiplier:l "
    "quoteToSettleMultiplier:l isQuanto:b isInverse:b initMargin:f maintMargin:f riskLimit:l riskStep:l limit:f capped:b taxed:b "
    "deleverage:b makerFee:f takerFee:f settlementFee:f insuranceFee:f fundingBaseSymbol:s fundingQuoteSymbol:s fundingPremiumSymbol:s "
    "fundingTimestamp:t fundingInterval:p fundingRate:f indicativeFundingRate:f rebalanceTimestamp:t rebalanceInterval:p "
    "openingTimestamp:t closingTimestamp:t sessionInterval:p prevClosePrice:f limitDownPrice:f limitUpPrice:f "
    "bankruptLimitDownPrice:f bankruptLimitUpPrice:f prevTotalVolume:l totalVolume:l volume:l volume24h:l prevTotalTurnover:l "
    "totalTurnover:l turnover:l turnover24h:l homeNotional24h:f foreignNotional24h:f prevPrice24h:f vwap:f highPrice:f lowPrice:f "
    "lastPrice:f lastPriceProtected:f lastTickDirection:s lastChangePcnt:f bidPrice:f midPrice:f askPrice:f impactBidPrice:f "
    "impactMidPrice:f impactAskPrice:f hasLiquidity:b openInterest:l openValue:l fairMethod:s fairBasisRate:f fairBasis:f fairPrice:f "
    "markMethod:s markPrice:f indicativeTaxRate:f indicativeSettlePrice:f optionUnderlyingPrice:f settledPriceAdjustmentRate:f "
    "settledPrice:f timestamp:t"
)

_IN_TIME = {"timestamp": "sorted", "symbol": "grouped"}
_OF_INSTRUMENT = {"symbol": "instrument"}
_OF_SIDE = {"symbol": "instrument", "side": "side"}
_OF_ORDER = {"symbol": "instrument", "side": "side", "ordStatus": "ordStatus"}
_OLD_ORDER = frozenset(("simpleOrderQty", "simpleLeavesQty", "simpleCumQty", "exDestination", "multiLegReportingType"))
_OLD_INSTRUMENT = frozenset(
    (
        "listedSettle relistInterval inverseLeg sellLeg buyLeg optionStrikePcnt optionStrikeRound optionStrikePrice optionMultiplier "
        "calcInterval publishInterval publishTime limit insuranceFee rebalanceTimestamp rebalanceInterval openingTimestamp "
        "closingTimestamp sessionInterval bankruptLimitDownPrice bankruptLimitUpPrice indicativeTaxRate optionUnderlyingPrice"
    ).split()
)

BINS = ("1m", "5m", "1h", "1d")

TABLES: Mapping[str, Table] = {
    **{
        name: Table(("symbol", "id", "side"), _BOOK | _types("timestamp:t transactTime:t"), {"symbol": "parted", "id": "sorted"}, _OF_SIDE)
        for name in ("orderBookL2", "orderBookL2_25")
    },
    "orderBook10": Table(
        ("symbol",), {"symbol": "symbol", "bids": "", "asks": "", "timestamp": "timestamp"}, {"symbol": "sorted"}, _OF_INSTRUMENT
    ),
    "quote": Table((), _QUOTE, _IN_TIME, _OF_INSTRUMENT),
    **{f"quoteBin{size}": Table((), _QUOTE, _IN_TIME, _OF_INSTRUMENT) for size in BINS},
    "trade": Table((), _TRADE, _IN_TIME, _OF_SIDE),
    **{f"tradeBin{size}": Table((), _BIN, _IN_TIME, _OF_INSTRUMENT) for size in BINS},
    "instrument": Table(("symbol",), _INSTRUMENT, {"symbol": "unique"}, {}, _OLD_INSTRUMENT),
    "funding": Table(
        ("timestamp", "symbol"), _types("timestamp:t symbol:s fundingInterval:p fundingRate:f fundingRateDaily:f"), _IN_TIME, _OF_INSTRUMENT
    ),
    "settlement": Table(
        ("timestamp", "symbol"),
        _types(
            "timestamp:t symbol:s settlementType:s settledPrice:f optionStrikePrice:f optionUnderlyingPrice:f bankrupt:l taxBase:l "
            "taxRate:f"
        ),
        _IN_TIME,
        _OF_INSTRUMENT,
    ),
    "liquidation": Table(
        ("orderID",), _types("orderID:g symbol:s side:s price:f leavesQty:l"), {"orderID": "unique", "symbol": "grouped"}, _OF_SIDE
    ),
    "insurance": Table(
        ("currency", "timestamp"), _types("currency:s timestamp:t walletBalance:l"), {"timestamp": "sorted"}, {}, has_symbol=False
    ),
    "announcement": Table(("id",), _types("id:l link:x title:x content:x date:t"), {"id": "sorted"}, {}, has_symbol=False),
    "chat": Table(
        ("id",),
        _types("id:l date:t user:x message:x html:x fromBot:b channelID:f"),
        {"id": "sorted"},
        {"channelID": "chatChannel"},
        has_symbol=False,
    ),
    "connected": Table((), _types("users:l bots:l"), {}, {}, has_symbol=False),
    "publicNotifications": Table(
        ("id",),
        _types("id:l date:t title:x body:x ttl:l type:s closable:b persist:b waitForVisibility:b sound:x"),
        {},
        {},
        has_symbol=False,
    ),
    "order": Table(
        ("orderID",),
        _ORDER,
        {"orderID": "grouped", "account": "grouped", "ordStatus": "grouped", "workingIndicator": "grouped"},
        _OF_ORDER,
        _OLD_ORDER,
        is_of_account=True,
    ),
    "execution": Table(
        ("execID",),
        _EXECUTION,
        {"execID": "grouped", "account": "grouped", "execType": "grouped", "transactTime": "sorted"},
        _OF_ORDER,
        _OLD_ORDER,
        is_of_account=True,
    ),
    "position": Table(
        ("account", "symbol", "currency"),
        _POSITION,
        {"account": "sorted", "symbol": "grouped", "currency": "grouped", "underlying": "grouped", "quoteCurrency": "grouped"},
        _OF_INSTRUMENT,
        frozenset(("simpleQty", "simpleCost", "simpleValue", "simplePnl", "openOrderBuyPremium", "openOrderSellPremium")),
        is_of_account=True,
    ),
    "margin": Table(
        ("account", "currency"),
        _MARGIN,
        {"account": "sorted", "currency": "grouped"},
        {},
        frozenset(("prevState", "taxableMargin", "sessionMargin", "varMargin", "indicativeTax", "grossOpenPremium", "commission")),
        is_of_account=True,
        has_symbol=False,
    ),
    "wallet": Table(
        ("account", "currency"),
        _WALLET,
        {"account": "sorted", "currency": "grouped"},
        {},
        frozenset(("prevDeposited", "prevWithdrawn", "prevTransferIn", "prevTransferOut", "prevAmount", "prevTimestamp")),
        is_of_account=True,
        has_symbol=False,
    ),
    "transact": Table(
        ("transactID",), _TRANSACT, {"transactID": "unique", "transactTime": "sorted"}, {}, is_of_account=True, has_symbol=False
    ),
    "affiliate": Table(
        ("account",),
        _types("account:l prevPayout:l prevTurnover:l prevComm:l payout:l totalTurnover:l timestamp:t"),
        {"account": "sorted"},
        {},
        is_of_account=True,
        has_symbol=False,
    ),
    "privateNotifications": Table(("id",), _types("id:l date:t title:x body:x ttl:l type:s"), {}, {}, is_of_account=True, has_symbol=False),
}

PLATFORM = frozenset(("announcement", "chat", "connected", "publicNotifications", "privateNotifications"))
"""Those that moved to an address of their own in 2023."""


def types(name: str, wire: Wire) -> dict[str, str]:
    """The columns of a partial of this generation."""
    table = TABLES[name]
    if wire == "2023":
        return {column: kind for column, kind in table.types.items() if column not in table.dropped}
    later = ("timestamp", "transactTime") if name.startswith("orderBookL2") else ("trdType",) if name == "trade" else ()
    return {column: kind for column, kind in table.types.items() if column not in later}
