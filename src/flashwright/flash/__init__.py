"""The flash emulator: a value that is erased and programmed, stricter than the hardware."""
