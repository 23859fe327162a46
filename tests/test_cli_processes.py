"""What only a real process shows: pipes, signals, terminals and imports."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from sqlite3 import OperationalError, connect
from typing import IO

import pytest

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-c", "from bot.cli import main; main()"]
QUESTION = "How much is Huawei's smart car unit worth?"
LINE = '{"id": %d, "question": "What does the Plover cost?"}\n'
TIMEOUT_S = 30


@pytest.fixture(scope="module")
def environment(
    exported_encoder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """Settings for an index of the bundled articles."""
    others = {k: v for k, v in os.environ.items() if not k.startswith(("CITEWIRE_", "PYTHON"))}
    data = tmp_path_factory.mktemp("processes") / "data"
    found = others | {
        "CITEWIRE_DATA": str(data), "CITEWIRE_MODELS": str(exported_encoder.parent),
        "COLUMNS": "80", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color",
    }  # fmt: skip
    found.pop("NO_COLOR", None)
    subprocess.run([*PROGRAM, "index"], env=found, check=True, capture_output=True)
    return found


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env`."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["ask", QUESTION], ["search", "x"], ["list"], ["ask", "--help"]]
)
def test_reading_the_index_imports_nothing_heavy(
    arguments: list[str], environment: Mapping[str, str]
) -> None:
    dump = (
        "import atexit, sys; atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)));"
        "from bot.cli import main; main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", dump, *arguments],
        env=environment, capture_output=True, text=True, check=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    heavy = {"torch", "transformers", "sentence_transformers", "trafilatura", "optimum", "lxml"}
    assert not heavy & set(ran.stderr.split())


def read_line(stream: IO[str], seconds: float = TIMEOUT_S) -> str:
    """The next line, or a failure instead of waiting for ever."""
    ready, _, _ = select.select([stream], [], [], seconds)
    assert ready, "nothing came"
    return stream.readline()


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_batch_answers_a_line_before_the_next_is_written(
    command: str, environment: Mapping[str, str]
) -> None:
    with subprocess.Popen(
        [*PROGRAM, command, "--batch", "-"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(LINE % number)
            assert json.loads(read_line(process.stdout))["id"] == str(number)
        process.stdin.close()
        assert process.wait(TIMEOUT_S) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--json"],
        ["show", "real/huawei-changan-joint-company.md"],
        ["search", "car", "-k", "100"],
        ["ask", QUESTION, "--json"],
        ["ask", "--batch", "b.jsonl"],
        ["--help"],
    ],
)
def test_a_reader_that_leaves_early_causes_no_traceback(
    arguments: list[str], environment: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "b.jsonl").write_text("".join(LINE % n for n in range(40)), encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)  # before a byte is written: every write fails
    with subprocess.Popen(
        [*PROGRAM, *arguments], env=environment, stdout=writing, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writing)
        _, complaints = process.communicate(timeout=TIMEOUT_S)
    assert complaints == ""
    assert process.returncode in {0, 1}


def embedded(data: Path) -> int:
    """How many passages' vectors are in the cache so far."""
    try:
        with closing(connect(f"file:{data / 'embeddings.sqlite'}?mode=ro", uri=True)) as cache:
            return int(cache.execute("SELECT count(*) FROM vectors").fetchone()[0])
    except OperationalError:  # not made yet
        return 0


def test_an_interrupted_build_says_one_line_and_the_next_resumes(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    articles = tmp_path / "many.jsonl"
    sentence = "The tram of line {0} carried {1} passengers past the harbour on day {0}. "
    with articles.open("w", encoding="utf-8") as file:
        for n in range(150):
            text = "".join(sentence.format(n, n * day) for day in range(1, 9))
            file.write(json.dumps({"id": str(n), "title": f"Line {n}", "text": text}) + "\n")
    data = tmp_path / "data"
    build = [*PROGRAM, "index", str(articles), "--data", str(data), "--json"]
    with subprocess.Popen(
        build, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + TIMEOUT_S
        while not embedded(data) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, out) == (130, "")
    assert complaints.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in complaints
    saved = embedded(data)
    assert saved
    again = subprocess.run(
        build, env=environment, capture_output=True, text=True, check=True, timeout=TIMEOUT_S
    )
    report = json.loads(again.stdout)
    assert (report["articles"], report["embedded"]) == (150, report["passages"] - saved)
    assert [path.name[0] for path in (data / "snapshots").iterdir()] == ["2"]


@pytest.mark.parametrize("arguments", [["chat"], ["ask", "--batch", "-"]])
def test_an_interrupt_while_waiting_for_input_is_one_line(
    arguments: list[str], environment: Mapping[str, str]
) -> None:
    with subprocess.Popen(
        [*PROGRAM, *arguments], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("What is a Plover?\n" if arguments == ["chat"] else LINE % 1)
        assert read_line(process.stdout)  # it is up, and will wait for the next line
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert complaints.splitlines()[-1].endswith("Interrupted.")
    assert "Traceback" not in complaints


def in_terminal(*arguments: str, environment: Mapping[str, str]) -> str:
    """What a terminal is sent."""
    main, side = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *arguments], env=environment, stdin=side, stdout=side, stderr=side
    ) as process:
        os.close(side)
        output = b"".join(_chunks(main))
        process.wait(TIMEOUT_S)
    os.close(main)
    return output.decode("utf-8")


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux reports that the other side has closed
            return
        if not chunk:
            return
        yield chunk


def test_a_terminal_gets_colours_and_links(environment: Mapping[str, str]) -> None:
    output = in_terminal("ask", "What does the Plover cost?", environment=environment)
    assert "\x1b[1;4;36m" in output
    assert "\x1b]8;id=" in output
    assert "**" not in output


def test_no_color_is_obeyed(environment: Mapping[str, str]) -> None:
    output = in_terminal("ask", QUESTION, environment={**environment, "NO_COLOR": "1"})
    assert "\x1b[1;4m" in output
    assert "36m" not in output


def test_a_terminal_without_styles_gets_marks(environment: Mapping[str, str]) -> None:
    output = in_terminal("ask", QUESTION, environment={**environment, "TERM": "dumb"})
    assert "\x1b" not in output
    assert "**The four-year-old unit" in output


def test_a_list_in_a_narrow_terminal_keeps_the_ids_whole(environment: Mapping[str, str]) -> None:
    output = in_terminal("list", environment={**environment, "COLUMNS": "40"})
    assert "industry/sedgeholm-laboratory-closes-night-shuttle.md" in output
    assert "…" not in output


def test_a_pipe_gets_utf_8_whatever_the_locale(environment: Mapping[str, str]) -> None:
    poor = {**environment, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for arguments in (["ask", "茶 “?”", "--json"], ["list"], ["ask", "--batch", "-"]):
        ran = subprocess.run(
            [*PROGRAM, *arguments], env=poor, capture_output=True, check=True, timeout=TIMEOUT_S,
            input='{"id": "茶", "question": "“Plover”?"}\n'.encode(),
        )  # fmt: skip
        assert ran.stderr == b""
        assert "“" in ran.stdout.decode("utf-8")
