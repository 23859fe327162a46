"""What can go wrong on the way to an answer; every message ends with what to do next.

BotError
├── QuestionRefused        the question is empty or too long
├── SettingsError          a setting is unknown or makes no sense
├── ConfidenceUnusable     a file of confidence weights is not what was written
├── AnswersUnreadable      a file of saved answers is not what it should be
├── CannotListen           the server's address is taken, unknown or not allowed
├── ExtraMissing           a library for this is not installed
├── DatabaseUnusable       bot.sqlite can't be opened, read or written
├── AnswerNotFound         no saved answer has this id, or no longer
├── AnswerWithdrawn        a document that the saved answer quotes was deleted
├── KeyNotFound            no API key has this id
├── EndpointFailed         another Citewire's endpoint gives no answer
├── DiscordRefused         Discord does not let the bot do what it must
├── ConversationNotFound   no conversation has this id, or no longer
└── CitationBroken         a citation does not hold: the quote is not in the article
"""

from pathlib import Path


class BotError(Exception):
    """Base of every error that this package raises on purpose."""


class QuestionRefused(BotError):
    """Raised when a question is empty or longer than is taken."""

    def __init__(self, length: int, max_chars: int) -> None:
        self.length, self.max_chars = length, max_chars
        what = "is empty" if length == 0 else f"has {length} characters"
        super().__init__(f"The question {what}; ask with 1 to {max_chars} characters.")


class SettingsError(BotError):
    """Raised when the environment, `.env` or a flag holds a setting that can't be used."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("Settings: " + "; ".join(problems) + ". The README lists them all.")


class ConfidenceUnusable(BotError):
    """Raised when the weights of confidence can't be read."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path} holds no confidence weights: {reason}. Give CITEWIRE_CONFIDENCE what "
            "`citewire eval calibrate --out FILE` wrote, or unset it."
        )


class AnswersUnreadable(BotError):
    """Raised when a file of saved answers can't be read as such."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        place = f"{path}:{line}" if line else str(path)
        super().__init__(
            f"{place}: {reason}. Give what `citewire ask --json` or `citewire ask --batch` printed."
        )


class CannotListen(BotError):
    """Raised when the server can't have the address that it should listen on."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host, self.port, self.reason = host, port, reason
        super().__init__(
            f"Can't listen on {host}, port {port}: {reason}. Choose others with --host and --port "
            "(0 takes any free port)."
        )


class ExtraMissing(BotError):
    """Raised when what an extra of the package brings is not installed."""

    def __init__(self, extra: str) -> None:
        self.extra = extra
        super().__init__(f"This needs more libraries. Run `pip install 'citewire[{extra}]'`.")


class DatabaseUnusable(BotError):
    """Raised when `bot.sqlite` can't be opened, read or written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path} can't be used: {reason}. Check its permissions and the disk's free space; "
            "it holds saved answers, feedback, conversations and API keys."
        )


class AnswerNotFound(BotError):
    """Raised when no saved answer has an id."""

    def __init__(self, answer_id: str) -> None:
        self.answer_id = answer_id
        super().__init__(f"No saved answer {answer_id!r}. Ask the question again.")


class AnswerWithdrawn(BotError):
    """Raised when a saved answer is gone because a document that it quotes was deleted."""

    def __init__(self, answer_id: str) -> None:
        self.answer_id = answer_id
        super().__init__(
            f"Answer {answer_id!r} quotes a document that was deleted. Ask the question again."
        )


class EndpointFailed(BotError):
    """Raised when the endpoint that answers are asked from gives none.

    `status` is that of its reply, None where there is no reply that can be read.
    """

    def __init__(self, url: str, reason: str, status: int | None = None) -> None:
        self.url, self.reason, self.status = url, reason, status
        super().__init__(f"{url} gives no answer: {reason}. Check --endpoint and --key.")


class DiscordRefused(BotError):
    """Raised when Discord refuses something that waiting does not cure: a token, a permission."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"Discord: {reason}. {remedy} `citewire discord --check` tells more.")


class KeyNotFound(BotError):
    """Raised when no API key has an id."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(f"No key {key_id!r}. `citewire keys list` shows all ids.")


class ConversationNotFound(BotError):
    """Raised when no conversation has an id, or it is another's."""

    def __init__(self, conversation_id: str) -> None:
        self.conversation_id = conversation_id
        super().__init__(f"No conversation {conversation_id!r}. Begin a new one.")


class CitationBroken(BotError):
    """Raised when an answer or one of its citations does not hold against the articles."""

    def __init__(
        self, answer_id: str, citation_id: str | None, document_id: str | None, reason: str
    ) -> None:
        self.answer_id, self.citation_id = answer_id, citation_id
        self.document_id, self.reason = document_id, reason
        which = f", citation {citation_id} of {document_id}" if citation_id else ""
        super().__init__(f"Answer {answer_id}{which}: {reason}.")
