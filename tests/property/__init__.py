"""Random input and random steps against a model; what can be enumerated is elsewhere."""
