"""Test which URLs can be registered, and which addresses a message may go to."""

import pytest

from chalicelib.webhooks.address import address_problem, url_problem

HOSTILE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0",  # noqa: S104
    "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254",
    "169.254.170.2", "100.64.0.1", "192.0.0.1", "192.0.0.171", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "ff0e::1", "no address", "",
)  # fmt: skip


@pytest.mark.parametrize("address", HOSTILE)
def test_no_message_goes_to_an_address_that_is_not_on_the_internet(address: str) -> None:
    assert address_problem(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_message_goes_to_an_address_on_the_internet(address: str) -> None:
    assert address_problem(address) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example.com/", "https"), ("ftp://hooks.example.com/", "https"), ("hooks.example.com", "https"),
        ("//hooks.example.com", "https"), ("file:///etc/passwd", "https"), ("HTTPS:hooks.example.com", "https"),
        ("HTTPS://hooks.example.com/", "https"),
        ("https://hooks.example.com:8443/", "port"), ("https://hooks.example.com:80", "port"),
        ("https://hooks.example.com:x/", "URL"), ("https://hooks.example.com:99999/", "URL"),
        ("https://user@hooks.example.com/", "user name"), ("https://a:b@hooks.example.com/", "user name"),
        ("https://@hooks.example.com/", "user name"), ("https://hooks.example.com/#part", "fragment"),
        ("https://hooks.example.com/#", "fragment"), ("https://127.0.0.1/", "host"), ("https://2130706433/", "host"),
        ("https://0x7f.1/", "host"), ("https://0177.0.0.1/", "host"), ("https://[::1]/", "host"),
        ("https://[::ffff:127.0.0.1]/", "host"), ("https://localhost/", "host"), ("https://a.localhost/", "host"),
        ("https://db.internal/", "host"), ("https://printer.local/", "host"), ("https://intranet/", "host"),
        ("https:///path", "host"), ("https://hooks.example.com./", "host"), ("https://hooks..example.com/", "host"),
        ("https://-a.example.com/", "host"), ("https://hooks.exämple.com/", "ASCII"),
        ("https://hooks.example.com/a b", "ASCII"), ("https://hooks.example.com/\r\nX: y", "ASCII"),
        ("https://hooks.example.com\\@10.0.0.1/", "ASCII"), ("https://[::1", "URL"),
        ("https://hooks.example.com/" + "x" * 1024, "1,024"), ("", "1,024"),
        ("http://127.0.0.1:8090/", "https"),
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_registered_is_told_why(url: str, why: str) -> None:
    assert why in (url_problem(url) or "")


@pytest.mark.parametrize(
    "url", ["https://hooks.example.com", "https://hooks.example.com:443/a?b=c", "https://a.b.io/ä"]
)
def test_a_url_on_the_internet_can_be_registered(url: str) -> None:
    assert (url_problem(url) is None) == url.isascii()


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("http://127.0.0.1:8090", True), ("http://127.0.0.1:8090/any", True), ("http://127.0.0.1:8091/", False),
        ("http://127.0.0.1:80901/", False), ("http://127.0.0.1:8090@10.0.0.1/", False), ("http://10.0.0.1/", False),
    ],
)  # fmt: skip
def test_only_a_local_platform_has_a_receiver_on_the_loopback_address(url: str, taken: bool) -> None:
    assert (url_problem(url, "127.0.0.1:8090") is None) == taken
    assert url_problem(url) is not None
