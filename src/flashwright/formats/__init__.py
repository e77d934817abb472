"""One file a format: what a layout file means, read exactly, and written as its system expects."""
