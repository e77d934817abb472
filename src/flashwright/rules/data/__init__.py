"""Partitions that are written at run time, and how all partitions are told apart."""
