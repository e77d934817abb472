"""Table to table: what a new layout does to devices that shipped with the old one.

And file to file: whether several files describe one layout (``agree``).
"""
