"""The sandbox's exchange as a pure function of state, command and time: no clock, no threads, no I/O, no venue's words.

:class:`.exchange.Exchange` is its one door; it takes :mod:`.commands` and tells :mod:`.events`.
"""
