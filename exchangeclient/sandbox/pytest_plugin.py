"""The ``exchange`` fixture for test suites of programs that trade: an exchange of its own for each test, gone when the test is.

::

    def test_my_robot_survives_a_silent_stream(exchange):
        robot = Robot(exchange.urls["binance"])
        with exchange.fault("stall", stream="btcusdt@depth", seconds=2):
            ...

    @pytest.mark.exchange(limits={"weight": 100}, speed=0)
    def test_with_an_exchange_made_to_measure(exchange): ...

``--exchange-seed`` makes another market; a failing test shows which one it had. pytest finds the plugin by itself; nothing of the
exchange is loaded until a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from exchangeclient.sandbox.sandbox import Sandbox

_OPTION = "--exchange-seed"
_SEED = 7


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the seed be chosen."""
    parser.getgroup("exchangeclient").addoption(
        _OPTION, type=int, default=_SEED, metavar="N", help=f"seed of the market that the exchange fixture makes [default: {_SEED}]"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, also to ``--strict-markers``."""
    config.addinivalue_line("markers", "exchange(**arguments): what the exchange fixture is made with, as exchangeclient.sandbox.Sandbox")


@pytest.fixture
def exchange(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A started :class:`~exchangeclient.sandbox.Sandbox`; at ``exchange.urls["binance"]``, with the account ``key``, ``secret``."""
    from exchangeclient.sandbox.sandbox import Sandbox

    arguments = {"seed": request.config.getoption(_OPTION)}
    for mark in reversed(list(request.node.iter_markers("exchange"))):  # the nearest one has the last word
        if mark.args:
            raise pytest.UsageError(f"the exchange mark takes arguments by name, as Sandbox does, and not {mark.args[0]!r}")
        arguments |= mark.kwargs
    request.node.add_report_section("setup", "exchange", f"{_OPTION}={arguments['seed']}")
    with Sandbox(**arguments) as exchange:
        yield exchange
