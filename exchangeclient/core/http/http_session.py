"""The session of ``requests`` that carries calls, and all else that ``requests`` is needed for: its only importer on the client's side,
itself imported when a client makes its first call.

Whoever puts himself between the session and the wire (a mock, a recorder, an adapter or a hook of the user's) is to see every message,
so a message goes the short way (:mod:`.lane`) only when nobody is there.
"""

from __future__ import annotations

import http.client
import io
import logging
import re
import ssl
import sys
import weakref
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import FunctionType, ModuleType
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import HTTPConnectionPool

from exchangeclient import __version__
from exchangeclient.core.http.addresses import is_loopback, origin
from exchangeclient.core.http.connections import clocked
from exchangeclient.core.http.deadline import Attempt, attempting, note_left
from exchangeclient.core.http.lane import Answer, Lane, TooLongError, collected
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message, Response, redacted
from exchangeclient.core.process import forks
from exchangeclient.exceptions import ExchangeRequestException, Sent

_CHUNK: Final = 64 * 1024
_lines = logging.getLogger("urllib3.connectionpool")
_of_other_processes: list[Any] = []

State = tuple[Any, ...]
"""What of a session can be changed by its user."""


class Session(requests.Session):
    """A session that never follows a redirect and asks no proxy of the environment for this machine, whoever sends on it."""

    def __init__(self) -> None:
        super().__init__()
        # Only what the body limit can be counted for while it is unpacked.
        self.headers["Accept-Encoding"] = "gzip, deflate"
        self.headers["User-Agent"] = f"exchangeclient/{__version__}"
        adapter = DeadlineAdapter(pool_maxsize=32)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - requests' own signature
        """None: there is nowhere to go on to."""
        return None

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """The settings for ``url``, with the environment's proxies only where the program names none, and for other machines.

        Loopback hosts are spoken to in plain ``http``: a proxy would take the API key off this machine and could read it.
        """
        own = {**self.proxies, **(proxies or {})}
        settings = super().merge_environment_settings(url, dict(own), stream, verify, cert)
        if is_loopback(origin(url)[1]) or requests.utils.select_proxy(url, own) is not None:
            settings["proxies"] = own
        return settings

    def settings(self, url: str, options: Options) -> dict[str, Any]:
        """By which proxies, and trusting whom, a message goes.

        :raises ValueError: when TLS was switched off on the session
        """
        settings: dict[str, Any] = {**self.merge_environment_settings(url, dict(options.proxies), True, options.verify, options.cert)}
        if not settings["verify"]:
            raise ValueError(f"session.verify={settings['verify']!r} is refused; TLS is always verified")
        return settings

    def proxy(self, url: str, settings: Mapping[str, Any]) -> str | None:
        """The proxy that is meant by settings, None for no proxy."""
        return requests.utils.select_proxy(url, settings["proxies"]) or None

    # ---- the ordinary way ----------------------------------------------------------------------------------------------

    def prepared(self, message: Message, options: Options) -> requests.PreparedRequest:
        """A message as requests carries it. Filled in by hand: its own way would requote the URL, and look for credentials in netrc."""
        filled = requests.PreparedRequest()
        filled.method, filled.url, filled.hooks = message.verb, message.url, self.hooks
        filled.headers = _layered(self.headers, options.headers, message.headers)
        if message.has_body:
            filled.body = message.body.encode()
            filled.headers["Content-Length"] = str(len(filled.body))
        return filled

    def exchange(self, request: requests.PreparedRequest, settings: Mapping[str, Any], limit: int, attempt: Attempt) -> Answer:
        """Send a request by whatever adapter there is for it, and read its answer.

        :param limit: bytes of the answer's body, unpacked, past which it is refused
        """
        with attempting(attempt):
            timeout = (attempt.connect_s, attempt.read_s())
            note_left(True)  # whoever carries it may send it at once; DeadlineAdapter knows better
            answer = self.send(request, allow_redirects=False, timeout=timeout, **settings)
            attempt.answered = True
            try:
                body = collected(answer.iter_content(_CHUNK), attempt, limit)
            finally:
                answer.close()
        return Answer(answer.status_code, answer.reason or "", {name.lower(): value for name, value in answer.headers.items()}, body)

    # ---- the short way -------------------------------------------------------------------------------------------------

    def is_watched(self, url: str) -> bool:
        """True when somebody is to see what is sent: a hook, an adapter or a mock, tools that wrap the libraries, their debug lines."""
        return bool(
            "send" in vars(self)
            or _is_replaced(type(self).send, requests.sessions)
            or _is_replaced(HTTPAdapter.send, requests.adapters)
            or _is_replaced(HTTPConnectionPool.urlopen, urllib3.connectionpool)
            or _is_replaced(http.client.HTTPConnection.putrequest, http.client)
            or _is_replaced(http.client.HTTPConnection.getresponse, http.client)
            or self._direct(url) is None
            or self.hooks.get("response")
            or http.client.HTTPConnection.debuglevel
            or _lines.isEnabledFor(logging.DEBUG)
        )

    def _direct(self, url: str) -> DeadlineAdapter | None:
        """The adapter for ``url`` when it is our own."""
        try:
            adapter = self.get_adapter(url)
        except requests.exceptions.InvalidSchema:  # there is none, which the ordinary way tells
            return None
        return adapter if type(adapter) is DeadlineAdapter else None

    def state(self) -> State:
        """All of the session that a lane goes by."""
        return tuple(self.headers.items()), dict(self.proxies), self.verify, self.cert, self.trust_env

    def lane(self, base: str, options: Options) -> Lane | None:
        """The short way to a host; None when there is none, such as to one that is reached through a proxy.

        :raises ValueError: see :meth:`settings`
        """
        settings, adapter = self.settings(base, options), self._direct(base)
        if adapter is None or self.proxy(base, settings) is not None:
            return None
        try:
            pool = adapter.pool(base, settings)
        except OSError:  # a file of certificates that is not there: the ordinary way tells
            return None
        return Lane.to(base, _layered(self.headers, options.headers), pool)

    # ---- what became of it ---------------------------------------------------------------------------------------------

    def outcome(
        self, exchange: Callable[[Attempt], Answer], attempt: Attempt, message: Message, proxies: Mapping[str, str]
    ) -> Answer | ExchangeRequestException:
        """The answer of an exchange, or what is to be raised instead."""
        outer = sys.exception()
        try:
            return exchange(attempt)
        except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
            root = _root(error, outer)
            why = redacted(str(root)) or type(root).__name__
            proxy = urlsplit(self.proxy(message.url, {"proxies": proxies}) or "")
            through = f" through the proxy {proxy.hostname}:{proxy.port}" if proxy.hostname else ""
            sent, transient = _sent(error, attempt), _is_transient(error, root)
            failed = ExchangeRequestException(f"{message.called}{through}: {why}", sent=sent, transient=transient)
            failed.__cause__ = _harmless(root)
            return failed


