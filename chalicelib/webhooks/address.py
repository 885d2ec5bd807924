"""Decide which URLs may be registered, and which addresses of a host may be connected to. Pure.

A receiver is on the public internet. The function that posts runs inside AWS, so no URL may lead it to an address that
is reachable only from inside: the metadata service, a private network, the machine itself.
"""

import ipaddress
import re
from urllib.parse import urlsplit

from chalicelib.webhooks.constants import LONGEST_URL

PORT = 443
VISIBLE = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
"""Visible ASCII without the backslash, which programs read differently."""
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?:{LABEL}\.)+(?=[a-z])(?:{LABEL})")
"""A host name with a dot, whose last label begins with a letter, so no form of an IP address matches."""
NO_HOSTS = ("localhost", "local", "internal", "home.arpa", "localdomain")
"""Domains that no host on the internet has."""
REFUSED_4 = tuple(map(ipaddress.IPv4Network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
)))  # fmt: skip
PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
REFUSED_6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
"""Parts of the public range with another meaning: Teredo and other protocols, documentation, 6to4."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses that contain an IPv4 address, for networks without IPv4."""


def url_problem(url: str, receiver: str = "") -> str | None:
    """Return why a URL cannot be registered; None if it can.

    `receiver`: host and port of the receiver on this laptop, which only a local platform has.
    """
    if not VISIBLE.fullmatch(url) or len(url) > LONGEST_URL:
        return f"must be 1 to {LONGEST_URL:,} visible ASCII characters, without a backslash"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not a URL"
    if is_local(url, receiver):
        return None
    if not url.startswith("https://"):
        return "must begin with https://"
    if "@" in parts.netloc:
        return "must contain no user name and no password"
    if "#" in url:
        return "must contain no fragment (#)"
    if port not in (None, PORT):
        return f"must use port {PORT}"
    host = parts.hostname or ""
    if not HOST.fullmatch(host) or any(host == name or host.endswith(f".{name}") for name in NO_HOSTS):
        return "must name a host on the internet, like hooks.example.com, and no address"
    return None


def is_local(url: str, receiver: str) -> bool:
    """Return whether a URL leads to the receiver on this laptop."""
    return bool(receiver) and (url == f"http://{receiver}" or url.startswith(f"http://{receiver}/"))


def address_problem(text: str) -> str | None:
    """Return why a host's address must not be connected to; None if it is a public one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "is not an address"
    if isinstance(address, ipaddress.IPv6Address) and address in NAT64:
        address = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if isinstance(address, ipaddress.IPv4Address):
        public = address.is_global and not any(address in network for network in REFUSED_4)
    else:
        public = address.scope_id is None and address in PUBLIC_6 and not any(address in one for one in REFUSED_6)
    return None if public else "is not an address on the internet"
