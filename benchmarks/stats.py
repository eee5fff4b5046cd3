"""Speed and memory of the statistics, beside other engines on the same data in one run.

python benchmarks/stats.py                       prints the tables
python benchmarks/stats.py --write docs/speed.md also puts them between the marks of that file

metafor takes part if Rscript finds it, PyMARE and statsmodels if they can be imported. Times are
processor time, the best of several runs: all engines use one core, and other work on the machine then counts
as little as it can.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rheumeta.stats import gosh, pool, pool_batch

HERE = Path(__file__).parent
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
BATCH = 10_000
OTHERS = 50  # analyses for the engines that fit one at a time
K = 10
BARE = "rheumeta without interval of tau2, batch of"
SIZES = (10_000, 100_000, 1_000_000)


def data(analyses: int, k: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and variances, shape (analyses, k): variances 0.01 to 0.4, tau2 0.1."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.4, (analyses, k))
    return rng.normal(0.2, np.sqrt(v + 0.1)), v


def best(task: Callable[[], object], repeats: int = 25) -> float:
    """Return the least of several times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return min(times)


def loop(fit: Callable[[np.ndarray, np.ndarray], object], y: np.ndarray, v: np.ndarray) -> float:
    """Return seconds an analysis of a loop over the rows."""

    def task() -> None:
        for row, variances in zip(y, v, strict=True):
            fit(row, variances)

    return best(task, 9) / len(y)


def metafor(y: np.ndarray, v: np.ndarray) -> dict[str, float | str]:
    """Return metafor's seconds an analysis, or nothing if it is not there."""
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "data.csv"
        labels = np.repeat(np.arange(len(y)), y.shape[1])
        rows = np.column_stack([labels, y.ravel(), v.ravel()])
        np.savetxt(table, rows, delimiter=",", header="analysis,yi,vi", comments="", fmt="%.17g")
        run = subprocess.run(
            ["Rscript", str(HERE / "metafor.R"), str(table)], capture_output=True, text=True, check=False
        )
    return json.loads(run.stdout) if run.returncode == 0 else {}


def statsmodels_fit() -> Callable[[np.ndarray, np.ndarray], object] | None:
    """Return statsmodels' DerSimonian-Laird, if it is there."""
    if importlib.util.find_spec("statsmodels") is None:
        return None
    import warnings

    from statsmodels.stats.meta_analysis import combine_effects

    def fit(y: np.ndarray, v: np.ndarray) -> object:
        with warnings.catch_warnings():  # a negative tau2 is not cut at zero there
            warnings.simplefilter("ignore")
            return combine_effects(y, v, method_re="dl")

    return fit


def pymare_fit() -> Callable[[np.ndarray, np.ndarray], object] | None:
    """Return PyMARE's REML, if it is there."""
    if importlib.util.find_spec("pymare") is None:
        return None
    from pymare import Dataset
    from pymare.estimators import VarianceBasedLikelihoodEstimator

    def fit(y: np.ndarray, v: np.ndarray) -> object:
        return VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(Dataset(y[:, None], v[:, None]))

    return fit


def bare(y: np.ndarray, v: np.ndarray, method: str) -> object:
    """Pool without the interval of tau2, as metafor's rma does."""
    return pool_batch(y, v, method=method, tau2_interval=False)


