"""The way from an old layout to a new one in steps that survive power cuts."""
