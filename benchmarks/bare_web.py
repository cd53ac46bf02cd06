"""The peer of a signed order: Twisted Web as it comes, with an empty answer to everything. Prints its address."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import Site


class Empty(Resource):
    """Answers every request with an empty object."""

    isLeaf = True  # noqa: N815 - Twisted's name

    def render(self, request: object) -> bytes:  # noqa: ARG002 - Twisted's signature
        return b"{}"


if __name__ == "__main__":
    port = reactor.listenTCP(0, Site(Empty()), interface="127.0.0.1")
    print(f"http://127.0.0.1:{port.getHost().port}", flush=True)
    reactor.run()
