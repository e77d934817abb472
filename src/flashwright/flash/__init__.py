"""The flash emulator: contents, chips, operations and faults as values; stricter than hardware."""
