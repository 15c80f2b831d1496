"""One scan under two names, where faulty subjects may be left out."""

from pathlib import Path

import numpy as np
import pytest
from making import made_stack

from uadray.data.pipeline import Cut
from uadray.data.preparation import _tolerated
from uadray.data.shares import HealthySubjects
from uadray.data.sifting import Sifting
from uadray.data.subject import Part, Subject
from uadray.errors import DataError

BRAIN = np.ones((2, 8, 8), np.bool_)


def cut(name, group="healthy"):
    stack = made_stack(BRAIN.astype(np.float32), BRAIN, ~BRAIN)
    return Cut(Subject(name, group, "here", Path("scan.nii"), None, None), stack, (), voxels="the same")


def kept(first, second):
    sifting = Sifting({"sub-a": first, "sub-b": second}, HealthySubjects())
    cuts = [cut("sub-a", first.group), cut("sub-b", second.group)]
    return [p.subject.id for p in _tolerated(sifting.sound(cuts, 2, lambda *_: None), sifting, most=5)]


def test_a_copy_in_the_same_part_is_left_out():
    assert kept(Part("train", "healthy"), Part("train", "healthy")) == ["sub-a"]


@pytest.mark.parametrize("other", [Part("test", "healthy"), Part("train", "lesion")])
def test_a_copy_in_another_part_is_never_tolerated(other):
    with pytest.raises(DataError, match="UAD-131"):
        kept(Part("train", "healthy"), other)
