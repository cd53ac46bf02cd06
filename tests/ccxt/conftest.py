"""A stub of Gate, for what is the same of all exchanges through ccxt (those that are not are in ``test_exchanges.py``)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ccxt.venues.core import served
from tests.ccxt.venues.gate import Gate


@pytest.fixture
def gate() -> Iterator[tuple[Gate, str]]:
    """The stub and its address."""
    stub = Gate()
    with served(stub) as address:
        yield stub, address
