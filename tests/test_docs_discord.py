"""docs/discord.md and docs/privacy.md say what is so."""

import re
import sqlite3
from dataclasses import fields
from pathlib import Path

import pytest

from bot.database import FILE, Database
from bot.discord_bot.check import NEEDED
from bot.discord_bot.client import Client
from bot.discord_bot.desk import Desk
from bot.discord_bot.preferences import DEFAULTS, Preferences
from bot.settings import PREFIX, Settings
from tests.bot_fakes import NOW, TEA, library
from tests.engine_fakes import engine

DOCS = Path(__file__).parent.parent / "docs"
GUIDE, PRIVACY = ((DOCS / f"{name}.md").read_text("utf-8") for name in ("discord", "privacy"))


@pytest.fixture
def client(tmp_path: Path) -> Client:
    library(tmp_path, TEA)

    async def no_sync(_: Client) -> None:
        """Discord is told nothing."""

    with engine(tmp_path) as local:
        preferences = Preferences(Database(tmp_path / FILE), lambda: NOW, 30)
        desk = Desk(local, preferences, lambda: 0.0)
        made = Client(desk, no_sync, now=lambda: NOW)
        desk.close()
    return made


def test_every_command_and_option_is_in_the_guide(client: Client) -> None:
    commands = {command.name: command for command in client.tree.get_commands()}
    named = set(re.findall(r"`/(\w+)(?![\w/])", GUIDE))
    assert named == {name for name in commands if " " not in name}
    assert all(name in GUIDE for name in commands)
    rows = GUIDE.partition("## Settings of a server")[2].partition("## ")[0]
    first_column = re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE)
    options = set(re.findall(r"`(\w+)`", " ".join(first_column)))
    definition = commands["settings"].to_dict(client.tree)
    assert options == {option["name"] for option in definition["options"]}


def test_the_guide_names_the_permissions_as_the_check_does() -> None:
    text = " ".join(GUIDE.split())
    assert all(f"*{name}*" in text for name in NEEDED.values())


@pytest.mark.parametrize("page", [GUIDE, PRIVACY])
def test_the_pages_name_no_setting_that_does_not_exist(page: str) -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", page))
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_guide_has_the_defaults_of_a_server() -> None:
    rows = GUIDE.partition("## Settings of a server")[2]
    assert f"| `citations` | {DEFAULTS.citations} |" in rows
    assert f"| {DEFAULTS.cooldown_s} s, {DEFAULTS.server_cooldown_s} s |" in rows
    for name in ("mentions", "threads", "private", "delete_with_question", "keep_questions"):
        assert f"| `{name}` | {'yes' if getattr(DEFAULTS, name) else 'no'} |" in rows
    assert {field.name for field in fields(DEFAULTS)} >= {"mentions", "threads", "private"}


def test_every_table_that_discord_fills_is_on_the_privacy_page(tmp_path: Path) -> None:
    Database(tmp_path / FILE).all("SELECT 1")
    with sqlite3.connect(tmp_path / FILE) as db:
        tables = {
            name
            for (name,) in db.execute(
                "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%'"
            )
        }
    named = set(re.findall(r"^\| `(\w+)`", PRIVACY, re.MULTILINE))
    assert named <= tables
    assert {name for name in tables if name.startswith("discord_")} | {"secrets"} <= named
