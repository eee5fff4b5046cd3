"""Every error that rheumeta raises on purpose.

A fault in the user's input is a :class:`Fault`: what is wrong, where, what is allowed and how to
mend it. A stage collects all faults it can find and raises them together as
:class:`InputFaults`, so that a reviewer mends a sheet once and not twenty times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

EXIT_INPUT = 2
"""Exit code for faults in sheets, protocol or command line."""

EXIT_FAILURE = 1
"""Exit code for everything else that went wrong."""


LISTED = 1000
"""Most faults that a message lists; of the rest it gives the number of each kind."""

SHOWN = 200
"""Most characters of a value that a message shows in full."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one place of the input.

    Attributes
    ----------
    file : str
        Path of the sheet or protocol, relative to the project where possible.
    line : int or None
        Line in the file as an editor counts it (the header is line 1); None if not tied to a line.
    column : str or None
        Column name, dotted key in a protocol, or option of the command line (``"--method"``).
    code : str
        Short machine-readable name, e.g. ``"decimal_comma"``.
    message : str
        What is wrong, in one sentence.
    value : str or None
        The offending text exactly as it stands in the file.
    allowed : str or None
        What may stand there.
    remedy : str or None
        How to mend it.
    """

    file: str
    line: int | None
    column: str | None
    code: str
    message: str
    value: str | None = None
    allowed: str | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f", line {self.line}"
        if self.column is not None:
            place += f", {self._kind()} {self.column}"
        parts = [f"{place}: {self.message} [{self.code}]"]
        if self.value is not None:
            parts.append(f"    value:   {_shown(self.value)}")
        if self.allowed is not None:
            parts.append(f"    allowed: {self.allowed}")
        if self.remedy is not None:
            parts.append(f"    mend:    {self.remedy}")
        return "\n".join(parts)

    def _kind(self) -> str:
        """Return what `column` names."""
        if (self.column or "").startswith("--"):
            return "option"
        return "key" if self.file.endswith(".yaml") else "column"

    def to_dict(self) -> dict[str, object]:
        """Return the fields as a plain dict."""
        return asdict(self)


def _shown(value: str) -> str:
    """Return a value in quotation marks, its invisible signs made visible, its middle left out if it is long."""
    if len(value) <= SHOWN:
        return repr(value)
    half = SHOWN // 2
    return f"{value[:half]!r} … {value[-half:]!r} ({len(value):,} characters)"


class RheumetaError(Exception):
    """Base of all deliberate errors; ``exit_code`` is what the command line returns."""

    exit_code = EXIT_FAILURE


class InputFaults(RheumetaError):
    """All faults found in the input of one stage.

    Parameters
    ----------
    faults : iterable of Fault
        At least one fault.
    """

    exit_code = EXIT_INPUT

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(
            sorted(
                set(faults),
                key=lambda f: (f.file, f.line or 0, f.column or "", f.code, f.value or "", f.message),
            )
        )
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.faults)
        head = f"{count} fault{'s' if count != 1 else ''} in the input; nothing was written:"
        return "\n".join([head, *map(str, self.faults[:LISTED]), *self._rest()])

    def _rest(self) -> list[str]:
        """Return how many faults of each kind a message leaves out."""
        rest = Counter(fault.code for fault in self.faults[LISTED:])
        return [f"... and {count:,} more of the kind {code}" for code, count in rest.most_common()]


class StatsError(RheumetaError, ValueError):
    """Arguments of a statistical function that have no meaningful answer."""
