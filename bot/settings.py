"""Settings: flags over the environment over `.env`; read once, at the entry points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import SettingsError
from index.export import DEFAULT_MODEL
from index.tokens import LateInteraction

PREFIX = "CITEWIRE_"
ENV_FILE = ".env"


class Settings(BaseModel):
    """All that can be set, as `CITEWIRE_<NAME>`; the README's table is held to this by a test."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    data: Path = Field(Path("data"), description="the folder that holds the index")
    models: Path | None = Field(
        None, description="the folder of exported encoders; DATA/models by default"
    )
    model: str = Field(
        DEFAULT_MODEL, description="a sentence-transformers model: its name on the hub, or a folder"
    )
    quantization: Literal["int8-vnni", "int8-avx2", "int8-arm64", "fp32"] | None = Field(
        None, description="how the encoder is exported; the best for the processor by default"
    )
    passage_tokens: Annotated[int, Field(ge=16, le=8192)] = Field(
        128, description="how long a passage gets, in tokens; a change needs `citewire index`"
    )
    late_interaction: LateInteraction = Field(
        "auto",
        description="how passages are reranked by their tokens: `stored` (about 7 KB a passage), "
        "`query-time` (encoded again for each question), `off`, or `auto`: stored up to a million "
        "passages; a change needs `citewire index`",
    )
    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="the confidence below which Citewire abstains, 0 to 1"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="what is logged to stderr"
    )

    @property
    def models_folder(self) -> Path:
        """Return where exported encoders are."""
        return self.models or self.data / "models"


def read_settings(environment: Mapping[str, str], **flags: object) -> Settings:
    """Return the settings.

    Args:
        environment: `os.environ`, say; only names that begin with `CITEWIRE_` count, and an empty
            value is none.
        flags: Values from the command line by field name; None means not given.

    Raises:
        SettingsError: A name is unknown or a value is unusable; all of them are named.
    """
    try:
        file = {k: v for k, v in dotenv_values(ENV_FILE).items() if v is not None}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError((f"{ENV_FILE} can't be read ({error})",)) from error
    given: dict[str, object] = {
        name.upper().removeprefix(PREFIX).lower(): value
        for source in (file, environment)
        for name, value in source.items()
        if name.upper().startswith(PREFIX) and value
    }
    given |= {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise SettingsError(tuple(_describe(problem) for problem in error.errors())) from error


def _describe(problem: ErrorDetails) -> str:
    """Return which setting is wrong and why, never its value: it may be a secret."""
    name = PREFIX + ".".join(str(part) for part in problem["loc"]).upper()
    if problem["type"] == "extra_forbidden":
        return f"{name} is no setting of Citewire"
    return f"{name}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
