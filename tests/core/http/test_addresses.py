from __future__ import annotations

import pytest

from exchangeclient.core.http.addresses import is_loopback, origin


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "::1", "localhost", "LOCALHOST", "sandbox.localhost", "a.b.localhost"])
def test_this_machine_goes_by_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["128.0.0.1", "10.0.0.1", "::2", "localhost.example", "notlocalhost", "127.0.0.1.example", "", "0x7f000001"]
)
def test_other_machines_are_not_taken_for_it(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("https://api.example.com/x?y", "HTTPS://API.EXAMPLE.COM:443"),
        ("http://[::1]/", "http://[::1]:80"),
        ("wss://s.example.com", "wss://s.example.com:443/ws"),
    ],
)
def test_an_origin_is_the_same_however_it_is_written(one: str, same: str) -> None:
    assert origin(one) == origin(same)


@pytest.mark.parametrize(
    "other", ["http://api.example.com", "https://api.example.com:444", "https://api.example.org", "https://api.example.com@evil.example"]
)
def test_another_scheme_host_or_port_is_another_origin(other: str) -> None:
    assert origin(other) != origin("https://api.example.com")
