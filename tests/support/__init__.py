"""What tests of several folders share: helpers without a test of their own."""
