"""What documents and tables share, part by part; whole lenses are in the folder above."""
