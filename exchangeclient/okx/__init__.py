"""OKX: spot, margin, swaps and futures over REST (v5) and websockets."""
