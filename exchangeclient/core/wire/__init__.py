"""What carries a websocket: dialling, TLS, tunnels, frames; with a reactor and without."""
