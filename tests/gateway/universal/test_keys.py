from __future__ import annotations

import pytest

from exchangeclient.gateway.universal.keys import Keys, keys
from exchangeclient.gateway.universal.texts import Refused


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", Keys("k", "")),
        ("s", Keys("k", "s")),
        ("s,p", Keys("k", "s", "p")),
        ("s,p,simulate", Keys("k", "s", "p", simulate=True)),
        ("s,,simulate", Keys("k", "s", "", simulate=True)),
        ("s, p ", Keys("k", "s", " p ")),
    ],
)
def test_a_secret_is_up_to_three_parts(given: str, read: Keys) -> None:
    assert keys("OKX", "k", given) == read


@pytest.mark.parametrize("given", ["s,p,x", "s,p,", "s,p,Simulate", "s,p, simulate", "s,p,simulate,y", "s,p,simulate,"])
def test_whoever_may_have_meant_demo_trading_does_not_trade_for_money(given: str) -> None:
    with pytest.raises(Refused, match=r"^OKX: invalid secretKey format\."):
        keys("OKX", "k", given)


def test_keys_do_not_show_themselves() -> None:
    shown = repr(keys("OKX", "canary-key", "canary-secret,canary-phrase"))
    assert "canary" not in shown
