"""Test real images."""

import contextlib
import io
import itertools
import struct
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from chalicelib.builtin.images import ImageRefused, Picture, Recipe, render
from chalicelib.errors import PermanentError

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 180, 20), (20, 20, 220), (255, 255, 255)
ORIENTATION, COPYRIGHT = 0x0112, 0x8298
UPRIGHT_AFTER_90_CLOCKWISE = 6


def quarters(width: int = 80, height: int = 40) -> Image.Image:
    """Red, green, blue and white quarters, from the top left in reading order."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def opened(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.content))
    assert image.size == (picture.width, picture.height)
    return image


def close(found: Any, expected: tuple[int, ...], tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("form", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_input_becomes_every_output(source: str, form: str) -> None:
    image = opened(render(saved(quarters(), source), Recipe(format=form)))
    assert (image.format, image.size) == (form.upper(), (80, 40))
    assert close(image.convert("RGB").getpixel((10, 10)), RED, 40)
    assert close(image.convert("RGB").getpixel((70, 30)), WHITE, 40)


@pytest.mark.parametrize(
    ("size", "recipe", "expected"),
    [
        ((800, 400), Recipe(fit=(100, 100)), (100, 50)), ((80, 40), Recipe(fit=(1000, 1000)), (80, 40)),
        ((80, 40), Recipe(square=200), (200, 200)),
    ],
)  # fmt: skip
def test_fitting_keeps_the_proportions_and_enlarges_only_a_thumbnail(
    size: tuple[int, int], recipe: Recipe, expected: tuple[int, int]
) -> None:
    assert opened(render(saved(quarters(*size), "PNG"), recipe)).size == expected


def test_a_thumbnail_is_the_middle_square() -> None:
    stripes = Image.new("RGB", (90, 30), RED)
    stripes.paste(BLUE, (30, 0, 60, 30))
    image = opened(render(saved(stripes, "PNG"), Recipe(square=30, format="png")))
    assert image.size == (30, 30)
    assert image.getcolors() == [(900, BLUE)]


def test_a_crop_is_cut_before_the_image_is_shrunk() -> None:
    image = opened(render(saved(quarters(), "PNG"), Recipe(crop=(40, 0, 80, 20), fit=(20, 20), format="png")))
    assert image.size == (20, 10)
    assert image.getcolors() == [(200, GREEN)]


def test_a_crop_beyond_the_image_is_refused_with_the_images_size() -> None:
    with pytest.raises(ImageRefused, match=r"crop ends at 81 x 40, but the image has only 80 x 40 pixels"):
        render(saved(quarters(), "PNG"), Recipe(crop=(0, 0, 81, 40)))


def exif(**tags: Any) -> Image.Exif:
    found = Image.Exif()
    found[COPYRIGHT] = "Ada"
    found[ORIENTATION] = UPRIGHT_AFTER_90_CLOCKWISE
    return found


def test_a_photo_held_sideways_is_turned_upright_before_it_is_cropped() -> None:
    content = saved(quarters(), "JPEG", exif=exif(), quality=95)
    image = opened(render(content, Recipe(crop=(0, 0, 20, 40), format="png")))
    assert image.size == (20, 40)
    assert close(image.getpixel((5, 5)), BLUE)  # turned clockwise, the bottom left corner becomes the top left corner


def test_no_metadata_survives() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret place")
    sources = [
        saved(quarters(), "JPEG", exif=exif(), comment=b"secret place", xmp=b"<x>secret place</x>", dpi=(300, 300)),
        saved(quarters(), "PNG", exif=exif(), pnginfo=text),
        saved(quarters(), "WEBP", exif=exif(), xmp=b"<x>secret place</x>"),
    ]
    for source, form in itertools.product(sources, ("jpeg", "png", "webp")):
        picture = render(source, Recipe(format=form))
        assert b"secret place" not in picture.content
        assert b"Ada" not in picture.content
        assert not opened(picture).getexif()


def test_broken_metadata_is_no_reason_to_refuse_a_photo() -> None:
    content = saved(quarters(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff\x00\x00")
    assert opened(render(content, Recipe())).size == (80, 40)


def test_colours_are_translated_before_their_profile_goes() -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    swapped = rgb_profile_with_swapped_colours()
    content = saved(Image.new("RGB", (8, 8), (200, 40, 40)), "PNG", icc_profile=swapped)
    picture = opened(render(content, Recipe(format="png")))
    assert "icc_profile" not in picture.info
    red, green, _ = picture.getpixel((4, 4))  # type: ignore[misc]
    assert green > red
    unusable = saved(quarters(), "PNG", icc_profile=wide)
    assert close(opened(render(unusable, Recipe(format="png"))).getpixel((10, 10)), RED)


def rgb_profile_with_swapped_colours() -> bytes:
    """Return sRGB's profile with exchanged red and green primaries, which makes a visible difference."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmp!").replace(b"gXYZ", b"rXYZ").replace(b"tmp!", b"gXYZ")


