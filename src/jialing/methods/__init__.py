"""Mathematics that knows no city: rollout and adjoint, plans, bounds, reduction, ensembles."""
