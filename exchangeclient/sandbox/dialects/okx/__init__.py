"""OKX's API v5 (REST, and the websockets public, private and business), over the sandbox's engine."""
