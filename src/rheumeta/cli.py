"""The command line: one subcommand a stage, and what helps to keep sheets.

Each stage is a module of :mod:`rheumeta.steps`, imported only when it runs.
"""

from __future__ import annotations

import argparse
import difflib
import errno
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

from rheumeta import __version__
from rheumeta.errors import EXIT_FAILURE, Fault, InputFaults, RheumetaError
from rheumeta.layout import Layout, is_id
from rheumeta.runlog import Attempt, hold, logging_to
from rheumeta.steps.ages import older_inputs
from rheumeta.steps.commands.analyse_arguments import add_commands
from rheumeta.steps.commands.trust_arguments import add_trust_commands
from rheumeta.steps.stages import STAGES

IN_PARALLEL = {"figures"}
"""Stages that can share their work among processes."""

ENCODINGS = ("latin-1", "windows-1252")
"""Encodings other than UTF-8 that `clean` reads if told to."""

NOT_WRITTEN = "Nothing was written; the files of the last run are as they were."
REMEDIES = {
    errno.ENOSPC: f"{NOT_WRITTEN} Make room on the disk and run it again.",
    errno.EDQUOT: f"{NOT_WRITTEN} Make room in your quota and run it again.",
    errno.EFBIG: f"{NOT_WRITTEN} The limit on the size of files is too low.",
    errno.EACCES: f"{NOT_WRITTEN} Allow yourself to write there (chmod u+w) and run it again.",
    errno.EPERM: f"{NOT_WRITTEN} Allow yourself to write there (chmod u+w) and run it again.",
    errno.EROFS: f"{NOT_WRITTEN} Mount the disk so that it can be written, or work on a copy.",
}
"""What to do where the system refuses to write."""

EPILOG = """\
examples:
  rheumeta validate msc_ra           check the sheets of a review
  rheumeta effects msc_ra            only one stage, by hand
  rheumeta new-review my_review      empty sheets and a protocol to fill in
  rheumeta clean data/raw/msc_ra     mend what a spreadsheet program does to sheets
  rheumeta manifest msc_ra           bring the hashes in MANIFEST.csv up to date
  rheumeta verify results/msc_ra     hash everything anew and say what differs
  rheumeta compare main .            what changed since a git revision, and what that did
  rheumeta pool FILE.csv --measure RR    one meta-analysis of any file (rheumeta pool --help)
  snakemake --cores 4                all stages of all reviews, in the right order

exit codes: 0 done, 2 faults in the input (each is listed), 1 anything else
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; ``sys.argv`` by default.
    """
    # Analyses are small: threads of linear algebra cost more to start than they save, and how many there are
    # would depend on the machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = sys.argv[1:] if argv is None else list(argv)
    arguments = build_parser().parse_args(_of_a_file(given))
    log: Path | None = arguments.log
    attempt = Attempt(log) if log else None
    with logging_to(log):
        code = _guarded(arguments)
    if attempt and code:
        attempt.failed(code)
    elif attempt:
        attempt.succeeded()
    return code


def _of_a_file(argv: list[str]) -> list[str]:
    """Let ``effects FILE.csv`` mean the effects of a file; with a review it is the stage."""
    of_file = argv[:1] == ["effects"] and any(a.lower().endswith(".csv") for a in argv[1:])
    return ["effect-sizes", *argv[1:]] if of_file else argv