class DeadlineAdapter(HTTPAdapter):
    """The ordinary adapter on connections that keep to the deadline of the whole call."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        clocked(self.poolmanager)
        self._lent: weakref.WeakSet[Any] = weakref.WeakSet()
        forks.follow(self)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make the pools of connections through one proxy; a SOCKS proxy brings its own kind."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if type(manager) is urllib3.ProxyManager:
            clocked(manager)
        else:
            note_left(True)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send by connections that say when the first byte leaves."""
        note_left(False)
        return super().send(request, *args, **kwargs)

    def pool(self, base: str, settings: Mapping[str, Any]) -> Any:
        """The direct connections to a host, the same ones by which :meth:`send` goes there.

        :raises OSError: when a file with certificates is not there
        """
        request = requests.PreparedRequest()
        request.url = base
        pool = self.get_connection_with_tls_context(request, settings["verify"], cert=settings["cert"])
        self.cert_verify(pool, base, settings["verify"], settings["cert"])  # type: ignore[no-untyped-call]
        self._lent.add(pool)
        return pool

    def close(self) -> None:
        """Close the connections that are kept open, those that a lane uses, too."""
        for pool in list(self._lent):
            pool.close()
        super().close()

    def renew(self) -> None:
        """Go on in a process that was forked off, on connections of its own: those that are open are the other's."""
        _of_other_processes.append((self.poolmanager, self.proxy_manager))
        self.__setstate__(self.__getstate__())  # type: ignore[attr-defined]  # as a pickled one goes on elsewhere


