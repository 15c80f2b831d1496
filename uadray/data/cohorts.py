"""Where the scans come from: every kind of cohort a configuration can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from uadray.data.few import FewSubjects, WholeCohort

CohortConfig = Annotated[WholeCohort | FewSubjects, Field(discriminator="kind")]