def _guarded(arguments: argparse.Namespace) -> int:
    """Run the subcommand; turn what goes wrong into a message and an exit code."""
    say = logging.getLogger("rheumeta").error
    try:
        code: int | None = arguments.run(arguments)
    except RheumetaError as error:
        say("%s", error)
        return error.exit_code
    except FileNotFoundError as error:
        missing = Path(str(error.filename))
        if not {"data", "results"} & set(missing.parts):
            say("%s", traceback.format_exc())
        else:
            say("%s is missing: run the stages before this one first, or snakemake, which does.", missing)
        return EXIT_FAILURE
    except OSError as error:
        remedy = REMEDIES.get(error.errno or 0)
        if remedy is None:
            say("%s", traceback.format_exc())
        say("%s: %s. %s", error.filename or "A file", error.strerror, remedy or NOT_WRITTEN)
        return EXIT_FAILURE
    except Exception:
        say("%s", traceback.format_exc())
        return EXIT_FAILURE
    return code or 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="rheumeta",
        description="Meta-analysis from sheets of reported numbers to a report.",
        epilog=EPILOG,
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=f"rheumeta {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")

    def command(
        name: str, text: str, run: Callable[[argparse.Namespace], int | None]
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=_sentence(text), formatter_class=raw)
        sub.set_defaults(run=run, log=None)
        return sub

    for stage, text in STAGES.items():
        sub = command(stage, text, _stage_runner(stage))
        sub.add_argument("review", metavar="REVIEW", help="id of the review")
        if stage in IN_PARALLEL:
            sub.add_argument("--workers", type=_count, default=1, metavar="N", help="processes (default 1)")
        _add_folders(sub)
    for name, text, (argument, count), run in _OTHER_COMMANDS:
        sub = command(name, text, run)
        if argument:
            sub.add_argument(argument.lower(), metavar=argument, nargs=count)
        _add_folders(sub)
    sub = command(
        "clean", "remove byte-order marks, carriage returns and non-breaking spaces from sheets", _clean
    )
    sub.add_argument(
        "path", metavar="PATH", type=Path, nargs="+", help="a sheet, or a folder of sheets (*.csv)"
    )
    sub.add_argument("--from", dest="encoding", choices=ENCODINGS, help="encoding of sheets that are not UTF-8; "
                     "they are written as UTF-8. It is never guessed.")  # fmt: skip
    _add_folders(sub)
    sub = command("import-rob", "add judgements of risk of bias from another file to the sheet", _import_rob)
    sub.add_argument("file", metavar="FILE", type=Path, help="CSV, one row a study or one a judgement")
    sub.add_argument("review", metavar="REVIEW", help="id of the review")
    tools = "RoB2, RoB2-Cluster, RoB1, ROBINS-I, ROBINS-I V2, ROBINS-E, JBI, QUIPS, QUADAS-2, Generic"
    sub.add_argument("--tool", required=True, metavar="TOOL", help=tools)
    _add_folders(sub)
    add_commands(command)
    add_trust_commands(command)
    return parser


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _add_folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root", type=Path, default=Path(), metavar="DIR",
        help="folder that holds config/, data/ and results/ (default: the current folder)",
    )  # fmt: skip
    parser.add_argument("--log", type=Path, metavar="FILE", help="write messages here, not to the terminal")


def _stage_runner(stage: str) -> Callable[[argparse.Namespace], None]:
    def run(arguments: argparse.Namespace) -> None:
        layout = Layout(arguments.review, arguments.root)
        _check_review(layout)
        options = {"workers": arguments.workers} if stage in IN_PARALLEL else {}
        # A job that outlived its killed run, or the same stage started by hand, must end first.
        with hold(layout.root / "logs" / stage / f"{layout.review}.lock", wait=True) or nullcontext():
            if said := older_inputs(layout, stage):
                logging.getLogger("rheumeta").warning("%s", said)
            import_module(f"rheumeta.steps.{stage}").run(layout, **options)

    return run


def _count(text: str) -> int:
    """Return a number of processes."""
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _check_review(layout: Layout) -> None:
    """Raise InputFaults if there is no such review; an id that leads out of the folders is none."""
    if is_id(layout.review) and layout.protocol.is_file():
        return
    known = sorted(path.stem for path in layout.protocol.parent.glob("*.yaml"))
    close = difflib.get_close_matches(layout.review, known, n=1)
    remedy = f"Did you mean {close[0]!r}?" if close else f"rheumeta new-review {layout.review} makes one."
    raise InputFaults(
        [
            Fault(
                file=layout.protocol.as_posix(),
                line=None,
                column=None,
                code="unknown_review",
                message="There is no such review: its protocol is missing.",
                value=layout.review,
                allowed=", ".join(known) or "none yet",
                remedy=remedy,
            )
        ]
    )


def _configured(root: Path) -> list[Layout]:
    """Return the layouts of the reviews that ``config/config.yaml`` lists."""
    from rheumeta.steps import graph

    return [Layout(review, root) for review in graph.configured_reviews(root)]


def _index(arguments: argparse.Namespace) -> None:
    import_module("rheumeta.steps.index").run(_configured(arguments.root))


def _notebooks(arguments: argparse.Namespace) -> None:
    import_module("rheumeta.steps.notebooks").run(arguments.root, arguments.name)


def _new_review(arguments: argparse.Namespace) -> None:
    import_module("rheumeta.steps.scaffold").new_review(Layout(arguments.review, arguments.root))


def _manifest(arguments: argparse.Namespace) -> None:
    import_module("rheumeta.steps.scaffold").update_manifest(Layout(arguments.review, arguments.root))


def _import_rob(arguments: argparse.Namespace) -> None:
    layout = Layout(arguments.review, arguments.root)
    _check_review(layout)
    import_module("rheumeta.steps.import_rob").run(layout, arguments.file, arguments.tool)


def _clean(arguments: argparse.Namespace) -> None:
    paths = [arguments.root / path for path in arguments.path]
    import_module("rheumeta.steps.scaffold").clean(paths, encoding=arguments.encoding)


_OTHER_COMMANDS = (
    ("index", "write the page over all configured reviews", (None, None), _index),
    ("notebooks", "execute the notebooks, or those named", ("NAME", "*"), _notebooks),
    ("new-review", "make empty sheets and a protocol to fill in", ("REVIEW", None), _new_review),
    ("manifest", "bring the hashes in a review's MANIFEST.csv up to date", ("REVIEW", None), _manifest),
)
