import numpy as np

from uadray.data.preprocess.min_max import MinMax


def test_the_brain_fills_the_range_whatever_lies_around_it():
    data = np.array([[[-9.0, 2.0, 4.0, 6.0, 99.0]]])
    brain = np.array([[[False, True, True, True, False]]])
    assert MinMax().apply(data, brain).tolist() == [[[0, 0, 0.5, 1, 0]]]
