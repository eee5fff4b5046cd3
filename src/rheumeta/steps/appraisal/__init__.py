"""Certainty, missing results and claims: rules on records and sheets, no file is read or written here."""
