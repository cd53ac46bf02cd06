"""Streams as users have them: managers, their sockets and callbacks, blocking iteration, and what is told of connections."""
