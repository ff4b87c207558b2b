"""What a kv is beyond a dict: its bytes, values, versions and deadlines."""
