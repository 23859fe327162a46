import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.bot_fakes import run


def test_a_key_is_made_listed_and_revoked(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path / "data")]
    made = run("keys", "add", "My [b]app[/b]", "--scope", "admin", *data)
    assert made.status == 0
    text = made.out.strip()
    assert text.startswith("cw_")
    key_id = text.split("_")[1]
    assert f"Key {key_id} (admin)" in made.err
    row = run("keys", "list", *data).out.strip().split("\t")
    assert (row[0], row[1], row[3], row[4]) == (key_id, "admin", "valid", "My [b]app[/b]")
    assert run("keys", "revoke", key_id, *data).out.startswith(f"Revoked {key_id}")
    listed = json.loads(run("keys", "list", "--json", *data).out)
    assert (listed["id"], listed["scope"]) == (key_id, "admin")
    assert listed["revoked_at"] >= listed["created_at"]


def test_a_program_may_read_it(tmp_path: Path) -> None:
    made = json.loads(run("keys", "add", "a", "--json", "--data", str(tmp_path)).out)
    assert (made["scope"], made["name"]) == ("read", "a")
    assert made["key"].startswith(f"cw_{made['id']}_")


def test_only_the_hash_is_kept(tmp_path: Path) -> None:
    text = run("keys", "add", "a", "--data", str(tmp_path)).out.strip()
    with closing(sqlite3.connect(tmp_path / "bot.sqlite")) as db:
        dump = "\n".join(db.iterdump())
    assert text not in dump
    assert text.split("_")[2] not in dump


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    ran = run("keys", "revoke", "nothing", "--data", str(tmp_path))
    assert ran.status == 1
    assert "citewire keys list" in ran.err


def test_looking_makes_nothing(tmp_path: Path) -> None:
    assert run("keys", "list", "--data", str(tmp_path / "data")).out == ""
    assert not (tmp_path / "data").exists()
