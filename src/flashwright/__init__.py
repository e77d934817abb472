"""Plan, check, draw, write, evolve and prove flash layouts of devices updated over the air.

For programs and notebooks there is ``flashwright.api``: the verbs of the command as functions.
"""
