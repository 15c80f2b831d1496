import getpass
import socket

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
