"""Candle files and play accounts: every form that is taken, and a clear error for what is not."""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox import Account, parse_account, parse_accounts_file, parse_candles, read_candle_rows
from exchangeclient.sandbox.inputs import CandleFiles, load_history

HEADER = "open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_buy_base,taker_buy_quote"
START_MS = 1_600_000_200_000
STEP_MS = 300_000


def rows(count: int = 5, *, scale: int = 1) -> list[str]:
    made = []
    for number in range(count):
        opens = START_MS + number * STEP_MS
        closes = (opens + STEP_MS) * scale - 1
        made.append(f"{opens * scale},0.07,0.0710,0.0699,0.070{number},{number}.5,{closes},0.1,{number},0.2,0.3")
    return made


def save_plain(folder: Path, lines: list[str]) -> Path:
    path = folder / "candles.csv"
    path.write_bytes(("\n".join(lines) + "\n").encode())
    return path


def save_gz(folder: Path, lines: list[str]) -> Path:
    path = folder / "candles.csv.gz"
    with gzip.open(path, "wt", newline="") as file:
        file.write("\r\n".join(lines) + "\r\n")
    return path


def save_zip(folder: Path, lines: list[str]) -> Path:
    path = folder / "candles.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("candles.csv", "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("save", [save_plain, save_gz, save_zip])
@pytest.mark.parametrize("header", [[HEADER], []])
@pytest.mark.parametrize("scale", [1, 1000])
def test_candles_are_read_from_every_form_of_file(
    tmp_path: Path, save: Callable[[Path, list[str]], Path], header: list[str], scale: int
) -> None:
    path = save(tmp_path, header + rows(scale=scale))
    (series,) = load_history({("ETHBTC", "5m"): path})["ETHBTC"]
    assert [(candle.open_ms, candle.high, candle.close) for candle in series.candles] == [
        (START_MS + number * STEP_MS, "0.0710", f"0.070{number}") for number in range(5)
    ]
    assert read_candle_rows(path) == [row.split(",") for row in rows()]


def test_several_files_of_a_symbol_are_kept_apart(tmp_path: Path) -> None:
    path = save_plain(tmp_path, rows(1))
    hours = tmp_path / "hours.csv"
    hours.write_text("1600002000000,1,2,1,2,1,1600005599999,1,1,1,1\n")
    history = load_history({("ETHBTC", "5m"): path, ("ETHBTC", "1h"): hours, ("BNBBTC", "5m"): path})
    assert {symbol: [each.interval for each in series] for symbol, series in history.items()} == {
        "ETHBTC": ["5m", "1h"],
        "BNBBTC": ["5m"],
    }


def test_files_of_the_same_candles_are_joined_in_order_of_time(tmp_path: Path) -> None:
    paths = []
    for name, part in (("b", rows(5)[3:]), ("a", rows(5)[:3])):
        (tmp_path / name).mkdir()
        paths.append(save_plain(tmp_path / name, part))
    forms: list[CandleFiles] = [
        {("ETHBTC", "5m"): paths},
        {("ETHBTC", "5m"): iter([str(path) for path in paths])},
        [f"ETHBTC:5m={path}" for path in paths],
        (f"ETHBTC:5m={path}" for path in paths),
    ]
    for form in forms:
        (series,) = load_history(form)["ETHBTC"]
        opens = [START_MS + number * STEP_MS for number in range(5)]
        assert [candle.open_ms for candle in series.candles] == [bar.open_ms for bar in series.bars] == opens


def test_files_that_overlap_are_an_error_that_names_both(tmp_path: Path) -> None:
    for name, part in (("first", rows(3)), ("second", rows(5)[2:])):
        (tmp_path / name).mkdir()
        save_plain(tmp_path / name, part)
    first, second = tmp_path / "first" / "candles.csv", tmp_path / "second" / "candles.csv"
    with pytest.raises(SandboxException) as caught:
        load_history([f"ETHBTC:5m={second}", f"ETHBTC:5m={first}"])
    assert str(caught.value).startswith(f"the candle files {first} and {second} overlap")
    with pytest.raises(SandboxException, match="overlap"):
        load_history({("ETHBTC", "5m"): [first, first]})


