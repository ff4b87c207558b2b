"""What a browser does not give, places that are none, and who else uses the same storage."""
