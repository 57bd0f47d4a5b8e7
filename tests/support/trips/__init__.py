"""The tables of round trips: one for each way to make something."""

from __future__ import annotations

from . import balancing, machines, networks, storage

TRIPS = [*machines.TRIPS, *storage.TRIPS, *networks.TRIPS, *balancing.TRIPS]
