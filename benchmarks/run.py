"""Prints the project's figures, one line each: ``NAME ours peer ratio target ok|short``.

    python benchmarks/run.py [--quick] [--strict] [--peer PYTHON ...] [NAME ...]

A name is a module of this folder. Ratios hold within one run; absolute figures are for the machine that they were taken on. Clients of
others are looked for in the virtual environments of the given interpreters; what is measured beside one that is missing is skipped. The
exit code is 0 unless a benchmark could not run; with ``--strict`` it is 1 also when a target was missed.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from importlib import import_module

import peers

BENCHMARKS = (
    "engine_commands",
    "signed_order",
    "fan_out",
    "open_orders",
    "ready",
    "virtual_day",
    "client_calls",
    "client_signing",
    "client_start",
    "cli_start",
    "order_rules",
    "history_speed",
    "history_budget",
    "archive_speed",
    "ws_receive",
    "ws_latency",
    "book_speed",
    "book_managers",
    "bitmex_tables",
    "onetoken_tick",
    "onetoken_ticks",
)


def main() -> int:
    """Run what was asked for, one after the other; the exit code."""
    parser = argparse.ArgumentParser(description="Prints the project's figures: NAME ours peer ratio target ok|short")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones; all if none is named: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="smaller runs, within seconds; the figures scatter more")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a target was missed")
    parser.add_argument("--peer", action="append", default=[], metavar="PYTHON", help="an interpreter that has clients of others installed")
    options = parser.parse_args()
    peers.look_in(options.peer)
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    failed = short = False
    for name in options.names or BENCHMARKS:
        try:
            figures = import_module(name).run(quick=options.quick)
        except Exception:  # noqa: BLE001 - the others are to run, and the exit code tells
            print(f"{name} could not run:", file=sys.stderr)
            traceback.print_exc()
            failed = True
            continue
        for figure in figures:
            print(figure.line(), flush=True)
            short = short or not figure.reached
    return 1 if failed or (options.strict and short) else 0


if __name__ == "__main__":
    sys.exit(main())
