"""Orders from the command line: sent once, told before, and known of afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from exchangeclient.cli import consent
from exchangeclient.cli.connect import is_for_play
from exchangeclient.client import Client
from exchangeclient.exceptions import OrderStatusUnknownException
from exchangeclient.sandbox import Sandbox
from exchangeclient.serving.host import Host
from exchangeclient.serving.messages import HttpRequest, HttpResponse

from .conftest import Run

SOON_S = 30.0
PLACE = "POST /api/v3/order"
RESTS = ["--price", "0.05"]  # far below the market


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client("key", "secret", environment=exchange.urls["binance"]) as client:
        yield client
        client.cancel_all_open_orders(symbol="ETHBTC") if client.get_open_orders(symbol="ETHBTC") else None


def sent(client: Client) -> set[str]:
    """The client order ids of all orders that the exchange has taken."""
    return {order["clientOrderId"] for order in client.get_all_orders(symbol="ETHBTC", limit=1000)}


def told_id(err: str) -> str:
    found = re.search(r"^sending as (\S+): ", err, re.MULTILINE)
    assert found is not None, err
    return found[1]


def test_the_client_order_id_is_told_and_is_the_orders(run: Run, there: list[str], client: Client) -> None:
    before = sent(client)
    done = run("order", "place", "buy", "ethbtc", "0.5", *RESTS, "--json", *there)
    assert done.code == 0
    assert sent(client) - before == {told_id(done.err)} == {json.loads(done.out)["clientOrderId"]}


def test_an_order_with_an_id_of_ones_own(run: Run, there: list[str], client: Client) -> None:
    done = run("order", "place", "sell", "ETHBTC", "0.5", "--price", "0.09", "--client-order-id", "mine-1", *there)
    assert (done.code, told_id(done.err)) == (0, "mine-1")
    assert re.search(r"^status +NEW$", done.out, re.MULTILINE)
    shown = run("order", "show", "ethbtc", "--client-order-id", "mine-1", "--json", *there)
    assert json.loads(shown.out)["origQty"] == "0.50000000"
    listed = run("order", "list", "ethbtc", *there)
    assert "mine-1" in listed.out
    cancelled = run("order", "cancel", "ethbtc", "--client-order-id", "mine-1", *there)
    assert "CANCELED" in cancelled.out
    assert json.loads(run("order", "list", "ethbtc", "--json", *there).out) == []
    assert "mine-1" in run("order", "list", "ethbtc", "--all", *there).out


def test_a_market_order_by_what_it_spends(run: Run, there: list[str], client: Client) -> None:
    done = run("order", "place", "buy", "ethbtc", "--market", "--total", "0.01", *there)
    assert re.search(r"^status +FILLED$", done.out, re.MULTILINE), done.err
    assert re.search(r"^average +0\.0[67]\d+$", done.out, re.MULTILINE)
    assert re.search(r"^sending as \w+: BUY ETHBTC MARKET, total 0\.01$", done.err, re.MULTILINE)


def test_every_open_order_of_a_symbol_is_cancelled_also_those_of_lists(run: Run, there: list[str], client: Client) -> None:
    assert run("order", "place", "buy", "ethbtc", "0.5", *RESTS, *there).code == 0
    client.create_oco_order(
        symbol="ETHBTC", side="SELL", quantity=1, aboveType="LIMIT_MAKER", abovePrice="0.09", belowType="STOP_LOSS", belowStopPrice="0.05"
    )
    rows = run("order", "cancel", "ethbtc", "--all", *there).out.splitlines()[1:]
    assert sorted(row.split()[4] for row in rows) == ["BUY", "SELL", "SELL"]
    assert all("CANCELED" in row for row in rows)
    assert client.get_open_orders(symbol="ETHBTC") == []
    none = run("order", "cancel", "ethbtc", "--all", "--json", *there)
    assert (none.code, json.loads(none.out)) == (0, [])
    assert run("order", "cancel", "ethbtc", "123456789", *there).code == 7


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["buy", "ethbtc", "1"], "give --price for a limit order, or --market"),
        (["buy", "ethbtc", "1", "--price", "0.05", "--market"], "give --price for a limit order, or --market"),
        (["buy", "ethbtc", "--price", "0.05"], "give QUANTITY or --total"),
        (["buy", "ethbtc", "1", "--market", "--total", "1"], "give QUANTITY or --total"),
        (["buy", "ethbtc", "--price", "0.05", "--total", "1"], "--total is for market orders"),
        (["buy", "ethbtc", "1", "--price", "0.05", "--stop", "0.06"], "needs --type"),
        (["buy", "ethbtc", "1", "--market", "--type", "LIMIT"], "different things"),
        (["buy", "ethbtc", "1", "--market", "--time-in-force", "GTC"], "neither --price"),
        (["hold", "ethbtc", "1", "--market"], "hold"),
        (["buy", "ethbtc", "1", "--type", "STOP_LOSS"], "stopPrice"),
        (["buy", "ethbtc", "one", "--market"], "quantity"),
        (["buy", "ethbtc", "1", "--price", "-1"], "price"),
        (["buy", "ethbtc", "1", "--market", "--client-order-id", "a b"], "newClientOrderId"),
    ],
)
def test_an_order_that_is_not_clear_is_not_sent(run: Run, there: list[str], client: Client, arguments: list[str], says: str) -> None:
    before = sent(client)
    done = run("order", "place", *arguments, *there)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert sent(client) == before


def test_an_order_that_breaks_a_rule_is_not_sent_unless_it_is_rounded(run: Run, there: list[str], client: Client) -> None:
    done = run("order", "place", "buy", "ethbtc", "0.51234", *RESTS, *there)
    assert done.code == 9
    assert "nothing was sent: the order breaks a rule; the nearest LOT_SIZE allows is 0.512" in done.err
    done = run("order", "place", "buy", "ethbtc", "0.51234", *RESTS, "--round", "--json", *there)
    assert json.loads(done.out)["origQty"] == "0.51200000"


def test_what_the_venue_refuses_was_not_placed(run: Run, there: list[str], client: Client) -> None:
    done = run("order", "place", "sell", "ethbtc", "90000", "--price", "0.08", *there)
    assert done.code == 7
    assert "the venue refused it; it was not placed" in done.err


def test_a_preview_sends_nothing(run: Run, there: list[str], client: Client) -> None:
    before = sent(client)
    done = run("order", "place", "buy", "ethbtc", "0.51234", "--price", "0.08", "--round", "--preview", *there)
    assert done.code == 0
    assert [line.split("  ")[0] for line in done.out.splitlines()] == "order,rounded,rules,market,fills at once,prices,fee,takes".split(",")
    assert "kept" in done.out
    assert "quantity 0.51234 to 0.512" in done.out
    done = run("order", "place", "buy", "ethbtc", "0.51234", "--price", "0.08", "--preview", *there)
    assert (done.code, "BROKEN" in done.out) == (9, True)
    told = json.loads(run("order", "place", "buy", "ethbtc", "0.51234", "--price", "0.08", "--preview", "--json", *there).out)
    assert told["refusal"] | {"message": ""} == {"rule": "LOT_SIZE", "message": "", "nearest": "0.512"}
    assert (float(told["fill"]["quantity"]), told["pays_in"], told["is_covered"]) == (0.51234, "BTC", True)
    assert sent(client) == before


def test_what_the_venue_itself_would_refuse_fails_the_preview(run: Run, there: list[str], client: Client, exchange: Sandbox) -> None:
    with exchange.fault("error", route="POST /api/v3/order/test", status=400, code=-2010):
        assert run("order", "place", "buy", "ethbtc", "0.5", *RESTS, "--preview", *there).code == 7


def test_what_the_venue_does_not_repeat_is_shown_as_it_was_sent(run: Run, there: list[str]) -> None:
    """It acknowledges an order that only rests; a market order has a price of zero there, and none for a person."""
    rests = run("order", "place", "buy", "ethbtc", "0.5", "--type", "LIMIT_MAKER", *RESTS, *there)
    assert {"BUY", "LIMIT_MAKER", "0.05", "0.5"} <= set(rests.out.split())
    market = run("order", "place", "buy", "ethbtc", "0.5", "--market", *there)
    assert re.search(r"^price$", market.out, re.MULTILINE)


def test_an_order_that_is_named_by_no_number_is_asked_back(run: Run, there: list[str]) -> None:
    for command in ("show", "cancel"):
        done = run("order", command, "ETHBTC", "my-order", *there)
        assert (done.code, "--client-order-id" in done.err) == (2, True)


# ---- lost answers ------------------------------------------------------------------------------------------------------


def test_an_order_whose_answer_is_lost_is_found_and_sent_once(run: Run, there: list[str], client: Client, exchange: Sandbox) -> None:
    before = sent(client)
    with exchange.fault("drop", route=PLACE, when="after", times=1):
        done = run("order", "place", "buy", "ethbtc", "0.5", *RESTS, *there)
    assert done.code == 0, done.err
    assert sent(client) - before == {told_id(done.err)}


def test_an_order_of_which_nobody_knows_is_told_and_settled_later(
    run: Run, there: list[str], client: Client, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Client.__init__.__kwdefaults__ is not None
    before = sent(client)
    with (
        exchange.fault("drop", route=PLACE, when="after", times=1),
        exchange.fault("error", route="GET /api/v3/order", status=503),
        monkeypatch.context() as impatient,
    ):
        impatient.setitem(Client.__init__.__kwdefaults__, "settle_timeout", 0.5)
        done = run("order", "place", "buy", "ethbtc", "0.5", *RESTS, *there)
        known = told_id(done.err)
        assert done.code == 11
        assert "it may be on the book; it was not sent again" in done.err
        assert f"  exchangeclient order show ETHBTC --client-order-id {known} --environment {there[1]}\n" in done.err
        assert sent(client) - before == {known}
        asked = run("order", "undecided", *there)
        assert (asked.code, known in asked.out) == (11, True)
    asked = run("order", "undecided", "--json", *there)
    assert asked.code == 0
    (row,) = json.loads(asked.out)
    assert (row["client order id"], row["was placed"], row["status"]) == (known, True, "NEW")
    assert json.loads(run("order", "undecided", "--json", *there).out) == []
    assert sent(client) - before == {known}


@contextmanager
def on_its_way(there: list[str], exchange: Sandbox) -> Iterator[subprocess.Popen[str]]:
    """A command whose order the exchange has taken, and whose answer does not come."""
    command = [sys.executable, "-m", "exchangeclient", "order", "place", "buy", "ethbtc", "0.5", *RESTS, *there]
    with (
        exchange.fault("drop", route=PLACE, when="after", ending="silence") as held,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
    ):
        until = time.monotonic() + SOON_S
        while not held.hits and time.monotonic() < until:
            threading.Event().wait(0.02)
        yield process


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.usefixtures("settings_file")
def test_who_stops_it_in_the_middle_is_told_that_nobody_knows(
    there: list[str], client: Client, exchange: Sandbox, number: signal.Signals, code: int
) -> None:
    before = sent(client)
    with on_its_way(there, exchange) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=SOON_S)
    assert (process.returncode, out) == (code, "")
    assert "stopped in the middle: it is not known whether it was placed" in err
    assert "Traceback" not in err
    assert sent(client) - before == {told_id(err)}


def test_an_order_whose_command_was_killed_is_known_to_the_next(run: Run, there: list[str], client: Client, exchange: Sandbox) -> None:
    before = sent(client)
    with on_its_way(there, exchange) as process:
        process.kill()
        _, err = process.communicate(timeout=SOON_S)
    (row,) = json.loads(run("order", "undecided", "--json", *there).out)
    assert (row["client order id"], row["was placed"], row["status"]) == (told_id(err), True, "NEW")
    assert sent(client) - before == {told_id(err)}


def test_what_is_settled_is_told_though_the_next_is_stopped(
    run: Run, there: list[str], client: Client, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = []
    for _ in range(2):
        with on_its_way(there, exchange) as process:
            process.kill()
            known.append(told_id(process.communicate(timeout=SOON_S)[1]))
    settle = OrderStatusUnknownException.resolve

    def resolve(doubt: OrderStatusUnknownException) -> object:
        if doubt.client_order_id == known[1]:
            raise KeyboardInterrupt
        return settle(doubt)

    with monkeypatch.context() as stopping:
        stopping.setattr(OrderStatusUnknownException, "resolve", resolve)
        asked = run("order", "undecided", "--json", *there)
    assert (asked.code, [row["client order id"] for row in json.loads(asked.out)]) == (130, known[:1])
    assert [row["client order id"] for row in json.loads(run("order", "undecided", "--json", *there).out)] == known[1:]


def test_a_cancellation_of_which_nobody_knows_says_how_to_ask(
    run: Run, there: list[str], client: Client, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Client.__init__.__kwdefaults__ is not None
    placed = json.loads(run("order", "place", "buy", "ethbtc", "0.5", *RESTS, "--json", *there).out)
    with (
        exchange.fault("drop", route="DELETE /api/v3/order", when="before", times=1),
        exchange.fault("error", route="GET /api/v3/order", status=503),
        monkeypatch.context() as impatient,
    ):
        impatient.setitem(Client.__init__.__kwdefaults__, "settle_timeout", 0.5)
        done = run("order", "cancel", "ethbtc", str(placed["orderId"]), *there)
    assert (done.code, done.out) == (11, "")
    assert f"The venue can tell:\n  exchangeclient order list ETHBTC --all --environment {there[1]}\n" in done.err


# ---- words and answers that nobody can be told -----------------------------------------------------------------------------

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")


@FULL
@pytest.mark.usefixtures("settings_file")
def test_that_an_order_was_placed_is_said_when_its_answer_cannot_be_printed(there: list[str], client: Client) -> None:
    before = sent(client)
    command = [sys.executable, "-m", "exchangeclient", "order", "place", "buy", "ethbtc", "0.5", *RESTS, *there]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=SOON_S, check=False)
    assert done.returncode == 1
    assert re.search(r"^the order \d+ was placed; only the answer could not be printed$", done.stderr, re.MULTILINE)
    assert sent(client) - before == {told_id(done.stderr)}


@FULL
@pytest.mark.usefixtures("settings_file")
def test_an_order_whose_id_cannot_be_told_is_not_sent(there: list[str], client: Client) -> None:
    before = sent(client)
    command = [sys.executable, "-m", "exchangeclient", "order", "place", "buy", "ethbtc", "0.5", *RESTS, *there]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, timeout=SOON_S, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert sent(client) == before


# ---- a live venue ------------------------------------------------------------------------------------------------------


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the exchange for one where real money is."""
    monkeypatch.setattr(consent, "is_for_play", lambda client: False)


