"""Recorded answers of a real CloudStack, and the simulator held against them."""
