"""How L1 and KL become one number an image; lambda_1 : lambda_2 is the same either way, lambda_3 weighs differently."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from uadray.section import Section


class PixelMean(Section):
    """Sums over the image, divided by its pixels: the weights mean the same at every image size."""

    kind: Literal["pixel_mean"] = "pixel_mean"

    def unit(self, pixels: int) -> float:
        """What a mean over pixels is multiplied by."""
        return 1.0


class ImageSum(Section):
    """Sums over the image (Baur et al. 2021): lambda_3 weighs pixels times less than with `pixel_mean`."""

    kind: Literal["image_sum"] = "image_sum"

    def unit(self, pixels: int) -> float:
        """What a mean over pixels is multiplied by."""
        return float(pixels)


Reduction = Annotated[PixelMean | ImageSum, Field(discriminator="kind")]
