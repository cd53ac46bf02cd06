"""The venue's own facts about the endpoints that the client declares, as its documents print them (state of November 2026).

``name: (route, security, weight, mandatory parameters, optional parameters)``; ``recvWindow`` goes with every signed call.
"""

from __future__ import annotations

FACTS = {
    "get_system_status": (
        "GET /sapi/v1/system/status",
        "NONE",
        "IP:1",
        "",
        "",
    ),
    "get_all_coins_info": (
        "GET /sapi/v1/capital/config/getall",
        "USER_DATA",
        "IP:10",
        "",
        "",
    ),
    "get_account_api_permissions": (
        "GET /sapi/v1/account/apiRestrictions",
        "USER_DATA",
        "IP:1",
        "",
        "",
    ),
    "get_account_api_trading_status": (
        "GET /sapi/v1/account/apiTradingStatus",
        "USER_DATA",
        "IP:1",
        "",
        "",
    ),
    "get_account_status": (
        "GET /sapi/v1/account/status",
        "USER_DATA",
        "IP:1",
        "",
        "",
    ),
    "get_account_info": (
        "GET /sapi/v1/account/info",
        "USER_DATA",
        "IP:1",
        "",
        "",
    ),
    "get_account_snapshot": (
        "GET /sapi/v1/accountSnapshot",
        "USER_DATA",
        "IP:2400",
        "type",
        "startTime endTime limit",
    ),
    "get_asset_details": (
        "GET /sapi/v1/asset/assetDetail",
        "USER_DATA",
        "IP:1",
        "",
        "asset",
    ),
    "get_user_asset": (
        "POST /sapi/v3/asset/getUserAsset",
        "USER_DATA",
        "IP:5",
        "",
        "asset needBtcValuation",
    ),
    "funding_wallet": (
        "POST /sapi/v1/asset/get-funding-asset",
        "USER_DATA",
        "IP:1",
        "",
        "asset needBtcValuation",
    ),
    "get_wallet_balance": (
        "GET /sapi/v1/asset/wallet/balance",
        "USER_DATA",
        "IP:60",
        "",
        "quoteAsset needBalanceDetail",
    ),
    "get_trade_fee": (
        "GET /sapi/v1/asset/tradeFee",
        "USER_DATA",
        "IP:1",
        "",
        "symbol",
    ),
    "get_asset_dividend_history": (
        "GET /sapi/v1/asset/assetDividend",
        "USER_DATA",
        "IP:10",
        "",
        "asset startTime endTime limit",
    ),
    "get_dust_log": (
        "GET /sapi/v1/asset/dribblet",
        "USER_DATA",
        "IP:1",
        "",
        "accountType startTime endTime",
    ),
    "get_dust_assets": (
        "POST /sapi/v1/asset/dust-btc",
        "USER_DATA",
        "IP:1",
        "",
        "accountType",
    ),
    "transfer_dust": (
        "POST /sapi/v1/asset/dust",
        "USER_DATA",
        "UID:10",
        "asset",
        "accountType",
    ),
    "get_deposit_address": (
        "GET /sapi/v1/capital/deposit/address",
        "USER_DATA",
        "IP:10",
        "coin",
        "network amount",
    ),
    "get_deposit_history": (
        "GET /sapi/v1/capital/deposit/hisrec",
        "USER_DATA",
        "IP:1",
        "",
        "includeSource coin status startTime endTime offset limit txId",
    ),
    "withdraw": (
        "POST /sapi/v1/capital/withdraw/apply",
        "USER_DATA",
        "UID:900",
        "coin address amount",
        "withdrawOrderId network addressTag transactionFeeFlag name walletType",
    ),
    "get_withdraw_history": (
        "GET /sapi/v1/capital/withdraw/history",
        "USER_DATA",
        "UID:18000 (10/s)",
        "",
        "coin withdrawOrderId status offset limit idList startTime endTime",
    ),
    "universal_transfer": (
        "POST /sapi/v1/asset/transfer",
        "USER_DATA",
        "UID:300",
        "type asset amount",
        "fromSymbol toSymbol",
    ),
    "query_universal_transfer_history": (
        "GET /sapi/v1/asset/transfer",
        "USER_DATA",
        "IP:1",
        "type",
        "startTime endTime current size fromSymbol toSymbol",
    ),
    "toggle_bnb_burn_spot_margin": (
        "POST /sapi/v1/bnbBurn",
        "USER_DATA",
        "IP:1",
        "",
        "spotBnbBurn interestBnbBurn",
    ),
    "get_bnb_burn_spot_margin": (
        "GET /sapi/v1/bnbBurn",
        "USER_DATA",
        "IP:1",
        "",
        "",
    ),
    "get_order": (
        "GET /api/v3/order",
        "USER_DATA",
        "IP:4",
        "symbol",
        "orderId origClientOrderId",
    ),
    "get_order_list": (
        "GET /api/v3/orderList",
        "USER_DATA",
        "IP:4",
        "",
        "orderListId origClientOrderId",
    ),
    "get_open_orders": (
        "GET /api/v3/openOrders",
        "USER_DATA",
        "symbol:6|all:80",
        "",
        "symbol",
    ),
    "get_all_orders": (
        "GET /api/v3/allOrders",
        "USER_DATA",
        "IP:20",
        "symbol",
        "orderId startTime endTime limit",
    ),
    "get_account": (
        "GET /api/v3/account",
        "USER_DATA",
        "IP:20",
        "",
        "omitZeroBalances",
    ),
    "get_my_trades": (
        "GET /api/v3/myTrades",
        "USER_DATA",
        "with orderId:5|else 20",
        "symbol",
        "orderId startTime endTime fromId limit",
    ),
    "get_all_order_lists": (
        "GET /api/v3/allOrderList",
        "USER_DATA",
        "IP:20",
        "",
        "fromId startTime endTime limit",
    ),
    "get_open_order_lists": (
        "GET /api/v3/openOrderList",
        "USER_DATA",
        "IP:6",
        "",
        "",
    ),
    "get_current_order_count": (
        "GET /api/v3/rateLimit/order",
        "USER_DATA",
        "IP:40",
        "",
        "",
    ),
    "get_prevented_matches": (
        "GET /api/v3/myPreventedMatches",
        "USER_DATA",
        "by preventedMatchId:2|by orderId:20|bad symbol:2",
        "symbol",
        "preventedMatchId orderId fromPreventedMatchId limit",
    ),
    "get_allocations": (
        "GET /api/v3/myAllocations",
        "USER_DATA",
        "IP:20",
        "symbol",
        "startTime endTime fromAllocationId limit orderId",
    ),
    "get_account_commission": (
        "GET /api/v3/account/commission",
        "USER_DATA",
        "IP:20",
        "symbol",
        "",
    ),
    "get_order_amendments": (
        "GET /api/v3/order/amendments",
        "USER_DATA",
        "IP:4",
        "symbol orderId",
        "fromExecutionId limit",
    ),
    "get_my_filters": (
        "GET /api/v3/myFilters",
        "USER_DATA",
        "IP:40",
        "symbol",
        "",
    ),
    "create_oco_order": (
        "POST /api/v3/orderList/oco",
        "TRADE",
        "IP:1",
        "symbol side quantity aboveType belowType",
        "listClientOrderId aboveClientOrderId aboveIcebergQty abovePrice aboveStopPrice aboveTrailingDelta "
        "aboveTimeInForce aboveStrategyId aboveStrategyType abovePegPriceType abovePegOffsetType abovePegOffsetValue "
        "belowClientOrderId belowIcebergQty belowPrice belowStopPrice belowTrailingDelta belowTimeInForce "
        "belowStrategyId belowStrategyType belowPegPriceType belowPegOffsetType belowPegOffsetValue newOrderRespType "
        "selfTradePreventionMode",
    ),
    "create_old_oco_order": (
        "POST /api/v3/order/oco",
        "TRADE",
        "IP:1",
        "symbol side quantity price stopPrice",
        "listClientOrderId limitClientOrderId limitStrategyId limitStrategyType limitIcebergQty trailingDelta "
        "stopClientOrderId stopStrategyId stopStrategyType stopLimitPrice stopIcebergQty stopLimitTimeInForce "
        "newOrderRespType selfTradePreventionMode",
    ),
    "create_oto_order": (
        "POST /api/v3/orderList/oto",
        "TRADE",
        "IP:1",
        "symbol workingType workingSide workingPrice workingQuantity pendingType pendingSide pendingQuantity",
        "listClientOrderId newOrderRespType selfTradePreventionMode workingClientOrderId workingIcebergQty "
        "workingTimeInForce workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType "
        "workingPegOffsetValue pendingClientOrderId pendingPrice pendingStopPrice pendingTrailingDelta "
        "pendingIcebergQty pendingTimeInForce pendingStrategyId pendingStrategyType pendingPegPriceType "
        "pendingPegOffsetType pendingPegOffsetValue",
    ),
    "create_otoco_order": (
        "POST /api/v3/orderList/otoco",
        "TRADE",
        "IP:1",
        "symbol workingType workingSide workingPrice workingQuantity pendingSide pendingQuantity pendingAboveType",
        "listClientOrderId newOrderRespType selfTradePreventionMode workingClientOrderId workingIcebergQty "
        "workingTimeInForce workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType "
        "workingPegOffsetValue pendingAboveClientOrderId pendingAbovePrice pendingAboveStopPrice "
        "pendingAboveTrailingDelta pendingAboveIcebergQty pendingAboveTimeInForce pendingAboveStrategyId "
        "pendingAboveStrategyType pendingAbovePegPriceType pendingAbovePegOffsetType pendingAbovePegOffsetValue "
        "pendingBelowType pendingBelowClientOrderId pendingBelowPrice pendingBelowStopPrice pendingBelowTrailingDelta "
        "pendingBelowIcebergQty pendingBelowTimeInForce pendingBelowStrategyId pendingBelowStrategyType "
        "pendingBelowPegPriceType pendingBelowPegOffsetType pendingBelowPegOffsetValue",
    ),
    "create_opo_order": (
        "POST /api/v3/orderList/opo",
        "TRADE",
        "IP:1",
        "symbol workingType workingSide workingPrice workingQuantity pendingType pendingSide",
        "listClientOrderId newOrderRespType selfTradePreventionMode workingClientOrderId workingIcebergQty "
        "workingTimeInForce workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType "
        "workingPegOffsetValue pendingClientOrderId pendingPrice pendingStopPrice pendingTrailingDelta "
        "pendingIcebergQty pendingTimeInForce pendingStrategyId pendingStrategyType pendingPegPriceType "
        "pendingPegOffsetType pendingPegOffsetValue",
    ),
    "create_opoco_order": (
        "POST /api/v3/orderList/opoco",
        "TRADE",
        "IP:1",
        "symbol workingType workingSide workingPrice workingQuantity pendingSide pendingAboveType",
        "listClientOrderId newOrderRespType selfTradePreventionMode workingClientOrderId workingIcebergQty "
        "workingTimeInForce workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType "
        "workingPegOffsetValue pendingAboveClientOrderId pendingAbovePrice pendingAboveStopPrice "
        "pendingAboveTrailingDelta pendingAboveIcebergQty pendingAboveTimeInForce pendingAboveStrategyId "
        "pendingAboveStrategyType pendingAbovePegPriceType pendingAbovePegOffsetType pendingAbovePegOffsetValue "
        "pendingBelowType pendingBelowClientOrderId pendingBelowPrice pendingBelowStopPrice pendingBelowTrailingDelta "
        "pendingBelowIcebergQty pendingBelowTimeInForce pendingBelowStrategyId pendingBelowStrategyType "
        "pendingBelowPegPriceType pendingBelowPegOffsetType pendingBelowPegOffsetValue",
    ),
    "cancel_order_list": (
        "DELETE /api/v3/orderList",
        "TRADE",
        "IP:1",
        "symbol",
        "orderListId listClientOrderId newClientOrderId",
    ),
    "create_order": (
        "POST /api/v3/order",
        "TRADE",
        "IP:1",
        "symbol side type",
        "timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType stopPrice trailingDelta "
        "icebergQty newOrderRespType selfTradePreventionMode pegPriceType pegOffsetValue pegOffsetType",
    ),
    "create_test_order": (
        "POST /api/v3/order/test",
        "TRADE",
        "1|with computeCommissionRates 20",
        "symbol side type",
        "computeCommissionRates timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType "
        "stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode pegPriceType pegOffsetValue "
        "pegOffsetType",
    ),
    "cancel_replace_order": (
        "POST /api/v3/order/cancelReplace",
        "TRADE",
        "IP:1",
        "symbol side type cancelReplaceMode",
        "timeInForce quantity quoteOrderQty price cancelNewClientOrderId cancelOrigClientOrderId cancelOrderId "
        "newClientOrderId strategyId strategyType stopPrice trailingDelta icebergQty newOrderRespType "
        "selfTradePreventionMode cancelRestrictions orderRateLimitExceededMode pegPriceType pegOffsetValue "
        "pegOffsetType",
    ),
    "amend_order_keep_priority": (
        "PUT /api/v3/order/amend/keepPriority",
        "TRADE",
        "IP:4",
        "symbol newQty",
        "orderId origClientOrderId newClientOrderId",
    ),
    "create_sor_order": (
        "POST /api/v3/sor/order",
        "TRADE",
        "IP:1",
        "symbol side type quantity",
        "timeInForce price newClientOrderId strategyId strategyType icebergQty newOrderRespType selfTradePreventionMode",
    ),
    "create_sor_test_order": (
        "POST /api/v3/sor/order/test",
        "TRADE",
        "1|with computeCommissionRates 20",
        "symbol side type quantity",
        "computeCommissionRates timeInForce price newClientOrderId strategyId strategyType icebergQty newOrderRespType "
        "selfTradePreventionMode",
    ),
    "cancel_order": (
        "DELETE /api/v3/order",
        "TRADE",
        "IP:1",
        "symbol",
        "orderId origClientOrderId newClientOrderId cancelRestrictions",
    ),
    "cancel_all_open_orders": (
        "DELETE /api/v3/openOrders",
        "TRADE",
        "IP:1",
        "symbol",
        "",
    ),
    "ping": (
        "GET /api/v3/ping",
        "NONE",
        "IP:1",
        "",
        "",
    ),
    "get_server_time": (
        "GET /api/v3/time",
        "NONE",
        "IP:1",
        "",
        "",
    ),
    "get_exchange_info": (
        "GET /api/v3/exchangeInfo",
        "NONE",
        "IP:20",
        "",
        "symbol symbols permissions showPermissionSets symbolStatus",
    ),
    "get_execution_rules": (
        "GET /api/v3/executionRules",
        "NONE",
        "symbol:2|symbols:2 each max 40|status or none:40",
        "",
        "symbol symbols symbolStatus",
    ),
    "get_reference_price": (
        "GET /api/v3/referencePrice",
        "NONE",
        "IP:2",
        "symbol",
        "",
    ),
    "get_reference_price_calculation": (
        "GET /api/v3/referencePrice/calculation",
        "NONE",
        "IP:2",
        "symbol",
        "symbolStatus",
    ),
    "get_order_book": (
        "GET /api/v3/depth",
        "NONE",
        "limit<=100:5|101-500:25|501-1000:50|1001-5000:250",
        "symbol",
        "limit symbolStatus",
    ),
    "get_recent_trades": (
        "GET /api/v3/trades",
        "NONE",
        "IP:25",
        "symbol",
        "limit",
    ),
    "get_historical_trades": (
        "GET /api/v3/historicalTrades",
        "NONE",
        "IP:25",
        "symbol",
        "limit fromId",
    ),
    "get_historical_block_trades": (
        "GET /api/v3/historicalBlockTrades",
        "MARKET_DATA",
        "IP:25",
        "symbol fromId",
        "limit",
    ),
    "get_aggregate_trades": (
        "GET /api/v3/aggTrades",
        "NONE",
        "IP:4",
        "symbol",
        "fromId startTime endTime limit",
    ),
    "get_klines": (
        "GET /api/v3/klines",
        "NONE",
        "IP:2",
        "symbol interval",
        "startTime endTime timeZone limit",
    ),
    "get_ui_klines": (
        "GET /api/v3/uiKlines",
        "NONE",
        "IP:2",
        "symbol interval",
        "startTime endTime timeZone limit",
    ),
    "get_avg_price": (
        "GET /api/v3/avgPrice",
        "NONE",
        "IP:2",
        "symbol",
        "",
    ),
    "get_ticker": (
        "GET /api/v3/ticker/24hr",
        "NONE",
        "symbol:2|1-20:2|21-100:40|101+ or all:80",
        "",
        "symbol symbols type symbolStatus",
    ),
    "get_trading_day_ticker": (
        "GET /api/v3/ticker/tradingDay",
        "NONE",
        "4 per symbol max 200",
        "",
        "symbol symbols timeZone type symbolStatus",
    ),
    "get_symbol_ticker_window": (
        "GET /api/v3/ticker",
        "NONE",
        "4 per symbol max 200",
        "",
        "symbol symbols windowSize type symbolStatus",
    ),
    "get_symbol_ticker": (
        "GET /api/v3/ticker/price",
        "NONE",
        "symbol:2|symbols or all:4",
        "",
        "symbol symbols symbolStatus",
    ),
    "get_all_tickers": (
        "GET /api/v3/ticker/price",
        "NONE",
        "symbol:2|symbols or all:4",
        "",
        "symbol symbols symbolStatus",
    ),
    "get_orderbook_ticker": (
        "GET /api/v3/ticker/bookTicker",
        "NONE",
        "symbol:2|symbols or all:4",
        "",
        "symbol symbols symbolStatus",
    ),
    "get_orderbook_tickers": (
        "GET /api/v3/ticker/bookTicker",
        "NONE",
        "symbol:2|symbols or all:4",
        "",
        "symbol symbols symbolStatus",
    ),
}
