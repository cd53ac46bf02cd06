from __future__ import annotations

import pytest

from exchangeclient.okx.names import family, inst_type, is_spot


@pytest.mark.parametrize(
    ("name", "kind"),
    [("BTC-USDT", "SPOT"), ("BTC-USDT-SWAP", "SWAP"), ("BTC-USD-261225", "FUTURES"), ("BTC-USD-261225-50000-C", "OPTION"), ("BTC", "SPOT")],
)
def test_a_name_tells_what_it_is(name: str, kind: str) -> None:
    assert inst_type(name) == kind
    assert is_spot(name) is (kind == "SPOT")
    assert family("BTC-USD-261225") == "BTC-USD"
