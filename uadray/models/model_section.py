"""The base of every model's configuration."""

from __future__ import annotations

from uadray.section import Section


class ModelSection(Section):
    """The configuration of a model: what is known of it before it is built."""

    @property
    def judged_from(self) -> float:
        """The share of the epochs before which a reconstruction says nothing: its networks have not begun to learn."""
        return 0.0

    @property
    def obstacle(self) -> str:
        """What keeps a reconstruction from being one pass through a network, in words; "" where nothing does."""
        return ""
