"""What is written on a scan's grid lies where the scan lies, bit for bit, and says nothing else about it."""

import nibabel as nib
import numpy as np
import pytest
from turning import ORIENTATIONS, SHAPE, affine

from uadray.data.nifti import read_grid


def saved(path, matrix, orientation=ORIENTATIONS[0], codes=(1, 1), units="mm", kind=nib.Nifti1Image, shape=SHAPE):
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    image = kind(array, matrix).as_reoriented(orientation) if len(shape) == 3 else kind(array, matrix)
    turned = image.affine.copy()
    image.set_sform(turned if codes[0] else None, code=codes[0])
    image.set_qform(turned if codes[1] else None, code=codes[1])
    image.header.set_xyzt_units(units, "sec")
    image.header["descrip"] = b"Jane Doe"
    image.header["aux_file"] = b"Jane"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"Jane Doe"))
    path.write_bytes(image.to_bytes())
    return path


def written(path, array_type=np.float32):
    grid = read_grid(path)
    array = np.random.default_rng(0).random(grid.shape[:3]).astype(array_type)
    out = path.with_name("out.nii.gz")
    out.write_bytes(grid.file(array))
    return nib.load(path), nib.load(out), array


@pytest.mark.parametrize("codes", [(1, 1), (2, 0), (0, 1), (4, 3)])
@pytest.mark.parametrize("turned", [(0.0, 0.0), (0.3, -0.2), (-0.4, 0.5)], ids=["upright", "oblique", "more oblique"])
def test_shape_affine_forms_codes_and_sides_are_the_scans_in_all_48_orientations(tmp_path, turned, codes):
    for orientation in ORIENTATIONS:
        scan, out, array = written(saved(tmp_path / "scan.nii", affine(turned), orientation, codes))
        assert out.shape == scan.shape
        assert out.affine.tobytes() == scan.affine.tobytes()
        for form in ("sform", "qform"):
            mine, code = getattr(out.header, f"get_{form}")(coded=True)
            theirs, same = getattr(scan.header, f"get_{form}")(coded=True)
            assert code == same
            assert (mine is None) == (theirs is None)
            assert mine is None or mine.tobytes() == theirs.tobytes()
        assert out.header.get_zooms() == scan.header.get_zooms()
        assert (np.asarray(out.dataobj) == array).all()


@pytest.mark.parametrize("units", ["unknown", "meter", "mm", "micron"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_units_and_format_are_the_scans_and_nothing_that_names_a_patient_goes_along(tmp_path, kind, units):
    path = saved(tmp_path / "scan.nii", affine(), kind=kind, units=units)
    scan, out, _ = written(path)
    assert type(out) is type(scan)
    assert out.header.get_xyzt_units()[0] == units
    assert not out.header.extensions
    assert b"Jane" in path.read_bytes()
    assert b"Jane" not in out.to_bytes()


def test_masks_are_bytes_of_0_and_1_and_a_file_is_the_same_every_time(tmp_path):
    path = saved(tmp_path / "scan.nii", affine())
    _, out, _ = written(path, np.bool_)
    assert out.get_data_dtype() == np.uint8
    grid = read_grid(path)
    assert grid.file(np.ones(SHAPE, np.bool_)) == grid.file(np.ones(SHAPE, np.bool_))


def test_a_fourth_axis_of_one_stays_and_the_other_byte_order_is_read(tmp_path):
    path = saved(tmp_path / "scan.nii", affine(), shape=(*SHAPE, 1))
    scan, out, array = written(path)
    assert out.shape == scan.shape == (*SHAPE, 1)
    assert (np.asarray(out.dataobj)[..., 0] == array).all()
    swapped = nib.Nifti1Image(np.ones(SHAPE, np.int16), affine(), header=nib.Nifti1Header(endianness=">"))
    path.write_bytes(swapped.to_bytes())
    scan, out, _ = written(path)
    assert out.affine.tobytes() == scan.affine.tobytes()
    assert out.header.get_zooms() == scan.header.get_zooms()
