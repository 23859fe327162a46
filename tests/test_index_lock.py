import os
from pathlib import Path

import pytest

from index.errors import BuildLocked
from index.lock import build_lock


def test_the_second_is_told_who_builds(tmp_path: Path) -> None:
    with (
        build_lock(tmp_path),
        pytest.raises(BuildLocked, match=f"process {os.getpid()}") as caught,
        build_lock(tmp_path),
    ):
        pass
    assert (caught.value.data, caught.value.pid) == (tmp_path, str(os.getpid()))


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with build_lock(tmp_path):
            pass


def test_it_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), build_lock(tmp_path):
        raise RuntimeError
    with build_lock(tmp_path):
        pass


def test_it_makes_the_data_folder(tmp_path: Path) -> None:
    with build_lock(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data").is_dir()


def test_folders_have_locks_of_their_own(tmp_path: Path) -> None:
    with build_lock(tmp_path / "one"), build_lock(tmp_path / "two"):
        pass


def test_what_a_dead_builder_wrote_does_not_lock(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("99999999999999999999 and more")
    with build_lock(tmp_path):
        assert (tmp_path / ".lock").read_text() == str(os.getpid())
