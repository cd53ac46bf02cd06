"""How many commands a second the pure engine takes: the mix of an exchange's day on a book of ten thousand orders.

60 % orders that rest, 30 % cancels, 10 % orders that cross one to three levels, by a hundred funded accounts under all filters. The
commands are drawn once, on an exchange that is thrown away; what is timed is a fresh one that carries out the same commands, several times.
The best of them counts, as with ``timeit``: they are the same work to the last instruction, so what differs is the machine's other work.
There are not many of them, because the mix makes the book grow.
"""

from __future__ import annotations

import gc
from random import Random

from measure import Figure, cpu_s

from exchangeclient.sandbox.engine.commands import Cancel, Command, Deposit, Place
from exchangeclient.sandbox.engine.events import OrderAccepted
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import DEFAULTS, UNIT
from exchangeclient.sandbox.engine.words import OrderType, Side

TARGET_PER_S = 100_000

_START_US = 1_700_000_000_000_000
_STEP_US = 100
_INSTRUMENT = next(each for each in DEFAULTS if each.symbol == "BTCUSDT")
_ACCOUNTS = tuple(f"account-{number}" for number in range(100))
_RESTING = 10_000
_TIMED = 20_000
_REACH = 8_000  # ticks from the best price to the farthest order
_RESTS, _CANCELS = 0.6, 0.9  # below the first number an order rests, below the second one is cancelled, else one crosses


def run(*, quick: bool) -> list[Figure]:
    """Commands per second of one core."""
    prepared, commands = _drawn(_TIMED)
    best = max(_rate(prepared, commands) for _ in range(3 if quick else 15))
    return [Figure("engine_commands", best, "/s", TARGET_PER_S, at_least=True)]


def _rate(prepared: list[Command], commands: list[Command]) -> float:
    exchange = _exchange()
    for number, command in enumerate(prepared):
        exchange.execute(command, _START_US + number * _STEP_US)
    now_us = exchange.now_us
    gc.collect()
    begun_s = cpu_s()
    for command in commands:
        now_us += _STEP_US
        exchange.execute(command, now_us)
    return len(commands) / (cpu_s() - begun_s)


def _exchange() -> Exchange:
    return Exchange(seed=7, start_us=_START_US, instruments=(_INSTRUMENT,), traders=False)


def _drawn(count: int) -> tuple[list[Command], list[Command]]:
    """The commands that fill the accounts and the book, and those that are to be timed."""
    draw = Random(7)
    exchange = _exchange()
    prepared: list[Command] = [
        Deposit(account, asset, 1_000_000_000 * UNIT) for account in _ACCOUNTS for asset in (_INSTRUMENT.base, _INSTRUMENT.quote)
    ]
    for deposit in prepared:
        exchange.execute(deposit, _START_US)
    resting: list[tuple[str, int]] = []

    def rest() -> Command:
        # A bound on each account's open orders is one of the rules, so an order goes to who has room for it.
        account = min(draw.sample(_ACCOUNTS, 3), key=lambda each: exchange.open_count(each, _INSTRUMENT.symbol))
        side = draw.choice((Side.BUY, Side.SELL))
        away = (1 + draw.randrange(_REACH)) * (-1 if side is Side.BUY else 1)
        price = _INSTRUMENT.opening_price + away * _INSTRUMENT.tick
        command = Place(account, _INSTRUMENT.symbol, side, OrderType.LIMIT, draw.randint(200, 20_000) * _INSTRUMENT.step, price=price)
        return _carried_out(command)

    def cross() -> Command:
        side = draw.choice((Side.BUY, Side.SELL))
        depth = exchange.depth(_INSTRUMENT.symbol, draw.randint(1, 3))
        levels = depth.asks if side is Side.BUY else depth.bids
        quantity = sum(quantity for _, quantity in levels)
        account = draw.choice(_ACCOUNTS)
        return _carried_out(Place(account, _INSTRUMENT.symbol, side, OrderType.LIMIT, quantity, price=levels[-1][0]))

    def cancel() -> Command:
        while True:
            place = draw.randrange(len(resting))
            resting[place], resting[-1] = resting[-1], resting[place]
            account, order_id = resting.pop()
            if exchange.is_open(_INSTRUMENT.symbol, order_id):
                return _carried_out(Cancel(account, _INSTRUMENT.symbol, order_id))

    def _carried_out(command: Command) -> Command:
        for event in exchange.execute(command, exchange.now_us + _STEP_US)[:1]:
            if isinstance(event, OrderAccepted):
                resting.append((event.order.account, event.order.id))
        return command

    prepared += [rest() for _ in range(_RESTING)]
    commands = []
    for _ in range(count):
        chance = draw.random()
        commands.append(rest() if chance < _RESTS else cancel() if chance < _CANCELS else cross())
    return prepared, commands
