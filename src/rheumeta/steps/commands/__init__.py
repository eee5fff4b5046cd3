"""The commands for one file of effects or counts, apart from any review."""
