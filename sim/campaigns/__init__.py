"""Many runs: enumerations, shares of seeds, shrinking, figures. Sees every layer before it."""
