"""API keys: made once, shown once, kept as hashes."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from bot.database import Database
from bot.errors import KeyNotFound

Scope = Literal["read", "admin"]
_PREFIX = "cw"
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Key:
    """An API key but for its secret; times are Unix seconds."""

    id: str
    name: str
    scope: Scope
    created_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class _Held:
    """A key that counts, and the sha256 of its whole text."""

    key: Key
    digest: bytes


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys that count at one moment.

    It is true where a key is needed: where one was ever made. Were it where one counts, revoking
    the last would open the door to everybody.
    """

    held: dict[str, _Held]
    needed: bool

    def __bool__(self) -> bool:
        return self.needed

    def find(self, text: str) -> Key | None:
        """Return the key that this is the text of, or None.

        The hash needs no salt and no slowness: what it hides has 256 random bits. It is compared
        in constant time; which ids exist is no secret.
        """
        parts = text.split("_")
        held = self.held.get(parts[1]) if len(parts) == _PARTS else None
        digest = sha256(text.encode("utf-8", "replace")).digest()
        if held is None or not hmac.compare_digest(held.digest, digest):
            return None
        return held.key


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a data folder; `now` is timezone-aware UTC."""

    database: Database
    now: Callable[[], datetime]

    def add(self, name: str, scope: Scope) -> tuple[Key, str]:
        """Return a new key and its text, which is not kept and can't be shown again.

        Several keys may have one name: that is how they are rotated.

        Raises:
            DatabaseUnusable: It could not be kept.
        """
        key = Key(secrets.token_hex(4), name, scope, self._seconds(), None)
        text = f"{_PREFIX}_{key.id}_{secrets.token_hex(32)}"
        digest = sha256(text.encode()).digest()
        with self.database.transaction(write=True) as db:
            values = (key.id, name, scope, digest, key.created_at)
            db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, NULL)", values)
        return key, text

    def all(self) -> list[Key]:
        """Return every key, revoked ones too, oldest first.

        Raises:
            DatabaseUnusable: They can't be read.
        """
        if not self.database.path.exists():  # nothing is made just to look
            return []
        rows = self.database.all(
            "SELECT id, name, scope, created_at, revoked_at FROM keys ORDER BY created_at, id"
        )
        return [Key(*row) for row in rows]

    def revoke(self, key_id: str) -> Key:
        """Make a key count no more; again makes no difference.

        Raises:
            KeyNotFound: There is none with this id.
            DatabaseUnusable: It could not be done.
        """
        found = next((key for key in self.all() if key.id == key_id), None)
        if found is None:
            raise KeyNotFound(key_id)
        with self.database.transaction(write=True) as db:
            db.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (self._seconds(), key_id),
            )
        return found

    def ring(self) -> Ring:
        """Return the keys that count now.

        Raises:
            DatabaseUnusable: They can't be read: then nobody may pass.
        """
        if not self.database.path.exists():
            return Ring({}, needed=False)
        rows = self.database.all("SELECT id, name, scope, created_at, revoked_at, sha256 FROM keys")
        keys = [_Held(Key(*row[:5]), row[5]) for row in rows]
        valid = {held.key.id: held for held in keys if held.key.revoked_at is None}
        return Ring(valid, needed=bool(keys))

    def _seconds(self) -> int:
        return int(self.now().timestamp())
