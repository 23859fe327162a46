import os
import socket
from pathlib import Path

import pytest

from corpus.errors import SourceNotFound
from corpus.walk import list_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `in` with nothing in it."""
    root = tmp_path / "in"
    root.mkdir()
    return root


def write(path: Path, text: str = "T\nText.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(*sources: Path) -> list[str]:
    return [file.name for file in list_files(sources)[0]]


def reasons(*sources: Path) -> list[str]:
    return [problem.reason for problem in list_files(sources)[1]]


def test_a_folder_is_walked_in_sorted_order(folder: Path) -> None:
    for name in ["b.txt", "a/z.md", "a/b/c.html", "a.JSONL.gz", "Z.json"]:
        write(folder / name)
    assert names(folder) == ["Z.json", "a.JSONL.gz", "a/b/c.html", "a/z.md", "b.txt"]


def test_hidden_names_and_other_types_are_passed_over_in_silence(folder: Path) -> None:
    for name in [".a.txt", ".git/b.txt", "c.png", "noextension", "README.md"]:
        write(folder / name)
    assert list_files([folder])[1] == ()
    assert names(folder) == ["README.md"]


def test_a_file_given_directly_is_called_by_its_name(folder: Path) -> None:
    assert names(write(folder / "deep" / "a.txt")) == ["a.txt"]


def test_a_file_given_directly_of_an_unknown_type_is_reported(folder: Path) -> None:
    (reason,) = reasons(write(folder / "a.docx"))
    assert reason.startswith("not a type of file that holds articles (.htm, .html, .json,")


def test_a_source_that_does_not_exist_is_an_error(folder: Path) -> None:
    with pytest.raises(SourceNotFound, match=r"no file or folder at .*nowhere"):
        list_files([folder, folder / "nowhere"])


def test_a_file_reached_twice_is_listed_once(folder: Path) -> None:
    file = write(folder / "a.txt")
    assert names(folder, file, folder) == ["a.txt"]


def test_sizes_and_paths_are_known_without_reading(folder: Path) -> None:
    write(folder / "a.txt", "four")
    (file,) = list_files([folder])[0]
    assert (file.size, file.path, file.shown) == (
        4, (folder / "a.txt").resolve(), str(folder / "a.txt"),
    )  # fmt: skip


def test_a_link_that_leaves_the_folder_is_skipped(folder: Path) -> None:
    (folder / "out.txt").symlink_to(write(folder.parent / "secret.txt"))
    (folder / "up").symlink_to(folder.parent)
    assert names(folder) == []
    assert reasons(folder) == ["a symbolic link that leaves the folder"] * 2


def test_a_link_inside_the_folder_makes_no_duplicate(folder: Path) -> None:
    write(folder / "real" / "a.txt")
    (folder / "again").symlink_to("real")
    (folder / "aa.txt").symlink_to("real/a.txt")
    assert names(folder) == ["real/a.txt"]
    assert reasons(folder) == []


def test_a_link_to_a_hidden_place_inside_is_followed_once(folder: Path) -> None:
    """As a Kubernetes volume is laid out."""
    write(folder / "..2024" / "a.txt")
    (folder / "a.txt").symlink_to("..2024/a.txt")
    (folder / "b.txt").symlink_to("..2024/a.txt")
    assert names(folder) == ["a.txt"]


def test_links_that_lead_in_a_circle_end(folder: Path) -> None:
    write(folder / "sub" / "a.txt")
    (folder / "sub" / "back").symlink_to("..")
    (folder / "x.txt").symlink_to("y.txt")
    (folder / "y.txt").symlink_to("x.txt")
    assert names(folder) == ["sub/a.txt"]
    assert reasons(folder) == ["a symbolic link that leads in a circle"] * 2


def test_a_link_to_nothing_is_reported(folder: Path) -> None:
    (folder / "a.txt").symlink_to("gone.txt")
    assert reasons(folder) == ["a symbolic link to something that does not exist"]
    assert reasons(folder / "a.txt") == ["a symbolic link to something that does not exist"]


def test_a_source_may_itself_be_a_link(folder: Path) -> None:
    write(folder / "a.txt")
    (link := folder.parent / "link").symlink_to(folder)
    assert names(link) == ["a.txt"]


def test_a_pipe_a_socket_and_a_device_are_named_and_never_opened(folder: Path) -> None:
    """Opening the pipe would wait for a writer for ever."""
    os.mkfifo(folder / "a.txt")
    with socket.socket(socket.AF_UNIX) as plug:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path may have 107 bytes at most
        plug.bind("b.sock")
        os.chdir(here)
        assert reasons(folder) == [
            "a named pipe (FIFO), which is never opened",
            "a socket, which is never opened",
        ]
    assert reasons(Path("/dev/null")) == ["a device, which is never opened"]


def test_a_name_that_is_not_utf_8_is_reported(folder: Path) -> None:
    os.close(os.open(os.fsencode(folder) + b"/\xff.txt", os.O_CREAT))
    (problem,) = list_files([folder])[1]
    assert problem.path.endswith("\ufffd.txt")
    assert problem.reason == "the file's name is not valid UTF-8"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_may_not_be_listed_is_reported(folder: Path) -> None:
    write(folder / "open.txt")
    (folder / "shut").mkdir(mode=0)
    assert names(folder) == ["open.txt"]
    assert reasons(folder) == ["cannot list the folder (Permission denied)"]


def test_folders_three_hundred_deep_are_walked(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder)  # the whole path would be too long for one call
    try:
        for _ in range(300):
            Path("dddd").mkdir()
            os.chdir("dddd")
        Path("a.txt").write_text("T\nText.")
    finally:
        os.chdir(here)
    assert len(names(folder)) == 1
