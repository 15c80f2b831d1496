"""Where the scans come from: every kind of cohort a configuration can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from uadray.data.bids import BidsCohort
from uadray.data.phantom.cohort import PhantomCohort

CohortConfig = Annotated[BidsCohort | PhantomCohort, Field(discriminator="kind")]
