"""The wallet: coins, deposits, withdrawals, transfers and fees. Declared endpoints only.

They are the live site's alone (test network and demo mode have none), and each has a budget of its own. What moves money is never sent
a second time by the client: when its answer is lost, the error's ``sent`` says whether it can have arrived, and the histories tell what
became of it.
"""

from __future__ import annotations

from typing import Any

from exchangeclient.core.calling.endpoint import Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.numbers import Number


class Wallet(Endpoints):
    """What a spot user needs of the wallet."""

    @endpoint("GET /sapi/v1/system/status", weight=1, counts="sapi-ip")
    def get_system_status(
        self,
        **params: Any,
    ) -> dict[str, Any]:
        """Whether the venue works: ``{"status": 0, "msg": "normal"}``, 1 during maintenance.

        ``GET /sapi/v1/system/status``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/others/system-status>`__.

        :raises ExchangeRequestException: when there was no usable answer
        """
        ...

    @endpoint("GET /sapi/v1/capital/config/getall", weight=10, security=Security.USER_DATA, counts="sapi-ip")
    def get_all_coins_info(
        self,
        *,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Every coin with its networks, fees and what the account holds of it.

        ``GET /sapi/v1/capital/config/getall``, weight 10 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/capital/all-coins-info>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/account/apiRestrictions", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_account_api_permissions(
        self,
        *,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """What the API key may do.

        ``GET /sapi/v1/account/apiRestrictions``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/account/api-key-permission>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/account/apiTradingStatus", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_account_api_trading_status(
        self,
        *,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Whether trading by API is restricted, and by which indicators.

        ``GET /sapi/v1/account/apiTradingStatus``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/account/account-api-trading-status>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/account/status", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_account_status(
        self,
        *,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """The account's state: ``{"data": "Normal"}``.

        ``GET /sapi/v1/account/status``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/account/account-status>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/account/info", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_account_info(
        self,
        *,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """VIP level, and whether margin and futures are enabled.

        ``GET /sapi/v1/account/info``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/account/account-info>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/accountSnapshot", weight=2400, security=Security.USER_DATA, counts="sapi-ip")
    def get_account_snapshot(
        self,
        *,
        type: str,
        startTime: int | None = None,
        endTime: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """The account's daily snapshots.

        ``GET /sapi/v1/accountSnapshot``, weight 2400 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/account/daily-account-snapshoot>`__.

        :param type: ``SPOT``, ``MARGIN`` or ``FUTURES``
        :param startTime: milliseconds; at most 30 days before ``endTime``
        :param limit: days, 7 to 30; 7 when left out
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/asset/assetDetail", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_asset_details(
        self,
        *,
        asset: str | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Least withdrawal, fee and state of each asset, by its name.

        ``GET /sapi/v1/asset/assetDetail``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/asset-detail>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("POST /sapi/v3/asset/getUserAsset", weight=5, security=Security.USER_DATA, counts="sapi-ip")
    def get_user_asset(
        self,
        *,
        asset: str | None = None,
        needBtcValuation: bool | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The assets that the account holds.

        ``POST /sapi/v3/asset/getUserAsset``, weight 5 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/user-assets>`__.

        :param needBtcValuation: True adds their value in BTC
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("POST /sapi/v1/asset/get-funding-asset", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def funding_wallet(
        self,
        *,
        asset: str | None = None,
        needBtcValuation: bool | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """What the funding wallet holds.

        ``POST /sapi/v1/asset/get-funding-asset``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/funding-wallet>`__.

        :param needBtcValuation: True adds its value in BTC
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/asset/wallet/balance", weight=60, security=Security.USER_DATA, counts="sapi-ip")
    def get_wallet_balance(
        self,
        *,
        quoteAsset: str | None = None,
        needBalanceDetail: bool | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """What each wallet is worth.

        ``GET /sapi/v1/asset/wallet/balance``, weight 60 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/query-user-wallet-balance>`__.

        :param quoteAsset: in which asset; ``BTC`` when left out
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/asset/tradeFee", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_trade_fee(
        self,
        *,
        symbol: Symbol | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Maker and taker commission of a symbol, or of all when it is left out.

        ``GET /sapi/v1/asset/tradeFee``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/trade-fee>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/asset/assetDividend", weight=10, security=Security.USER_DATA, counts="sapi-ip")
    def get_asset_dividend_history(
        self,
        *,
        asset: str | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Dividends and other distributions.

        ``GET /sapi/v1/asset/assetDividend``, weight 10 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/assets-divided-record>`__.

        :param startTime: milliseconds; at most 180 days before ``endTime``
        :param limit: 20 when left out, 500 at most
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/asset/dribblet", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_dust_log(
        self,
        *,
        accountType: str | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Small balances that were turned into BNB, the last hundred.

        ``GET /sapi/v1/asset/dribblet``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/dust-log>`__.

        :param accountType: ``SPOT`` or ``MARGIN``
        :param startTime: milliseconds
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("POST /sapi/v1/asset/dust-btc", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_dust_assets(
        self,
        *,
        accountType: str | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """The small balances that can be turned into BNB.

        ``POST /sapi/v1/asset/dust-btc``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/assets-can-convert-bnb>`__.

        :param accountType: ``SPOT`` or ``MARGIN``
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("POST /sapi/v1/asset/dust", weight=10, security=Security.USER_DATA, kind=Kind.TRANSFER, counts="sapi-uid")
    def transfer_dust(
        self,
        *,
        asset: str,
        accountType: str | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Turn small balances into BNB.

        ``POST /sapi/v1/asset/dust``, weight 10 of the account's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/dust-transfer>`__.

        :param asset: the assets, joined by commas: ``BTC,USDT``
        :raises ExchangeRequestException: when there was no answer; ``.sent`` tells whether it may have been carried out
        """
        ...

    @endpoint("GET /sapi/v1/capital/deposit/address", weight=10, security=Security.USER_DATA, counts="sapi-ip")
    def get_deposit_address(
        self,
        coin: str,
        network: str | None = None,
        *,
        amount: Number | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Where to send a coin to.

        ``GET /sapi/v1/capital/deposit/address``, weight 10 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/capital/deposite-address>`__.

        :param network: the coin's usual one when left out
        :param amount: for the Lightning network
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("GET /sapi/v1/capital/deposit/hisrec", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_deposit_history(
        self,
        *,
        coin: str | None = None,
        status: int | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        offset: int | None = None,
        limit: int | None = None,
        txId: str | None = None,
        includeSource: bool | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Deposits, newest first.

        ``GET /sapi/v1/capital/deposit/hisrec``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/capital/deposite-history>`__.

        :param status: 0 pending, 1 success, 2 rejected, 6 credited but not yet to be withdrawn, 7 wrong, 8 unconfirmed
        :param startTime: milliseconds; at most 90 days before ``endTime``
        :param limit: 1000 when left out and at most
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("POST /sapi/v1/capital/withdraw/apply", weight=900, security=Security.USER_DATA, kind=Kind.TRANSFER, counts="sapi-uid")
    def withdraw(
        self,
        *,
        coin: str,
        address: str,
        amount: Number,
        withdrawOrderId: str | None = None,
        network: str | None = None,
        addressTag: str | None = None,
        transactionFeeFlag: bool | None = None,
        name: str | None = None,
        walletType: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Withdraw a coin: ``{"id": ...}``. It is never sent a second time by the client.

        ``POST /sapi/v1/capital/withdraw/apply``, weight 900 of the account's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/capital/withdraw>`__.

        :param withdrawOrderId: the withdrawal's id of your own, by which :meth:`get_withdraw_history` finds it
        :param addressTag: the second part of the address, of coins that have one
        :param transactionFeeFlag: for transfers within the venue: True has the receiver pay the fee
        :param walletType: 0 spot, 1 funding
        :raises ExchangeRequestException: when there was no answer; ``.sent`` tells whether it may have been carried out
        """
        ...

    @endpoint("GET /sapi/v1/capital/withdraw/history", weight=18000, security=Security.USER_DATA, counts="sapi-uid-second")
    def get_withdraw_history(
        self,
        *,
        coin: str | None = None,
        withdrawOrderId: str | None = None,
        status: int | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        offset: int | None = None,
        limit: int | None = None,
        idList: str | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Withdrawals, newest first; the venue answers ten of these a second.

        ``GET /sapi/v1/capital/withdraw/history``, weight 18000 of the account's ``/sapi`` budget by the second,
        `documentation <https://developers.binance.com/docs/wallet/capital/withdraw-history>`__.

        :param status: 0 mail sent, 2 awaiting approval, 3 rejected, 4 processing, 6 completed
        :param startTime: milliseconds; at most 90 days before ``endTime``
        :param limit: 1000 when left out and at most
        :param idList: ids joined by commas, 45 at most
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("POST /sapi/v1/asset/transfer", weight=300, security=Security.USER_DATA, kind=Kind.TRANSFER, counts="sapi-uid")
    def universal_transfer(
        self,
        *,
        type: str,
        asset: str,
        amount: Number,
        fromSymbol: Symbol | None = None,
        toSymbol: Symbol | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Move funds between wallets: ``{"tranId": ...}``.

        ``POST /sapi/v1/asset/transfer``, weight 300 of the account's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/user-universal-transfer>`__.

        :param type: from where to where, such as ``MAIN_FUNDING``
        :raises ExchangeRequestException: when there was no answer; ``.sent`` tells whether it may have been carried out
        """
        ...

    @endpoint("GET /sapi/v1/asset/transfer", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def query_universal_transfer_history(
        self,
        *,
        type: str,
        startTime: int | None = None,
        endTime: int | None = None,
        current: int | None = None,
        size: int | None = None,
        fromSymbol: Symbol | None = None,
        toSymbol: Symbol | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Transfers between wallets, newest first.

        ``GET /sapi/v1/asset/transfer``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/query-user-universal-transfer>`__.

        :param type: from where to where, such as ``MAIN_FUNDING``
        :param startTime: milliseconds; the last seven days when left out
        :param current: page, from 1
        :param size: 10 when left out, 100 at most
        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...

    @endpoint("POST /sapi/v1/bnbBurn", weight=1, security=Security.USER_DATA, kind=Kind.TRANSFER, counts="sapi-ip")
    def toggle_bnb_burn_spot_margin(
        self,
        *,
        spotBnbBurn: bool | None = None,
        interestBnbBurn: bool | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Switch paying commissions and interest in BNB on or off.

        ``POST /sapi/v1/bnbBurn``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/wallet/asset/Toggle-BNB-Burn-On-Spot-Trade-And-Margin-Interest>`__.

        :raises ExchangeRequestException: when there was no answer; ``.sent`` tells whether it may have been carried out
        """
        ...

    @endpoint("GET /sapi/v1/bnbBurn", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_bnb_burn_spot_margin(
        self,
        *,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Whether commissions and interest are paid in BNB: ``{"spotBNBBurn": ..., "interestBNBBurn": ...}``.

        ``GET /sapi/v1/bnbBurn``, weight 1 of the address's ``/sapi`` budget,
        `documentation <https://developers.binance.com/docs/margin_trading/account/Get-BNB-Burn-Status>`__.

        :raises AuthenticationException: when the venue refuses the key or the signature
        """
        ...
