"""What a run does, and whether the database kept its contract. Sees the world and the plans."""
