"""The shape of z: a vector (dense) or a small image with channels (spatial), the question of Baur et al. 2018."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    from uadray.models.networks.latent import Latent


class DenseLatentConfig(Section):
    """z is a vector. The bottleneck is that of Baur et al. 2021: 1 x 1 convolution to an eighth of the channels, then
    one linear layer to z; the same backwards."""

    kind: Literal["dense"] = "dense"

    dim: int = Field(512, ge=1)
    """Values in z. Baur et al. 2018, Table 1: 512."""

    feature_size: int = Field(8, ge=2)
    """Side of the feature map below the linear layer, in pixels. Paper silent; default from Baur et al. 2021."""

    @property
    def size(self) -> int:
        """Side of the feature map at which the encoder stops."""
        return self.feature_size

    def build(self, width: int, values_per_code: int) -> Latent:
        from torch import nn

        from uadray.models.networks.latent import Latent

        narrow = max(1, width // 8)
        flat = narrow * self.feature_size**2
        return Latent(
            (self.dim,),
            nn.Sequential(nn.Conv2d(width, narrow, 1), nn.Flatten(), nn.Linear(flat, values_per_code * self.dim)),
            nn.Sequential(
                nn.Linear(self.dim, flat),
                nn.Unflatten(1, (narrow, self.feature_size, self.feature_size)),
                nn.Conv2d(narrow, width, 1),
            ),
        )

    @property
    def channels(self) -> int:
        """Channels of z, seen as an image of one pixel."""
        return self.dim

    @property
    def values(self) -> int:
        """Numbers in z."""
        return self.dim

    @property
    def shape(self) -> str:
        """z in the words of Table 1."""
        return str(self.dim)


class SpatialLatentConfig(Section):
    """z is size x size x channels, by a 1 x 1 convolution in and out (the spatial GMVAE of Baur et al. 2021; the paper
    is silent)."""

    kind: Literal["spatial"] = "spatial"

    size: int = Field(16, ge=1)
    """Side of z. Baur et al. 2018, Table 1: 8 or 16, at 256 x 256 pixels."""

    channels: int = Field(64, ge=1)
    """Channels of z. Baur et al. 2018, Table 1: 64."""

    def build(self, width: int, values_per_code: int) -> Latent:
        from torch import nn

        from uadray.models.networks.latent import Latent

        return Latent(
            (self.channels, self.size, self.size),
            nn.Conv2d(width, values_per_code * self.channels, 1),
            nn.Conv2d(self.channels, width, 1),
        )

    @property
    def values(self) -> int:
        """Numbers in z."""
        return self.size**2 * self.channels

    @property
    def shape(self) -> str:
        """z in the words of Table 1."""
        return f"{self.size}x{self.size}x{self.channels}"


LatentConfig = Annotated[DenseLatentConfig | SpatialLatentConfig, Field(discriminator="kind")]
