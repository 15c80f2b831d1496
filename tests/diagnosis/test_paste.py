import getpass
import re
import socket

import pytest

from uadray.diagnosis.finding import problem
from uadray.diagnosis.paste import to_paste


def test_no_user_host_bucket_or_path_is_left(tmp_path):
    said = (
        f"{getpass.getuser()} on {socket.gethostname()} (10.1.2.3) at {tmp_path}/sub-01_FLAIR.nii.gz",
        "no answer from s3://hospital-bucket/uadray or http://mlflow.hospital.org:5000",
        "[Errno 2] No such file: 'my_secret_study.db'",
        "none of MLflow's ports and Ray's is open",
    )
    text = to_paste([problem("workspace", line, f"chmod 600 {tmp_path}") for line in said])
    for name in (getpass.getuser() + " on", socket.gethostname(), "10.1.2.3", str(tmp_path), "hospital", "secret"):
        assert name not in text
    assert "none of MLflow's ports and Ray's is open" in text
    assert text.count("problem workspace") == 4


@pytest.mark.parametrize(
    "said",
    [
        "UAD-444 node 10.1.2.3 (gpu7.hospital.org): torch 2.10.0",
        "UAD-443 node gpu7.hospital.org: no answer",
        "no answer: cannot connect to gpu7.hospital.org:6379",
        "no answer: fe80::1:2ff:fe36 at [fe80::1]:6379",
    ],
)
def test_no_other_machine_is_named_either(said):
    shown = to_paste([problem("cluster", said, "Mend it.")])
    assert not {"hospital", "10.1.2.3", "fe80"} & set(re.findall(r"hospital|10\.1\.2\.3|fe80", shown)), shown


def test_versions_and_times_are_kept():
    said = "at 12:34, torch 2.10.0+cu126: too old; every node reads and writes it"
    assert said in to_paste([problem("versions", said, "Mend it.")])
