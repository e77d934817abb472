"""The nouns: flash geometry, device, partition, table, scheme, spec, plan. Frozen values only."""
