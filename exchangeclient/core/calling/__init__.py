"""A call: its declaration, its life from arguments to answer, and calls that follow each other."""
