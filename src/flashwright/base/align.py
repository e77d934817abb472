"""Rounding to multiples. Flashes with uneven erase blocks round through ``model.geometry``."""

from __future__ import annotations


def align_up(value: int, granule: int) -> int:
    """The smallest multiple of ``granule`` that is at least ``value``; ``granule >= 1``."""
    return -(-value // granule) * granule


def align_down(value: int, granule: int) -> int:
    """The largest multiple of ``granule`` that is at most ``value``; ``granule >= 1``."""
    return value // granule * granule


def is_aligned(value: int, granule: int) -> bool:
    """Whether ``value`` is a multiple of ``granule``."""
    return value % granule == 0
