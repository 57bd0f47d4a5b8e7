"""The two APIs as data: what Google's compute API and CloudStack's call things, and their types."""
