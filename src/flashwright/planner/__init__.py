"""Spec to plan: the method, the constraints, the exact search, the reasons."""
