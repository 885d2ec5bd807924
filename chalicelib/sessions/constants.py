"""Define the numbers of sign-in. Times in seconds, sizes in bytes."""

SESSION_LASTS = 8 * 3600.0
"""For how long a session works. It is not extended: a person signs in again, often without typing anything."""
SKEW = 60.0
"""How much the issuer's clock may differ from ours."""
LONGEST_AGE = 900.0
"""Maximum age of an ID token (`iat`) at sign-in, in addition to SKEW. Entra dates its tokens five minutes back."""
LONGEST_ID_TOKEN = 16 * 1024
"""Maximum characters of an ID token. One with 200 groups of Entra has about 11,000."""
LONGEST_SENT = 64 * 1024
"""Maximum characters that a request may have in its place: up to here, a refusal says why and is counted."""
REVOCATION_COUNTS = SESSION_LASTS + LONGEST_AGE + 2 * SKEW
"""For how long a revocation is kept: an ID token from before, which may be dated SKEW ahead, signs nobody in, and no
session from before works, also if the request that revoked them has not ended each of them."""
SIGN_INS_A_MINUTE = 5
"""Maximum number of sign-ins of a person a minute: each one stores a session."""
MOST_LISTED = 2_000
"""Maximum number of sessions that are listed, the newest ones."""
LONGEST_SUBJECT = 80
"""Maximum characters of a subject that a principal contains as it is; of a longer one, it has a hash."""
LONGEST_LABEL = 80

# For keys.py
KEYS_KEPT = 3600.0
"""How long a process uses the keys that it has fetched."""
KEYS_AGAIN = 60.0
"""Shortest time between two fetches for unknown keys: anybody may send an ID token that names one."""
KEYS_FAILED = 30.0
"""For how long after its end a failed fetch is not repeated. Longer than two fetches that time out (FETCHING)."""
FETCHING = 5.0
"""Time for one document of the issuer, with look-up, connection and the whole answer."""
LARGEST_DOCUMENT = 256 * 1024
"""Maximum size of a document of the issuer. The keys of Entra have about 20 KB."""
MOST_KEYS = 100
LARGEST_KEY = 8192
"""Maximum bits of an RSA key: checking a signature must not take seconds. The minimum is 2048."""

# For provider.py
MOST_GROUPS = 20
"""Maximum number of groups of one role."""
