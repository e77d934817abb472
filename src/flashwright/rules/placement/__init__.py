"""Where partitions lie in the flashes of the device."""
