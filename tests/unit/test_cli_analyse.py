"""The commands that analyse one file: what they print, and what they say of bad files."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tolerances import DIRECT

from rheumeta import cli
from rheumeta.stats import (
    METHODS,
    bias,
    combined_interval,
    effects,
    mantel_haenszel_rates,
    meta_regression,
    pool,
    pvalues,
)
from rheumeta.steps.commands import analyse_arguments, analyse_bias
from rheumeta.steps.commands.analyse_studies import alternatives

ROOT = Path(__file__).parents[2]
BCG = ROOT / "docs" / "examples" / "bcg.csv"
COMMANDS = ("effect-sizes", "pool", "bias", "influence", "regress", "pool-p", "batch")


def columns(*names):
    lines = [line.split(",") for line in BCG.read_text(encoding="utf-8").splitlines()]
    return [np.array([float(row[lines[0].index(name)]) for row in lines[1:]]) for name in names]


def ratios():
    ai, n1i, ci, n2i = columns("ai", "n1i", "ci", "n2i")
    return effects.effect_size("RR", ai=ai, n1i=n1i, ci=ci, n2i=n2i)


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = cli.main([str(a) for a in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def sheet(tmp_path):
    def write(text, name="mine.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode("utf-8"))
        return path

    return write


def examples():
    parser = cli.build_parser()
    commands = next(a for a in parser._actions if isinstance(a.choices, dict))
    for name in COMMANDS:
        for line in re.findall(r"^  (rheumeta .*)$", commands.choices[name].epilog, flags=re.MULTILINE):
            yield pytest.param(shlex.split(line)[1:], id=line)


@pytest.mark.parametrize("arguments", list(examples()))
def test_every_example_of_the_help_runs(arguments, run, monkeypatch, tmp_path):
    here = [str(ROOT / a) if a.startswith("docs/examples/") else a for a in arguments]
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*here)
    assert (code, err) == (0, "")
    assert out


def test_every_command_has_examples_and_names_its_columns():
    commands = next(a for a in cli.build_parser()._actions if isinstance(a.choices, dict)).choices
    for name in COMMANDS:
        assert "rheumeta " + name in commands[name].epilog
        assert "ai, n1i, ci, n2i" in commands[name].epilog


def test_the_help_names_every_method_and_the_columns_of_every_measure():
    for method in METHODS:
        if method not in ("GENQ", "GENQM"):  # they need weights, which a file has no column for
            assert re.search(rf"\b{method}\b", analyse_arguments.METHODS_HELP)
    for info in effects.MEASURES.values():
        if info.code != "GEN":
            assert re.search(rf"\b{info.code}\b", analyse_arguments.COLUMNS), info.code
        for name in {name for needs in alternatives(info) for name in needs}:
            assert re.search(rf"\b{name}\b", analyse_arguments.COLUMNS), name


def test_pool_prints_what_the_library_gives(run):
    code, out, _ = run("pool", BCG, "--measure", "rr", "--method", "REML", "--test", "knha", "--json")
    found = json.loads(out)
    es = ratios()
    fit = pool(es.yi, es.vi, method="REML", test="knha")
    assert code == 0
    assert found["result"]["estimate"] == fit.estimate
    assert found["result"] == json.loads(json.dumps(fit.to_dict()))
    assert found["display"]["estimate"] == pytest.approx(np.exp(fit.estimate), rel=DIRECT)
    assert [s["yi"] for s in found["studies"]] == es.yi.tolist()
    _, text, _ = run("pool", BCG, "--measure", "RR", "--test", "knha")
    assert f"{np.exp(fit.estimate):.4f}" in text
    assert "Aronson 1948" in text


def test_mantel_haenszel_and_peto(run):
    for measure, method in (("OR", "MH"), ("RD", "MH"), ("OR", "PETO")):
        code, out, _ = run("pool", BCG, "--measure", measure, "--method", method, "--json")
        assert code == 0
        assert json.loads(out)["result"]["method"].upper() == method


def test_rates(run, sheet):
    path = sheet("x1i,t1i,x2i,t2i\n9,413,19,398\n8,263,19,245\n3,487,13,435\n")
    _, out, _ = run("pool", path, "--measure", "IRR", "--method", "MH", "--json")
    fit = mantel_haenszel_rates([9, 8, 3], [413, 263, 487], [19, 19, 13], [398, 245, 435])
    assert json.loads(out)["result"]["estimate"] == fit.estimate


def test_parts_of_groups_variances_and_limits_are_taken_too(run, sheet):
    whole = sheet("study,ai,n1i,ci,n2i\nA,4,10,5,12\nB,3,20,6,25\n", "whole.csv")
    parts = sheet("study,ai,bi,ci,di\nA,4,6,5,7\nB,3,17,6,19\n", "parts.csv")
    first, second = (json.loads(run("pool", p, "--measure", "OR", "--json")[1]) for p in (whole, parts))
    assert first["result"] == second["result"]
    by_vi = sheet("yi,vi\n0.1,0.04\n0.3,0.09\n0.2,0.01\n", "vi.csv")
    by_se = sheet("yi,sei\n0.1,0.2\n0.3,0.3\n0.2,0.1\n", "sei.csv")
    estimates = [json.loads(run("pool", p, "--json")[1])["result"]["estimate"] for p in (by_vi, by_se)]
    assert estimates[0] == pytest.approx(estimates[1], rel=DIRECT)


def test_bias_gives_each_test_and_says_which_has_no_answer(run, sheet):
    code, out, _ = run(
        "bias", BCG, "--measure", "OR", "--test", *analyse_bias.METHODS, "--alternative", "less", "--json"
    )
    found = json.loads(out)
    assert code == 0
    assert set(found["results"]) == set(analyse_bias.METHODS)
    cells = columns("ai", "n1i", "ci", "n2i")
    assert found["results"]["harbord"]["pval"] == bias.harbord(*cells).pval
    path = sheet("yi,sei\n0.1,0.2\n0.3,0.3\n0.2,0.1\n")
    code, out, _ = run("bias", path, "--test", "egger", "harbord")
    assert code == 0
    assert "harbord: no answer: it needs two-by-two tables" in out
    assert "13.3.5.4" in out
    assert run("bias", path, "--test", "harbord")[0] == 2


def test_sample_sizes_are_taken_from_the_groups(run):
    _, out, _ = run("bias", BCG, "--measure", "OR", "--test", "egger", "--predictor", "ni", "--json")
    n1i, n2i = columns("n1i", "n2i")
    ai, ci = columns("ai", "ci")
    es = effects.effect_size("OR", ai=ai, n1i=n1i, ci=ci, n2i=n2i)
    expected = bias.egger(es.yi, es.vi, predictor="ni", ni=n1i + n2i)
    assert json.loads(out)["results"]["egger"]["pval"] == expected.pval


def test_influence(run):
    _, out, _ = run("influence", BCG, "--measure", "RR", "--method", "DL", "--json")
    es, found = ratios(), json.loads(out)
    left_out = pool(np.delete(es.yi, 7), np.delete(es.vi, 7), method="DL")
    assert found["studies"][7] == "TPT Madras 1980"
    assert found["result"]["estimate_deleted"][7] == pytest.approx(left_out.estimate, rel=DIRECT)
    _, text, _ = run("influence", BCG, "--measure", "RR")
    assert "TPT Madras 1980" in text


def test_regress(run):
    _, out, _ = run("regress", BCG, "~ latitude", "--measure", "RR", "--json")
    es, (latitude,) = ratios(), columns("latitude")
    fit = meta_regression(es.yi, es.vi, latitude, names=["latitude"])
    found = json.loads(out)["result"]
    assert found["estimate"] == pytest.approx(fit.estimate.tolist(), rel=DIRECT)
    _, text, _ = run("regress", BCG, "~ latitude + allocation", "--measure", "RR")
    assert "allocation[T.random]" in text


def test_batch_reports_a_bad_analysis_and_pools_the_others(run, sheet, tmp_path):
    text = "analysis,yi,vi\nA,0.1,0.04\nA,0.3,0.09\nB,0.2,0.01\nC,x,0.1\nC,0.5,0.1\nD,0.5,-1\nD,1,1\nE,1,2\nE,2,2\n"
    target = tmp_path / "out.csv"
    code, out, _ = run("batch", sheet(text), "--output", target, "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found["problems"]) == {"B", "C", "D"}
    assert "line 5, column yi: 'x'" in found["problems"]["C"]
    rows = {row["analysis"]: row for row in found["analyses"]}
    assert rows["A"]["estimate"] == pool([0.1, 0.3], [0.04, 0.09]).estimate
    assert rows["E"]["k"] == 2
    assert rows["C"]["estimate"] is None
    lines = target.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["analysis", "A", "B", "C", "D", "E"]


def test_the_scale_and_the_test_of_each_analysis_are_said(run):
    for command in ("effect-sizes", "pool", "bias", "influence"):
        assert "Risk ratio (RR), as natural logarithms, " in run(command, BCG, "--measure", "RR")[1]
    _, out, _ = run("batch", BCG, "--by", "allocation", "--measure", "RR", "--method", "EE")
    assert "as natural logarithms" in out
    last = [line.split()[-1] for line in out.splitlines()[2:]]
    assert (last[0], last[2:]) == ("test_used", ["z"] * 3)
    assert "as natural" not in run("pool", BCG, "--measure", "RD")[1]


@pytest.mark.parametrize("command", ["pool", "batch"])
def test_the_columns_say_which_measure_can_be_asked_for(command, run):
    by = ["--by", "allocation"] if command == "batch" else []
    code, _, err = run(command, BCG, *by)
    assert code == 2
    assert "Without --measure, effects are read as they are" in err
    assert "another --measure are there: RR, OR, RD, AS, PETO." in err


def test_batch_says_why_it_has_no_averages_over_studies(run):
    code, _, err = run("batch", BCG, "--by", "allocation", "--measure", "RD", "--vtype", "av")
    assert code == 2
    assert "command line, option --vtype: This variance takes averages" in err


def test_batch_of_tables_refuses_only_the_impossible_table(run, sheet):
    text = "g,ai,n1i,ci,n2i\nA,4,10,5,12\nA,3,20,6,25\nB,30,20,6,25\nB,3,20,6,25\nA,1,9,2,8\n"
    _, out, _ = run("batch", sheet(text), "--by", "g", "--measure", "OR", "--json")
    found = json.loads(out)
    assert found["problems"] == {"B": found["problems"]["B"]}
    assert found["problems"]["B"].startswith("line 4: ai")
    assert found["analyses"][0]["k"] == 3


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.csv.gz"])
def test_batch_writes_no_format_under_the_name_of_another(run, sheet, tmp_path, name):
    code, _, err = run("batch", sheet("analysis,yi,vi\nA,1,1\n"), "--output", tmp_path / name)
    assert code == 2
    assert "command line, option --output" in err
    assert ".csv, .parquet, .pq" in err
    assert not (tmp_path / name).exists()


def test_all_rows_whose_counts_contradict_each_other_are_told_at_once(run, sheet):
    rows = "A,5,4,1,10\nB,1,10,2,10\nC,3,10,12,11\nD,-1,10,2,10\n"
    code, _, err = run("pool", sheet("study,ai,n1i,ci,n2i\n" + rows), "--measure", "RR")
    assert code == 2
    assert "line 2, column ai: ai is 5.0: more events" in err
    assert "line 4, column ci: ci is 12.0: more events" in err
    assert "line 5, column ai: ai is -1.0: a count" in err
    assert "3 faults" in err


def test_batch_reads_parquet_as_csv(run, sheet, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    frame = pd.DataFrame(
        {"analysis": [7, 7, 7, 8, 8, 9, 9], "yi": [0.1, 0.3, 0.2, 0.5, 0.4, 1.0, None], "vi": [0.04] * 7}
    )
    path = tmp_path / "many.parquet"
    frame.to_parquet(path)
    _, out, _ = run("batch", path, "--json")
    _, same, _ = run("batch", sheet(frame.to_csv(index=False)), "--json")
    found, wanted = json.loads(out), json.loads(same)
    assert found["analyses"] == wanted["analyses"]
    assert found["problems"] == {"9": "row 7, column yi: 'nan' is no finite number."}
    frame.assign(analysis=["a", None, "a", "b", "b", "b", "b"]).to_parquet(path)
    code, _, err = run("batch", path)
    assert code == 2
    assert "the first is row 2" in err
    path.write_bytes(b"PAR1")
    code, _, err = run("batch", path)
    assert code == 2
    assert "cannot be read" in err


def test_batch_writes_parquet_where_the_name_says_so(run, sheet, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    path = sheet("analysis,yi,vi\nA,0.1,0.04\nA,0.3,0.09\nB,0.2,0.01\nC,1,0.1\nC,0.5,0.1\n")
    assert run("batch", path, "--output", tmp_path / "o.csv")[0] == 0
    assert run("batch", path, "--output", tmp_path / "o.parquet")[0] == 0
    found = pd.read_parquet(tmp_path / "o.parquet")
    wanted = pd.read_csv(tmp_path / "o.csv", keep_default_na=False, na_values={"estimate": ""})
    assert found["problem"].tolist() == wanted["problem"].tolist()
    np.testing.assert_array_equal(found["estimate"], wanted["estimate"])


def test_batch_without_pyarrow_says_what_to_install(run, sheet, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path, target = tmp_path / "many.parquet", tmp_path / "out.pq"
    path.write_bytes(b"PAR1")
    code, _, err = run("batch", path)
    assert code == 2
    assert ".venv/bin/uv pip install pyarrow" in err
    code, out, err = run("batch", sheet("analysis,yi,vi\nA,1,x\n"), "--output", target)
    assert (code, out) == (2, "")
    assert "command line, option --output: Parquet files need" in err
    assert not target.exists()


def test_other_commands_say_that_only_batch_reads_parquet(run, sheet):
    code, _, err = run("pool", sheet("PAR1", "many.parquet"))
    assert code == 2
    assert "Only rheumeta batch reads Parquet files" in err


def test_sampling_variances_by_option(run, sheet):
    text = "n1i,m1i,sd1i,n2i,m2i,sd2i\n20,1.5,1,22,1,1.2\n30,2,1.1,28,1.1,1\n9,1.2,0.8,12,1,1.1\n"
    path = sheet(text)
    numbers = np.genfromtxt(path, delimiter=",", skip_header=1).T
    inputs = dict(zip(text.split("\n")[0].split(","), numbers, strict=True))
    for vtype in ("LS", "LS2", "UB", "AV"):
        wanted = effects.effect_size("SMD", vtype=vtype, **inputs)
        _, out, _ = run("effects", path, "--measure", "SMD", "--vtype", vtype, "--json")
        assert [s["vi"] for s in json.loads(out)["studies"]] == wanted.vi.tolist()
        _, out, _ = run("pool", path, "--measure", "SMD", "--vtype", vtype.lower(), "--json")
        assert json.loads(out)["result"]["estimate"] == pool(wanted.yi, wanted.vi).estimate
    code, _, err = run("pool", path, "--measure", "MD", "--vtype", "UB")
    assert code == 2
    assert "command line, option --vtype: MD has no such sampling variance" in err
    assert "LS, HO" in err


def test_p_values_with_directions_are_combined(run, sheet):
    path = sheet("study,p,direction,weight\nA,0.02,favourable,2\nB,0.3,Unfavourable,1\nC,0.5,unclear,3\n")
    _, out, _ = run("pool-p", path, "--level", "90", "--json")
    found = json.loads(out)
    p = [0.01, 0.85]
    assert [s["p_one_sided"] for s in found["studies"]] == [*p, None]
    assert found["combined"]["fisher"]["pval"] == pvalues.fisher(p).pval
    assert found["combined"]["stouffer"]["pval"] == pvalues.stouffer(p, weights=[2, 1]).pval
    assert found["combined"]["edgington"]["pval"] == pvalues.edgington(p).pval
    assert found["sign_test"] == json.loads(json.dumps(pvalues.sign_test(1, 1, level=90).to_dict()))
    assert found["intervals"] == {}
    assert "No direction, not counted: C." in run("pool-p", path)[1]


def test_p_values_alone_are_one_sided_and_directions_alone_are_counted(run, sheet):
    # Becker (1994), five hypothetical p values; chi-squared as printed there, quoted in the help of metap.
    _, out, _ = run("pool-p", sheet("p\n0.016\n0.067\n0.25\n0.405\n0.871\n"), "--json")
    found = json.loads(out)
    assert found["combined"]["fisher"]["statistic"] == pytest.approx(18.533, abs=5e-4)
    assert (found["sign_test"]["favourable"], found["sign_test"]["unfavourable"]) == (4, 1)
    _, out, _ = run("pool-p", sheet("direction\nfavourable\nfavourable\nunfavourable\n"))
    assert "2 of 3 favourable" in out
    assert "fisher: no answer" in out


def test_effects_give_intervals_of_combined_p_values(run):
    _, out, _ = run("pool-p", BCG, "--measure", "RR", "--alternative", "less", "--tau2", "0.1", "--json")
    found, es = json.loads(out), ratios()
    for method in ("fisher", "stouffer", "edgington"):
        wanted = combined_interval(es.yi, es.vi, method=method, alternative="less", tau2=0.1)
        assert found["intervals"][method] == json.loads(json.dumps(wanted.to_dict()))
    assert found["sign_test"]["favourable"] == int((es.yi < 0).sum())


@pytest.mark.parametrize(
    ("text", "arguments", "parts"),
    [
        ("p\n0.1\n0\n1.2\n", [], ["line 3, column p", "line 4, column p", "not exact"]),
        ("p\n<0.05\n", [], ["line 2, column p"]),
        ("p,direction\n0.1,favorable\n", [], ["line 2, column direction", "Did you mean 'favourable'?"]),
        ("p,direction\n,favourable\n", [], ["line 2, column p", "--skip-missing"]),
        ("study,n\nA,3\n", [], ["neither a p value nor a direction nor an effect"]),
        ("yi,vi\n0.1,0.2\n", ["--tau2", "-1"], ["must be a number of at least zero"]),
    ],
)
def test_what_cannot_be_combined_is_refused(text, arguments, parts, run, sheet):
    code, out, err = run("pool-p", sheet(text), *arguments)
    assert (code, out) == (2, "")
    for part in parts:
        assert part in err


GOOD = "study,yi,vi\nA,0.1,0.04\nB,0.3,0.09\nC,0.2,0.01\n"

BAD_FILES = {
    "decimal_comma": (GOOD.replace("0.09", '"0,09"'), ["line 3", "column vi", "decimal_comma"]),
    "empty_cell": (GOOD.replace("B,0.3", "B,"), ["line 3", "column yi", "--skip-missing"]),
    "negative_variance": (GOOD.replace("0.04", "-0.04"), ["line 2", "column vi", "above 0"]),
    "infinite": (GOOD.replace("0.04", "inf"), ["line 2", "column vi"]),
    "text": (GOOD.replace("0.3", "three"), ["line 3", "column yi", "three"]),
    "missing_column": (GOOD.replace("vi", "variance"), ["yi sei or yi vi"]),
    "duplicate_column": (GOOD.replace("study", "yi"), ["duplicate_column"]),
    "wrong_separator": (GOOD.replace(",", ";"), ["not separated by commas"]),
    "row_length": (GOOD.replace("0.09", "0.09,1"), ["line 3", "4 cells"]),
    "open_quote": (GOOD.replace("A,", '"A,'), ["csv_syntax"]),
    "empty": ("", ["empty_file"]),
    "header_only": ("study,yi,vi\n", ["no rows"]),
    "one_study": ("study,yi,vi\nA,0.1,0.04\n", ["at least two studies"]),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_faults_name_the_place_and_the_remedy(name, run, sheet):
    text, parts = BAD_FILES[name]
    code, out, err = run("pool", sheet(text))
    assert code == 2
    assert out == ""
    for part in ["mine.csv", *parts]:
        assert part in err


def test_all_faults_are_listed_at_once(run, sheet):
    _, _, err = run("pool", sheet("yi,vi\nx,1\n2,y\n3,\n4,0\n"))
    assert "4 faults" in err
    _, _, err = run("pool", sheet("yi,sei\nx,1\n2,0\n3,-1\n"))
    assert "3 faults" in err
    _, _, err = run("pool-p", sheet("p,direction,weight\n,favourable,1\n1.2,up,1\n0.1,unclear,x\n"))
    assert "4 faults" in err
    for place in (
        "line 2, column p",
        "line 3, column p",
        "line 3, column direction",
        "line 4, column weight",
    ):
        assert place in err


def test_impossible_counts_name_line_and_column(run, sheet):
    _, _, err = run("pool", sheet("ai,n1i,ci,n2i\n1,9,2,8\n10,9,2,8\n"), "--measure", "RR")
    assert "line 3, column ai" in err


def test_what_a_spreadsheet_adds_is_accepted(run, sheet):
    plain = run("pool", sheet(GOOD, "a.csv"))[1]
    assert run("pool", sheet("\ufeff" + GOOD.replace("\n", "\r\n"), "b.csv"))[1] == plain


def test_rows_without_values_can_be_left_out(run, sheet):
    path = sheet(GOOD + "D,,0.2\n")
    code, out, _ = run("pool", path, "--skip-missing")
    assert code == 0
    assert "Left out for missing values: D." in out
    assert "k = 3" in out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--measure", "RRR"], "Did you mean"),
        (["--method", "REM"], "Did you mean 'REML'?"),
        (["--test", "wald"], "allowed: cochrane, z"),
        (["--level", "0.95e3"], "between 0 and 100"),
        (["--method", "MH"], "pools counts"),
    ],
)
def test_wrong_options_end_with_2(arguments, part, run, sheet):
    code, _, err = run("pool", sheet(GOOD), *arguments)
    assert code == 2
    assert part in err


def test_missing_file_names_the_nearest(run, sheet):
    path = sheet(GOOD, "trials.csv")
    code, _, err = run("pool", path.with_name("trial.csv"))
    assert code == 2
    assert "trials.csv" in err


def test_the_command_line_stays_light():
    code = "\n".join(
        [
            "import sys",
            "from rheumeta import cli",
            "cli.build_parser()",
            "print(sorted({'numpy', 'pandas', 'scipy'} & set(sys.modules)))",
        ]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
