"""What is said over a websocket: a venue's session, the conversation of one connection, and the handover to the next."""
