"""Binance as the sandbox speaks it: REST, streams and the WebSocket API."""
