"""File to file: whether a board's several files describe the same layout."""
