"""Instances, and what instances are made from."""

from __future__ import annotations

from hypothesis import strategies as st

from ...unit.simulator.test_every_command import backup_offering
from ..gateway import Gateway
from ..round_trips import LABELS, TEXT, RoundTrip, text
from .values import ALL_METADATA, BOOT, DEVICE, HERE, PROJECT, REGION, TAGS, THERE

DATA = st.fixed_dictionaries(
    # Whatever isn't deleted with the instance would be in the way of the next one.
    {"autoDelete": st.just(True), "diskSizeGb": st.just("5")},
    optional={"deviceName": DEVICE.map("d-{}".format), "type": st.just("PERSISTENT")},
)
DISKS = st.tuples(BOOT, st.lists(DATA, max_size=1)).map(lambda made: [made[0], *made[1]])
PROPERTIES = st.fixed_dictionaries(
    {"machineType": st.just("small"), "disks": st.lists(BOOT, min_size=1, max_size=1)},
    optional={
        "description": TEXT,
        "labels": LABELS.filter(bool),
        "tags": st.fixed_dictionaries({"items": TAGS}),
        "metadata": st.fixed_dictionaries({"items": ALL_METADATA}),
        "canIpForward": st.booleans(),
        # What no zone does, a template is refused for as well.
        "minCpuPlatform": st.just("Automatic"),
    },
)
TIER = f"{REGION}/subnetworks/prod-web"
INTERFACES = st.tuples(
    st.fixed_dictionaries(
        {"subnetwork": st.just(TIER)},
        optional={
            "network": st.just("global/networks/prod-vpc"),
            "networkIP": st.sampled_from(["10.8.1.77", "10.8.1.78"]),
        },
    ),
    st.lists(
        st.fixed_dictionaries(
            {"network": st.just("global/networks/backend")},
            optional={
                "networkIP": st.just("10.1.1.77"),
                "nicType": st.sampled_from(["GVNIC", "VIRTIO_NET"]),
                "accessConfigs": st.fixed_dictionaries(
                    {"type": st.just("ONE_TO_ONE_NAT")},
                    optional={
                        "name": st.sampled_from(["External NAT", "external-nat", "out"]),
                        "networkTier": st.sampled_from(["PREMIUM", "STANDARD"]),
                    },
                ).map(lambda made: [made]),
            },
        ),
        max_size=1,
    ),
).map(lambda made: [made[0], *made[1]])


ADVICE = {
    "serviceAccounts": st.just([{"email": "default", "scopes": ["https://example.com/auth/a"]}]),
    "reservationAffinity": st.sampled_from(
        [{"consumeReservationType": name} for name in ("ANY_RESERVATION", "NO_RESERVATION")]
    ),
    "shieldedInstanceConfig": st.fixed_dictionaries(
        {"enableVtpm": st.booleans(), "enableIntegrityMonitoring": st.booleans()},
        optional={"enableSecureBoot": st.just(False)},
    ),
}
"""What changes nothing, and is told as it was asked for."""


def grouped(gateway: Gateway) -> None:
    """A placement policy."""
    body = {"name": "near", "groupPlacementPolicy": {"collocation": "COLLOCATED"}}
    gateway.do("POST", "regions/ch-gva/resourcePolicies", body)


def unprotect(gateway: Gateway, path: str) -> None:
    """Let an instance be deleted."""
    gateway.do("POST", f"{path}/setDeletionProtection", deletionProtection="false")


def backed_up(gateway: Gateway) -> None:
    """An instance that CloudStack makes backups of."""
    gateway.create("web")
    gateway.cloud.done(
        "assignVirtualMachineToBackupOffering",
        virtualmachineid=gateway.machine("web")["id"],
        backupofferingid=backup_offering(gateway.cloud),
    )


TRIPS = [
    RoundTrip(
        resource="instances",
        path=f"{HERE}/instances",
        always={
            "name": "it",
            "machineType": f"{HERE}/machineTypes/small",
            "disks": DISKS,
            "networkInterfaces": [{"network": "global/networks/default"}],
        },
        fields={
            "tags.items": TAGS,
            "metadata.items": ALL_METADATA,
            # It takes the place of the disks.
            "sourceMachineImage": st.just(""),
            **ADVICE,
            # Security groups filter them.
            "canIpForward": st.just(False),
            "resourcePolicies": st.just([f"{PROJECT}/regions/ch-gva/resourcePolicies/near"]),
        },
        unread={"disks.initializeParams": "the disk shows how it was made"},
        before=grouped,
        after=unprotect,
    ),
    RoundTrip(
        resource="instances",
        special="in networks of one's own",
        path=f"{THERE}/instances",
        always={
            "name": "it",
            "machineType": f"{THERE}/machineTypes/small",
            "disks": st.lists(BOOT, min_size=1, max_size=1),
            "networkInterfaces": INTERFACES,
        },
        fields={
            "tags.items": TAGS,
            "metadata.items": ALL_METADATA,
            # It takes the place of the disks.
            "sourceMachineImage": st.just(""),
            **ADVICE,
            "resourcePolicies": st.just([]),
        },
        unread={"disks.initializeParams": "the disk shows how it was made"},
        after=unprotect,
        examples=10,
    ),
    *(
        RoundTrip(resource=resource, path=path, always={"name": "it", "properties": PROPERTIES})
        for resource, path in (
            ("instanceTemplates", "global/instanceTemplates"),
            ("regionInstanceTemplates", "regions/ch-gva/instanceTemplates"),
        )
    ),
    RoundTrip(
        resource="machineImages",
        path="global/machineImages",
        always={"name": "it", "sourceInstance": f"{PROJECT}/{HERE}/instances/web"},
        fields={"description": text(255)},
        unread={"guestFlush": "it says how it is made"},
        before=backed_up,
    ),
    RoundTrip(
        resource="instanceGroups",
        path=f"{HERE}/instanceGroups",
        always={"name": "it"},
        fields={
            "description": text(600),
            "namedPorts": st.lists(
                st.sampled_from([{"name": "http", "port": 8080}, {"name": "https", "port": 8443}]),
                min_size=1,
                unique_by=str,
            ),
        },
    ),
]
