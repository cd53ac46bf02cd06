"""Proves that a client shows no secret in anything that it says, gives its key to nobody but its venue, and talks to no impostor.

``python chaos/canaries.py [--percent N] [--seed N] [--break NAME]`` prints one line and exits with 0, or with 1 when a secret was found, a
bad certificate accepted, or a key sent elsewhere. The secrets are canaries: made for this run, and searched for in every form in all that
comes out of the client while its venue misbehaves. A break spoils the client on purpose: it must be found.

It is not called ``secrets``: this folder comes first on the path of whatever is run from it, and would hide the standard library's module.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import io
import json
import logging
import pickle
import pprint
import sys
import traceback
import urllib.parse
import warnings
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import proof
import requests
from canary_hosts import FLAWS, Authority, Host, Proxy, running
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from requests.adapters import HTTPAdapter

from exchangeclient.client import Client
from exchangeclient.core.calling import call
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.http import http_session, transport
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeException, ExchangeRequestException

TROUBLES = ("fine", "refused", "html", "cut", "half", "silent", "busy", "limited", "elsewhere", "gone", "proxy")
ALGORITHMS = ("hmac", "rsa", "ed25519")
# Where a key must never go: over plain text to another machine, or to what only looks like an address.
NO_HOSTS = ("http://api.example.com", "http://192.0.2.1:8080", "http://localhost.example.com", "ftp://localhost", "api.example.com")

CALLS: dict[str, Callable[[Client], Any]] = {
    "get_account": lambda client: client.get_account(recvWindow=5000),
    "create_order": lambda client: client.create_order(
        symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="100", disable_validation=True
    ),
    "cancel_order": lambda client: client.cancel_order(symbol="BTCUSDT", orderId=5),
    "get_historical_klines": lambda client: client.get_historical_klines("BTCUSDT", "1h", "1 day ago"),
}


@dataclass
class Canaries:
    """The secrets of one run, and whatever the client has said.

    :ivar secrets: what must not be seen, by its name
    :ivar said: by where
    """

    random: Random
    secrets: dict[str, str] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)

    def made(self, name: str) -> str:
        """A new secret."""
        self.secrets[name] = f"canary{self.random.getrandbits(200):050x}"
        return self.secrets[name]

    def hear(self, where: str, *shown: object) -> None:
        """Take note of what was said; objects in every form in which they show themselves."""
        for each in shown:
            if isinstance(each, bytes):
                self.said.append((where, each.decode("latin-1")))
                continue
            self.said.append((where, f"{each} {each!r} {each:}" if not isinstance(each, str) else each))
            if hasattr(each, "__dict__"):
                self.said.append((where, pprint.pformat(vars(each))))

    def seen(self) -> Iterator[str]:
        """Where a secret can be read, in whatever form."""
        forms = {
            form: name
            for name, secret in self.secrets.items()
            for form in (
                secret,
                urllib.parse.quote(secret, safe=""),
                base64.b64encode(secret.encode()).decode().rstrip("="),
                secret.encode().hex(),
                secret[::-1],
            )
        }
        for where, text in self.said:
            for form, name in forms.items():
                if form in text:
                    at = text.index(form)
                    yield f"{name} in {where}: {text[max(0, at - 60) : at]!r}"


class Ear(logging.Handler):
    """Hears every log line, and everything else that a record carries."""

    def __init__(self, canaries: Canaries) -> None:
        super().__init__(logging.DEBUG)
        self._canaries = canaries

    def emit(self, record: logging.LogRecord) -> None:
        self._canaries.said.append((f"the log of {record.name}", f"{record.getMessage()} {record.__dict__}"))


def signed_by(algorithm: str, canaries: Canaries) -> dict[str, Any]:
    """What a client with a key of this kind is made with."""
    made: dict[str, Any] = {"api_key": canaries.made(f"the key for {algorithm}")}
    if algorithm == "hmac":
        return {**made, "api_secret": canaries.made("the secret")}
    private = rsa.generate_private_key(65537, 2048) if algorithm == "rsa" else ed25519.Ed25519PrivateKey.generate()
    passphrase = canaries.made("the passphrase") if algorithm == "ed25519" else None
    hidden = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase.encode())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden).decode()
    canaries.secrets |= {f"line {number} of the {algorithm} key": line for number, line in enumerate(pem.splitlines()[1:-1])}
    return {**made, "private_key": pem, "private_key_pass": passphrase}


def show(canaries: Canaries, where: str, thing: Any) -> None:
    """Have a client, or a part of it, shown in every way that there is."""
    canaries.hear(where, thing, f"{thing=}", str(dir(thing)))
    for way in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        try:
            copied = way(thing)  # type: ignore[operator]
        except Exception as error:  # noqa: BLE001 - that it cannot be done is as good, but what is said then?
            canaries.hear(f"{where}, {way.__name__}", error)
        else:
            canaries.hear(f"{where}, {way.__name__}", copied)


def show_answer(canaries: Canaries, where: str, answer: requests.Response | None) -> None:
    """An answer in the form of requests, and the request that it knows."""
    if answer is not None:
        canaries.hear(where, answer, answer.url, answer.headers, answer.request, answer.request.url or "", answer.request.headers)
        canaries.hear(where, answer.request.body or "", str(answer.history))


def show_error(canaries: Canaries, where: str, error: Exception) -> None:
    """An error, with all that hangs on it and the locals of every frame of the package."""
    canaries.hear(where, error, *error.args, str(getattr(error, "__notes__", "")), pickle.dumps(error))
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    canaries.hear(f"{where}, its traceback", "".join(told.format()))
    if isinstance(error, ExchangeException):
        canaries.hear(where, str(error.explain()))
    show_answer(canaries, where, getattr(error, "response", None))


def misbehave(canaries: Canaries, algorithm: str, trouble: str, folder: Path) -> Counter[str]:
    """One client, and a venue in trouble."""
    venue, foreign = Host(), Host()
    with running(venue, foreign):
        venue.trouble = foreign.url.replace("localhost", "127.0.0.1") if trouble == "elsewhere" else trouble
        options: dict[str, Any] = {"timeout": (0.5, 0.1)}
        if trouble == "proxy":
            options["proxies"] = {"http": f"http://user:{canaries.made('the password of the proxy')}@127.0.0.1:1"}
        client = Client(
            **signed_by(algorithm, canaries), environment=venue.url, requests_params=options, clock=FakeClock(), settle_timeout=0.0,
            verbose=True, journal=folder / f"journal-{algorithm}", ledger=folder / f"ledger-{algorithm}",
        )  # fmt: skip
        if trouble == "gone":
            venue.stop()
        for name, make in CALLS.items():
            where = f"{name}() while the venue is {trouble} ({algorithm})"
            error = _failure(client, make)
            if error is not None:
                show_error(canaries, f"the error of {where}", error)
            show_answer(canaries, f"the answer of {where}", client.response)
        show(canaries, "a client", client)
        show(canaries, "credentials", client.credentials)
        canaries.hear("what the client knows", *client.undecided_orders(), str(client.limits()))
        client.close()
        for number, signature in enumerate(sorted(venue.signatures)):
            canaries.secrets[f"signature {number} ({algorithm}, {trouble})"] = urllib.parse.unquote(signature)
        return Counter({"keys to a foreign host": foreign.keys, "signed requests": len(venue.signatures)})


def _failure(client: Client, make: Callable[[Client], Any]) -> Exception | None:
    try:
        make(client)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        return error
    return None


def meet_impostor(canaries: Canaries, folder: Path, flaw: str, way: str) -> Counter[str]:
    """A client, and a server that cannot prove who it is; one that can when there is no flaw."""
    authority = Authority(folder)
    host, proxy = Host(authority.context(flaw)), Proxy()
    with running(host, proxy):
        options: dict[str, Any] = {"timeout": (1, 1), "verify": None if flaw == "of an unknown authority" else authority.bundle}
        if way == "through a proxy":
            options["proxies"] = {"https": f"http://user:{canaries.made('the password of the proxy')}@127.0.0.1:{proxy.port}"}
        client = Client(
            **signed_by("hmac", canaries), environment=f"https://localhost:{host.port}", requests_params=options, clock=FakeClock(),
            settle_timeout=0.0,
        )  # fmt: skip
        error = _failure(client, CALLS["create_order" if way == "with an order" else "get_account"])
        client.close()
        if error is not None:
            show_error(canaries, f"the error at a certificate {flaw}", error)
    refused = isinstance(error, ExchangeRequestException) and host.requests == 0
    return Counter({"impostors refused" if flaw else "good ones refused": int(refused)})


def go_nowhere(canaries: Canaries) -> int:
    """How many addresses that a key must not go to are refused."""
    refused = 0
    for address in NO_HOSTS:
        try:
            Client(**signed_by("hmac", canaries), environment=address)
        except ValueError as error:
            refused += 1
            canaries.hear(f"the refusal of {address}", error)
    return refused


WAYS = ("with a question", "with an order", "through a proxy")


def trial(random: Random, percent: float) -> tuple[Counter[str], list[str]]:
    """Everything that can go wrong, and what was said about it."""
    canaries, counts = Canaries(random), Counter[str]()
    ear, heard = Ear(canaries), io.StringIO()
    logging.basicConfig(level=logging.DEBUG, handlers=[ear])
    troubles = [(algorithm, trouble) for trouble in TROUBLES for algorithm in _some(random, ALGORITHMS, percent)]
    impostors = [(flaw, way) for flaw in FLAWS for way in _some(random, WAYS, percent)]
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
        here = Path(folder)
        warnings.simplefilter("always")
        for algorithm, trouble in troubles:
            counts += misbehave(canaries, algorithm, trouble, here)
            counts["troubles"] += 1
        for flaw, way in [*impostors, *(("", way) for way in WAYS)]:
            counts += meet_impostor(canaries, here, flaw, way)
            counts["impostors"] += bool(flaw)
        counts["addresses refused"] = go_nowhere(canaries)
        canaries.hear("standard output", heard.getvalue())
        for file in (*here.glob("journal*"), *here.glob("ledger*")):
            canaries.hear(f"the file {file.name}", file.read_bytes())
    logging.getLogger().removeHandler(ear)
    counts["texts"] = len(canaries.said)
    return counts, sorted(set(canaries.seen()))


def _some(random: Random, things: tuple[str, ...], percent: float) -> list[str]:
    return random.sample(things, max(1, round(len(things) * percent / 100)))


def shown_key() -> None:
    """Credentials show their key."""
    Credentials.__repr__ = lambda self: f"<Credentials {self.key}>"  # type: ignore[method-assign]


def unredacted() -> None:
    """Texts are shown with the signatures in them."""
    for module in (call, http_session, transport):
        module.redacted = lambda text: text  # type: ignore[attr-defined]


def logged() -> None:
    """The lines of the libraries beneath are logged as they are."""
    transport._Redacting.filter = lambda *_: True  # type: ignore[method-assign]


def chained() -> None:
    """Errors keep those of the libraries beneath, and their frames."""
    http_session._root = lambda error, _outer: _Kept(error)  # type: ignore[assignment]


class _Kept(Exception):  # noqa: N818 - not an error of its own
    def with_traceback(self, _trace: Any) -> Any:
        return self.args[0]


def trusting() -> None:
    """Any certificate will do."""
    attributes, verify = HTTPAdapter.build_connection_pool_key_attributes, HTTPAdapter.cert_verify

    def any_key(self: HTTPAdapter, request: Any, _verify: Any, cert: Any = None) -> Any:
        return attributes(self, request, False, cert)

    def any_certificate(self: HTTPAdapter, connection: Any, url: Any, _verify: Any, cert: Any) -> None:
        verify(self, connection, url, False, cert)

    HTTPAdapter.build_connection_pool_key_attributes = any_key  # type: ignore[method-assign]
    HTTPAdapter.cert_verify = any_certificate  # type: ignore[method-assign]


def follows() -> None:
    """Redirects are followed."""
    send = requests.Session.send

    def follow(self: Any, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        request._cookies = requests.cookies.RequestsCookieJar()  # type: ignore[attr-defined] # which requests would have made
        return send(self, request, **{**options, "allow_redirects": True})

    http_session.Session.get_redirect_target = requests.Session.get_redirect_target  # type: ignore[method-assign]
    http_session.Session.send = follow  # type: ignore[method-assign]


BREAKS: dict[str, Callable[[], None]] = {
    "shown-key": shown_key,
    "unredacted": unredacted,
    "logged": logged,
    "chained": chained,
    "trusting": trusting,
    "follows": follows,
}


def main() -> int:
    """Have everything go wrong, and tell in one line what could be seen."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "--percent", type=float, default=100.0, help="of the ways to meet each trouble and each bad certificate, one at least"
    )
    arguments = proof.arguments(parser, BREAKS)
    if arguments.broken is not None:
        BREAKS[arguments.broken]()
    began = monotonic()
    counts, seen = trial(Random(arguments.seed), arguments.percent)
    for line in seen[:20]:
        print(line.encode("ascii", "backslashreplace").decode(), file=sys.stderr)
    failed = bool(seen or counts["keys to a foreign host"] or counts["good ones refused"])
    failed |= counts["impostors refused"] < counts["impostors"] or counts["addresses refused"] < len(NO_HOSTS)
    figures = (
        f"{len(seen)} secrets seen in {counts['texts']} texts of {counts['troubles']} troubles, "
        f"{counts['impostors refused']}/{counts['impostors']} bad certificates refused, "
        f"{counts['addresses refused']}/{len(NO_HOSTS)} addresses refused, {counts['keys to a foreign host']} keys to a foreign host, "
        f"{counts['signed requests']} signed requests, {round(monotonic() - began)} seconds"
    )
    print(f"canaries {'FAIL' if failed else 'ok'} {figures}; seed {arguments.seed}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
