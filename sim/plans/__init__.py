"""What a run will do, drawn from a seed before any of it is done. Sees the world, nothing else."""
