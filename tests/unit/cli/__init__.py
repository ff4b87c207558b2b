"""The command line: commands, exit codes, what is printed, and how a command ends."""
