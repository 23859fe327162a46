"""Requests as they arrive: bytes are checked here and become the types of the house at once."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from bot.answerer import DEFAULT_CITATIONS, MAX_CITATIONS, MAX_QUESTION_CHARS, Question
from bot.conversation import Turn
from bot.memory import Feedback
from index.store import NO_FILTERS, Filters

MAX_TURNS = 100
MAX_TURN_CHARS = 20_000
MAX_HITS = 100
MAX_BATCH = 32
DEFAULT_HITS = 10
_MAX_VALUES = 100
_MAX_VALUE_CHARS = 2000


def _in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC; a time without a zone is taken for UTC."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is out of range in UTC") from error


def _number(value: object) -> object:
    """Refuse what only looks like a number; JSON does not tell 3 from 3.0."""
    if isinstance(value, bool | str):
        raise ValueError("not a number")  # noqa: TRY004  (pydantic wants this)
    return value


def _time(value: object) -> object:
    """Refuse numbers: whether they are seconds or milliseconds would be a guess."""
    if not isinstance(value, str):
        raise ValueError("not a time as in RFC 3339")  # noqa: TRY004  (pydantic wants this)
    return value


Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_QUESTION_CHARS, pattern=r"\S"),
    AfterValidator(str.strip),
]
Moment = Annotated[datetime, BeforeValidator(_time), AfterValidator(_in_utc)]
NotText = BeforeValidator(_number)
# What a server without a language model can do; `llm` is known, and refused by name.
Mode = Annotated[
    Literal["auto", "extractive", "llm"],
    WithJsonSchema({"type": "string", "enum": ["auto", "extractive"]}),
]
_Value = Annotated[str, StringConstraints(min_length=1, max_length=_MAX_VALUE_CHARS)]
_Values = Annotated[list[_Value], Field(min_length=1, max_length=_MAX_VALUES)]


class Body(BaseModel):
    """Refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid")


class TurnBody(Body):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=MAX_TURN_CHARS)]


class FiltersBody(Body):
    """Which articles count; what is left out does not matter."""

    published_after: Moment | None = Field(None, description="inclusive")
    published_before: Moment | None = Field(None, description="exclusive")
    sources: _Values | None = Field(None, description="outlets, compared without case")
    document_ids: _Values | None = None

    def filters(self) -> Filters:
        """Return them as the index takes them."""
        return Filters(
            self.published_after,
            self.published_before,
            tuple(self.sources) if self.sources else None,
            tuple(self.document_ids) if self.document_ids else None,
        )


def filters_of(body: FiltersBody | None) -> Filters:
    """Return the filters, none where none are given."""
    return NO_FILTERS if body is None else body.filters()


class AskBody(Body):
    """A question, and what its answer may be made of."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"question": "How much is Huawei's smart car unit worth?"}],
            "not": {
                "required": ["conversation_id"],
                "properties": {"conversation_id": {"type": "string"}},
                "anyOf": [
                    {
                        "required": ["history"],
                        "properties": {"history": {"type": "array", "minItems": 1}},
                    },
                    {"required": ["save"], "properties": {"save": {"const": False}}},
                ],
            },
        }
    )

    question: Text
    history: Annotated[list[TurnBody], Field(max_length=MAX_TURNS)] = Field(
        default_factory=list, description="the conversation so far, oldest first"
    )
    conversation_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None,
        description='"new", or the `conversation_id` of an answer before; in place of `history`',
    )
    mode: Mode = "auto"
    max_citations: Annotated[int, Field(ge=1, le=MAX_CITATIONS), NotText] = DEFAULT_CITATIONS
    filters: FiltersBody | None = None
    include: Annotated[list[Literal["passages", "timings"]], Field(max_length=2)] = Field(
        default_factory=list, description="what else the reply tells"
    )

    save: StrictBool = Field(
        default=True, description="false: nothing of it is kept; it has no link and no conversation"
    )

    @model_validator(mode="after")
    def _one_memory(self) -> Self:
        if self.history and self.conversation_id is not None:
            raise ValueError("give history or conversation_id, not both")
        if not self.save and self.conversation_id is not None:
            raise ValueError("a conversation is kept: give history, or let it be saved")
        return self

    def asked(self) -> Question:
        """Return the question, `conversation_id` as it was given."""
        return Question(
            self.question,
            tuple(Turn(turn.role, turn.content) for turn in self.history),
            self.conversation_id,
            max_citations=self.max_citations,
            filters=filters_of(self.filters),
        )


class AnswerBody(AskBody):
    """A question that may be answered as a stream."""

    stream: StrictBool = Field(
        default=False, description="true: server-sent events; so does `Accept: text/event-stream`"
    )


class BatchBody(Body):
    """Several questions; each is checked by itself."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"requests": [{"question": "What does the Plover cost?"}]}]}
    )

    requests: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_BATCH)] = Field(
        description="each as `/v1/answer` takes it, but for `stream`"
    )


class FeedbackBody(Body):
    """What somebody thinks of an answer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rating": "up", "comment": "Just what I needed."}]}
    )

    rating: Literal["up", "down"]
    reason: Annotated[str, StringConstraints(max_length=100)] | None = None
    comment: Annotated[str, StringConstraints(max_length=2000)] | None = None

    def feedback(self) -> Feedback:
        """Return it as it is kept."""
        return Feedback(self.rating, self.reason, self.comment)


class SearchBody(Body):
    """A query."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "smart cars", "k": 3}]})

    query: Text
    k: Annotated[int, Field(ge=1, le=MAX_HITS), NotText] = DEFAULT_HITS
    by: Literal["passage", "document"] = Field(
        "passage", description="rank passages, or documents by their best passage"
    )
    filters: FiltersBody | None = None
