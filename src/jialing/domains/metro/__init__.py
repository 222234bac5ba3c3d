"""Metro stations with reversible escalators."""
