"""Two tables side by side: which partition is which, and what became of it."""
