"""How a fault is told: findings with a code, a place in the file, a place in the flash, and help."""
