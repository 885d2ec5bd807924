"""Name the network of a caller, which a rate limit counts. Pure."""

import ipaddress

from chalicelib.access.constants import IPV6_PREFIX


def counted_as(address: str) -> str:
    """Return the name by which requests of an address are counted: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
