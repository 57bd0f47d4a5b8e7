"""The grammar of mapping files: each of their forms as a class, said nowhere else."""

from gstack_pyramid.mapping.forms import files, methods, resources, steps, values

__all__ = ["files", "methods", "resources", "steps", "values"]
