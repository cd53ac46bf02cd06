"""Order books: what a user reads, what keeps one right, and the manager that is both with a socket."""
