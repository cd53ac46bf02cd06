"""Bytes out, bytes in: the only importer of ``requests`` on the client's side.

It carries a :class:`~exchangeclient.core.request.Message` exactly as it is encoded, within one deadline for the whole call, reads
no more than a set number of bytes, follows no redirect, always verifies TLS, and gives API keys to the venue's own hosts only. Every
failure becomes an :class:`~exchangeclient.exceptions.ExchangeRequestException` that knows whether the request can have arrived.

``session`` is a public ``requests.Session``: adapters mounted on it (a user's own, requests_mock, the in-process sandbox) and
headers set on it are used. Proxies (for other machines) and the CA bundle are also read from the environment; netrc never is.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from exchangeclient import __version__
from exchangeclient.core.addresses import is_loopback, origin
from exchangeclient.core.clock import Clock
from exchangeclient.core.deadline import Attempt, Deadline, attempting, clocked, note_left
from exchangeclient.core.options import Options
from exchangeclient.core.request import Message, Response, redacted
from exchangeclient.exceptions import ExchangeRequestException, Sent

BODY_LIMIT = 64 * 2**20
_CHUNK = 16 * 1024


@dataclass(frozen=True, slots=True)
class Terms:
    """How one call is carried, the questions that it needs on the way included.

    :ivar options: the client's with those of the call
    :ivar deadline: when the whole call is over
    """

    options: Options
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Route:
    """How an address is reached.

    :ivar proxy: URL of the proxy, or None
    :ivar ca_bundle: path of the certificate authorities to trust, None for the usual ones
    """

    proxy: str | None
    ca_bundle: str | None


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


class DeadlineAdapter(HTTPAdapter):
    """The ordinary adapter on connections that keep to the deadline of the whole call."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        clocked(self.poolmanager)

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


