"""A workspace is in a folder, or behind a URL."""

from uadray.study.workspace.bucket import Bucket
from uadray.study.workspace.workspace import Folder, workspace_at


def test_a_path_is_a_folder_and_a_url_is_a_bucket_with_a_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("UADRAY_SCRATCH", str(tmp_path / "scratch"))
    assert workspace_at("runs") == Folder(workspace_at("runs").folder)
    (tmp_path / "there").mkdir()
    bucket = workspace_at((tmp_path / "there").as_uri())
    assert isinstance(bucket, Bucket)
    assert bucket.folder.is_relative_to((tmp_path / "scratch").resolve())
