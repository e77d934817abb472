"""The arithmetic that everything else stands on: extents, sizes, alignment, near names."""
