"""Draw `landscape.jpg`, the photograph-like image that the demo uploads: mountains at dusk over a lake.

It is stored lying on its side with the EXIF note of how the camera was held, as phones do, and with a copyright note,
so that processing it has something to turn upright and something to strip. The same file at each run.
"""

import itertools
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 1536, 1024
SHORE = 690
TARGET = Path(__file__).with_name("landscape.jpg")
ORIENTATION, DESCRIPTION, COPYRIGHT = 0x0112, 0x010E, 0x8298
HELD_SIDEWAYS = 6
Colour = tuple[int, int, int]


def gradient(stops: list[tuple[float, Colour]], width: int, height: int) -> Image.Image:
    """Return a vertical gradient through the colours at these shares of the height."""
    strip = Image.new("RGB", (1, height))
    for y in range(height):
        at = y / (height - 1)
        (low, first), (high, second) = next(pair for pair in itertools.pairwise(stops) if at <= pair[1][0])
        share = (at - low) / (high - low)
        mixed = [round(a + (b - a) * share) for a, b in zip(first, second, strict=True)]
        strip.putpixel((0, y), (mixed[0], mixed[1], mixed[2]))
    return strip.resize((width, height))


def ridge(seed: int, base: float, rough: float) -> list[tuple[float, float]]:
    """Return a mountain ridge by midpoint displacement."""
    chance = random.Random(seed)
    heights = [base, base]
    while len(heights) < 257:
        middles = [(a + b) / 2 + chance.uniform(-rough, rough) for a, b in itertools.pairwise(heights)]
        heights = [height for pair in zip(heights, middles, strict=False) for height in pair] + [heights[-1]]
        rough *= 0.53
    return [(x * WIDTH / 256, height) for x, height in enumerate(heights)]


def sky() -> Image.Image:
    """Return a sky at dusk with a low sun and its glow."""
    picture = gradient(
        [(0.0, (24, 32, 74)), (0.35, (92, 74, 128)), (0.6, (232, 130, 104)), (0.75, (255, 206, 140)),
         (1.0, (255, 224, 170))],
        WIDTH, HEIGHT,
    )  # fmt: skip
    glow = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(glow)
    for radius, light in ((330, 38), (190, 60), (52, 255)):
        draw.ellipse(
            (1010 - radius, 520 - radius, 1010 + radius, 520 + radius), fill=(light, int(light * 0.8), int(light * 0.5))
        )
        glow = glow.filter(ImageFilter.GaussianBlur(radius / 7))
        draw = ImageDraw.Draw(glow)
    return ImageChops.add(picture, glow)


def land(picture: Image.Image) -> Image.Image:
    """Draw four ridges, the nearer the darker."""
    layers = [
        (11, 470, 150, (150, 108, 136)),
        (5, 540, 120, (104, 78, 116)),
        (23, 600, 90, (62, 54, 90)),
        (42, 655, 60, (28, 32, 58)),
    ]
    for seed, base, rough, colour in layers:
        mask = Image.new("L", picture.size)
        points = ridge(seed, base, rough)
        ImageDraw.Draw(mask).polygon([(0, HEIGHT), *points, (WIDTH, HEIGHT)], fill=255)
        shade = gradient([(0.0, colour), (0.45, colour), (1.0, tuple(min(255, c + 60) for c in colour))], WIDTH, HEIGHT)  # type: ignore[list-item]
        picture.paste(shade, mask=mask.filter(ImageFilter.GaussianBlur(1)))
    return picture


def lake(picture: Image.Image) -> Image.Image:
    """Return the picture above the shore, mirrored, darker, and stretched by small waves."""
    depth = HEIGHT - SHORE
    mirrored = picture.crop((0, SHORE - depth, WIDTH, SHORE)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirrored = ImageChops.multiply(mirrored, Image.new("RGB", mirrored.size, (176, 180, 205)))
    chance = random.Random(7)
    for y in range(0, depth, 2):
        shift = round(chance.uniform(-1, 1) * (2 + y / 22))
        row = mirrored.crop((0, y, WIDTH, y + 2))
        mirrored.paste(ImageChops.offset(row, shift, 0), (0, y))
    picture.paste(mirrored.filter(ImageFilter.GaussianBlur(1.2)), (0, SHORE))
    return picture


def grain(picture: Image.Image) -> Image.Image:
    """Return the noise of a sensor: deterministic, unlike Pillow's own."""
    chance = random.Random(1)
    noise = Image.frombytes("L", picture.size, bytes(120 + (byte & 15) for byte in chance.randbytes(WIDTH * HEIGHT)))
    return ImageChops.add(picture, Image.merge("RGB", (noise,) * 3), offset=-127)


def main() -> None:
    """Write the file."""
    picture = grain(lake(land(sky())))
    draw = ImageDraw.Draw(picture)
    draw.text((48, HEIGHT - 84), "JobFlow demo", font=ImageFont.load_default(44), fill=(255, 255, 255))
    exif = Image.Exif()
    exif[ORIENTATION] = HELD_SIDEWAYS
    exif[DESCRIPTION] = "A drawing for the demo of JobFlow"
    exif[COPYRIGHT] = "JobFlow"
    picture.transpose(Image.Transpose.ROTATE_90).save(
        TARGET, "JPEG", quality=74, progressive=True, optimize=True, exif=exif
    )
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
