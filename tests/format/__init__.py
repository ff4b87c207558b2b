"""The bytes of the file: recorded ones that every later version must read, and a second reader."""
