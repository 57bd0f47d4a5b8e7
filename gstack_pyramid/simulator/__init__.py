"""An embedded CloudStack, for development, tests and demonstrations.

It speaks CloudStack's wire protocol over HTTP and knows nothing of the gateway.
"""

from __future__ import annotations

from gstack_pyramid.simulator.app import Simulator, make_simulator
from gstack_pyramid.simulator.sample import (
    DEMO_API_KEY,
    DEMO_SECRET_KEY,
    OTHER_API_KEY,
    OTHER_SECRET_KEY,
    PASSWORD,
)
from gstack_pyramid.simulator.server import SimulatorServer, main
from gstack_pyramid.simulator.world import AS_INSTALLED

__all__ = [
    "AS_INSTALLED",
    "DEMO_API_KEY",
    "DEMO_SECRET_KEY",
    "OTHER_API_KEY",
    "OTHER_SECRET_KEY",
    "PASSWORD",
    "Simulator",
    "SimulatorServer",
    "main",
    "make_simulator",
]
