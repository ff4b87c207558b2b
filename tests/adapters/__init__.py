"""What an adapter does beyond the port, above fakes; what the port promises is in conformance."""
