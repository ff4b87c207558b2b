"""Commands, a file each: their options, exit codes and output, on a small database."""
