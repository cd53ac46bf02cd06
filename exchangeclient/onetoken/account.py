"""An account at an exchange behind the gateway: ``Account("okex/name", api_key, api_secret)``, and ``res, err = account.get_info()``.

Every call gives ``(res, err)``, one of them None; what is wrong with arguments is raised. An order is never placed twice: it has a
``client_oid`` before it leaves, and when its answer is lost it is asked for by that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.feeds.callbacks import CallbackThread, check_callback
from exchangeclient.core.feeds.groups import SocketGroup
from exchangeclient.core.feeds.iteration import seconds
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.process.clock import Clock
from exchangeclient.core.wire.dialing import SocketOptions, dial
from exchangeclient.core.wire.socket_way import way_to
from exchangeclient.exceptions import SocketException
from exchangeclient.numbers import Number
from exchangeclient.onetoken import orderform, util
from exchangeclient.onetoken.config import Config
from exchangeclient.onetoken.errors import HTTPError, ServiceError
from exchangeclient.onetoken.funds import FundsCalls
from exchangeclient.onetoken.hosts import choose
from exchangeclient.onetoken.keyfiles import load_keys
from exchangeclient.onetoken.missed import Sought
from exchangeclient.onetoken.models import Contract
from exchangeclient.onetoken.names import account_name
from exchangeclient.onetoken.pushes import AccountFeed, Handler, Handlers, Newcomer
from exchangeclient.onetoken.quote import ATTEMPTS
from exchangeclient.onetoken.service import Outcome, Service, body_of, number
from exchangeclient.onetoken.streams import AccountSession

log = logging.getLogger(__name__)

SETTLE_S: Final = 30.0
_KEY: Final = "account"
_READY_S: Final = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 4.0
_NO_INFO: Final = "ACC_GET_INFO_FAILED"

BothOutcomes = tuple[Any, Any]
"""Of two calls: ``([res1, res2], None)``, or ``((res1, res2), (err1, err2))``."""


class Account(FundsCalls):
    """One account. Shared by threads, closed by :meth:`close`.

    :param symbol: ``exchange/name`` or ``name@exchange``; the name of one on the embedded exchange begins with ``mock-``
    :param api_key: of the gateway; when both are left out they are read from a key file (:func:`~.keyfiles.load_keys`)
    :param loop: taken and not used, as is ``session`` of the later SDKs: nothing here is asynchronous
    :param host: the gateway: None for :class:`Config`'s, a URL with or without ``/trade``, or ``Sandbox().urls["onetoken"]``
    :param settle_timeout: for how many seconds an order whose answer was lost is asked for; and one whose end was missed, before it is
        told as ``unknown``
    :param keep_alive: False lets the program end although something is subscribed to
    :param on_event: is called with each :class:`~exchangeclient.core.feeds.notices.SocketNotice` of its stream
    :raises TypeError: for an argument of a wrong type
    :raises ValueError: for what is no account, no host or no key
    """

    def __init__(
        self,
        symbol: str,
        api_key: str | None = None,
        api_secret: str | None = None,
        loop: object = None,  # noqa: ARG002
        host: str | Mapping[str, str] | None = None,
        *,
        session: object = None,  # noqa: ARG002
        settle_timeout: float = SETTLE_S,
        keep_alive: bool = True,
        on_event: Callable[[SocketNotice], Any] | None = None,
        clock: Clock | None = None,
    ) -> None:
        name = account_name(symbol)
        if api_key is None and api_secret is None:
            keys = load_keys()
            api_key, api_secret = keys.api_key, keys.api_secret
        credentials = Credentials.from_secret(api_key, api_secret)  # type: ignore[arg-type] # it refuses None by name
        self._settle_s = seconds("settle_timeout", settle_timeout)
        if on_event is not None:
            check_callback(on_event, "on_event")
        super().__init__(name, Service(Config.hosts() if host is None else choose(host), credentials, clock=clock))
        self._handlers = Handlers()
        stream = self._service.hosts.stream
        options = way_to(stream, self._service, attempts=ATTEMPTS)
        dialer = partial(_dial, self._service, self._name.name)
        self._sockets = SocketGroup("1token-account", keep_alive=keep_alive, options=options, on_notice=on_event, dialer=dialer)

    @property
    def is_running(self) -> bool:
        """True while something is subscribed to."""
        return self._sockets.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._sockets.hurry(kind)
        self.close()

    def close(self) -> None:
        """End what is subscribed to. No handler is called after this returns. Calls can still be made."""
        self._sockets.close()
        self._service.close()

    # Orders.

    def place_order(  # noqa: PLR0917 - the signature of the seeds
        self,
        con: str | Contract,
        price: Number,
        bs: str,
        amount: Number,
        client_oid: str | None = None,
        tags: Mapping[str, Any] | str | None = None,
        options: Mapping[str, Any] | str | None = None,
        on_update: Handler | None = None,
    ) -> Outcome:
        """Place an order: ``({"exchange_oid": ..., "client_oid": ...}, err)``.

        It is sent once. When its answer is lost it is asked for by its ``client_oid`` until the gateway knows it; ``res`` is then as if
        the answer had come. When that brings nothing within ``settle_timeout`` seconds, ``err.outcome_unknown`` is True and
        ``err.client_oid`` says what to ask for before another one is placed.

        :param con: in any of the three spellings, or a :class:`~exchangeclient.onetoken.models.Contract`
        :param bs: ``'b'`` or ``'s'``
        :param client_oid: sent as it is; left out, 32 characters are drawn
        :param options: what the venue can besides, such as ``{"close": True}``
        :param on_update: is called with each state of this :class:`~exchangeclient.onetoken.models.Order` until it is over. What has
            happened while the stream was down is asked for; when that brings nothing within ``settle_timeout`` seconds, or the stream ends
            for good, it is called with the status ``unknown``, and again once it is known
        :raises TypeError: for an argument of a wrong type
        :raises ValueError: for an argument that cannot be
        :raises SocketException: when ``on_update`` cannot be served; nothing was placed then
        """
        oid = util.rand_client_oid() if client_oid is None else orderform.oid(client_oid, "client_oid")
        body = {
            "contract": orderform.contract_of(con),
            "price": number(price, "price"),
            "bs": orderform.side(bs),
            "amount": number(amount, "amount"),
            "client_oid": oid,
            "tags": orderform.extras(tags, "tags"),
            "options": orderform.extras(options, "options"),
        }
        if on_update is not None:
            check_callback(on_update, "on_update")
            body_of(body)  # raises when it cannot be sent, before anybody listens
            self.start_subscribe_orders()
            unwatch = self._handlers.watch(oid, on_update)
        answer, error = self._call("POST", "/orders", {}, body)
        if error is None and not (isinstance(answer, dict) and answer.get("exchange_oid")):
            error = HTTPError(HTTPError.NOT_JSON, f"an answer of another form than an order has: {str(answer)[:80]}")
        if isinstance(error, HTTPError) and error.outcome_unknown:
            answer, error = self._settled(oid, error)
        if on_update is not None:
            if error is None:
                self._handlers.also_called(oid, answer["exchange_oid"])
            elif not (isinstance(error, HTTPError) and error.outcome_unknown):
                unwatch()
        return answer, error

    def _settled(self, oid: str, lost: HTTPError) -> Outcome:
        """What became of an order whose answer was lost: found, or still unknown. It is not sent again."""
        log.info("%s: the answer to order %s was lost (%s); it is asked for", self.symbol, oid, lost.code)
        ends_s = self._service.now_s() + self._settle_s
        pause_s = _FIRST_PAUSE_S
        while True:
            row, _ = _order(self._service, self._path, max(0.1, ends_s - self._service.now_s()), Sought("client_oid", oid))
            if row is not None and row.get("exchange_oid"):
                return {"exchange_oid": row["exchange_oid"], "client_oid": oid}, None
            left_s = ends_s - self._service.now_s()
            if left_s <= pause_s:
                lost.client_oid = oid
                return None, lost
            self._service.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def place_and_cancel(  # noqa: PLR0917 - as above
        self,
        con: str | Contract,
        price: Number,
        bs: str,
        amount: Number,
        sleep: float,
        options: Mapping[str, Any] | str | None = None,
    ) -> BothOutcomes:
        """Place an order, wait ``sleep`` seconds, and cancel it: ``([placed, cancelled], None)``, or ``((res1, res2), (err1, err2))``.

        An order of which nobody knows whether it was placed is cancelled all the same.
        """
        if isinstance(sleep, bool) or not isinstance(sleep, (int, float)) or not 0 <= sleep < float("inf"):
            raise ValueError(f"sleep must be a number of seconds, 0 or more, not {str(sleep)[:20]!r}")
        oid = util.rand_client_oid()
        placed, not_placed = self.place_order(con, price, bs, amount, client_oid=oid, options=options)
        if not_placed is not None and not (isinstance(not_placed, HTTPError) and not_placed.outcome_unknown):
            return (placed, None), (not_placed, None)
        self._service.wait(sleep)
        exchange_oid = placed.get("exchange_oid") if isinstance(placed, dict) else None
        ask = self.cancel_use_client_oid(oid) if exchange_oid is None else self.cancel_use_exchange_oid(exchange_oid)
        cancelled, not_cancelled = ask
        if not_placed is not None or not_cancelled is not None:
            return (placed, cancelled), (not_placed, not_cancelled)
        return [placed, cancelled], None

    # What happens to it.

    def subscribe_info(self, handler: Handler, handler_name: str | None = None) -> None:
        """Have ``handler(info)`` called whenever the account changes. Returns once that is so.

        :param handler_name: of several; a further one of the same name takes its place
        :raises TypeError: for a handler that cannot be called
        :raises SocketException: when the gateway refuses, has no such stream for this exchange, or does not answer
        """
        check_callback(handler, "handler")
        name = handler_name or "default"
        self._handlers.want_info(name, handler)
        try:
            if not self._listen():
                self._handlers.introduce(Newcomer("info", handler))
        except SocketException:
            self._handlers.drop_info(name)
            raise

    def unsubscribe_info(self, handler_name: str | None = None) -> None:
        """Call that handler no more."""
        self._handlers.drop_info(handler_name or "default")

    def subscribe_orders(self, handler: Handler | None = None, handler_name: str | None = None) -> None:
        """Have ``handler(order)`` called with each state of each :class:`~exchangeclient.onetoken.models.Order`, those that rest first.

        The end of one that came while the stream was down is asked for and told.

        :param handler_name: of several; a further one of the same name takes its place
        :raises TypeError: for a handler that cannot be called
        :raises SocketException: see :meth:`subscribe_info`
        """
        name = handler_name or "default"
        if handler is not None:
            check_callback(handler, "handler")
            self._handlers.want_orders(name, handler)
        try:
            if not self._listen() and handler is not None:
                self._handlers.introduce(Newcomer("order", handler))
        except SocketException:
            self._handlers.drop_orders(name)
            raise

    def start_subscribe_orders(self) -> None:
        """Have the stream of orders open, so that a first ``place_order(..., on_update=...)`` need not wait for it."""
        self._listen()

    def unsubscribe_orders(self, handler_name: str | None = None) -> None:
        """Call that handler of :meth:`subscribe_orders` no more; none of them when no name is given. Watched orders are still told."""
        self._handlers.drop_orders(handler_name)

    unsubcribe_orders = unsubscribe_orders
    """A misprint of the historic SDK, kept."""

    # The words of the later blocking SDK.

    def ws_start(self) -> None:
        """Open the account's stream."""
        self._listen()

    def ws_close(self) -> None:
        """Close the account's stream; its handlers are forgotten."""
        self._sockets.close()
        self._handlers = Handlers()

    def ws_subscribe_info(self, handler: Handler, handler_name: str | None = None) -> None:
        """See :meth:`subscribe_info`."""
        self.subscribe_info(handler, handler_name)

    def ws_subscribe_orders(self, handler: Handler | None = None, handler_name: str | None = None) -> None:
        """See :meth:`subscribe_orders`."""
        self.subscribe_orders(handler, handler_name)

    # Inside.

    def _listen(self) -> bool:
        """Have the stream open and flowing. True when it was not open before."""
        session = AccountSession(self._service.hosts.stream, self._path)
        # What the sockets keep does not refer to the account, so that one that is dropped without close() ends.
        handlers, account, patience_s = self._handlers, self._path, self._settle_s
        look = partial(_order, self._service, account, _READY_S)

        feeds: list[AccountFeed] = []

        def feed(callbacks: CallbackThread) -> AccountFeed:
            feeds.append(AccountFeed(callbacks, session.name, account, handlers, look, patience_s=patience_s))
            return feeds[0]

        is_ours = self._sockets.attach(_KEY, [session], feed)  # False when it is open
        self._sockets.start()
        try:
            self._sockets.wait_ready(_KEY, _READY_S)
        except SocketException as error:
            if is_ours:
                self._sockets.close()  # nothing is subscribed to, so nothing keeps the program alive
                if feeds[0].trouble:
                    raise SocketException(f"{error}: {feeds[0].trouble}") from error
            raise
        return bool(is_ours)


def _dial(service: Service, name: str, loop: Any, socket: Any, url: str, options: SocketOptions) -> Any:  # noqa: PLR0917 - a Dialer's
    """Another connection, signed anew: by the account's name alone, as the manual has it."""
    return dial(loop, socket, url, options, service.signed("GET", f"/ws/{name}"))


def _order(service: Service, account: str, timeout: float, sought: Sought) -> tuple[Mapping[str, Any] | None, ServiceError | None]:
    """An order as the service knows it; ``(None, None)`` when it knows none; or why it cannot say."""
    rows, error = service.call("GET", account, "/orders", {sought.key: str(sought.oid)}, timeout=timeout)
    if error is None and not isinstance(rows, list):
        error = HTTPError(HTTPError.NOT_JSON, f"an answer of another form than orders have: {str(rows)[:80]}")
    if error is not None:
        return None, error
    return next((row for row in rows if isinstance(row, dict) and str(row.get(sought.key)) == str(sought.oid)), None), None
