"""Plan, check, draw, write, evolve and prove flash layouts of devices updated over the air."""
