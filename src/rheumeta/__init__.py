"""rheumeta: reproducible meta-analysis from reported numbers to a traceable report."""

__version__ = "0.1.0"
