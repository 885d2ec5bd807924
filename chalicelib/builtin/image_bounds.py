"""Limit the number of parts in an image file before a decoder reads it: each part costs time, however small it is.

A scan of a progressive JPEG of 99 bytes costs 3 ms at 49 megapixels; Pillow copies a GIF's comment again for each block
of the comment.
"""

import struct
from collections.abc import Callable, Iterator
from itertools import islice

from chalicelib.builtin.constants import MOST_BLOCKS, MOST_CHUNKS, MOST_SCANS


def too_many_parts(content: bytes) -> str | None:
    """Return which limit an image file exceeds, as text; None if the file is within all limits.

    The time grows linearly with the file's size; the file is read only up to the limits.
    """
    for magic, (parts, most, words) in BOUNDS.items():
        if content.startswith(magic):
            return words if sum(1 for _ in islice(parts(content), most + 1)) > most else None
    return None


def _scans(content: bytes) -> Iterator[int]:
    # Inside a scan, 0xFF is followed by 0 or a restart marker. So no scan contains 0xFFDA, and this loop finds the
    # start of every scan.
    at = content.find(b"\xff\xda")
    while at >= 0:
        yield at
        at = content.find(b"\xff\xda", at + 2)


def _png_chunks(content: bytes) -> Iterator[int]:
    at = 8
    while at + 8 <= len(content):
        yield at
        at += 12 + struct.unpack_from(">I", content, at)[0]


def _webp_chunks(content: bytes) -> Iterator[int]:
    at = 12
    while at + 8 <= len(content):
        yield at
        length = struct.unpack_from("<I", content, at + 4)[0]
        at += 8 + length + length % 2


def _gif_blocks(content: bytes) -> Iterator[int]:
    """Yield the parts that a decoder reads before the first picture: extension blocks, and the bytes between them."""
    flags = content[10] if len(content) > 10 else 0
    at = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    while at < len(content) and content[at] not in b",;":
        yield at
        if content[at] != ord("!"):
            at += 1
            continue
        at += 2
        while at < len(content) and content[at]:
            yield at
            at += content[at] + 1
        at += 1


BOUNDS: dict[bytes, tuple[Callable[[bytes], Iterator[int]], int, str]] = {
    b"\xff\xd8": (_scans, MOST_SCANS, f"more than {MOST_SCANS} scans"),
    b"\x89PNG\r\n\x1a\n": (_png_chunks, MOST_CHUNKS, f"more than {MOST_CHUNKS:,} chunks"),
    b"RIFF": (_webp_chunks, MOST_CHUNKS, f"more than {MOST_CHUNKS:,} chunks"),
    b"GIF8": (_gif_blocks, MOST_BLOCKS, f"more than {MOST_BLOCKS:,} blocks before its first picture"),
}
