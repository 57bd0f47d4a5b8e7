"""What the tests of the whole gateway share."""
