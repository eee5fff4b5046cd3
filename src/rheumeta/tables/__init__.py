"""Reading, checking and converting tables; no statistics and no plots."""
