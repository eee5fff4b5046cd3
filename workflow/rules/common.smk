# Functions and names for the rules; no rules.
import sys
import time
from functools import cache
from pathlib import Path

# The code beside this Snakefile is the code that runs, here and in the jobs.
SOURCE = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SOURCE))

from rheumeta import provenance, runlog
from rheumeta.errors import InputFaults
from rheumeta.layout import Layout
from rheumeta.steps import graph, targets
from rheumeta.steps.stages import STAGES

graph.prepare_environment(SOURCE)
STARTED = time.time()

try:
    # Snakemake tells its targets only later.
    REVIEWS = graph.configured_reviews(Path(), targets=sys.argv[1:])
except InputFaults as faults:
    print(faults, file=sys.stderr)
    raise SystemExit(faults.exit_code)

graph.undo_future(Path("data/processed"), Path("results"))
NOTEBOOKS = graph.runnable_notebooks(Path("notebooks"), REVIEWS)


def kept(*patterns):
    """Return outputs that stay as they were if the job fails; there must be something to keep."""
    return [update(p) if graph.exists(p) else p for p in patterns]


@cache
def code(stage):
    """Return the digest of all code that a stage can run."""
    return provenance.stage_digest(f"rheumeta.steps.{stage}")


@cache
def software(stage, *more):
    """Return the versions of Python, of all libraries that a stage can load, and of those it only names."""
    names = [*provenance.libraries(f"rheumeta.steps.{stage}"), *more]
    return provenance.software_versions(dict.fromkeys(names))


def failures(stage, of="review"):
    """Return a function of the wildcards: how often the stage failed; a new failure forces a new try."""
    return lambda wildcards: runlog.failures(Path(f"logs/{stage}/{wildcards[of]}.log"))


for line in (
    text for review in REVIEWS for text in graph.manifest_warnings(Layout(review))
):
    print(line, file=sys.stderr)


@cache
def digest(review):
    """Return the digest of what the sheets of a review say."""
    return provenance.evidence_digest(Path(), Layout(review).evidence)


def evidence(wildcards):
    """Return the same as a parameter: a changed sheet counts even if a clock was set back."""
    return digest(wildcards.review)


@cache
def sheets(review):
    """Return the sheets of a review; their age does not count if they say what was validated last."""
    files = [path.as_posix() for path in Layout(review).evidence]
    same = digest(review) == provenance.validated_digest(Layout(review))
    return [ancient(file) for file in files] if same else files


def raw(wildcards):
    """Return what a person edits for a review."""
    return [*graph.protocols(Layout(wildcards.review)), *sheets(wildcards.review)]


def protocol(wildcards):
    """Return what the protocols are as a parameter: one that is put back from a copy may carry an old time."""
    files = graph.protocols(Layout(wildcards.review))
    return [provenance.sha256(Path(file)) for file in files]


def in_report(*files, caption, category):
    """Return outputs that the page of `snakemake --report` shows; keys and checklists are left out."""
    endings = (".html", ".docx", ".xlsx", ".svg", "report.pdf")
    file = f"../report/{caption}.rst"
    add = lambda name: report(name, caption=file, category=category)
    return [add(name) if str(name).endswith(endings) else name for name in files]


@cache
def all_figures(review):
    """Return every figure of a review; its protocol is read once, not for each job that asks."""
    return graph.figures(Layout(review))


def document_figures(wildcards):
    """Return the figures that the documents hold: SVG for the PDF, PNG for Word."""
    names = all_figures(wildcards.review)
    return [name for name in names if not name.endswith(".pdf")]


def report_figures(wildcards):
    """Return the figures that a report shows."""
    return [name for name in all_figures(wildcards.review) if name.endswith(".svg")]


def report_tables(wildcards):
    """Return the tables that stand beside a report, which names them."""
    return graph.tables(Layout(wildcards.review))


def notebook_inputs(wildcards):
    """Return what a notebook reads."""
    return graph.notebook_inputs(Path(f"notebooks/{wildcards.notebook}.ipynb"), REVIEWS)


def benchmark_results(wildcards):
    """Return the pooled results of other reviews that this review shows beside its own."""
    reviews = graph.benchmarks(Layout(wildcards.review))
    return [
        f"results/{review}/estimates/synthesis.json"
        for review in reviews
        if review in REVIEWS
    ]


def begin():
    """Let no second run work in this folder; the lock falls when the run ends, even if it is killed."""
    global run_lock
    run_lock = runlog.hold(Path(".snakemake/rheumeta.lock"))
    if run_lock is None:
        print(
            "Another snakemake is at work in this folder. Wait until it has ended, or stop it; nothing was changed.",
            file=sys.stderr,
        )
        raise SystemExit(1)


def finish():
    """End a failed run: exit code 2 if only the input is at fault, else 1."""
    code, text = runlog.aftermath(Path("logs"), since=STARTED)
    print(text, file=sys.stderr)
    raise SystemExit(code)
