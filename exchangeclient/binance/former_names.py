"""Names under which the python-binance line knows calls that are named better, or otherwise, here.

They are further names of the same methods. Names that are the same in both are not in here.
"""

from __future__ import annotations

from typing import Any, Final

from exchangeclient.binance.rest.account import Account
from exchangeclient.binance.rest.order_lists import OrderLists
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.binance.rest.spot_trade import SpotTrade
from exchangeclient.binance.rest.wallet import Wallet
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.jsonio import as_documented

_WITHDRAW_HISTORY: Final = declaration(Wallet.get_withdraw_history)


class FormerNames(SpotMarket, SpotTrade, OrderLists, Account, Wallet):
    """The names of python-binance 1.0 (``v3_...``, ``margin_v1_...``) and 0.7 for what has another one."""

    v3_get_ticker_trading_day = SpotMarket.get_trading_day_ticker
    v3_post_sor_order = SpotTrade.create_sor_order
    v3_post_sor_order_test = SpotTrade.create_sor_test_order
    v3_post_cancel_replace = SpotTrade.cancel_replace_order
    v3_post_order_list_oto = OrderLists.create_oto_order
    v3_post_order_list_otoco = OrderLists.create_otoco_order
    v3_delete_order_list = OrderLists.cancel_order_list
    v3_get_order_list = Account.get_order_list
    v3_get_all_order_list = Account.get_all_order_lists
    v3_get_account_commission = Account.get_account_commission
    get_open_oco_orders = Account.get_open_order_lists
    make_universal_transfer = Wallet.universal_transfer
    new_transfer_history = Wallet.query_universal_transfer_history
    margin_v1_get_account_info = Wallet.get_account_info
    margin_v1_get_asset_wallet_balance = Wallet.get_wallet_balance

    def get_withdraw_history_id(self, withdraw_id: str, **params: Any) -> dict[str, Any]:
        """One withdrawal by the id that :meth:`withdraw` answered with.

        ``GET /sapi/v1/capital/withdraw/history``, weight 18000 of the account's ``/sapi`` budget by the second.

        :raises LookupError: when the venue does not show it; without ``startTime`` it looks at the last 90 days
        """
        wanted = _WITHDRAW_HISTORY.text("idList", withdraw_id, "withdraw_id")
        shown = self.get_withdraw_history(idList=wanted, **params)
        with as_documented(_WITHDRAW_HISTORY.name):
            found = next((withdrawal for withdrawal in shown if withdrawal["id"] == wanted), None)
        if found is None:
            raise LookupError(f"the venue shows no withdrawal with the id {wanted}")
        return found
