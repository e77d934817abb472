"""Arguments and the terminal."""
