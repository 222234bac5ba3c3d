"""A city: its files, and the couplings between its domains."""
