"""The public names of the order books, and the seed's example."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import exchangeclient
from exchangeclient import depthcache
from exchangeclient.binance.depth import DepthCacheManager
from exchangeclient.core.books.depthcache import DepthCache

SOON_S = 20.0


def test_names() -> None:
    assert depthcache.DepthCacheManager is exchangeclient.DepthCacheManager is DepthCacheManager
    assert depthcache.DepthCache is DepthCache
    assert depthcache.BookState.LIVE == "LIVE"


def run(body: str) -> subprocess.CompletedProcess[str]:
    head = """
        from exchangeclient.client import Client
        from exchangeclient.depthcache import DepthCacheManager
        from exchangeclient.sandbox import Sandbox

        exchange = Sandbox()
        exchange.start()
        client = Client(environment=exchange.urls["binance"])
    """
    code = textwrap.dedent(head) + textwrap.dedent(body)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SOON_S, check=False)


def test_seed_example_prints_the_top_until_it_is_closed() -> None:
    done = run("""
        def process_depth(depth_cache):
            print("top 5 bids", len(depth_cache.get_bids()[:5]))
            print("top 5 asks", len(depth_cache.get_asks()[:5]))
            dcm.close()

        dcm = DepthCacheManager(client, 'BNBBTC', process_depth)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "top 5 bids 5\ntop 5 asks 5\n", "")


def test_script_that_only_looks_once_ends_by_itself() -> None:
    done = run("""
        depth_cache = DepthCacheManager(client, 'BNBBTC').get_depth_cache()
        print(len(depth_cache.get_bids()[:5]))
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")
