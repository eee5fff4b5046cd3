"""The workflow does what is needed, all of it and nothing else.

One small review is built once; each test changes something, looks at what the dry run announces and
changes it back. Only the last tests run jobs.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager

import pytest

from .conftest import RESPONDERS, REVIEW

pytestmark = pytest.mark.slow

RAW = f"data/raw/{REVIEW}/results.csv"
PROTOCOL = f"config/reviews/{REVIEW}.yaml"
ONE_ROW = "alpha2001_treatment,alpha2001,treatment"
STAGES = [
    "validate",
    "harmonise",
    "effects",
    "integrity",
    "synthesise",
    "appraise",
    f"figures_{REVIEW}",
    f"tables_{REVIEW}",
    "report",
    "documents",
    "workbook",
    "crate",
    "index",
]
BESIDE_THE_REPORT = ("documents", "workbook", "crate", "index")
ALL_JOBS = dict.fromkeys([*STAGES, "all"], 1)
UP_TO_DATE = "Nothing to be done"
NAME_THE_RAW_FILES = {
    f"data/processed/{REVIEW}/validated/manifest_check.csv",
    f"results/{REVIEW}/ro-crate-metadata.json",
}
"""Built files that name the raw files by their hash."""


@contextmanager
def changed(project, file, old, new):
    """Change a file for a while; the modification time stays new."""
    project.replace(file, old, new)
    try:
        yield
    finally:  # the project is shared: one failure must not look like ten
        project.replace(file, new, old)


def announced(project, **options):
    """Return the jobs that a dry run announces."""
    dry = project.snakemake("--dry-run", **options)
    assert dry.code == 0, dry.text
    return {} if UP_TO_DATE in dry.text else dry.jobs


def estimate(project):
    """Return the pooled estimate of the first analysis."""
    text = (project.root / "results" / REVIEW / "estimates" / "synthesis.json").read_text(encoding="utf-8")
    return json.loads(text)["analyses"][0]["random"]["estimate"]


def test_a_review_without_code_builds_its_report(built, first_run):
    assert first_run.jobs == ALL_JOBS
    page = (built.root / "results" / REVIEW / "report.html").read_text(encoding="utf-8")
    assert "Alpha 2001" in page
    assert "Alpha 2001" not in (built.root / "results" / "index.html").read_text(encoding="utf-8")
    for ending in ("svg", "pdf", "png"):
        assert (built.root / "results" / REVIEW / "figures" / f"acr20_short.{ending}").stat().st_size > 1000


def test_its_pooled_result_is_that_of_the_sheet(built):
    # Mantel-Haenszel lies near the inverse-variance estimate; the direction and rough size must agree.
    total = {s: n1 + n2 for s, (_, n1, _, n2) in RESPONDERS.items()}
    treated = sum(e1 * n2 / total[s] for s, (e1, n1, e2, n2) in RESPONDERS.items())
    control = sum(e2 * n1 / total[s] for s, (e1, n1, e2, n2) in RESPONDERS.items())
    text = (built.root / "results" / REVIEW / "estimates" / "synthesis.json").read_text(encoding="utf-8")
    analysis = json.loads(text)["analyses"][0]
    assert analysis["k"] == len(RESPONDERS)
    assert analysis["random"]["display"]["estimate"] == pytest.approx(treated / control, rel=0.05)


def test_every_stage_leaves_a_log_and_a_benchmark(built):
    logs = {
        p.relative_to(built.root / "logs").as_posix() for p in (built.root / "logs").rglob("*") if p.is_file()
    }
    for stage in (
        "validate",
        "harmonise",
        "effects",
        "integrity",
        "synthesise",
        "appraise",
        "figures",
        "tables",
        "report",
        "documents",
        "workbook",
        "crate",
    ):
        assert f"{stage}/{REVIEW}.log" in logs
        assert f"benchmarks/{stage}/{REVIEW}.tsv" in logs
    assert not [name for name in logs if name.endswith(".failures")]


def test_the_crate_names_all_that_was_built_and_nothing_differs(built):
    done = built.rheumeta("verify", f"results/{REVIEW}")
    assert done.code == 0, done.text
    assert "Everything is as it was made." in done.text


def test_a_second_run_does_nothing_but_look_at_the_manifest(built):
    text = built.snakemake().text
    assert UP_TO_DATE in text
    assert f"MANIFEST of {REVIEW}: results.csv is changed" in text


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [(RAW, ONE_ROW, f"{ONE_ROW} "), (PROTOCOL, "method: REML", "method: DL")],
    ids=["raw_number", "protocol_key"],
)
def test_a_changed_input_announces_all_that_depends_on_it(built, file, old, new):
    with changed(built, file, old, new):
        assert announced(built) == ALL_JOBS


@pytest.mark.parametrize(
    ("file", "first", "spared"),
    [
        ("src/rheumeta/stats/pooling.py", "synthesise", "validate"),
        ("src/rheumeta/steps/appraisal/verdicts.py", "appraise", "synthesise"),
        ("src/rheumeta/plots/style.py", f"figures_{REVIEW}", f"tables_{REVIEW}"),
        ("src/rheumeta/pages/templates/report.html", "report", "effects"),
    ],
    ids=["statistics", "verdicts", "plots", "template"],
)
def test_a_changed_line_of_code_announces_the_stages_that_run_it(built, file, first, spared):
    path = built.root / file
    good = path.read_text(encoding="utf-8")
    path.write_text(good + "\nCHANGED = 1\n", encoding="utf-8")
    found = announced(built)
    path.write_text(good, encoding="utf-8")
    assert {first, "report", "all"} <= set(found)
    assert spared not in found


def test_a_changed_comment_changes_nothing(built):
    path = built.root / "src/rheumeta/stats/pooling.py"
    good = path.read_text(encoding="utf-8")
    path.write_text(f"# A comment.\n{good}\n\n# Another.\n", encoding="utf-8")
    found = announced(built)
    path.write_text(good, encoding="utf-8")
    assert found == {}


def test_a_touched_file_changes_nothing(built):
    for file in (RAW, PROTOCOL):
        (built.root / file).touch()
    assert announced(built) == {}


@pytest.mark.parametrize("sheet", ["results", "studies", "arms"])
def test_a_reordered_sheet_changes_nothing(built, sheet):
    path = built.root / f"data/raw/{REVIEW}/{sheet}.csv"
    good, files = path.read_text(encoding="utf-8"), built.built()
    header, *lines = good.splitlines(keepends=True)
    path.write_text("".join([header, *reversed(lines)]), encoding="utf-8")
    try:
        assert announced(built) == {}
        if sheet == "results":  # and a run that is forced to look again finds the same
            forced = built.snakemake("--forcerun", "validate")
            assert forced.code == 0, forced.text
            assert {n for n, data in built.built().items() if data != files[n]} <= NAME_THE_RAW_FILES
    finally:
        path.write_text(good, encoding="utf-8")
    if sheet == "results":
        assert built.snakemake("--forcerun", "validate").code == 0
        assert built.built() == files


def test_a_sheet_with_an_older_time_is_seen_if_it_says_something_else(built):
    path = built.root / RAW
    with changed(built, RAW, "week,,during,30,", "week,,during,36,"):
        os.utime(path, (0, 0))
        assert announced(built) == ALL_JOBS


def other_version(folder, name):
    """Make a folder in which Python finds another version of a distribution first."""
    info = folder / f"{name}-999.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 999\n")
    return folder


@pytest.mark.parametrize(
    ("name", "first", "spared"),
    [
        ("pandera", {"validate"}, set()),
        ("scipy", {"harmonise", "effects"}, {"validate"}),
        ("matplotlib", {f"figures_{REVIEW}"}, {"synthesise", "appraise", f"tables_{REVIEW}", "index"}),
        ("typst", {"documents"}, {"report", "workbook", f"figures_{REVIEW}"}),
        ("xlsxwriter", {"workbook"}, {"report", "documents", f"figures_{REVIEW}"}),
    ],
)
def test_another_version_of_a_library_announces_the_stages_that_load_it(built, tmp_path, name, first, spared):
    found = set(announced(built, before_others=other_version(tmp_path, name)))
    assert first | {"all"} <= found
    assert not found & spared


def test_one_report_can_be_asked_for(built):
    dry = built.snakemake("--dry-run", "--forceall", f"results/{REVIEW}/report.html")
    assert dry.jobs == dict.fromkeys([s for s in STAGES if s not in BESIDE_THE_REPORT], 1)


def test_faults_end_with_2_are_listed_and_keep_the_previous_results(built):
    before = built.built()
    with changed(built, RAW, "week,,during,30,", 'week,,during,"3,0",'):
        run = built.snakemake()
        assert run.code == 2
        assert "decimal_comma" in run.text or "wrong_type" in run.text or "thousands" in run.text
        end = run.text[run.text.index("The input has faults; results of earlier runs were kept.") :]
        assert f"logs/validate/{REVIEW}.log" in end
        assert f"{RAW}, line 2, column n" in end
        assert built.built() == before
        assert announced(built) == ALL_JOBS, "the fault must not pass for done"
        assert built.snakemake().code == 2
        assert built.built() == before
    mended = built.snakemake()
    assert mended.code == 0, mended.text
    assert built.built() == before
    assert announced(built) == {}


def test_a_changed_number_changes_the_result_and_nothing_else_does(built):
    before, files = estimate(built), built.built()
    built.replace(RAW, "week,,during,30,", "week,,during,36,")
    assert built.snakemake().code == 0
    assert estimate(built) < before
    built.replace(RAW, "week,,during,36,", "week,,during,30,")
    assert built.snakemake().code == 0
    assert estimate(built) == before
    assert built.built() == files, "two runs on the same input differ"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reviews: []\n", "lists no review"),
        ("reviews: [a, a]\n", "listed twice"),
        ("reviews: [A-B]\n", "no id"),
        ("reviews: [steroid]\n", "Did you mean 'steroids'?"),
        ("reviews:\n  - steroids\n oops: [\n", "config/config.yaml, line 3"),
    ],
)
def test_faults_of_the_configuration_end_with_2(built, text, message):
    config = built.root / "config" / "config.yaml"
    good = config.read_text(encoding="utf-8")
    config.write_text(text, encoding="utf-8")
    run = built.snakemake("--dry-run")
    config.write_text(good, encoding="utf-8")
    assert run.code == 2
    assert message in run.text


def test_a_report_of_a_review_that_is_not_listed_ends_with_2(built):
    run = built.snakemake("--dry-run", "results/steroid/report.html")
    assert run.code == 2
    assert "Did you mean 'steroids'?" in run.text


def test_a_protocol_that_is_no_yaml_is_explained_by_validate(built):
    path = built.root / PROTOCOL
    good = path.read_text(encoding="utf-8")
    path.write_text("review: [\n", encoding="utf-8")
    run = built.snakemake()
    path.write_text(good, encoding="utf-8")
    assert run.code == 2
    assert f"{PROTOCOL}, line" in run.text


def test_a_missing_sheet_is_explained_by_validate(built):
    path = built.root / f"data/raw/{REVIEW}/arms.csv"
    good = path.read_bytes()
    path.unlink()
    run = built.snakemake()
    path.write_bytes(good)
    assert run.code == 2
    assert "arms.csv" in run.text
    assert "missing" in run.text
