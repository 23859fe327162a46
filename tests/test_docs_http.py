"""The examples of docs/http.md run as they stand, against a server process."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.bot_fakes import run
from tests.http_fakes import TIMEOUT_S, Server, serving

PAGE = (Path(__file__).parent.parent / "docs" / "http.md").read_text("utf-8")
HERE = "http://127.0.0.1:8000"
PROGRAMS = {"python": [sys.executable], "js": ["node"], "sh": ["sh", "-e"]}
SUFFIXES = {"python": ".py", "js": ".mjs", "sh": ".sh"}
EXAMPLES = [
    pytest.param(language, code, id=f"{language}-{number}")
    for number, (language, code) in enumerate(re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL))
    if HERE in code
]


@pytest.fixture(scope="module")
def server(exported_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("docs") / "data"
    environment = {"CITEWIRE_MODELS": str(exported_encoder.parent)}
    assert run("index", "--data", str(data), environment=environment).status == 0
    with serving(data, exported_encoder.parent) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize(("language", "code"), EXAMPLES)
def test_an_example_runs(server: Server, tmp_path: Path, language: str, code: str) -> None:
    program = PROGRAMS[language]
    for needed in [*program[:1], *(["curl"] if language == "sh" else [])]:
        if shutil.which(needed) is None:
            pytest.skip(f"no {needed} here")
    example = tmp_path / f"example{SUFFIXES[language]}"
    example.write_text(code.replace(HERE, server.url), "utf-8")
    ran = subprocess.run(
        [*program, example], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    assert ran.returncode == 0, ran.stderr
    assert '"error"' not in ran.stdout
    assert ran.stdout or "assert" in code


def test_there_are_examples_in_each_language() -> None:
    assert {example.values[0] for example in EXAMPLES} == set(PROGRAMS)
    assert len(EXAMPLES) >= 10


@pytest.mark.slow
def test_the_page_names_every_endpoint_and_error(server: Server) -> None:
    document = httpx2.get(f"{server.url}/openapi.json").json()
    for path, methods in document["paths"].items():
        plain = re.sub(r"\{\w+\}", "{id}", path)
        assert plain in PAGE or plain.startswith("/v1/models/"), path
        assert methods
    sources = (Path(__file__).parent.parent / "bot" / "http_api").glob("*.py")
    text = "\n".join(path.read_text("utf-8") for path in sources)
    codes = set(re.findall(r'"\w+_error",\s*"(\w+)"', text))
    assert len(codes) > 15
    assert not [code for code in codes if f"`{code}`" not in PAGE]
    assert json.dumps(document)