def test_transparency_becomes_white_in_jpeg_and_stays_elsewhere() -> None:
    glass = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    glass.paste((*RED, 255), (0, 0, 20, 40))
    content = saved(glass, "PNG")
    jpeg = opened(render(content, Recipe(quality=95)))
    assert close(jpeg.getpixel((35, 20)), WHITE)
    assert close(jpeg.getpixel((5, 20)), RED)
    for form in ("png", "webp"):
        kept = opened(render(content, Recipe(format=form))).convert("RGBA")
        assert kept.getchannel("A").getpixel((35, 20)) == 0
        assert kept.getchannel("A").getpixel((5, 20)) == 255


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_a_palette_with_a_transparent_colour_is_transparent(form: str) -> None:
    image = quarters().quantize(8)
    content = saved(image, form, transparency=image.getpixel((70, 30)))
    kept = opened(render(content, Recipe(format="png")))
    assert kept.mode == "RGBA"
    assert kept.getchannel("A").getpixel((70, 30)) == 0
    assert close(kept.convert("RGB").getpixel((10, 10)), RED)


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    image = Image.new("I;16", (2, 1))
    image.putpixel((0, 0), 0x4000)
    image.putpixel((1, 0), 0xC000)
    found = opened(render(saved(image, "PNG"), Recipe(format="png")))
    assert (found.mode, found.getpixel((0, 0)), found.getpixel((1, 0))) == ("L", 0x40, 0xC0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "CMYK", "YCbCr"])
def test_every_colour_mode_is_taken(mode: str) -> None:
    source = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    content = saved(quarters().convert("L" if mode == "LA" else mode).convert(mode), source)
    for form in ("jpeg", "png", "webp"):
        assert close(opened(render(content, Recipe(format=form))).convert("RGB").getpixel((70, 30)), WHITE)


def test_an_animation_gives_its_first_picture() -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in (RED, BLUE)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert close(opened(render(content, Recipe(format="png"))).convert("RGB").getpixel((5, 5)), RED)


def png_of(width: int, height: int) -> bytes:
    """Return a PNG that declares this size but contains almost no data: the header of a decompression bomb."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\x00" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_its_header() -> None:
    for side in (7_072, 60_000):
        with pytest.raises(ImageRefused, match=r"more than 50,000,000 pixels"):
            render(png_of(side, side), Recipe())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Unsupported image. Use JPEG, PNG, WebP or GIF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "Unsupported image"),
        (saved(quarters(), "TIFF"), "Unsupported image"),
        (saved(quarters(400, 400), "JPEG")[:700], "damaged or incomplete"),
        (png_of(1000, 1000), "damaged or incomplete"),
    ],
    ids=["empty", "eps", "tiff", "truncated jpeg", "png without data"],
)
def test_what_is_no_image_is_refused_for_good(content: bytes, why: str) -> None:
    with pytest.raises(PermanentError, match=why):
        render(content, Recipe())


def test_an_image_that_the_format_cannot_hold_is_refused() -> None:
    with pytest.raises(ImageRefused, match=r"20000 x 1 is too large for webp: at most 16383 pixels a side"):
        render(saved(Image.new("L", (20_000, 1)), "PNG"), Recipe(format="webp"))


SOURCES = [saved(quarters(), form) for form in ("JPEG", "PNG", "WEBP", "GIF")]


@given(
    source=st.sampled_from(SOURCES),
    cuts=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4)), max_size=4),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_broken_in_a_file_it_is_an_image_or_refused(source: bytes, cuts: list[tuple[float, bytes]]) -> None:
    broken = bytearray(source)
    for where, what in cuts:
        at = int(where * len(broken))
        broken[at : at + len(what)] = what
        if not what:
            del broken[at:]
            break
    with contextlib.suppress(ImageRefused):
        assert opened(render(bytes(broken), Recipe(square=8))).size == (8, 8)
