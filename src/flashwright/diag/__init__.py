"""How a fault is told: a code, a place in the file, a place in the flash, and help."""
