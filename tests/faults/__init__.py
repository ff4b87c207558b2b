"""Real processes and real disks that are made to fail; simulated ones are in sim."""
