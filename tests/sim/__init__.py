"""The simulator itself: that it repeats, that its faults happen, and that its judge notices."""
