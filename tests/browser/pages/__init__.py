"""The pages that people use, driven as they would, and how they are served."""
