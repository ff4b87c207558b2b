"""Python that a page runs already: PyScript, JupyterLite, and a worker with nothing but Pyodide."""
