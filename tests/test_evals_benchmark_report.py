"""What the benchmark prints."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from evals.benchmark_report import Figure, Report, Setting, cpu_name, installed, render
from evals.benchmark_stats import Spread

SETTING = Setting(
    cpu="A processor",
    cores=2,
    load=0.5,
    python="3.11.7",
    packages={"numpy": "2.4.6"},
    model="a-model",
    quantization="int8-vnni",
    encoder="0123456789abcdef",
    snapshot_id="20260101T000000000000Z-01234567",
    source="a folder",
    articles=3,
    passages=7,
    questions=2,
)
BUILD = Figure("build", "Build, all", "passages/s", (60.0, 90.0, 50.0), (20.0, 18.0, 25.0),
               more_is_better=True)  # fmt: skip
ALONE = Figure("first_answer", "Start to first answer", "s", (0.5254, 0.4))


def report(*figures: Figure) -> Report:
    return Report(
        setting=SETTING,
        figures=figures,
        stages_s={"Embedding passages": 1.5},
        export_s=None,
        imports={"Citewire": (), "Plain script": ("torch",)},
        notes=("A note.",),
    )


def printed(*figures: Figure) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(render(report(*figures)))
    return capture.get()


def test_the_advantage_is_the_median_of_the_ratios_of_the_rounds() -> None:
    """3, 5 and 2: the median is 3, although the medians' own ratio is 60/20 = 3 only by chance."""
    assert BUILD.advantage == Spread(median=3.0, least=2.0, greatest=5.0)


def test_there_is_no_advantage_over_a_script_that_did_not_run() -> None:
    assert ALONE.advantage is None


def test_a_row_has_both_medians_and_how_many_times_better() -> None:
    row = next(line for line in printed(BUILD).splitlines() if "Build, all" in line)
    assert row.split("  ") != [row]
    assert "60.0 passages/s" in row
    assert "20.0 passages/s" in row
    assert "3.0 × (2.0–5.0)" in row


def test_a_row_without_the_script_has_dashes() -> None:
    """The median of 0.5254 and 0.4 is 0.4627."""
    row = next(line for line in printed(ALONE).splitlines() if "first answer" in line)
    assert "0.463 s" in row
    assert row.count("–") == 2


@pytest.mark.parametrize(
    "said",
    ["A processor, 2 cores, load 0.5", "numpy 2.4.6", "a-model (int8-vnni", SETTING.snapshot_id,
     "3 articles, 7 passages, 2 questions", "Citewire none; Plain script torch",
     "Embedding passages 1.50 s", "A note."],
)  # fmt: skip
def test_a_report_says_what_was_measured_on(said: str) -> None:
    assert said in printed(BUILD)


def test_json_has_every_round_and_the_ratios() -> None:
    record = json.loads(json.dumps(report(BUILD, ALONE).record()))
    build, alone = record["figures"]
    assert build["ours"] == [60.0, 90.0, 50.0]
    assert build["advantage"] == {"median": 3.0, "least": 2.0, "greatest": 5.0}
    assert alone["advantage"] is None
    assert record["setting"]["cpu"] == "A processor"


def test_the_processor_is_called_what_linux_calls_it(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t: avx2\n")
    assert cpu_name(info) == "Some CPU @ 2 GHz"


def test_without_linux_the_processor_still_has_a_name(tmp_path: Path) -> None:
    assert cpu_name(tmp_path / "missing")


def test_only_installed_packages_have_versions() -> None:
    assert "numpy" in installed()
    assert all(installed().values())
