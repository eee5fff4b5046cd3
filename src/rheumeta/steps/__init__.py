"""The stages of the pipeline, one module each; here tables, statistics and figures meet."""
