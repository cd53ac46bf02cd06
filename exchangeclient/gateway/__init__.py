"""Servers through which programs that speak another protocol reach the venues: the clients of this package seen from outside."""
