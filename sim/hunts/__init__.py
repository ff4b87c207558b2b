"""Who notices a mistake: loads broken kernels beside the real one. Sees every layer before it."""
