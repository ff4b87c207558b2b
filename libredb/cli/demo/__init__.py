"""`libredb demo`: real data, a writer killed in mid-commit, and every commit checked."""