@pytest.mark.usefixtures("live")
def test_without_a_terminal_nothing_is_sent_to_a_live_venue(run: Run, there: list[str], client: Client) -> None:
    before = sent(client)
    for arguments in (["place", "buy", "ethbtc", "0.5", *RESTS], ["cancel", "ethbtc", "--all"]):
        done = run("order", *arguments, *there)
        assert (done.code, done.out) == (2, "")
        assert "unless there is --yes" in done.err
    assert run("call", "create_order", "symbol=ETHBTC", "side=BUY", "type=MARKET", "quantity=1", *there).code == 2
    assert sent(client) == before
    assert run("order", "place", "buy", "ethbtc", "0.5", *RESTS, "--yes", *there).code == 0
    assert len(sent(client) - before) == 1


AS_LIVE = "from exchangeclient.cli import consent, main; consent.is_for_play = lambda client: False; main()"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals of this kind on Windows")
@pytest.mark.parametrize(("answer", "count"), [("y", 1), ("n", 0), ("", 0)])
def test_at_a_terminal_it_is_shown_and_asked_for(settings_file: Path, there: list[str], client: Client, answer: str, count: int) -> None:
    before = sent(client)
    screen, terminal = pytest.importorskip("pty").openpty()
    command = [sys.executable, "-c", AS_LIVE, "order", "place", "buy", "ethbtc", "0.5", *RESTS, *there]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        seen = ""
        while "[y/N]" not in seen:
            seen += os.read(screen, 4096).decode()
        assert sent(client) == before
        assert "fills at once" in seen
        os.write(screen, f"{answer}\n".encode())
        try:
            while more := os.read(screen, 4096).decode():
                seen += more
        except OSError:  # Linux's word for its end
            pass
        process.wait(SOON_S)
    os.close(screen)
    assert process.returncode == (0 if count else 1), seen
    assert len(sent(client) - before) == count
    assert ("nothing was sent" in seen) is (count == 0)


def test_what_is_for_play(exchange: Sandbox) -> None:
    for environment, plays in ((exchange.urls["binance"], True), ("testnet", True), ("demo", True), ("live", False), ("us", False)):
        with Client(environment=environment) as client:
            assert is_for_play(client) is plays
    for address in ("https://api1.binance.com", "https://api.example.com", "http://127.0.0.1:9"):
        with Client(environment=address) as client:
            assert not is_for_play(client)


def test_a_server_on_this_machine_that_does_not_say_that_it_is_a_sandbox_may_lead_to_a_live_venue() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, answers[-1])

    answers = [b"{}", b"[]", b"no JSON", b'{"endpoints": ["GET /api"]}']
    host = Host(SimpleNamespace(http=answer, websocket=None))
    host.start()
    try:
        while answers:
            with Client(environment=f"http://127.0.0.1:{host.port}") as client:
                assert not is_for_play(client)
            answers.pop()
    finally:
        host.stop()
