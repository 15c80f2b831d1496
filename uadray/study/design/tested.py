"""Who is scored on the test patients, all in one opening of the test split, once the winner is sealed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    from uadray.study.ledger import Record


class WinnerConfig(Section):
    """The selected trial, and the intensity baseline."""

    kind: Literal["winner"] = "winner"

    def others(self, records: Iterable[Record], best: Record) -> list[Record]:
        """None."""
        return []


class EveryTrialConfig(Section):
    """Every trial that was scored, so that a study can compare methods; the winner is chosen without it."""

    kind: Literal["every_trial"] = "every_trial"

    def others(self, records: Iterable[Record], best: Record) -> list[Record]:
        """All but the selected one."""
        return [record for record in records if record.scored and record.index != best.index]


TestedConfig = Annotated[WinnerConfig | EveryTrialConfig, Field(discriminator="kind")]
