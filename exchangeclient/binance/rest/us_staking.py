"""Staking at binance.us, which is a venue of its own with calls that binance.com has not. Declared endpoints only.

A client that is at home elsewhere is told so before anything is sent. What stakes or unstakes is never sent a second time by the client.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from exchangeclient.binance.hosts import WEBSITE, Hosts
from exchangeclient.core.calling.endpoint import Endpoints, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.exceptions import RegionException
from exchangeclient.numbers import Number

P = ParamSpec("P")
T = TypeVar("T")


def _at_binance_us(method: Callable[P, T]) -> Callable[P, T]:
    """Refuse the call of a client that goes to binance.com. What a user's own address stands for is not known here."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if cast("UsStaking", args[0]).hosts.website == WEBSITE:
            raise RegionException("us", "com", method.__name__)
        return method(*args, **kwargs)

    return call


class UsStaking(Endpoints):
    """What ``Client(tld="us")`` has besides."""

    hosts: Hosts

    @_at_binance_us
    @endpoint("GET /sapi/v1/staking/asset", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_staking_asset_us(
        self, *, stakingAsset: str | None = None, recvWindow: Number | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """What can be staked at binance.us, with its yield, its bounds and how long unstaking takes.

        ``GET /sapi/v1/staking/asset``, weight 1, `documentation <https://docs.binance.us/#get-staking-asset-information>`__.

        :param stakingAsset: all of them when left out
        :raises RegionException: when the client goes to binance.com; nothing is sent
        """
        ...

    @_at_binance_us
    @endpoint("POST /sapi/v1/staking/stake", weight=1, security=Security.USER_DATA, kind=Kind.TRANSFER, counts="sapi-ip")
    def stake_asset_us(
        self, *, stakingAsset: str, amount: Number, autoRestake: bool | None = None, recvWindow: Number | None = None, **params: Any
    ) -> dict[str, Any]:
        """Stake an asset at binance.us.

        ``POST /sapi/v1/staking/stake``, weight 1, `documentation <https://docs.binance.us/#stake-asset>`__.

        :param autoRestake: True, as when left out, stakes the rewards too
        :raises RegionException: when the client goes to binance.com; nothing is sent
        :raises ExchangeRequestException: when there was no answer; ``.sent`` tells whether it may have been carried out
        """
        ...

    @_at_binance_us
    @endpoint("POST /sapi/v1/staking/unstake", weight=1, security=Security.USER_DATA, kind=Kind.TRANSFER, counts="sapi-ip")
    def unstake_asset_us(self, *, stakingAsset: str, amount: Number, recvWindow: Number | None = None, **params: Any) -> dict[str, Any]:
        """Take an asset out of staking at binance.us, which may last days.

        ``POST /sapi/v1/staking/unstake``, weight 1, `documentation <https://docs.binance.us/#unstake-asset>`__.

        :raises RegionException: when the client goes to binance.com; nothing is sent
        :raises ExchangeRequestException: when there was no answer; ``.sent`` tells whether it may have been carried out
        """
        ...

    @_at_binance_us
    @endpoint("GET /sapi/v1/staking/stakingBalance", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_staking_balance_us(self, *, asset: str | None = None, recvWindow: Number | None = None, **params: Any) -> dict[str, Any]:
        """What is staked at binance.us.

        ``GET /sapi/v1/staking/stakingBalance``, weight 1, `documentation <https://docs.binance.us/#get-staking-balance>`__.

        :param asset: all of them when left out
        :raises RegionException: when the client goes to binance.com; nothing is sent
        """
        ...

    @_at_binance_us
    @endpoint("GET /sapi/v1/staking/history", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_staking_history_us(
        self,
        *,
        asset: str | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        page: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """What was staked and unstaked at binance.us.

        ``GET /sapi/v1/staking/history``, weight 1, `documentation <https://docs.binance.us/#get-staking-history>`__.

        :param asset: all of them when left out
        :param startTime: milliseconds since 1970
        :param endTime: milliseconds since 1970
        :param page: the first is 1
        :param limit: rows of a page, 500 at most
        :raises RegionException: when the client goes to binance.com; nothing is sent
        """
        ...

    @_at_binance_us
    @endpoint("GET /sapi/v1/staking/stakingRewardsHistory", weight=1, security=Security.USER_DATA, counts="sapi-ip")
    def get_staking_rewards_history_us(
        self,
        *,
        asset: str | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        page: int | None = None,
        limit: int | None = None,
        recvWindow: Number | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """The rewards of staking at binance.us.

        ``GET /sapi/v1/staking/stakingRewardsHistory``, weight 1,
        `documentation <https://docs.binance.us/#get-staking-rewards-history>`__.

        :param asset: all of them when left out
        :param startTime: milliseconds since 1970
        :param endTime: milliseconds since 1970
        :param page: the first is 1
        :param limit: rows of a page, 500 at most
        :raises RegionException: when the client goes to binance.com; nothing is sent
        """
        ...
