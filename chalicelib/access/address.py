"""Name the network that one caller has: what a rate limit counts. Pure."""

import ipaddress

IPV6_PREFIX = 64
"""Bits of an IPv6 address that a provider gives to one customer (RFC 6177): the rest is theirs to change at will."""


def counted_as(address: str) -> str:
    """Return what requests from an address are counted under: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
