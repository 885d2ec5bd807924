"""Convert an image file to another. This module imports Pillow, so import it inside the function that uses it."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from chalicelib.builtin.constants import MOST_PIXELS, WORTH_OPTIMIZING
from chalicelib.builtin.image_bounds import too_many_parts
from chalicelib.errors import PermanentError

INPUTS = ("JPEG", "PNG", "WEBP", "GIF")
"""The decoders that may read untrusted bytes; Pillow has dozens more."""
LONGEST_SIDE = {"jpeg": 65_500, "png": 65_500, "webp": 16_383}
WHITE = (255, 255, 255)

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class ImageRefused(PermanentError):
    """The bytes are not a supported image, or the recipe does not fit it. A retry changes neither."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The steps, in this order; sizes in pixels of the upright image. `crop` is (left, top, right, bottom)."""

    crop: tuple[int, int, int, int] | None = None
    fit: tuple[int, int] | None = None
    square: int | None = None
    format: str = "jpeg"
    quality: int = 85


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished image: its file's content, and its size in pixels."""

    content: bytes
    width: int
    height: int


def render(content: bytes, recipe: Recipe) -> Picture:
    """Decode, turn upright, crop, shrink, and encode without metadata. Raises ImageRefused."""
    excess = too_many_parts(content)
    if excess:
        raise ImageRefused(f"The image has {excess}.")
    with _decoding():
        image = _plain(_upright(content))
    image = _shaped(image, recipe)
    longest = LONGEST_SIDE[recipe.format]
    if max(image.size) > longest:
        raise ImageRefused(f"{_size(image)} is too large for {recipe.format}: at most {longest} pixels a side.")
    return _encoded(image, recipe)


@contextmanager
def _decoding() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused(f"The image has more than {MOST_PIXELS:,} pixels, which is the limit.") from error
    except UnidentifiedImageError as error:
        raise ImageRefused("Unsupported image. Use JPEG, PNG, WebP or GIF.") from error
    except Exception as error:
        # On damaged data, decoders raise dozens of exception types (OSError, SyntaxError, struct.error, ...). The job
        # is not retried, because a retry would read the same bytes.
        raise ImageRefused(f"The image is damaged or incomplete and cannot be read: {error}") from error


def _upright(content: bytes) -> Image.Image:
    """Return the (first) picture upright: cameras only store in the metadata how the picture must be turned."""
    image = Image.open(io.BytesIO(content), formats=INPUTS)
    image.load()
    with suppress(Exception):  # broken metadata is no reason to refuse a good picture
        return ImageOps.exif_transpose(image)
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Return only the pixels, in sRGB with 8 bits a channel, as L, RGB or RGBA, which all output formats accept."""
    if image.mode.startswith("I") or image.mode == "F":
        # divide first, because convert() would clip 16-bit values to 255: the picture would be almost white
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    alpha = image.has_transparency_data
    image = _srgb(image)
    image = image.convert("RGBA" if alpha else "L" if image.mode in ("1", "L") else "RGB")
    image.info = {}
    return image


def _srgb(image: Image.Image) -> Image.Image:
    """Convert the colours to sRGB before the profile is removed; without the profile the colours would be wrong."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    with suppress(ImageCms.PyCMSError, OSError):  # ignore a broken profile, as viewers do
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode) or image
    return image


def _shaped(image: Image.Image, recipe: Recipe) -> Image.Image:
    if recipe.crop:
        right, bottom = recipe.crop[2:]
        if right > image.width or bottom > image.height:
            raise ImageRefused(f"The crop ends at {right} x {bottom}, but the image has only {_size(image)} pixels.")
        image = image.crop(recipe.crop)
    if recipe.fit:
        image.thumbnail(recipe.fit, Image.Resampling.LANCZOS)
    if recipe.square:
        image = ImageOps.fit(image, (recipe.square, recipe.square), Image.Resampling.LANCZOS)
    return image


def _encoded(image: Image.Image, recipe: Recipe) -> Picture:
    if recipe.format == "jpeg" and image.mode == "RGBA":
        image = _on_white(image)
    target = io.BytesIO()
    if recipe.format == "png":
        image.save(target, "PNG", optimize=_small(image))
    elif recipe.format == "webp":
        image.save(target, "WEBP", quality=recipe.quality)
    else:
        image.save(target, "JPEG", quality=recipe.quality, optimize=True, progressive=True)
    return Picture(target.getvalue(), image.width, image.height)


def _on_white(image: Image.Image) -> Image.Image:
    """Put the picture on white, because JPEG has no transparency."""
    paper = Image.new("RGB", image.size, WHITE)
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _small(image: Image.Image) -> bool:
    """Return True if a second search for the best encoding, which saves a few percent, is worth its time."""
    return image.width * image.height <= WORTH_OPTIMIZING


def _size(image: Image.Image) -> str:
    return f"{image.width} x {image.height}"
