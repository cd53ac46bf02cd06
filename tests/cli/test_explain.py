from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from exchangeclient.cli.commands import cli

from .test_output import a_terminal


@pytest.mark.parametrize("code", ["-1022", "1022"])
def test_a_code_is_explained_with_or_without_its_sign(code: str) -> None:
    done = CliRunner().invoke(cli, ["explain", code])
    assert done.exit_code == 0
    assert done.output.startswith("-1022 INVALID_SIGNATURE: ")
    assert "Likely causes:" in done.output
    assert "Repeating it:" in done.output


def test_a_line_out_of_a_log_needs_no_quotes() -> None:
    done = CliRunner().invoke(cli, ["explain", *"binance error -1013 (HTTP 400): Filter failure: LOT_SIZE".split()])
    assert done.exit_code == 0
    assert done.output.startswith("LOT_SIZE: ")


def test_what_is_not_known_is_said_and_the_exit_code_is_1() -> None:
    command = [sys.executable, "-m", "exchangeclient", "explain", "-9999"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "exchangeclient: nothing is known of '-9999'\n"


def test_as_json_for_programs() -> None:
    (told,) = json.loads(CliRunner().invoke(cli, ["explain", "-1022", "--json"]).output)
    assert (told["code"], told["name"], told["repeat"]) == (-1022, "INVALID_SIGNATURE", "useless")
    assert told["causes"]


@pytest.mark.parametrize("words", ["51008", "okx error 51008 (HTTP 200): Order failed. Insufficient USDT balance in account."])
def test_codes_of_okx_are_explained_too(words: str) -> None:
    done = CliRunner().invoke(cli, ["explain", *words.split()])
    assert done.exit_code == 0
    assert done.output.startswith("51008 balance: ")


def test_a_number_beside_a_code_of_binance_is_none_of_okx() -> None:
    done = CliRunner().invoke(cli, ["explain", "binance error -2011: order 51008: Unknown order sent."])
    assert "51008" not in done.output


def test_five_digits_that_are_no_code_are_not_known() -> None:
    assert CliRunner().invoke(cli, ["explain", "59998"]).exit_code == 1


def test_on_a_terminal_words_go_on_below_where_they_began(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch, 60)
    cli.main(["explain", "-1021"], standalone_mode=False)
    heading, following, *more = terminal.getvalue().splitlines()
    assert (heading[:5], following[0] != " ") == ("-1021", True), "the sign of a code is no bullet"
    bullets = [number for number, line in enumerate(more) if line.startswith("  - ")]
    assert more[bullets[0] + 1].startswith("    ")
