"""Check that files with very many parts are refused before they are decoded."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from chalicelib.builtin.constants import MOST_BLOCKS, MOST_CHUNKS, MOST_SCANS
from chalicelib.builtin.image_bounds import too_many_parts
from chalicelib.builtin.images import ImageRefused, Recipe, render


def saved(form: str, **how: object) -> bytes:
    target = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(target, form, **how)
    return target.getvalue()


def jpeg(scans: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated until there are this many scans."""
    content = saved("JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * (scans - content.count(b"\xff\xda") + 1) + content[-2:]


def png(chunks: int) -> bytes:
    """A PNG with empty private chunks after its header."""
    content, kind = saved("PNG"), b"prIv"
    empty = struct.pack(">I", 0) + kind + struct.pack(">I", zlib.crc32(kind))
    return content[:33] + empty * (chunks - 3) + content[33:]


def webp(chunks: int) -> bytes:
    """A WebP file with empty unknown chunks at its end."""
    content = saved("WEBP") + (b"prIv" + struct.pack("<I", 0)) * (chunks - 1)
    return b"RIFF" + struct.pack("<I", len(content) - 8) + content[8:]


def gif(blocks: int) -> bytes:
    """Return a GIF with one comment of that many blocks, not counting those of the extension."""
    content = saved("GIF")
    at = 13 + (3 << ((content[10] & 7) + 1))
    return content[:at] + b"!\xfe" + b"\x01x" * (blocks - 1) + b"\0" + content[content.index(b",", at) :]


KINDS: dict[str, tuple[Callable[[int], bytes], int, str]] = {
    "jpeg": (jpeg, MOST_SCANS, "more than 100 scans"),
    "png": (png, MOST_CHUNKS, "more than 10,000 chunks"),
    "webp": (webp, MOST_CHUNKS, "more than 10,000 chunks"),
    "gif": (gif, MOST_BLOCKS, "more than 4,000 blocks before its first picture"),
}


@pytest.mark.parametrize(("made", "most", "why"), KINDS.values(), ids=KINDS)
def test_one_part_too_many_is_refused(made: Callable[[int], bytes], most: int, why: str) -> None:
    assert too_many_parts(made(most)) is None
    with pytest.raises(ImageRefused, match=f"The image has {why}"):
        render(made(most + 1), Recipe())


def test_bytes_between_the_blocks_of_a_gif_count() -> None:
    content = gif(2)
    at = 13 + (3 << ((content[10] & 7) + 1))
    assert too_many_parts(content[:at] + b"x" * (MOST_BLOCKS + 1) + content[at:])


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"GIF8", b"GIF89a" + b"\xff" * 5, b"RIFF", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_cut_off_has_no_parts(content: bytes) -> None:
    assert too_many_parts(content) is None
