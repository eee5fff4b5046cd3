"""Arguments and help of the commands that analyse one file; light, because every command loads it.

The commands run in :mod:`rheumeta.steps.commands.analyse_pool` and its siblings, imported when they are called.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

Run = Callable[[argparse.Namespace], int | None]
AddCommand = Callable[[str, str, Run], argparse.ArgumentParser]

COLUMNS = """\
columns of FILE.csv (others are ignored; order does not matter):
  study                            name of the study (or: label, study_id; or author and year)
  yi, and one of                   effect on the analysis scale (logarithm of ratios)
    vi                               its sampling variance
    sei                              its standard error
    lower, upper [, level]           its confidence limits (95 percent without level)
or, with --measure, what the effect is computed from:
  OR RR RD AS PETO                 ai, n1i, ci, n2i   events and patients of group 1, then group 2
                                   (or ai, bi, ci, di: with and without event)
  MD SMD SMD1 ROM                  m1i, sd1i, n1i, m2i, sd2i, n2i   mean, SD, patients
  MC SMCC SMCR                     m1i, m2i, sd1i, sd2i, ri, ni   after, before, correlation, patients
  MC SMCC                          mi, sdi, ni   mean change, its SD, patients
  PR PLO PAS PFT                   xi, ni   events and patients of one group
  IRR                              x1i, t1i, x2i, t2i   events and person-time
  IR IRLN                          xi, ti   events and person-time of one group
  HR                               hr, lower, upper [, level]
"""

AVERAGED = ("AV", "AVHO")
VARIANTS = ("LS", "LS2", "UB", "HO", *AVERAGED)
"""Variants of the sampling variance."""

P_COLUMNS = """\
or, without effects, at least one of:
  p                                above 0, at most 1: two-sided beside a direction, otherwise one-sided,
                                   small where the evidence is for a benefit
  direction                        favourable, unfavourable or unclear: which way the effect points,
                                   whatever its p value
and for Stouffer's method:
  weight                           of the study, e.g. the root of its size (equal without it)

Fisher, Stouffer and Edgington combine one-sided p values; with effects each gives an estimate and interval
too, and Stouffer weights by 1 / se. The sign test counts directions and gives the share that is favourable
with its exact interval; without directions a one-sided p below 0.5 counts as favourable.
"""

METHODS_HELP = (
    "estimator of tau2: REML (default), DL, PM, ML, EB, SJ, HS, HE, DL2, DLIT, SJIT, HSk, PMM; "
    "EE or FE for the common effect"
)
TEST_HELP = (
    "test of the mean: cochrane (default: Hartung-Knapp where k >= 3 and tau2 > 0, otherwise z), "
    "z, t, knha, adhoc"
)
EXIT_CODES = (
    "exit codes: 0 done, 2 faults in file or arguments (each with line, column and remedy), 1 anything else"
)


def add_commands(command: AddCommand) -> None:
    """Add the commands for one file to the command line.

    Parameters
    ----------
    command : callable
        Takes name, text and function of a command; returns its parser.
    """
    _effect_sizes(_add(command, "effect-sizes", "compute effect sizes from the columns of a file"))
    _pool(_add(command, "pool", "pool the rows of a file"))
    _bias(_add(command, "bias", "test the rows of a file for small-study effects"))
    _influence(_add(command, "influence", "say what each row of a file does to the pooled result"))
    _regress(_add(command, "regress", "regress the effects in a file on its columns"))
    _pool_p(_add(command, "pool-p", "combine the p values or directions in a file"))
    _batch(_add(command, "batch", "pool many meta-analyses in one CSV or Parquet file"))


def _add(command: AddCommand, name: str, text: str) -> argparse.ArgumentParser:
    module = f"rheumeta.steps.commands.analyse_{name.replace('-', '_')}"

    def run(arguments: argparse.Namespace) -> None:
        import_module(module).run(arguments)

    parser = command(name, text, run)
    parser.add_argument("file", type=Path, metavar="FILE", help="the CSV file, UTF-8, with a header")
    _effects(parser, several=name == "batch")
    parser.add_argument("--level", type=float, default=95, help="confidence in percent (95)")
    parser.add_argument("--json", action="store_true", help="print every number with all its digits as JSON")
    if name != "batch":
        parser.add_argument("--skip-missing", action="store_true", help="leave rows with an empty cell out")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write messages here, not to the terminal")
    return parser


def _effects(parser: argparse.ArgumentParser, *, several: bool) -> None:
    parser.add_argument(
        "--measure", default="GEN", metavar="CODE",
        help="effect measure; by default effects are read as they are (yi)",
    )  # fmt: skip
    parser.add_argument("--add", type=float, help="added to the cells of tables with a zero cell (0.5)")
    parser.add_argument(
        "--to", default="only0", choices=("only0", "all", "if0all", "none"),
        help="which tables get it: those with a zero cell (default), all, all if any has one, none",
    )  # fmt: skip
    # batch refuses averages over studies with the reason, which argparse could not give.
    shown = ",".join(v for v in VARIANTS if not (several and v in AVERAGED))
    parser.add_argument(
        "--vtype", default="LS", type=str.upper, choices=VARIANTS, metavar=f"{{{shown}}}",
        help="sampling variance: LS (default, large sample); LS2 (SMD, SMD1, SMCC, SMCR); UB, unbiased "
        "(SMD, SMD1, RD, PR); HO, equal variances in both groups (MD, ROM)"
        + ("" if several else "; AV, averaged over the studies (SMD, SMD1, ROM, RD, PR, PLO); AVHO (ROM)"),
    )  # fmt: skip


def _epilog(parser: argparse.ArgumentParser, examples: str, extra: str = "") -> None:
    parser.epilog = "\n".join(filter(None, [COLUMNS, extra, f"examples:\n{examples}", EXIT_CODES]))


def _effect_sizes(parser: argparse.ArgumentParser) -> None:
    _epilog(parser, "  rheumeta effect-sizes docs/examples/bcg.csv --measure RR\n")


def _model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--method", default="REML", help=METHODS_HELP)
    parser.add_argument("--test", default="cochrane", help=TEST_HELP)
    parser.add_argument(
        "--prediction", default="t",
        help="prediction interval: t (default, k - 1 degrees of freedom), t-2, normal, as_test, none",
    )  # fmt: skip


def _pool(parser: argparse.ArgumentParser) -> None:
    _model(parser)
    examples = """\
  rheumeta pool docs/examples/bcg.csv --measure RR --method REML --test knha
  rheumeta pool docs/examples/bcg.csv --measure OR --method MH
  rheumeta pool docs/examples/bcg.csv --measure RD --json
