"""Commands on API keys: add, list, revoke."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from bot import wire
from bot.cli.options import DataOption, JsonOption, as_text, complain, settings_with, stdout
from bot.keys import Key, Keys
from bot.render import printable

app = typer.Typer(no_args_is_help=True, help="API keys of `citewire serve`.")


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    ADMIN = "admin"


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Who or what it is for.")],
    scope: Annotated[
        Scope, typer.Option("--scope", help="admin: also delete and reload.")
    ] = Scope.READ,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, once: only its hash is kept.

    Once a key was made, every request to /v1 needs one. Keys may share a name: add the next, move
    everyone over, revoke the last.
    """
    key, text = _keys(data).add(as_text(name), scope.value)
    if as_json:
        typer.echo(json.dumps(asdict(key) | {"key": text}, ensure_ascii=False))
    else:
        typer.echo(text)
        complain(f"Key {key.id} ({key.scope}). It can't be shown again.")


@app.command(name="list")
def list_keys(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the keys: id, scope, when it was made, when it was revoked, name."""
    for key in _keys(data).all():
        if as_json:
            typer.echo(json.dumps(asdict(key), ensure_ascii=False))
        else:
            typer.echo("\t".join(_row(key)))


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `citewire keys list` shows it.")],
    data: DataOption = None,
) -> None:
    """Revoke a key: within a second no server takes it any more."""
    key = _keys(data).revoke(as_text(key_id))
    stdout().print(f"Revoked {key.id} ({printable(key.name)}).", markup=False)


def _keys(data: DataOption) -> Keys:
    memory = wire.memory(settings_with(data))
    return Keys(memory.database, memory.now)


def _row(key: Key) -> tuple[str, ...]:
    revoked = f"revoked {_day(key.revoked_at)}" if key.revoked_at is not None else "valid"
    return (key.id, key.scope, _day(key.created_at), revoked, printable(key.name))


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
