"""Factory images and dumps: partitions' contents laid out, and taken apart."""
