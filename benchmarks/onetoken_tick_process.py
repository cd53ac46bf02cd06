"""The process of one model in ``onetoken_tick``: prints conversions for a second of CPU.

python benchmarks/onetoken_tick_process.py MODULE ROUNDS
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path

LEVELS = 5
CONVERSIONS = 7
WIRE = json.dumps(
    {
        "contract": "okex/btc.usdt",
        "last": 9219.3,
        "volume": 0.3,
        "amount": 2765.79,
        "time": "2018-05-03T16:16:41.630400+08:00",
        "exchange_time": "2018-05-03T16:16:41.600000+08:00",
        "bids": [{"price": 9218.4 - level, "volume": 0.81871728 + level} for level in range(LEVELS)],
        "asks": [{"price": 9218.5 + level, "volume": 1.7371 + level} for level in range(LEVELS)],
    }
)


def main() -> None:
    """Convert, and say how fast that was."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    model = import_module("onetoken.model") if sys.argv[1] == "onetoken" else import_module(sys.argv[1])
    make = model.Tick
    tick = make.from_dict(WIRE)
    assert tick.to_short_list()[2] == 9219.3
    for rounds in (int(sys.argv[2]) // 10, int(sys.argv[2])):  # the first time is to get warm
        began = time.process_time()
        for _ in range(rounds):
            tick = make.from_dict(WIRE)
            tick.to_dict()
            tick.to_ws_str()
            make.from_short_list(tick.to_short_list())
            make.init_with_dict(tick.to_mongo_dict())
        took = time.process_time() - began
    print(CONVERSIONS * rounds / took)


if __name__ == "__main__":
    main()
