"""Every pooled number of the bundled reviews against metafor (validation/reviews.R)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pipeline import BUNDLED, PROJECT, copy_project, run_to_synthesis
from tolerances import REVIEW_BOUNDARY, REVIEW_RELATIVE

from rheumeta.records import Pooled, Regression, read_synthesis
from rheumeta.tables.protocol import load_protocol

STORED = json.loads((PROJECT / "tests/reference/reviews.json").read_text(encoding="utf-8"))["values"]


def _plan_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reviews_plan", PROJECT / "validation/reviews_plan.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, Any], Any]]:
    root = copy_project(tmp_path_factory.mktemp("project"))
    module = _plan_module()
    found = {}
    for review in BUNDLED:
        layout = run_to_synthesis(root, review)
        for run, record in module.fits(
            review, read_synthesis(layout.synthesis), load_protocol(layout.protocol)
        ):
            found[run["key"]] = (run, record)
    return found


def _pooled_values(p: Pooled) -> dict[str, float | None]:
    values = {
        "k": p.k, "estimate": p.estimate, "se": p.se, "ci_lb": p.ci.lower, "ci_ub": p.ci.upper,
        "pval": p.pval, "q": p.q, "q_pval": p.q_pval,
    }  # fmt: skip
    for name, part in (("tau2", p.tau2), ("i2", p.i2)):
        if part is not None:
            values |= {name: part.estimate, f"{name}_lb": part.lower, f"{name}_ub": part.upper}
    if p.h2 is not None:
        values["h2"] = p.h2.estimate
    if p.prediction is not None:
        values |= {"pi_lb": p.prediction.lower, "pi_ub": p.prediction.upper}
    return values


def _regression_values(r: Regression) -> dict[str, Any]:
    c = r.coefficients
    return {
        "estimate": [x.estimate for x in c], "se": [x.se for x in c], "pval": [x.pval for x in c],
        "ci_lb": [x.ci.lower for x in c], "ci_ub": [x.ci.upper for x in c],
        "tau2": r.tau2, "i2": r.i2, "r2": r.r2, "qm": r.qm, "qm_pval": r.qm_pval,
    }  # fmt: skip


def test_every_fit_has_a_reference_and_the_other_way_round(fits: dict[str, Any]) -> None:
    assert set(fits) == set(STORED)


@pytest.mark.parametrize("key", sorted(STORED))
def test_fit_agrees_with_metafor(key: str, fits: dict[str, Any]) -> None:
    run, record = fits[key]
    stored = STORED[key]
    ids = stored["effect_ids"]
    assert sorted(run["effect_ids"]) == sorted(ids if isinstance(ids, list) else [ids])
    values = _regression_values(record) if isinstance(record, Regression) else _pooled_values(record)
    compared = [name for name, value in values.items() if value is not None and name in stored]
    assert {"estimate", "se", "ci_lb", "ci_ub"} <= set(compared)
    for name in compared:
        floor = REVIEW_BOUNDARY if name.startswith(("tau2", "i2")) else 0.0
        assert values[name] == pytest.approx(stored[name], rel=REVIEW_RELATIVE, abs=floor), name


def test_second_anti_tnf_reproduces_the_published_results(fits: dict[str, Any]) -> None:
    # Lloyd et al. 2010, Rheumatology 49:2313: DAS28 1.53 (1.25, 1.80), HAQ 0.25 (0.11, 0.40), as decreases
    das28 = fits["second_anti_tnf/das28_change/random"][1].display
    haq = fits["second_anti_tnf/haq_change/random"][1].display
    assert [round(-x, 3) for x in (das28.estimate, das28.upper, das28.lower)] == [1.527, 1.252, 1.802]
    assert [round(-x, 3) for x in (haq.estimate, haq.upper, haq.lower)] == [0.253, 0.104, 0.403]


def test_no_review_writes_outside_its_root(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "a folder")
    layout = run_to_synthesis(root, "second_anti_tnf")
    written = {p.relative_to(root).parts[0] for p in root.rglob("*") if p.is_file()}
    assert written == {"config", "data", "results"}
    assert layout.synthesis.is_file()
