"""Settings: what they are, where they are given, how they are read."""

from gstack_pyramid.settings.model import (
    BatchSettings,
    CloudStackSettings,
    MetricsSettings,
    OperationsSettings,
    Settings,
    SigninSettings,
    fields,
    keys,
    layers_of,
)
from gstack_pyramid.settings.sources import Layer, variable_of
from gstack_pyramid.settings.values import ConfigurationError, is_database

__all__ = [
    "BatchSettings",
    "CloudStackSettings",
    "ConfigurationError",
    "Layer",
    "MetricsSettings",
    "OperationsSettings",
    "Settings",
    "SigninSettings",
    "fields",
    "is_database",
    "keys",
    "layers_of",
    "variable_of",
]
