"""What the OpenAPI document says, held against a server process by schemathesis."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot_fakes import run
from tests.http_fakes import serving

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).with_name("schemathesis.toml")
# 200 find no more than these do (docs/decisions/0010), and take minutes.
EXAMPLES = 25


def test_every_check_of_schemathesis_holds(exported_encoder: Path, tmp_path: Path) -> None:
    data, models = tmp_path / "data", exported_encoder.parent
    environment = {"CITEWIRE_MODELS": str(models)}
    assert run("index", "--data", str(data), environment=environment).status == 0
    key = run("keys", "add", "test", "--scope", "admin", "--data", str(data)).out.strip()
    with serving(data, models, key_requests_per_minute=0) as server:
        command = "from schemathesis.cli import schemathesis; schemathesis()"
        ran = subprocess.run(
            [sys.executable, "-c", command, "--config-file", str(CONFIG),
             "run", f"{server.url}/openapi.json", "--no-color",
             "--max-examples", str(EXAMPLES), "--header", f"Authorization: Bearer {key}"],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout[-5000:]
        assert server.stop() == 0