def engines() -> list[str]:
    """Return a table of microseconds an analysis, and the ratio to this engine's batch."""
    y, v = data(BATCH, K)
    ours = {m: best(lambda m=m: pool_batch(y, v, method=m)) / BATCH for m in ("REML", "DL")}
    few = y[:OTHERS], v[:OTHERS]
    rows: list[tuple[str, str, float | None]] = []
    for method in ("REML", "DL"):
        rows.append((f"rheumeta, batch of {BATCH:,}", method, ours[method]))
        rows.append((f"{BARE} {BATCH:,}", method, best(lambda m=method: bare(y, v, m)) / BATCH))
        rows.append(
            (f"rheumeta, loop of {OTHERS}", method, loop(lambda a, b, m=method: pool(a, b, method=m), *few))
        )
    for name, method, fit in (("statsmodels", "DL", statsmodels_fit()), ("PyMARE", "REML", pymare_fit())):
        rows.append((f"{name}, loop", method, None if fit is None else loop(fit, *few)))
    r = metafor(*few)
    name = f"metafor {r['version']}" if r else "metafor"
    for key, method, what in (
        ("reml", "REML", "rma"),
        ("reml_interval", "REML", "rma and confint"),
        ("dl", "DL", "rma"),
        ("dl_interval", "DL", "rma and confint"),
    ):
        rows.append((f"{name}, loop of {what}", method, float(r[key]) if r else None))
    without = {method: seconds for engine, method, seconds in rows if engine.startswith(BARE)}
    lines = [
        "| engine | tau2 | µs an analysis | times the batch | times the batch without interval of tau2 |",
        "|---|---|---:|---:|---:|",
    ]
    for engine, method, seconds in rows:
        if seconds is None:
            lines.append(f"| {engine} | {method} | not there | | |")
        else:
            lines.append(
                f"| {engine} | {method} | {seconds * 1e6:,.1f} | {seconds / ours[method]:,.0f} |"
                f" {seconds / without[method]:,.0f} |"
            )
    return lines


def single() -> list[str]:
    """Return a table for one analysis of thirteen studies."""
    y, v = data(OTHERS, 13, seed=2)
    r = metafor(y, v)
    own = loop(lambda a, b: pool(a, b), y, v)
    lines = ["| one fit by REML, k = 13 | ms |", "|---|---:|"]
    lines.append(f"| rheumeta, pool with all intervals | {own * 1e3:.2f} |")
    for key, what in (("reml", "rma"), ("reml_interval", "rma and confint")):
        lines.append(
            f"| metafor, {what} | {float(r[key]) * 1e3:.2f} |" if r else f"| metafor, {what} | not there |"
        )
    return lines


PROBE = """
import resource, sys, time
sys.path.insert(0, {here!r})
from stats import data, pool_batch
y, v = data({size}, {k})
start = time.process_time()
pool_batch(y, v, method={method!r})
print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def scaling(sizes: tuple[int, ...]) -> list[str]:
    """Return a table of time and peak memory by number of analyses, each in a process of its own."""
    lines = [
        "| analyses, k = 10 | tau2 | s | µs an analysis | peak memory, MiB |",
        "|---:|---|---:|---:|---:|",
    ]
    for method in ("DL", "REML"):
        for size in sizes:
            code = PROBE.format(here=str(HERE), size=size, k=K, method=method)
            run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            seconds, memory = (float(x) for x in run.stdout.split())
            lines.append(
                f"| {size:,} | {method} | {seconds:.2f} | {seconds / size * 1e6:.1f} | {memory:,.0f} |"
            )
    return lines


def rest() -> list[str]:
    """Return a table of the other times that matter."""
    y, v = data(1, 20, seed=3)
    code = "import time; t = time.process_time(); import rheumeta.stats; print(time.process_time() - t)"
    imports = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    lines = ["| | s |", "|---|---:|", f"| `import rheumeta.stats`, CPU | {min(imports):.2f} |"]
    for method in ("EE", "DL", "REML"):
        seconds = best(lambda m=method: gosh(y[0], v[0], method=m), 1)
        lines.append(f"| GOSH, all 1,048,555 subsets of 20 studies, {method} | {seconds:.1f} |")
    return lines


def machine() -> str:
    """Return what the figures were measured on."""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {versions}."


def report(sizes: tuple[int, ...] = SIZES) -> str:
    """Return all tables as Markdown."""
    parts = [[machine()], engines(), single(), scaling(sizes), rest()]
    return "\n\n".join("\n".join(part) for part in parts)


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="Markdown file with the marks")
    chosen = parser.parse_args()
    text = report()
    print(text)
    if chosen.write:
        before, rest_of = chosen.write.read_text(encoding="utf-8").split(MARKS[0])
        after = rest_of.split(MARKS[1])[1]
        chosen.write.write_text(
            f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}", encoding="utf-8", newline="\n"
        )


if __name__ == "__main__":
    main()
