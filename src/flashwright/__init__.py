"""Plan, check, draw, write, evolve and prove flash layouts of devices that are updated over the air."""
