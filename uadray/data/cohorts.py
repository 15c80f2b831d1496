"""Where the scans come from: every kind of cohort a configuration can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from uadray.data.bids import BidsCohort
from uadray.data.few import FewSubjects
from uadray.data.manifest_cohort import ManifestCohort
from uadray.data.nnunet import NnunetCohort
from uadray.data.phantom.cohort import PhantomCohort

CohortConfig = Annotated[
    BidsCohort | ManifestCohort | NnunetCohort | PhantomCohort | FewSubjects, Field(discriminator="kind")
]