@pytest.mark.parametrize(
    ("candles", "text"),
    [
        ("ETHBTC:5m=file.csv", "candles must be a mapping or a list"),
        (None, "candles must be a mapping or a list"),
        (5, "candles must be a mapping or a list"),
        ([("ETHBTC", "5m")], "candles must be texts"),
        ({"ETHBTC": "file.csv"}, "candles must have keys like"),
        ({("ETHBTC", 5): "file.csv"}, "candles must have keys like"),
        ({("ETHBTC", "5m", "x"): "file.csv"}, "candles must have keys like"),
        ({("ETHBTC", "5m"): 5}, "must be a path or a list of paths"),
        ({("ETHBTC", "5m"): []}, "must be a path or a list of paths"),
        ({("ETHBTC", "5m"): ["file.csv", None]}, "must be a path or a list of paths"),
        ({("ETHBTC", "5m"): b"file.csv"}, "must be a path or a list of paths"),
    ],
)
def test_candles_of_another_form_are_refused_by_name(candles: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        load_history(candles)


def test_an_archive_that_breaks_off_says_at_which_line(tmp_path: Path) -> None:
    whole = save_gz(tmp_path, [HEADER, *rows(3_000)]).read_bytes()
    half = tmp_path / "half.csv.gz"
    half.write_bytes(whole[: len(whole) // 2])
    # As many lines as an independent reader gets out of it.
    readable = zlib.decompressobj(wbits=31).decompress(half.read_bytes()).count(b"\n")
    assert 100 < readable < 2_900
    for read in (read_candle_rows, lambda path: load_history({("ETHBTC", "5m"): path})):
        with pytest.raises(SandboxException, match=rf"half\.csv\.gz, line {readable + 1}: the file breaks off \("):
            read(half)


@pytest.mark.parametrize("save", [save_plain, save_gz, save_zip])
def test_a_last_line_without_a_line_break_is_taken_as_broken_off(tmp_path: Path, save: Callable[[Path, list[str]], Path]) -> None:
    path = save(tmp_path, rows(2))
    cut = save_cut(path)
    for read in (read_candle_rows, lambda path: load_history({("ETHBTC", "5m"): path})):
        with pytest.raises(SandboxException, match=r"line 2: the file breaks off .*get it again, or end the line"):
            read(cut)
    assert read_candle_rows(save(tmp_path, [*rows(2), ""])) == [row.split(",") for row in rows(2)]


def save_cut(path: Path) -> Path:
    """The same file without its last line break."""
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).rstrip()))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            content = archive.read("candles.csv")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("candles.csv", content.rstrip())
    else:
        path.write_bytes(path.read_bytes().rstrip())
    return path


