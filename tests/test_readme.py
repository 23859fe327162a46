"""The README says what is true."""

import re
from pathlib import Path

import pytest

from bot.cli.app import app
from bot.settings import PREFIX, Settings

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
COMMANDS = {command.name or "" for command in app.registered_commands}
COMMANDS |= {group.name or "" for group in app.registered_groups}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme_with_its_default_and_meaning(name: str) -> None:
    field = Settings.model_fields[name]
    row = next(
        line for line in README.splitlines() if line.startswith(f"| `{PREFIX}{name.upper()}`")
    )
    assert field.description is not None
    assert field.description in row
    if field.default not in (None, "", ()):
        assert f"`{field.default}`" in row


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", README))
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_readme_names_every_command_and_none_that_does_not_exist() -> None:
    named = set(re.findall(r"`citewire ([a-z]+)", README))
    assert named == COMMANDS | {"benchmark", "eval"}
