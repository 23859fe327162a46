"""Commands are told to Discord when their definition changed, not at every start."""

import json
import logging
from hashlib import sha256
from typing import Any

from discord.app_commands import CommandTree

from bot.database import Database

logger = logging.getLogger(__name__)


def definition_of(tree: CommandTree[Any]) -> str:
    """Return the sha256 of the global commands as Discord would be told them, in hex."""
    commands = [command.to_dict(tree) for command in tree.get_commands()]
    commands.sort(key=lambda command: (command["type"], command["name"]))
    record = json.dumps(commands, sort_keys=True, ensure_ascii=False)
    return sha256(record.encode()).hexdigest()


async def sync_commands(tree: CommandTree[Any], database: Database) -> bool:
    """Tell Discord the commands unless it knows them; return whether it had to be told.

    What it was told last is kept in `bot.sqlite`, for each application.

    Raises:
        discord.HTTPException: Discord does not take them.
        DatabaseUnusable: What it knows can't be read or kept.
    """
    definition, application_id = definition_of(tree), tree.client.application_id
    known = "SELECT definition FROM discord_commands WHERE application_id = ?"
    if database.all(known, (application_id,)) == [(definition,)]:
        return False
    await tree.sync()
    with database.transaction(write=True) as db:
        db.execute(
            "INSERT OR REPLACE INTO discord_commands VALUES (?, ?)", (application_id, definition)
        )
    logger.info("Discord was told the commands anew.")
    return True
