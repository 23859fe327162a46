"""What tests of several modules share."""

import os
from pathlib import Path

import pytest

from index.errors import ExportUnavailable
from index.export import DEFAULT_MODEL, ensure_encoder


@pytest.fixture(scope="session")
def exported_encoder(request: pytest.FixtureRequest) -> Path:
    """The folder of the real encoder, exported once for all runs; in CITEWIRE_MODELS if set."""
    shared = os.environ.get("CITEWIRE_MODELS")
    models = Path(shared) if shared else request.config.cache.mkdir("models")
    try:
        return ensure_encoder(DEFAULT_MODEL, models)
    except ExportUnavailable as error:
        pytest.skip(str(error))
