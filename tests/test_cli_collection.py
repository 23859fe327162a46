"""The commands that build and read a real index, in this process."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bot_fakes import Ran, run
from tests.fakes import files_below

pytestmark = pytest.mark.slow

QUESTION = "How much is Huawei's smart car unit worth?"
TEXT = "Tea at sea\n\nThe crew of the Heron drinks forty litres of tea a day."
Cli = Callable[..., Ran]


@pytest.fixture(scope="module")
def cli(exported_encoder: Path) -> Cli:
    """Run a command with the real encoder."""
    models = {"CITEWIRE_MODELS": str(exported_encoder.parent)}

    def call(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> Ran:
        return run(*map(str, arguments), stdin=stdin, environment=models | environment)

    return call


@pytest.fixture(scope="module")
def bundled(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The index of the bundled articles; tests only read it."""
    data = tmp_path_factory.mktemp("bundled") / "data"
    ran = cli("index", "--data", data)
    assert ran.status == 0
    assert ran.out.startswith("Indexed 16 articles as ")
    assert ran.err.startswith("Reading articles …\n")
    (snapshot,) = snapshots(data)
    before = parts(snapshot)
    yield data
    assert snapshots(data) == [snapshot]
    assert parts(snapshot) == before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two articles that can be read."""
    articles = tmp_path / "in"
    articles.mkdir()
    (articles / "tea.txt").write_text(TEXT, encoding="utf-8")
    (articles / "rain.txt").write_text("Rain\n\nIt rained in Ferrow for nine days.", "utf-8")
    return articles


def test_a_second_run_embeds_nothing(cli: Cli, folder: Path, tmp_path: Path) -> None:
    first = json.loads(cli("index", folder, "--data", tmp_path / "d", "--json").out)
    again = json.loads(cli("index", folder, "--data", tmp_path / "d", "--json").out)
    assert (first["articles"], first["added"], first["embedded"]) == (2, 2, first["passages"])
    assert (again["is_new"], again["embedded"]) == (False, 0)
    assert again["snapshot_id"] == first["snapshot_id"]
    assert cli("index", folder, "--data", tmp_path / "d").out.startswith("Up to date: 2 articles")


def test_what_is_gone_from_the_folder_is_gone_from_the_index(
    cli: Cli, folder: Path, tmp_path: Path
) -> None:
    cli("index", folder, "--data", tmp_path / "d")
    (folder / "rain.txt").unlink()
    assert "0 new, 0 changed, 1 removed; 0 passages embedded." in (
        cli("index", folder, "--data", tmp_path / "d").out
    )
    assert cli("list", "--data", tmp_path / "d").out == "tea.txt\t\t\tTea at sea\n"


def test_one_file_is_an_article(cli: Cli, folder: Path, tmp_path: Path) -> None:
    ran = cli("index", folder / "tea.txt", "--data", tmp_path / "d")
    assert (ran.status, ran.out.split(" in ")[0]) == (0, "Indexed 1 article as 1 passage")


@pytest.mark.parametrize(("flags", "status"), [([], 0), (["--strict"], 1)])
def test_what_is_skipped_is_named_and_costs_the_status_only_if_wanted(
    flags: list[str], status: int, cli: Cli, folder: Path, tmp_path: Path
) -> None:
    bad = folder / "bad.jsonl"
    bad.write_text('{"id": "a", "text": "Tea is hot."}\n{"id": \n', encoding="utf-8")
    (folder / "\x1b[31m.txt").write_text(TEXT, encoding="utf-8")
    ran = cli("index", folder, "--data", tmp_path / "d", *flags)
    assert ran.status == status
    assert f"Skipped {bad}:2: " in ran.err
    assert "\x1b" not in ran.err
    assert ran.out.startswith("Indexed 3 articles")
    assert ran.out.endswith("; 2 skipped.\n")


def test_where_nothing_can_be_read_the_reasons_are_told_and_the_index_stays(
    cli: Cli, folder: Path, tmp_path: Path
) -> None:
    cli("index", folder, "--data", tmp_path / "d")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "a.txt").write_bytes(b"")
    ran = cli("index", empty, "--data", tmp_path / "d")
    assert (ran.status, ran.out) == (1, "")
    assert f"Skipped {empty / 'a.txt'}: " in ran.err
    assert "(1 could not be read); the index was left as it was." in ran.err
    assert len(cli("list", "--data", tmp_path / "d").out.splitlines()) == 2


def test_deleting_articles_leaves_the_rest(cli: Cli, folder: Path, tmp_path: Path) -> None:
    cli("index", folder, "--data", tmp_path / "d")
    ran = cli("delete", "tea.txt", "--data", tmp_path / "d")
    assert (ran.status, ran.out) == (0, "Deleted 1 article; 1 left.\n")
    assert cli("show", "tea.txt", "--data", tmp_path / "d").status == 1
    assert b"forty litres" not in b"".join(
        path.read_bytes() for path in (tmp_path / "d").rglob("*") if path.is_file()
    )


def test_deleting_an_unknown_article_deletes_none(cli: Cli, folder: Path, tmp_path: Path) -> None:
    cli("index", folder, "--data", tmp_path / "d")
    ran = cli("delete", "tea.txt", "nope", "--data", tmp_path / "d")
    assert (ran.status, ran.out) == (1, "")
    assert "No article 'nope' in the index" in ran.err
    assert len(cli("list", "--data", tmp_path / "d").out.splitlines()) == 2


def test_deleting_all_leaves_an_index_that_says_it_is_empty(
    cli: Cli, folder: Path, tmp_path: Path
) -> None:
    cli("index", folder, "--data", tmp_path / "d")
    assert cli("delete", "tea.txt", "rain.txt", "--data", tmp_path / "d").status == 0
    ran = cli("ask", "tea", "--data", tmp_path / "d")
    assert (ran.status, ran.out.strip()) == (0, "The index holds no articles.")
    assert cli("search", "tea", "--data", tmp_path / "d").out == ""
    assert cli("list", "--data", tmp_path / "d").out == ""


def test_the_doctor_finds_a_new_index_sound(cli: Cli, bundled: Path) -> None:
    ran = cli("doctor", "--data", bundled)
    assert (ran.status, ran.err) == (0, "")
    assert {line.split()[0] for line in ran.out.splitlines()} == {"ok"}


def test_another_splitter_is_refused_with_the_command_that_rebuilds(
    cli: Cli, bundled: Path
) -> None:
    ran = cli("ask", QUESTION, "--data", bundled, CITEWIRE_PASSAGE_TOKENS="64")
    assert (ran.status, ran.out) == (1, "")
    assert "Run `citewire index` with your sources to rebuild it." in ran.err


def test_a_missing_encoder_is_told(cli: Cli, bundled: Path, tmp_path: Path) -> None:
    ran = cli("ask", QUESTION, "--data", bundled, CITEWIRE_MODELS=str(tmp_path))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: The encoder in {tmp_path}/")


def truncated(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes() or b"\0")
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swapped(path: Path) -> None:
    """With another file of the snapshot."""
    other = path.parent / "swapped"
    shutil.copy(max(path.parent.iterdir(), key=lambda p: p.is_file() and p != path), other)
    other.replace(path)


def deleted(path: Path) -> None:
    path.unlink()


def snapshots(data: Path) -> list[Path]:
    return sorted((data / "snapshots").iterdir())


def parts(snapshot: Path) -> list[str]:
    """Its files but for those that tantivy locks with."""
    return sorted(name for name in files_below(snapshot) if not name.endswith(".lock"))


DAMAGES = pytest.mark.parametrize("damage", [truncated, flipped, swapped, deleted])


@DAMAGES
def test_damage_to_any_file_of_the_only_snapshot_is_one_sentence(
    damage: Callable[[Path], None], cli: Cli, bundled: Path, tmp_path: Path
) -> None:
    (snapshot,) = snapshots(bundled)
    for name in parts(snapshot):
        data = tmp_path / name.replace("/", "-")
        shutil.copytree(bundled, data)
        damage(snapshots(data)[0] / name)
        ran = cli("ask", QUESTION, "--data", data)
        assert (ran.status, ran.out) == (1, ""), name
        assert ran.err.startswith(f"Error: Snapshot {snapshot.name} is damaged: {name} "), name
        assert ran.err.endswith("Run `citewire index` with your sources to rebuild it.\n"), name
        assert ran.err.count("\n") == 1, name
        assert cli("doctor", "--data", data).status == 1, name


@DAMAGES
def test_the_snapshot_before_a_damaged_one_answers_and_says_so(
    damage: Callable[[Path], None], cli: Cli, folder: Path, tmp_path: Path
) -> None:
    origin = tmp_path / "origin"
    cli("index", folder, "--data", origin)
    (folder / "new.txt").write_text("Moon\n\nThe moon is new.", encoding="utf-8")
    cli("index", folder, "--data", origin)
    for name in parts(snapshots(origin)[1]):
        data = tmp_path / name.replace("/", "-")
        shutil.copytree(origin, data)
        damage(snapshots(data)[1] / name)
        ran = cli("ask", "How much tea does the crew of the Heron drink?", "--data", data)
        assert ran.status == 0, name
        assert ran.out.startswith("The crew of the Heron drinks forty litres of tea"), name
        assert "Note: The newest snapshot is damaged; the one before it answered." in ran.out
        assert cli("doctor", "--data", data, "--repair").status == 0, name
        assert "Note: " not in cli("ask", "Is the moon new?", "--data", data).out, name


@pytest.mark.parametrize("content", [None, b"", b"nonsense\n", b"../../x\n", b"\xff\xfe"])
def test_a_damaged_current_is_no_traceback(
    content: bytes | None, cli: Cli, bundled: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(bundled, data)
    current = data / "CURRENT"
    current.unlink() if content is None else current.write_bytes(content)
    ran = cli("ask", QUESTION, "--data", data)
    assert "Traceback" not in ran.err
    if ran.status == 0:
        assert "$28 billion to $35 billion" in ran.out
    else:
        assert (ran.status, ran.out) == (1, "")
        assert "`citewire index`" in ran.err
    assert cli("doctor", "--data", data, "--repair").status == 0
    assert "$28 billion to $35 billion" in cli("ask", QUESTION, "--data", data).out
