"""Frames of the WebSocket API, piece by piece."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchangeclient.sandbox.dialects.binance import frames
from exchangeclient.sandbox.dialects.binance.errors import VenueError

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))


def values(params: str) -> dict[str, str]:
    return frames.values_of(frames.fields_of(f'{{"params": {params}}}'))


def test_values_are_the_texts_that_were_sent_and_nulls_are_not_there() -> None:
    sent = '{"a": "0.10", "b": 0.100, "c": 5, "d": true, "e": ["X", "Y"], "f": null, "g": "\\u00e9\\n", "h": 1e-05}'
    assert values(sent) == {"a": "0.10", "b": "0.100", "c": "5", "d": "true", "e": '["X", "Y"]', "g": "é\n", "h": "1e-05"}


@pytest.mark.parametrize("params", ["null", "{}"])
def test_parameters_may_be_left_out(params: str) -> None:
    assert values(params) == {}
    assert frames.values_of(frames.fields_of("{}")) == {}


@given(st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans() | st.lists(TEXTS)))
def test_values_are_what_json_says_whatever_is_sent(params: dict[str, object]) -> None:
    for text in (json.dumps({"params": params}), json.dumps({"params": params}, ensure_ascii=False).encode()):
        read = frames.values_of(frames.fields_of(text))
        assert {name: value if isinstance(params[name], str) else json.loads(value) for name, value in read.items()} == params


@given(st.binary() | st.text())
def test_whatever_comes_is_read_or_refused(payload: bytes | str) -> None:
    with suppress(VenueError):  # nothing else
        fields = frames.fields_of(payload)
        frames.id_of(fields)
        frames.method_of(fields)
        frames.values_of(fields)
