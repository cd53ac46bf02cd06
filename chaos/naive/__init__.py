"""A naive exchange, random commands, and the embedded exchange's proof against it."""
