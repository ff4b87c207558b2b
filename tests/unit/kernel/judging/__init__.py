"""What is made of the bytes of a file: whose they are, what they prove, and how few are read."""
