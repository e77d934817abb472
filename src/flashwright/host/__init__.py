"""What touches the machine: files, the device catalogue, processes."""
