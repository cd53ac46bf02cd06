"""Has Autobahn draw the keys that mask its frames from the operating system, and leave the program's own random numbers alone.

Autobahn draws them from Python's shared generator, and seeds that anew with each factory it makes: a script that has called
``random.seed(7)`` would get other numbers as soon as a stream connects, whenever that is. RFC 6455, section 10.3, wants keys that cannot
be foreseen; a process that is forked off has others with them, too. Autobahn is loaded by the first call, not by importing this module.
"""

from __future__ import annotations

import random
from functools import cache


@cache
def draw_from_the_system() -> None:
    """Have all of Autobahn's random numbers come from the system from now on; before a factory is made."""
    from autobahn.websocket import protocol

    # It calls seed() and getrandbits() of what it knows by this name, and nothing else. There is no seed to a system's generator.
    protocol.random = random.SystemRandom()
