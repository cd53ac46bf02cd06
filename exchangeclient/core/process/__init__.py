"""The process and its neighbours: clock, reactor, threads, forks, files that several processes share."""
