"""Arguments and help of the commands that verify and hand on results; light, as every command loads it."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from rheumeta.layout import Layout
from rheumeta.steps.commands.analyse_arguments import AddCommand

VERIFY_CODES = "exit codes: 0 everything is as it was made, 1 something is not, 2 there is no such thing"


COMPARE_HELP = """\
a folder is a project, its results, or the results of one review (results/msc_ra); a snapshot is what
rheumeta snapshot wrote (data/previous/msc_ra.json); anything else is taken for a git revision. Data and
protocols of a revision are read from git; its results too if they were committed, otherwise --build
makes them in a temporary folder with the code of that revision.

exit codes: 0 compared, whatever differs; 2 there is no such thing; 1 anything else
"""


def add_trust_commands(command: AddCommand) -> None:
    """Add the commands to the command line.

    Parameters
    ----------
    command : callable
        Takes name, text and function of a command; returns its parser.
    """
    sub = command("verify", "hash everything anew that made some results and say what differs", _verify)
    sub.epilog = VERIFY_CODES
    sub.add_argument(
        "results", metavar="RESULTS", help="a folder such as results/msc_ra, or the id of a review"
    )
    _json(sub)
    _root(sub)
    sub = command(
        "pack", "write results, sheets, code and locks of a review as one archive (RO-Crate)", _pack
    )
    sub.add_argument("review", metavar="REVIEW", help="id of the review")
    sub.add_argument(
        "--output", type=Path, metavar="FILE", help="archive to write (default: REVIEW.crate.zip)"
    )
    _root(sub)
    sub = command(
        "compare", "say what differs between two versions and which conclusions crossed a line", _compare
    )
    sub.epilog = COMPARE_HELP
    for name in ("old", "new"):
        sub.add_argument(name, metavar=name.upper(), help="a folder, a snapshot or a git revision")
    sub.add_argument(
        "--review", action="append", default=[], metavar="ID", help="only this review (may be repeated)"
    )
    sub.add_argument("--build", action="store_true", help="build a git revision that holds no results")
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown")
    _json(form)
    _root(sub)
    sub = command("snapshot", "keep the results of a review for later reports to compare with", _snapshot)
    sub.add_argument("review", metavar="REVIEW", help="id of the review")
    sub.add_argument(
        "--label", metavar="TEXT", help="what this version is called (default: that of the protocol)"
    )
    _root(sub)


def _json(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder of the project (default: the current one)",
    )


def _verify(arguments: argparse.Namespace) -> int:
    verify = import_module("rheumeta.steps.verify")
    found = verify.verify(verify.find_crate(arguments.results, arguments.root))
    print(verify.as_json(found) if arguments.json else verify.as_text(found), end="")
    return int(found.code)


def _compare(arguments: argparse.Namespace) -> None:
    compare = import_module("rheumeta.steps.compare")
    found = compare.compare_all(
        arguments.old, arguments.new, arguments.root, arguments.review, build=arguments.build
    )
    form = "json" if arguments.json else "markdown" if arguments.markdown else "text"
    print(compare.written(found, form), end="")


def _snapshot(arguments: argparse.Namespace) -> None:
    layout = Layout(arguments.review, arguments.root)
    print(import_module("rheumeta.steps.versions").write_snapshot(layout, arguments.label))


def _pack(arguments: argparse.Namespace) -> None:
    target = arguments.output or Path(f"{arguments.review}.crate.zip")
    count = import_module("rheumeta.steps.verify").pack(Layout(arguments.review, arguments.root), target)
    print(f"{target}: {count} files and the crate that names them")
