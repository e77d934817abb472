"""What is wrong with a table: one function and one manual page a rule, all of them in `catalog`."""
