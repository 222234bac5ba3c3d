"""Stormwater: from a SWMM file to guarded predictive control of its gates, weirs and pumps."""
