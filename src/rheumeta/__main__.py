"""Run the command line as ``python -m rheumeta``."""

import sys

from rheumeta.cli import main

sys.exit(main())
