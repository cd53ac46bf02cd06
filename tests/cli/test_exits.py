from __future__ import annotations

import re
from pathlib import Path

import pytest

from exchangeclient import exceptions
from exchangeclient.cli import exits

COMMANDS = Path(__file__).resolve().parents[2] / "docs/commands.rst"
OF_OUR_OWN = {  # those that are nothing else than failed
    "ExchangeException", "JournalException", "LedgerException", "RegionException", "SandboxException", "ArchiveException",
}  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.RateLimitException("", status_code=429), 6),
        (exceptions.OverloadException(""), 6),
        (exceptions.AuthenticationException(""), 8),
        (exceptions.PermissionException(""), 8),
        (exceptions.ClockSkewException(""), 8),
        (exceptions.UnknownSymbolException(""), 7),
        (exceptions.InsufficientFundsException(""), 7),
        (exceptions.ExchangeAPIException("", status_code=400, code=-1121), 7),
        (exceptions.ExchangeAPIException("", status_code=500, code=-1000), 5),
        (exceptions.ExchangeAPIException("", status_code=502), 5),
        (exceptions.OrderMinPriceException(""), 9),
        (exceptions.OrderNotPlacedException(""), 10),
        (exceptions.OrderNotAmendedException(""), 10),
        (exceptions.OrderStatusUnknownException(""), 11),
        (exceptions.ExchangeRequestException("", sent="maybe"), 5),
        (exceptions.SocketTimeoutException(""), 5),
        (exceptions.OutOfSyncException(""), 5),
        (exceptions.AlreadyRunningException(""), 4),
        (exceptions.SandboxException(""), 1),
        (exceptions.UnsupportedException(""), 2),
        (ValueError(), 2),
        (OSError(), 1),
    ],
)
def test_the_code_is_that_of_the_kind(error: Exception, code: int) -> None:
    assert exits.code_of(error) == code


def test_no_kind_of_error_was_forgotten() -> None:
    kinds = {kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, exceptions.ExchangeException)}
    failed = {kind.__name__ for kind in kinds if exits.code_of(kind.__new__(kind)) == exits.FAILED}
    assert failed <= OF_OUR_OWN


def test_the_table_in_the_documentation_is_this_one() -> None:
    rows = re.findall(r"^(\d+) {2,}(\S.*)$", COMMANDS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == exits.MEANINGS
