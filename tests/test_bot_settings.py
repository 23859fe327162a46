from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import read_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own, for `.env`."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_set_is_fine() -> None:
    found = read_settings({})
    assert (found.data, found.models, found.threshold) == (Path("data"), None, None)
    assert found.models_folder == Path("data/models")


def test_flags_win_over_the_environment_and_that_over_the_file(elsewhere: Path) -> None:
    file = "CITEWIRE_DATA=f\nCITEWIRE_MODELS=f\nCITEWIRE_LOG_LEVEL=INFO\nOTHER=1\n"
    (elsewhere / ".env").write_text(file, encoding="utf-8")
    environment = {"CITEWIRE_DATA": "e", "CITEWIRE_MODELS": "e", "OTHER": "2"}
    found = read_settings(environment, data=Path("flag"))
    assert (found.data, found.models, found.log_level) == (Path("flag"), Path("e"), "INFO")


def test_a_flag_not_given_changes_nothing() -> None:
    assert read_settings({"CITEWIRE_DATA": "e"}, data=None).data == Path("e")


def test_case_makes_no_difference_in_a_name() -> None:
    assert read_settings({"citewire_Data": "e"}).data == Path("e")


@pytest.mark.parametrize("where", ["environment", "file"])
def test_an_empty_value_is_none(where: str, elsewhere: Path) -> None:
    """As `${THRESHOLD:-}` in a compose file gives; an empty path would be the working folder."""
    empty = {"CITEWIRE_DATA": "", "CITEWIRE_THRESHOLD": ""}
    if where == "file":
        (elsewhere / ".env").write_text("".join(f"{name}=\n" for name in empty), encoding="utf-8")
        empty = {}
    found = read_settings(empty)
    assert (found.data, found.threshold) == (Path("data"), None)


@pytest.mark.parametrize("name", ["CITEWIRE_DATAA", "CITEWIRE_", "citewire_token"])
def test_an_unknown_name_is_an_error(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name.upper()} is no setting of Citewire"):
        read_settings({name: "x"})


def test_an_unknown_name_in_the_file_is_an_error(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text("CITEWIRE_DATAA=x\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="CITEWIRE_DATAA"):
        read_settings({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THRESHOLD", "hunter2"),
        ("THRESHOLD", "1.01"),
        ("THRESHOLD", "-0.01"),
        ("THRESHOLD", "nan"),
        ("PASSAGE_TOKENS", "15"),
        ("PASSAGE_TOKENS", "12.5"),
        ("LOG_LEVEL", "chatty"),
        ("QUANTIZATION", "int4"),
    ],
)
def test_a_bad_value_is_named_and_never_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({f"CITEWIRE_{name}": value})
    assert f"CITEWIRE_{name}: " in str(caught.value)
    assert value not in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"CITEWIRE_THRESHOLD": "x", "CITEWIRE_X": "1"})
    assert len(caught.value.problems) == 2


def test_a_file_that_is_not_text_is_named(elsewhere: Path) -> None:
    (elsewhere / ".env").write_bytes(b"CITEWIRE_DATA=\xff\n")
    with pytest.raises(SettingsError, match=r"\.env can't be read"):
        read_settings({})
