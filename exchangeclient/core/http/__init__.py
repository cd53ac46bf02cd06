"""What carries a request: the request, its deadline and retries, and the ways that bytes take over HTTP."""