"""
    _epilog(parser, examples, "--method MH (OR, RR, RD, IRR) and PETO (OR) pool the counts as they are.\n")


def _bias(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--test", nargs="+", metavar="NAME",
        help="any of egger begg harbord peters deeks arcsine trim-fill pet-peese limit selection excess "
        "fail-safe (default: egger begg trim-fill pet-peese limit)",
    )  # fmt: skip
    parser.add_argument("--method", default="REML", help=METHODS_HELP)
    parser.add_argument(
        "--predictor", default="sei", help="of egger: sei (default), vi, ni, ninv, sqrtni, sqrtninv"
    )
    parser.add_argument(
        "--model", default="lm", help="of egger: lm (weighted line, default) or rma (mixed effects)"
    )
    parser.add_argument("--estimator", default="L0", help="of trim-fill: L0 (default), R0, Q0")
    parser.add_argument("--side", help="of trim-fill: left or right (default: estimated)")
    parser.add_argument(
        "--weights", default="step",
        help="of selection: step (default), beta, halfnorm, negexp, logistic, power",
    )  # fmt: skip
    parser.add_argument(
        "--steps", nargs="+", type=float, default=[0.025], help="of selection: cut points of p (0.025)"
    )
    parser.add_argument(
        "--alternative", default="greater", help="of selection: greater (default), less, two-sided"
    )
    examples = """\
  rheumeta bias docs/examples/bcg.csv --measure OR --test egger harbord peters
  rheumeta bias docs/examples/bcg.csv --measure RR --test selection --alternative less --steps 0.025 0.5
"""
    _epilog(parser, examples, "Fewer than ten studies are noted, fewer than three refused.\n")


def _influence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--method", default="REML", help=METHODS_HELP)
    _epilog(parser, "  rheumeta influence docs/examples/bcg.csv --measure RR\n")


def _regress(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "formula", metavar="FORMULA",
        help="moderators: '~ latitude + allocation'; text columns are categories, C(year) makes one",
    )  # fmt: skip
    parser.add_argument("--method", default="REML", help=METHODS_HELP)
    parser.add_argument("--test", default="knha", help="knha (default), adhoc, t or z")
    _epilog(
        parser,
        "  rheumeta regress docs/examples/bcg.csv '~ latitude + allocation' --measure RR\n",
        "Moderators are columns of the file.\n",
    )


def _pool_p(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--alternative", default="greater", choices=("greater", "less"),
        help="of effects: the side of zero that is favourable (greater)",
    )  # fmt: skip
    parser.add_argument(
        "--tau2", type=float, default=0.0, help="of effects: between-study variance to add (0)"
    )
    examples = """\
  rheumeta pool-p docs/examples/directions.csv
  rheumeta pool-p docs/examples/bcg.csv --measure RR --alternative less --json
"""
    _epilog(parser, examples, P_COLUMNS)


def _batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default="analysis", metavar="COLUMN", help="names the analysis of a row")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write all results to this file (CSV, or Parquet)"
    )
    _model(parser)
    _epilog(
        parser,
        "  rheumeta batch docs/examples/bcg.csv --by allocation --measure RR --output pooled.csv\n"
        "  rheumeta batch docs/examples/bcg.csv --by allocation --measure RR --method DL --json\n",
        "  analysis                         name of the analysis that the row belongs to (or: --by COLUMN)\n"
        "An analysis that cannot be pooled is listed; the others are pooled. Parquet (.parquet, .pq)\n"
        "needs pyarrow: .venv/bin/uv pip install pyarrow, in the project folder.\n",
    )