def _layered(*layers: Mapping[str, Any]) -> CaseInsensitiveDict[Any]:
    """Headers of which the later win, however a name is written."""
    headers: CaseInsensitiveDict[Any] = CaseInsensitiveDict()
    for layer in layers:
        headers.update(layer)
    return headers


def _is_replaced(function: object, module: ModuleType) -> bool:
    """True for what is not the module's own function any more."""
    return not isinstance(function, FunctionType) or function.__code__.co_filename != module.__file__


def _sent(error: Exception, attempt: Attempt) -> Sent:
    if attempt.answered:
        return "yes"
    # A ProxyError tells nothing: urllib3 also calls a connection so that was cut after the request had gone through the proxy.
    return "no" if not attempt.left_machine or isinstance(error, requests.ConnectTimeout) else "maybe"


def _is_transient(error: Exception, root: BaseException) -> bool:
    """True unless the next try would meet the same: a certificate that is not trusted, a proxy that refuses, an endless answer."""
    if isinstance(root, ssl.SSLEOFError):  # cut in the middle of TLS, as any connection can be
        return True
    return not isinstance(error, requests.exceptions.SSLError | ssl.SSLError | TooLongError) and not isinstance(
        root, ssl.SSLCertVerificationError
    )


def _root(error: BaseException, outer: BaseException | None) -> BaseException:
    """The innermost failure. The ones of requests and urllib3 around it print the whole URL, signature and all.

    :param outer: what the caller was handling already; it is no cause of ours
    """
    while (inner := error.__cause__ or error.__context__) is not None and inner is not outer:
        error = inner
    return error


def _harmless(root: BaseException) -> BaseException | None:
    """The failure as it may be shown: None for one that holds the request."""
    if isinstance(root, requests.RequestException | urllib3.exceptions.PoolError):
        return None
    # Without its traceback: frames of the libraries hold headers and URL, and some loggers print the locals of frames.
    return root.with_traceback(None)


_SECRET = re.compile("key|auth|sign|passphrase", re.IGNORECASE)


def shown(message: Message, response: Response) -> requests.Response:
    """An answer as ``requests`` would show it, made for looking at: its request has no key and no signature."""
    request = requests.PreparedRequest()
    request.method, request.url = message.verb, redacted(message.url)
    request.headers = CaseInsensitiveDict({**message.headers, **dict.fromkeys(_key_headers(message), "***")})
    request.body = redacted(message.body) or None
    answer = requests.Response()
    answer.status_code, answer.reason, answer.url = response.status, response.reason, redacted(message.url)
    answer.headers = CaseInsensitiveDict({name: redacted(text) for name, text in response.headers.items()})
    answer.elapsed = timedelta(seconds=response.elapsed_s)
    answer.encoding = requests.utils.get_encoding_from_headers(answer.headers) or "utf-8"
    # Latin-1 has each byte, so that only what a venue repeats of a signature is changed.
    answer.raw = io.BytesIO(_without_keys(redacted(response.body.decode("latin-1")), message).encode("latin-1"))
    answer.request = request
    return answer


def _key_headers(message: Message) -> list[str]:
    return [name for name in message.headers if _SECRET.search(name)]


def _without_keys(text: str, message: Message) -> str:
    for name in _key_headers(message):
        text = text.replace(message.headers[name], "***")
    return text
