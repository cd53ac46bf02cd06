from __future__ import annotations

import json

from exchangeclient.client import Client
from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.okx.client import Client as OkxClient

from .conftest import Run


def test_every_endpoint_is_listed(run: Run) -> None:
    rows = json.loads(run("endpoints", "--json").out)
    assert [row["method"] for row in rows] == [each.name for each in endpoints(Client)]
    assert all(row["gives"] and "`" not in row["gives"] for row in rows)


def test_words_narrow_the_list_down(run: Run) -> None:
    rows = json.loads(run("endpoints", "KLINES", "post", "--json").out)
    assert rows == []
    rows = json.loads(run("endpoints", "order", "delete", "--json").out)
    assert {row["kind"] for row in rows} == {"cancel"}


def test_one_is_shown_whole(run: Run) -> None:
    done = run("endpoints", "get_klines")
    assert "parameters  symbol, interval, startTime, endTime, timeZone, limit" in done.out
    assert "page        https://developers.binance.com/" in done.out


def test_those_of_another_venue(run: Run) -> None:
    rows = json.loads(run("endpoints", "--venue", "okx", "--json").out)
    assert [row["method"] for row in rows] == [each.name for each in endpoints(OkxClient)]
    run("config", "set", "venue", "okx")
    assert "https://www.okx.com/docs-v5/" in run("endpoints", "get_ticker").out
