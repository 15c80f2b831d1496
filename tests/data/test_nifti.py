import contextlib
import gzip
import itertools
import os
import warnings

import nibabel as nib
import numpy as np
import pytest

from uadray.data.nifti import read_mask, read_scan
from uadray.errors import DataError

AFFINE = np.array([[0.9, 0, 0, -20], [0, 1.1, 0, -30], [0, 0, 3, 10], [0, 0, 0, 1.0]])


@pytest.fixture
def voxels():
    return np.random.default_rng(0).integers(0, 1000, (9, 11, 5)).astype(np.int16)


@pytest.fixture
def scan(tmp_path, voxels):
    return saved(tmp_path / "scan.nii.gz", voxels)


def saved(path, data, affine=AFFINE, qform=None):
    image = nib.Nifti1Image(data, affine)
    if qform is not None:
        image.set_qform(qform, code=1)
    nib.save(image, path)
    return path


def code(path, like=None):
    """The one code that reading a file is refused with."""
    with pytest.raises(DataError) as caught:
        read_mask(path, like) if like else read_scan(path)
    (problem,) = caught.value.problems
    assert str(path) in problem.where
    return problem.code


def test_a_scan_is_the_same_however_it_was_stored(tmp_path, voxels):
    image = nib.Nifti1Image(voxels, AFFINE)
    for order, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)):
        path = tmp_path / "turned.nii"
        nib.save(image.as_reoriented(np.array(list(zip(order, signs, strict=True)))), path)
        volume = read_scan(path)
        assert np.array_equal(volume.data, voxels)
        assert np.allclose(volume.affine, AFFINE)
        assert volume.spacing_mm == pytest.approx((0.9, 1.1, 3))


def test_a_single_slice_stays_a_volume(tmp_path, voxels):
    assert read_scan(saved(tmp_path / "a.nii.gz", voxels[:, :, :1])).data.shape == (9, 11, 1)
    assert read_scan(saved(tmp_path / "b.nii.gz", voxels[:, :, :1, None, None])).data.shape == (9, 11, 1)


def test_stored_integers_are_scaled(tmp_path, voxels):
    image = nib.Nifti1Image(voxels, AFFINE)
    image.header.set_slope_inter(0.5, 3)
    nib.save(image, tmp_path / "scaled.nii")
    stored = read_scan(tmp_path / "scaled.nii").data
    assert stored.dtype == np.float32
    assert np.array_equal(stored, voxels * 0.5 + 3)


def test_nifti_2_is_read(tmp_path, voxels):
    nib.save(nib.Nifti2Image(voxels, AFFINE), tmp_path / "two.nii.gz")
    assert np.array_equal(read_scan(tmp_path / "two.nii.gz").data, voxels)


def test_what_is_no_regular_nifti_file_is_refused(tmp_path, scan):
    os.mkfifo(tmp_path / "pipe.nii")
    (tmp_path / "loop.nii").symlink_to(tmp_path / "loop.nii")
    (tmp_path / "scan.mha").write_bytes(scan.read_bytes())
    (tmp_path / "folder.nii").mkdir()
    for name in ("missing.nii", "pipe.nii", "loop.nii", "scan.mha", "folder.nii"):
        assert code(tmp_path / name) == "UAD-101"


@pytest.mark.parametrize("content", [b"", b"not a scan", b"\0" * 400, gzip.compress(b"\0" * 400)])
def test_what_is_no_image_is_refused(tmp_path, content):
    for name in ("a.nii", "a.nii.gz"):
        (tmp_path / name).write_bytes(content)
        assert code(tmp_path / name) == "UAD-102"


def test_a_file_cut_off_anywhere_is_refused(tmp_path, scan):
    for content, name in ((scan.read_bytes(), "a.nii.gz"), (gzip.decompress(scan.read_bytes()), "a.nii")):
        for length in range(0, len(content), 37):
            (tmp_path / name).write_bytes(content[:length])
            assert code(tmp_path / name) == "UAD-102"


def test_a_flipped_bit_in_a_compressed_file_never_changes_a_scan_silently(tmp_path, scan):
    random, content, good = np.random.default_rng(0), scan.read_bytes(), read_scan(scan).data
    for _ in range(300):
        flipped = bytearray(content)
        flipped[random.integers(len(content))] ^= 1 << random.integers(8)
        (tmp_path / "flipped.nii.gz").write_bytes(flipped)
        with contextlib.suppress(DataError):
            assert np.array_equal(read_scan(tmp_path / "flipped.nii.gz").data, good)  # gzip's own date was hit


