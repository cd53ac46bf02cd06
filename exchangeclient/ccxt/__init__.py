"""Exchanges through ccxt, an extra: ``pip install 'exchangeclient[ccxt]'``.

One :class:`~exchangeclient.ccxt.client.Client` for each account at one of :data:`~exchangeclient.ccxt.client.EXCHANGES`, spoken to by its
desk (:mod:`exchangeclient.ccxt.desk`). There are no streams: :mod:`exchangeclient.ccxt.sockets` asks again and again, at ccxt's own pace.
"""
