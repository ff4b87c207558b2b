"""The slots in a browser's private files, above a bridge that is made of two bytearrays."""
