"""Arguments and help of the commands that verify and hand on results; light, as every command loads it."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from rheumeta.layout import Layout
from rheumeta.steps.commands.analyse_arguments import AddCommand

VERIFY_CODES = "exit codes: 0 everything is as it was made, 1 something is not, 2 there is no such thing"


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


def _json(parser: argparse.ArgumentParser) -> None:
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


def _pack(arguments: argparse.Namespace) -> None:
    target = arguments.output or Path(f"{arguments.review}.crate.zip")
    count = import_module("rheumeta.steps.verify").pack(Layout(arguments.review, arguments.root), target)
    print(f"{target}: {count} files and the crate that names them")
