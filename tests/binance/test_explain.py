from __future__ import annotations

import re
from pathlib import Path

import pytest

from exchangeclient.binance import errors
from exchangeclient.binance.explain import explained, find
from exchangeclient.binance.explained_codes import CODES
from exchangeclient.binance.explained_texts import FILTERS, MESSAGES, SENTENCES
from exchangeclient.core.http.request import Response
from exchangeclient.exceptions import ExchangeAPIException, RateLimitException
from exchangeclient.explanation import Repeat

SHEET = Path(__file__).resolve().parents[2].parent / "shared/spec/binance-spot.md"
# Every code of https://developers.binance.com/docs/binance-spot-api-docs/errors (state of November 2026), without the sign.
DOCUMENTED = """1000 1001 1002 1003 1006 1007 1008 1010 1013 1014 1015 1016 1020 1021 1022 1033 1034 1035
    1100 1101 1102 1103 1104 1105 1106 1108 1111 1112 1114 1115 1116 1117 1118 1119 1120 1121 1122 1125 1127 1128 1130 1134 1135 1139 1145
    1151 1152 1153 1155 1158 1160 1161 1165 1166 1168 1169 1170 1171 1172 1173 1174 1175 1176 1177 1178 1179 1180 1181 1182 1183 1184 1185
    1186 1187 1188 1189 1190 1191 1194 1196 1197 1198 1199 1209 1210 1211 1220 1221 1222 1223 1224 1225
    2010 2011 2013 2014 2015 2016 2021 2022 2026 2035 2036 2038 2039 2042 2043""".split()
ENGINE = (  # sentences of the matching engine, each of which arrives with a code that says nothing by itself
    "Unknown order sent.",
    "Duplicate order sent.",
    "Market is closed.",
    "Account has insufficient balance for requested action.",
    "Stop loss limit orders are not supported for this symbol.",
    "Order would trigger immediately.",
    "Order would immediately match and take.",
    "The relationship of the prices for the orders is not correct.",
    "OCO orders are not supported for this symbol",
    "OPO orders are not supported for this symbol.",
    "The requested action would change no state; rejecting",
    "The requested action would change no state; rejecting.",
    "Order book liquidity is less than `LOT_SIZE` filter minimum quantity.",
)


def refused(status: int, code: int, message: str) -> ExchangeAPIException:
    """The error as it is made of an answer of the venue."""
    body = f'{{"code": {code}, "msg": "{message}"}}' if code else message
    error = errors.refusal(Response(status, body.encode()))
    assert error is not None
    error.venue = "binance"
    return error


@pytest.mark.parametrize("code", [-int(code) for code in DOCUMENTED])
def test_every_documented_code_is_explained(code: int) -> None:
    entry = CODES[code]
    assert entry.code == code
    assert re.fullmatch(r"[A-Z_]+", entry.name)
    assert entry.meaning.endswith(".")


def test_every_code_that_has_a_class_of_its_own_is_explained() -> None:
    assert errors.BY_CODE.keys() <= CODES.keys()
    assert {sentence.rstrip(".") for sentence in errors.BY_TEXT} <= SENTENCES.keys()


def test_no_code_of_the_fact_sheet_is_missing() -> None:
    if not SHEET.exists():
        pytest.skip(f"{SHEET} is not at hand; the codes are in this file")
    table = SHEET.read_text(encoding="utf-8").partition("### 6.2 Codes")[2].partition("### 6.3")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| -")]
    assert len(cells) > 50
    for cell in cells:
        for first, last in re.findall(r"-(\d{4})(?:\.\.-(\d{4}))?", cell):
            for code in range(int(first), int(last or first) + 1):
                assert -code in CODES, cell


@pytest.mark.parametrize("message", ENGINE)
def test_the_engines_sentence_explains_more_than_its_code(message: str) -> None:
    explanation = refused(400, -2010, message).explain()
    assert explanation.name == message.rstrip(".")
    assert explanation.code == -2010
    assert explanation.meaning != CODES[-2010].meaning


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_explained_by_its_name(name: str) -> None:
    assert refused(400, -1013, f"Filter failure: {name}").explain().name == name
    assert [entry.name for entry in find(f"APIError(code=-1013): Filter failure: {name}")] == [name, "INVALID_MESSAGE"]


def test_whether_a_repeat_is_safe() -> None:
    assert not refused(500, -1000, "An unknown error occurred.").explain().repeat.is_safe
    assert not refused(504, -1007, "Timeout waiting.").explain().repeat.is_safe
    assert refused(400, -1021, "Timestamp for this request is outside of the recvWindow.").explain().repeat is Repeat.LATER
    assert refused(400, -1121, "Invalid symbol.").explain().repeat is Repeat.USELESS


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_answer_that_leaves_the_outcome_open_is_never_called_safe_to_repeat(status: int) -> None:
    for code in (0, -1008, -1013, -1121, -9999):
        assert not refused(status, code, "whatever").explain().repeat.is_safe


def test_the_codes_that_leave_the_outcome_open_are_the_unsafe_ones() -> None:
    unsafe = {code for code, entry in CODES.items() if not entry.repeat.is_safe}
    assert unsafe == {code for code in CODES if refused(400, code, "").outcome_unknown}


def test_answers_without_a_code_are_explained_by_their_status() -> None:
    assert "firewall" in refused(403, 0, "<html>").explain().meaning
    assert refused(418, 0, "<html>").explain().repeat is Repeat.LATER
    assert refused(502, 0, "<html>").explain().name == "HTTP 502"
    assert refused(521, 0, "<html>").explain().name == "HTTP 5xx"


def test_what_the_table_does_not_have_is_said_to_be_missing() -> None:
    explanation = refused(400, -9999, "Something new.").explain()
    assert "not in the venue's table" in explanation.name
    assert (explanation.code, explanation.meaning) == (-9999, "Something new.")


def test_a_call_held_back_by_the_client_was_not_sent() -> None:
    assert explained(RateLimitException("not sent: the budget is used up")).repeat is Repeat.LATER


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("-1022", ["INVALID_SIGNATURE"]),
        (" 1022 ", ["INVALID_SIGNATURE"]),
        ("429", ["HTTP 429"]),
        ("invalid_signature", ["INVALID_SIGNATURE"]),
        ("NOTIONAL", ["NOTIONAL"]),
        ("Signature for this request is not valid.", ["INVALID_SIGNATURE"]),
        ("binance error -1021 (HTTP 400): Timestamp for this request is outside of the recvWindow.", ["INVALID_TIMESTAMP"]),
        ("-2010 duplicate order SENT", ["Duplicate order sent", "NEW_ORDER_REJECTED"]),
        ("iceberg leg", ["OCO_ICEBERGQTY_TIMEINFORCE"]),
        ("9999", []),
        ("-99", []),
        ("", []),
        ("no such words anywhere", []),
    ],
)
def test_find(words: str, names: list[str]) -> None:
    assert [entry.name for entry in find(words)] == names


def test_what_the_venue_says_leads_to_its_code() -> None:
    assert set(MESSAGES.values()) <= CODES.keys()
    for message, code in MESSAGES.items():
        assert CODES[code] in find(f"... {message} ...")


def test_an_explanation_prints_all_of_it() -> None:
    text = str(find("-1022")[0])
    assert text.startswith("-1022 INVALID_SIGNATURE: ")
    for part in (*find("-1022")[0].causes, Repeat.USELESS.value):
        assert part in text
