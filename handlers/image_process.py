"""Crop, shrink and convert an uploaded image (image.process)."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib import AwsAccess, Function, JobContext, consume, job
from chalicelib.builtin import files

LARGEST_UPLOAD = 15_000_000
KEY = re.compile(r"uploads/(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*/)*[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
EXTENSION = {"jpeg": "jpg", "png": "png", "webp": "webp"}
EXAMPLE: JsonDict = {
    "key": "uploads/examples/landscape.jpg",
    "resize": {"width": 800, "height": 800},
    "format": "webp",
    "quality": 80,
}


def _uploaded(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError("must be the key of an upload, like uploads/photo.jpg (letters, digits, - _ and single dots)")
    return key


class Part(BaseModel):
    """A nested part of the payload."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Crop(Part):
    """The part of the upright image to keep, in pixels from its top left corner."""

    left: int = Field(ge=0, le=100_000, description="Pixels to cut off on the left.", examples=[100])
    top: int = Field(ge=0, le=100_000, description="Pixels to cut off at the top.", examples=[50])
    width: int = Field(ge=1, le=100_000, description="Width of the part in pixels.", examples=[640])
    height: int = Field(ge=1, le=100_000, description="Height of the part in pixels.", examples=[480])

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Return left, top, right, bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height


class Resize(Part):
    """The box that the image must fit into; proportions are kept, and a smaller image is not enlarged."""

    width: int = Field(ge=1, le=10_000, description="The box's width in pixels.", examples=[800])
    height: int = Field(ge=1, le=10_000, description="The box's height in pixels.", examples=[800])


class ImageProcess(BaseModel):
    """An uploaded image and its changes: crop, resize, thumbnail, convert, in this order."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Process an image", json_schema_extra={"examples": [EXAMPLE]}
    )

    key: Annotated[str, AfterValidator(_uploaded)] = Field(
        max_length=512,
        description="The key that POST /uploads gave out (JPEG, PNG, WebP or GIF; at most 15 MB and 50 megapixels).",
        examples=["uploads/examples/landscape.jpg"],
        json_schema_extra={"pattern": f"^{KEY.pattern}$"},
    )
    crop: Crop | None = Field(default=None, description="Keep only this part.")
    resize: Resize | None = Field(default=None, description="Shrink to fit into this box.")
    thumbnail: int | None = Field(
        default=None,
        ge=1,
        le=2_000,
        description="Make a square of this many pixels a side, from the middle of the image.",
        examples=[256],
    )
    format: Literal["jpeg", "png", "webp"] = Field(
        default="jpeg", description="Format to convert to; JPEG puts transparent images on white.", examples=["webp"]
    )
    quality: int = Field(default=85, ge=1, le=95, description="JPEG and WebP only.", examples=[80])


class ImageProcessed(BaseModel):
    """The new image: its key, its size in pixels and bytes, and a link that is valid for an hour."""

    key: str
    width: int
    height: int
    bytes: int
    format: str
    url: str
    url_expires_at: str


@job(
    "image.process", max_attempts=3, timeout=120, function=Function(batch_size=1, concurrency=20, memory=1769),
    access=AwsAccess(grants=("s3:GetObject:uploads/*", "s3:PutObject:processed/*", "s3:GetObject:processed/*")),
)  # fmt: skip
def image_process(payload: ImageProcess, ctx: JobContext) -> ImageProcessed:
    """Crop, resize, thumbnail or convert an uploaded image; apply the camera's orientation and remove metadata.

    Of an animation, only the first picture is used. If the upload does not exist yet, the attempt fails and is retried
    like any other.
    """
    from chalicelib.builtin.images import Recipe, render

    bucket = files.bucket()
    recipe = Recipe(
        crop=payload.crop.box if payload.crop else None,
        fit=(payload.resize.width, payload.resize.height) if payload.resize else None,
        square=payload.thumbnail,
        format=payload.format,
        quality=payload.quality,
    )
    picture = render(bucket.read(payload.key, LARGEST_UPLOAD), recipe)
    gen, attempt = ctx.job.token
    key = f"processed/{ctx.job_id}/{gen}-{attempt}.{EXTENSION[payload.format]}"
    bucket.write(key, picture.content, f"image/{payload.format}")
    return ImageProcessed(
        key=key,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.content),
        format=payload.format,
        url=bucket.link(key),
        url_expires_at=files.link_expiry(ctx.clock()),
    )


handler = consume(image_process)