def test_a_damaged_header_gives_a_data_error_or_a_scan(tmp_path, scan):
    random, content = np.random.default_rng(0), gzip.decompress(scan.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(300):
            flipped = bytearray(content)
            flipped[random.integers(352)] ^= 1 << random.integers(8)
            (tmp_path / "flipped.nii").write_bytes(flipped)
            with contextlib.suppress(DataError):
                assert np.isfinite(read_scan(tmp_path / "flipped.nii").data).all()


def test_a_wrong_checksum_is_refused(tmp_path, scan):
    content = bytearray(scan.read_bytes())
    content[-8] ^= 1  # where gzip keeps it; nibabel alone reads this file
    (tmp_path / "rotten.nii.gz").write_bytes(content)
    assert code(tmp_path / "rotten.nii.gz") == "UAD-102"


def test_other_than_three_dimensions_are_refused(tmp_path, voxels):
    assert code(saved(tmp_path / "two.nii", voxels[:, :, 0])) == "UAD-103"
    assert code(saved(tmp_path / "four.nii", np.stack([voxels, voxels], axis=-1))) == "UAD-103"


def test_complex_and_coloured_voxels_are_refused(tmp_path, voxels):
    assert code(saved(tmp_path / "complex.nii", voxels.astype(np.complex64))) == "UAD-104"
    colours = np.zeros(voxels.shape, [("R", "u1"), ("G", "u1"), ("B", "u1")])
    assert code(saved(tmp_path / "rgb.nii", colours)) == "UAD-104"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_voxels_that_float32_cannot_hold_are_refused(tmp_path, voxels, value):
    bad = voxels.astype(np.float64)
    bad[1, 2, 3] = value
    assert code(saved(tmp_path / "bad.nii", bad)) == "UAD-105"


def changed(row, column, value):
    affine = AFFINE.copy()
    affine[row, column] = value
    return affine


@pytest.mark.parametrize(
    "affine",
    [changed(0, 3, np.nan), changed(1, 1, 0), changed(0, 1, 0.2), changed(2, 2, 1e6)],
    ids=["NaN", "singular", "sheared", "huge"],
)
def test_a_bad_affine_is_refused(tmp_path, voxels, affine):
    image = nib.Nifti1Image(voxels, AFFINE)
    for number, row in enumerate(("srow_x", "srow_y", "srow_z")):
        image.header[row] = affine[number]
    (tmp_path / "bad.nii").write_bytes(image.header.binaryblock + b"\0" * 4 + voxels.tobytes("F"))
    header = bytearray((tmp_path / "bad.nii").read_bytes())
    header[108:112] = np.float32(352).tobytes()  # vox_offset, which nibabel sets only when it saves
    header[254:256] = np.int16(1).tobytes()  # sform_code
    (tmp_path / "bad.nii").write_bytes(header)
    assert code(tmp_path / "bad.nii") == "UAD-106"


def test_qform_and_sform_must_agree(tmp_path, voxels):
    assert read_scan(saved(tmp_path / "good.nii", voxels, qform=changed(0, 3, -20.0001)))
    assert code(saved(tmp_path / "bad.nii", voxels, qform=changed(0, 3, 20))) == "UAD-106"


def test_an_unknown_orientation_is_refused(tmp_path, voxels):
    assert code(saved(tmp_path / "nowhere.nii", voxels, affine=None)) == "UAD-106"


def test_an_absurd_size_is_refused_before_it_is_read(tmp_path, scan):
    content = bytearray(gzip.decompress(scan.read_bytes()))
    content[42:48] = np.array([30000, 30000, 30000], np.int16).tobytes()
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(content))
    assert code(tmp_path / "bomb.nii.gz") == "UAD-107"


def test_endless_padding_is_refused(tmp_path, scan):
    content = gzip.decompress(scan.read_bytes())
    (tmp_path / "some.nii.gz").write_bytes(gzip.compress(content + b"\0" * 1000))
    (tmp_path / "endless.nii.gz").write_bytes(gzip.compress(content + b"\0" * 20_000_000, 1))
    assert np.array_equal(read_scan(tmp_path / "some.nii.gz").data, read_scan(scan).data)
    assert code(tmp_path / "endless.nii.gz") == "UAD-102"


def test_a_constant_scan_is_refused(tmp_path, voxels):
    assert code(saved(tmp_path / "flat.nii", np.full_like(voxels, 7))) == "UAD-108"


@pytest.mark.parametrize("label", [1, 255])
def test_a_mask_is_where_its_one_label_is(tmp_path, scan, voxels, label):
    path = saved(tmp_path / "mask.nii.gz", np.where(voxels > 500, label, 0).astype(np.uint8))
    assert np.array_equal(read_mask(path, read_scan(scan)), voxels > 500)


def test_a_scaled_mask_keeps_its_voxels(tmp_path, scan, voxels):
    image = nib.Nifti1Image((voxels > 500).astype(np.uint8), AFFINE)
    image.header.set_slope_inter(1 / 255, 0)  # a comparison with 0.5 would empty it
    (tmp_path / "mask.nii").write_bytes(image.to_bytes())
    assert np.array_equal(read_mask(tmp_path / "mask.nii", read_scan(scan)), voxels > 500)


def test_an_empty_mask_is_a_mask(tmp_path, scan, voxels):
    assert not read_mask(saved(tmp_path / "mask.nii", np.zeros_like(voxels)), read_scan(scan)).any()


def test_a_mask_may_be_stored_in_another_orientation(tmp_path, scan, voxels):
    mask = nib.Nifti1Image((voxels > 500).astype(np.uint8), AFFINE)
    nib.save(mask.as_reoriented(np.array([[1, -1], [0, 1], [2, -1]])), tmp_path / "mask.nii")
    assert np.array_equal(read_mask(tmp_path / "mask.nii", read_scan(scan)), voxels > 500)


def test_a_mask_must_lie_on_the_grid_of_its_image(tmp_path, scan, voxels):
    like, mask = read_scan(scan), (voxels > 500).astype(np.uint8)
    assert read_mask(saved(tmp_path / "near.nii", mask, changed(0, 3, -20.00001)), like).any()
    assert code(saved(tmp_path / "shifted.nii", mask, changed(0, 3, -20.1)), like) == "UAD-109"
    assert code(saved(tmp_path / "stretched.nii", mask, changed(0, 0, 0.91)), like) == "UAD-109"
    assert code(saved(tmp_path / "smaller.nii", mask[1:]), like) == "UAD-109"


@pytest.mark.parametrize("values", [(0, 1, 2), (-1, 0), (0, 0.5, 1)])
def test_other_than_one_label_is_refused(tmp_path, scan, voxels, values):
    mask = np.resize(np.array(values, np.float32), voxels.shape)
    assert code(saved(tmp_path / "labels.nii", mask), read_scan(scan)) == "UAD-110"
