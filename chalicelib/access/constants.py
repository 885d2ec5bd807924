"""Define the numbers of the rate limits and tokens of the API. Times in seconds, sizes in bytes."""

# For address.py
IPV6_PREFIX = 64
"""Bits of an IPv6 address that a provider gives to one customer (RFC 6177). The customer can change the other bits, so
they are not counted."""

# For rate_limit.py
MOST_BLOCKED_REMEMBERED = 10_000
"""Maximum number of blocked addresses and tokens that one process remembers; any others are checked in the table."""
RATE_SECONDS = 60

# For reads.py
MOST_READ_UNITS_OF_ONE = 10_000
"""Maximum read units of one request: 80 MB. The largest answer (a day of 60 job types) needs a third of these units."""
READS_SHARE = 50
"""A process stores a token's reads when they reach the limit divided by this number, so that a few reads cause no
write."""

# For tokens.py
LONGEST_LABEL = 80
"""Maximum characters of the text that says who or what uses a token."""
TOKEN_TRUSTED = 10.0
"""Seconds for which a process trusts a checked token: the longest delay of a revocation. A busy process then reads a
token six times a minute at most."""
MOST_TOKENS_REMEMBERED = 1_000
HIGHEST_RATE = 1_000_000
"""Highest limit that can be set for a single token, in writing requests a minute."""
LONGEST_OVERLAP = 90 * 24 * 3600.0
"""Longest time for which the earlier secret of a rotated token stays valid."""

# For scope.py
MOST_IN_SCOPE = 20
"""Maximum number of types, and of tenants, in the scope of a token."""

# For last_use.py
LAST_USE_EVERY = 3600.0
"""Seconds between two writes of a token's last use by one process."""
