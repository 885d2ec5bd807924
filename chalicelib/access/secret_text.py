"""Make the texts of tokens and sessions, and recognise a mistyped one without a read. Pure, except for randomness."""

import re
import secrets
import string
import zlib

PREFIX, SESSION_PREFIX = "jf_", "jfs_"
"""Begin the text of a token, and that of a session."""
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""Only letters and digits: a double click selects the whole token, and no shell changes it."""
RANDOM, CHECKSUM = 43, 6
"""Characters of each part: 43 of 62 characters have 256 random bits, and 6 of them have every CRC-32."""
SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM + CHECKSUM}}}")
SESSION_SHAPE = re.compile(rf"{SESSION_PREFIX}[0-9A-Za-z]{{{RANDOM + CHECKSUM}}}")
"""For scanners of secrets: docs/security.md has both."""
EARLIER = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
"""A token that was made before tokens had a checksum: 256 random bits in base64url."""


def new_text(prefix: str = PREFIX) -> str:
    """Return the text of a new token or session: the prefix, 256 random bits, and their checksum."""
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return body + checksum(body)


def possible(text: str) -> bool:
    """Return True if the text can be a token. A mistyped one cannot, because its checksum is wrong."""
    if SHAPE.fullmatch(text):
        return text[-CHECKSUM:] == checksum(text[:-CHECKSUM])
    return EARLIER.fullmatch(text) is not None


def possible_session(text: str) -> bool:
    """Return True if the text can be that of a session."""
    return SESSION_SHAPE.fullmatch(text) is not None and text[-CHECKSUM:] == checksum(text[:-CHECKSUM])


def checksum(body: str) -> str:
    """Return the CRC-32 of a token's other characters, in six digits of base 62."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
