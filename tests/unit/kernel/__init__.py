"""The files of the kernel, one at a time; what users see of them together is in contract."""
