"""Where on a cloud the acceptance takes place: zones, a machine type and an image."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..clients.gcloud import Gcloud
from .cloud import Cloud

ZONES = "GSTACK_REAL_ZONES"
"""Names of zones, with commas between them, where not any will do."""
MACHINE_TYPE = "GSTACK_REAL_MACHINE_TYPE"
"""The machine type to use, where the smallest one won't do."""
IMAGE = "GSTACK_REAL_IMAGE"
"""An image as ``PROJECT/NAME``, where the first that is listed won't do."""


@dataclass(frozen=True)
class Place:
    """A zone, and what a machine is made from there.

    Attributes:
        zone, region: their names.
        machine_type: its name.
        image: gcloud's options that name one.
    """

    zone: str
    region: str
    machine_type: str
    image: str

    @property
    def at(self) -> str:
        """gcloud's option for the zone."""
        return f"--zone={self.zone}"

    @property
    def near(self) -> str:
        """gcloud's option for the region."""
        return f"--region={self.region}"

    @property
    def machine(self) -> str:
        """gcloud's options for a machine in the zone."""
        return f"{self.at} --machine-type={self.machine_type} {self.image}"


def places_of(cloud: Cloud, gcloud: Gcloud) -> dict[str, Place]:
    """The first zone with ``networks`` of its own, and the first with security ``groups``."""
    wanted = [zone for zone in os.environ.get(ZONES, "").split(",") if zone]
    regions = {zone["name"]: zone["region"] for zone in gcloud.json("zones list")}
    found: dict[str, Place] = {}
    for row in sorted(cloud.rows("listZones"), key=lambda row: str(row["name"])):
        zone, kind = str(row["name"]), "groups" if row["securitygroupsenabled"] else "networks"
        if kind in found or zone not in (wanted or regions):
            continue
        found[kind] = Place(
            zone,
            regions[zone].rpartition("/")[2],
            os.environ.get(MACHINE_TYPE) or _smallest(gcloud, zone),
            _image(gcloud),
        )
    return found


def _smallest(gcloud: Gcloud, zone: str) -> str:
    types = gcloud.json(f"machine-types list --zones={zone}")
    return str(min(types, key=lambda kind: (kind["memoryMb"], kind["guestCpus"]))["name"])


def _image(gcloud: Gcloud) -> str:
    project, _, name = os.environ.get(IMAGE, "").rpartition("/")
    if not name:
        links = [str(image["selfLink"]) for image in gcloud.json("images list")]
        project, name = links[0].split("/")[-4], links[0].split("/")[-1]
    return f"--image={name} --image-project={project}"
