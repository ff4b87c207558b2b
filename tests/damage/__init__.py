"""From damaged bytes to a verdict: every flip and every cut of a file lives here alone."""
