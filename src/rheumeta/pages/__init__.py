"""Pages for people: records and plain rows in, HTML and plain sentences out. No statistics here."""
