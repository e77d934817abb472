"""Wishes to a plan: expand, constrain, search, explain; or a refusal that says what conflicts."""
