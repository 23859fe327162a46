"""Settings: flags over the environment over `.env`; read once, at the entry points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from bot.errors import SettingsError
from index.export import DEFAULT_MODEL
from index.tokens import LateInteraction

PREFIX = "CITEWIRE_"
ENV_FILE = ".env"


def _split(value: object) -> object:
    """Return the names in a comma-separated list."""
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]


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
    reader: Literal["on", "off"] = Field(
        "on", description="whether the best passages are read: is the answer there, and where"
    )
    speller: Literal["on", "off"] = Field(
        "on", description="whether misspelt words of a question are put right"
    )
    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description="the confidence below which Citewire abstains, 0 to 1; lower answers more and "
        "errs more",
    )
    confidence: Path | None = Field(
        None, description="a file of `citewire eval calibrate`: how confidence is judged"
    )
    host: str = Field("127.0.0.1", description="the address that `citewire serve` listens on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8000, description="its port; 0: any free one"
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        1, description="server processes; limits count in each of them"
    )
    threads: Annotated[int, Field(ge=1, le=256)] | None = Field(
        None, description="questions a server process answers at once; one a core by default"
    )
    queue: Annotated[int, Field(ge=0, le=10_000)] = Field(
        64, description="questions that may wait in a server process; beyond: 503"
    )
    deadline_s: Annotated[float, Field(gt=0, le=600)] = Field(
        30.0, description="seconds until an answer is given up: 504"
    )
    read_timeout_s: Annotated[float, Field(gt=0, le=600)] = Field(
        10.0, description="seconds until a request's headers, then its body, must be there: 408"
    )
    max_body_kib: Annotated[int, Field(ge=1, le=65536)] = Field(
        1024, description="KiB that a request's body may have; beyond: 413"
    )
    connections: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1000, description="open connections of a server process; beyond: 503"
    )
    answers_days: Annotated[int, Field(ge=0, le=3650)] = Field(
        30, description="days that answers are kept, for /v1/answers/ID and Discord; 0: none is"
    )
    requests_per_minute: Annotated[int, Field(ge=0)] = Field(
        600, description="requests a minute from one address without a key; 0: no limit"
    )
    key_requests_per_minute: Annotated[int, Field(ge=0)] = Field(
        6000, description="requests a minute with one API key; 0: no limit"
    )
    streams: Annotated[int, Field(ge=1)] = Field(
        16, description="streams that one client may have open"
    )
    public_read: bool = Field(
        default=False, description="reading needs no API key, even where there are some"
    )
    origins: Names = Field(
        (), description="web origins that may ask from a browser (CORS), with commas between"
    )
    hosts: Names = Field(
        (), description="host names that the server answers to; on a loopback address its own"
    )
    root_path: Annotated[str, Field(pattern=r"^(/[\w.~-]+)*$")] = Field(
        "", description="the path that a proxy mounts the server at"
    )
    proxies: Names = Field(
        (), description="proxies whose X-Forwarded-* headers count: addresses, with commas between"
    )
    tls_cert: Path | None = Field(None, description="the certificate chain for https, PEM")
    tls_key: Path | None = Field(None, description="its key, PEM")
    discord_token: SecretStr | None = Field(
        None, description="the token of the Discord bot; `citewire discord` needs it"
    )
    discord_endpoint: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = Field(
        None, description="the Citewire server that the bot asks; by default it answers itself"
    )
    discord_key: SecretStr | None = Field(None, description="the API key for that server")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="what is logged to stderr"
    )

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("set both CITEWIRE_TLS_CERT and CITEWIRE_TLS_KEY, or neither")
        return self

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
    if not problem["loc"]:
        return problem["msg"].removeprefix("Value error, ")
    name = PREFIX + ".".join(str(part) for part in problem["loc"]).upper()
    if problem["type"] == "extra_forbidden":
        return f"{name} is no setting of Citewire"
    return f"{name}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
