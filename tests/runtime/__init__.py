"""The suite somewhere else: `pytest --runtime=pyodide` runs it in a worker of a browser."""