class Transport:
    """Carries messages over one session.

    :param key_hosts: base URLs that may be given an API key
    :param body_limit: bytes of an answer, unpacked, past which it is refused
    """

    def __init__(self, *, clock: Clock, key_hosts: Iterable[str], options: Options, body_limit: int = BODY_LIMIT) -> None:
        self.session: requests.Session = Session()
        self._clock = clock
        self._key_origins = frozenset(origin(url) for url in key_hosts)
        self._options = options
        self._body_limit = body_limit
        self._latest = threading.local()
        _hide_signatures()

    def terms(self, params: Mapping[str, Any] | None = None) -> Terms:
        """The terms of a call that begins now.

        :param params: ``requests_params`` of the call
        :raises TypeError: see :meth:`Options.having`
        :raises ValueError: see :meth:`Options.having`
        """
        options = self._options.having(params)
        return Terms(options, Deadline(self._clock, options.total_s))

    def carry(self, message: Message, terms: Terms) -> Response:
        """Send a message and read its answer.

        :raises ExchangeRequestException: when there was no usable answer
        """
        if message.private and origin(message.url) not in self._key_origins:
            raise ExchangeRequestException(f"the API key is not sent to {origin(message.url)}", sent="no")
        options = terms.options
        prepared = self._prepared(message, options)
        settings = self._settings(message.url, options)
        attempt = Attempt(terms.deadline, options.read_s)
        started = self._clock.monotonic_s()
        outer = sys.exception()
        answer: requests.Response | None = None
        try:
            with attempting(attempt):
                timeout = (options.connect_s, attempt.read_s())
                note_left(True)  # whoever carries it may send it at once; DeadlineAdapter knows better
                answer = self.session.send(prepared, allow_redirects=False, timeout=timeout, **settings)
                body = self._read(answer, attempt)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            sent: Sent = "yes" if answer is not None else _sent(error, attempt)
            # Without its traceback: frames of the libraries hold headers and URL, and some loggers print the locals of frames.
            root = _root(error, outer).with_traceback(None)
            raise ExchangeRequestException(_what_happened(message, error, root, settings["proxies"]), sent=sent) from root
        finally:
            if answer is not None:
                answer.close()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        elapsed = self._clock.monotonic_s() - started
        response = Response(answer.status_code, body, headers, answer.reason or "", elapsed)
        self._latest.pair = (message, response)
        if 300 <= response.status < 400:
            target = redacted(headers.get("location", "nowhere"))
            raise ExchangeRequestException(f"{_called(message)} was redirected to {target}; redirects are not followed", sent="yes")
        return response

    def route(self, url: str) -> Route:
        """How ``url`` is reached: by the client's own settings, the session's, and the environment's."""
        settings = self._settings(url, self._options)
        verify = settings["verify"]
        return Route(requests.utils.select_proxy(url, settings["proxies"]) or None, verify if isinstance(verify, str) else None)

    def latest(self) -> requests.Response | None:
        """The calling thread's last answer in the form of ``requests``, None before the first."""
        pair: tuple[Message, Response] | None = getattr(self._latest, "pair", None)
        return None if pair is None else self.shown(*pair)

    def shown(self, message: Message, response: Response) -> requests.Response:
        """An answer as ``requests`` would show it, made for looking at: its request has no key and no signature."""
        request = requests.PreparedRequest()
        request.method, request.url = message.verb, redacted(message.url)
        request.headers = CaseInsensitiveDict({**message.headers, **dict.fromkeys(_key_headers(message), "***")})
        request.body = redacted(message.body) or None
        answer = requests.Response()
        answer.status_code, answer.reason, answer.url = response.status, response.reason, redacted(message.url)
        answer.headers = CaseInsensitiveDict(response.headers)
        answer.elapsed = timedelta(seconds=response.elapsed_s)
        answer.encoding = requests.utils.get_encoding_from_headers(answer.headers) or "utf-8"
        answer.raw = io.BytesIO(response.body)
        answer.request = request
        return answer

    def _settings(self, url: str, options: Options) -> dict[str, Any]:
        settings: dict[str, Any] = {
            **self.session.merge_environment_settings(url, dict(options.proxies), True, options.verify, options.cert)
        }
        if not settings["verify"]:
            raise ValueError(f"session.verify={settings['verify']!r} is refused; TLS is always verified")
        return settings

    def _prepared(self, message: Message, options: Options) -> requests.PreparedRequest:
        # Filled in by hand: `prepare` would parse and requote the URL, and look for credentials in netrc.
        prepared = requests.PreparedRequest()
        prepared.method = message.verb
        prepared.url = message.url
        prepared.headers = CaseInsensitiveDict()
        layers: tuple[Mapping[str, Any], ...] = (self.session.headers, options.headers, message.headers)
        for headers in layers:  # the later win, however a name is written
            prepared.headers.update(headers)
        if message.body or message.verb not in ("GET", "HEAD", "DELETE"):
            prepared.body = message.body.encode()
            prepared.headers["Content-Length"] = str(len(prepared.body))
        prepared.hooks = self.session.hooks
        return prepared

    def _read(self, answer: requests.Response, attempt: Attempt) -> bytes:
        """The whole body, unpacked. The connection watches the deadline; between chunks it is watched for any other adapter."""
        read = bytearray()
        for chunk in answer.iter_content(_CHUNK):
            read += chunk
            if len(read) > self._body_limit:
                raise OSError(f"the answer is longer than {self._body_limit} bytes")
            attempt.left_s()
        return bytes(read)


def _key_headers(message: Message) -> list[str]:
    return [name for name in message.headers if "key" in name.lower() or "auth" in name.lower()]


def _called(message: Message) -> str:
    return f"{message.verb} {message.url.partition('?')[0]}"


def _sent(error: Exception, attempt: Attempt) -> Sent:
    # A ProxyError tells nothing: urllib3 also calls a connection so that was cut after the request had gone through the proxy.
    return "no" if not attempt.left_machine or isinstance(error, requests.ConnectTimeout) else "maybe"


def _root(error: BaseException, outer: BaseException | None) -> BaseException:
    """The innermost failure. The ones of requests and urllib3 around it print the whole URL, signature and all.

    :param outer: what the caller was handling already; it is no cause of ours
    """
    while (inner := error.__cause__ or error.__context__) is not None and inner is not outer:
        error = inner
    return error


def _what_happened(message: Message, error: Exception, root: BaseException, proxies: Mapping[str, str]) -> str:
    why = redacted(str(root)) or type(root).__name__
    through = ""
    if isinstance(error, requests.exceptions.ProxyError):
        proxy = urlsplit(requests.utils.select_proxy(message.url, proxies) or "")
        through = f" through the proxy {proxy.hostname}:{proxy.port}"
    return f"{_called(message)}{through}: {why}"


class _Redacting(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(redacted(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


_redacting = _Redacting()


def _hide_signatures() -> None:
    """Keep urllib3's own lines, which print the whole URL, from showing signatures. Adding a filter twice does nothing."""
    for name in ("urllib3.connectionpool", "urllib3.connection"):
        logging.getLogger(name).addFilter(_redacting)
