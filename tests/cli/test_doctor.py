from __future__ import annotations

import json
from pathlib import Path

import pytest

from exchangeclient.sandbox import Sandbox

from .conftest import Run


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSLKEYLOGFILE", raising=False)


def looked_at(out: str) -> dict[str, str]:
    return {row["what"]: row["verdict"] for row in map(json.loads, out.splitlines())}


def test_a_machine_that_is_well(run: Run, there: list[str], tmp_path: Path) -> None:
    done = run("doctor", "--folder", str(tmp_path), "--json", *there)
    assert done.code == 0, done.out
    found = looked_at(done.out)
    assert list(found) == [
        "python",
        "TLS",
        "packages",
        "shadowing",
        "environment",
        "REST",
        "clock",
        "streams",
        "WebSocket API",
        "limits",
        "key",
    ]
    assert "bad" not in found.values()


def test_the_way_to_another_venue(run: Run, exchange: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = ("--venue", "okx", "--environment", exchange.urls["okx"]["rest"], "--folder", str(tmp_path), "--json")
    found = looked_at(run("doctor", *there).out)
    assert list(found)[5:] == ["REST", "clock", "streams", "limits", "key"]
    assert found["key"] == "note"
    for word in ("key", "secret", "passphrase"):
        monkeypatch.setenv(f"EXCHANGECLIENT_OKX_{word.upper()}", word)
    done = run("doctor", *there)
    assert done.code == 0, done.out
    assert "may trade, and may not withdraw; it is not tied to addresses" in done.out
    monkeypatch.setenv("EXCHANGECLIENT_OKX_SECRET", "another")
    done = run("doctor", *there)
    assert done.code == 3
    assert "the secret is not that of the key" in done.out


def test_what_is_bad_makes_the_exit_code(run: Run, there: list[str], tmp_path: Path) -> None:
    (tmp_path / "requests.py").touch()
    done = run("doctor", "--folder", str(tmp_path), *there)
    assert done.code == 3
    assert "requests.py" in done.out
    assert "rename" in done.out


def test_a_venue_that_is_not_there(run: Run, tmp_path: Path) -> None:
    done = run("doctor", "--folder", str(tmp_path), "--json", "--environment", "http://127.0.0.1:9")
    assert done.code == 3
    assert looked_at(done.out)["REST"] == "bad"


def test_a_stream_that_brings_nothing(
    run: Run, there: list[str], tmp_path: Path, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchangeclient.binance.checkup._PATIENCE_S", 0.5)
    with exchange.fault("error", route="WS /ws/*", status=503):
        done = run("doctor", "--folder", str(tmp_path), "--json", *there)
    assert (done.code, looked_at(done.out)["streams"], looked_at(done.out)["key"]) == (3, "bad", "good")


def test_a_key_that_is_not_taken_is_explained(run: Run, there: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_SECRET", "wrong")
    rows = {row["what"]: row for row in map(json.loads, run("doctor", "--folder", str(tmp_path), "--json", *there).out.splitlines())}
    assert rows["key"]["verdict"] == "bad"
    assert "-1022" in rows["key"]["says"]
    assert rows["key"]["advice"]


def test_a_key_file_that_others_can_read(run: Run, there: list[str], tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text("")
    keys.chmod(0o644)
    done = run("doctor", "--folder", str(tmp_path), "--key-file", str(keys), *there)
    assert done.code == 3
    assert "chmod 600" in done.out
