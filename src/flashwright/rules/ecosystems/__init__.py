"""What single ecosystems need beyond the rules for all."""