def test_a_zip_that_cannot_be_unpacked_is_an_error_that_names_it(tmp_path: Path) -> None:
    encrypted, foreign = tmp_path / "encrypted.zip", tmp_path / "foreign.zip"
    content = bytearray(save_zip(tmp_path, rows()).read_bytes())
    central = content.rfind(b"PK\x01\x02")
    content[6] |= 1
    content[central + 8] |= 1
    encrypted.write_bytes(content)
    with zipfile.ZipFile(foreign, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("candles.csv", "\n".join(rows()))
    for path, text in ((encrypted, "encrypted"), (foreign, "deflate")):
        with pytest.raises(SandboxException, match=text) as caught:
            load_history({("ETHBTC", "5m"): path})
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("save", [save_plain, save_gz, save_zip])
def test_a_truncated_file_names_its_last_line(tmp_path: Path, save: Callable[[Path, list[str]], Path]) -> None:
    lines = [HEADER, *rows()]
    lines[-1] = lines[-1][:30]
    path = save(tmp_path, lines)
    with pytest.raises(SandboxException, match=r"candles\.\S+, line 6: "):
        load_history({("ETHBTC", "5m"): path})


def test_a_foreign_header_is_an_error_on_line_1(tmp_path: Path) -> None:
    path = save_plain(tmp_path, ["date,open,high,low,close,volume", *rows()])
    with pytest.raises(SandboxException, match=r"line 1: foreign header"):
        load_history({("ETHBTC", "5m"): path})


def test_a_damaged_archive_is_an_error_that_names_it(tmp_path: Path) -> None:
    good = save_gz(tmp_path, rows(500)).read_bytes()
    for name, content in (("cut.csv.gz", good[:-100]), ("not.csv.gz", b"hello"), ("not.zip", b"hello"), ("odd.csv", b"\xff\xfe\x00")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(SandboxException, match=name.replace(".", r"\.")):
            load_history({("ETHBTC", "5m"): path})


def test_a_zip_holds_one_file(tmp_path: Path) -> None:
    path = save_zip(tmp_path, rows())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.csv", "")
    with pytest.raises(SandboxException, match="one file, not 2"):
        load_history({("ETHBTC", "5m"): path})


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SandboxException, match="nowhere"):
        load_history({("ETHBTC", "5m"): tmp_path / "nowhere.csv"})
    with pytest.raises(SandboxException, match="nowhere"):
        read_candle_rows(tmp_path / "nowhere.zip")


def test_an_unknown_interval_is_an_error_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(SandboxException, match="'2m'"):
        load_history({("ETHBTC", "2m"): tmp_path / "nowhere.csv"})


def test_candles_are_named_by_symbol_interval_and_file() -> None:
    assert parse_candles("ETHBTC:5m=a=b:c.csv") == (("ETHBTC", "5m"), Path("a=b:c.csv"))
    for spec in ("", "ETHBTC", "ETHBTC:5m", "ETHBTC=x", ":5m=x", "ETHBTC:=x", "ETHBTC:5m="):
        with pytest.raises(SandboxException, match="SYMBOL:INTERVAL=FILE"):
            parse_candles(spec)


def test_accounts_are_named_by_key_secret_and_perhaps_a_passphrase() -> None:
    assert parse_account("k:s") == Account("k", "s")
    assert parse_account("k:s:p") == Account("k", "s", passphrase="p")
    for text in ("", "k", "k:", ":s", "k:s:", "k:hush:p:more"):
        with pytest.raises(SandboxException, match="KEY:SECRET") as caught:
            parse_account(text)
        assert "hush" not in str(caught.value)
    with pytest.raises(SandboxException, match="account 'a b': a key is made of") as caught:
        parse_account("a b:hush")
    assert "hush" not in str(caught.value)


def test_accounts_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps([{"key": "a", "secret": "s"}, {"key": "b", "secret": "t", "passphrase": "p"}]))
    assert parse_accounts_file(path) == [Account("a", "s"), Account("b", "t", passphrase="p")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "list of accounts"),
        ("[]", "one at least"),
        ('[{"key": "a", "secret": "s"}, 5]', "account 2"),
        ('[{"key": "a", "secret": 5}]', "account 1"),
        ('[{"key": "a", "colour": "red"}]', "unknown field 'colour'"),
        ('[{"secret": "s"}]', "account 1: an account needs a key"),
        ('[{"key": "a", "public_key": "x"}]', "account 'a': .*PEM"),
        ('[{"key": "a b", "secret": "s"}]', "account 1: account 'a b'"),
    ],
)
def test_an_accounts_file_that_cannot_be_trusted_is_an_error(tmp_path: Path, content: str, text: str) -> None:
    path = tmp_path / "accounts.json"
    path.write_text(content)
    with pytest.raises(SandboxException, match=text) as caught:
        parse_accounts_file(path)
    assert "accounts.json" in str(caught.value)


def test_an_accounts_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxException, match="nowhere"):
        parse_accounts_file(tmp_path / "nowhere.json")
