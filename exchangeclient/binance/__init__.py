"""Binance: the spot exchange over REST and websockets."""
