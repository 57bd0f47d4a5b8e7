"""What insert accepted, get returns, field by field, for bodies drawn from the schema.

A resource is added to :data:`TRIPS`. Fields that the mapping comes to make use of are drawn from
then on, and a field that the schema can't draw alone has to be told here.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ..conftest import MakeGateway
from ..support.gateway import BASE, SG_ZONE, UBUNTU, Gateway
from ..support.round_trips import LABELS, TEXT, Bodies, RoundTrip, lost
from ..unit.simulator.test_every_command import backup_offering
from ..unit.simulator.vpn import CERTIFICATE, PRIVATE_KEY

TAG = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
METADATA = st.fixed_dictionaries(
    {"key": st.from_regex(r"[-_a-zA-Z0-9]{1,128}", fullmatch=True)} | {"value": TEXT}
)
DEVICE = st.from_regex(r"[a-z][\w.-]{0,20}", fullmatch=True)
BOOT = st.fixed_dictionaries(
    {
        "boot": st.just(True),
        "initializeParams": st.fixed_dictionaries(
            {"sourceImage": st.just(UBUNTU)}, optional={"diskSizeGb": st.just("12")}
        ),
    },
    optional={"deviceName": DEVICE.map("b-{}".format), "mode": st.just("READ_WRITE")},
)
DATA = st.fixed_dictionaries(
    # Whatever isn't deleted with the instance would be in the way of the next one.
    {"autoDelete": st.just(True), "diskSizeGb": st.just("5")},
    optional={"deviceName": DEVICE.map("d-{}".format), "type": st.just("PERSISTENT")},
)


LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80).map(str.strip)
RANGES = st.lists(
    st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "192.0.2.7/32"]), min_size=1, unique=True
)
ALLOWED = [
    [{"IPProtocol": "all"}],
    [{"IPProtocol": "icmp"}],
    [{"IPProtocol": "tcp"}, {"IPProtocol": "udp", "ports": ["53"]}],
    [{"IPProtocol": "tcp", "ports": ["22", "8000-8080"]}],
]


def items(element: st.SearchStrategy[Any], key: Any = None) -> st.SearchStrategy[list[Any]]:
    """A sorted list without repetitions, as GCE shows tags and metadata."""
    found = st.lists(element, max_size=4, unique_by=key or str)
    return found.map(lambda made: sorted(made, key=key or str))


def unprotect(gateway: Gateway, path: str) -> None:
    gateway.do("POST", f"{path}/setDeletionProtection", deletionProtection="false")


WEB = f"{BASE}/projects/demo-project/zones/{SG_ZONE}/disks/web"


def stopped(gateway: Gateway) -> None:
    """An instance that is stopped, whose boot disk is called web."""
    gateway.create("web")
    gateway.do("POST", f"zones/{SG_ZONE}/instances/web/stop")


POLICIES = "regions/ch-gva/resourcePolicies"


def grouped(gateway: Gateway) -> None:
    """A placement policy."""
    body = {"name": "near", "groupPlacementPolicy": {"collocation": "COLLOCATED"}}
    gateway.do("POST", POLICIES, body)


def backed_up(gateway: Gateway) -> None:
    """An instance that CloudStack makes backups of."""
    gateway.create("web")
    gateway.cloud.done(
        "assignVirtualMachineToBackupOffering",
        virtualmachineid=gateway.machine("web")["id"],
        backupofferingid=backup_offering(gateway.cloud),
    )


PROPERTIES = st.fixed_dictionaries(
    {"machineType": st.just("small"), "disks": st.lists(BOOT, min_size=1, max_size=1)},
    optional={
        "description": TEXT,
        "labels": LABELS.filter(bool),
        "tags": st.fixed_dictionaries({"items": items(TAG)}),
        "metadata": st.fixed_dictionaries({"items": items(METADATA, lambda item: item["key"])}),
        "canIpForward": st.booleans(),
        # Whether CloudStack can do it, only an instance that is made of it is told.
        "minCpuPlatform": st.just("Intel Skylake"),
    },
)


TRIPS = [
    RoundTrip(
        resource="instances",
        path=f"zones/{SG_ZONE}/instances",
        always={
            "name": "it",
            "machineType": f"zones/{SG_ZONE}/machineTypes/small",
            "disks": st.tuples(BOOT, st.lists(DATA, max_size=1)).map(
                lambda made: [made[0], *made[1]]
            ),
            "networkInterfaces": [{"network": "global/networks/default"}],
        },
        fields={
            "tags.items": items(TAG),
            "metadata.items": items(METADATA, lambda item: item["key"]),
            "resourcePolicies": st.just([f"{BASE}/projects/demo-project/{POLICIES}/near"]),
        },
        unread={"disks.initializeParams": "the disk shows how it was made"},
        before=grouped,
        after=unprotect,
    ),
    RoundTrip(
        resource="resourcePolicies",
        path=POLICIES,
        always={
            "name": "it",
            "groupPlacementPolicy": st.one_of(
                st.just({"collocation": "COLLOCATED"}),
                st.fixed_dictionaries(
                    {"availabilityDomainCount": st.integers(1, 8)},
                    optional={"collocation": st.just("UNSPECIFIED_COLLOCATION")},
                ),
            ),
        },
        fields={
            "description": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=240),
            # A policy is of one kind.
            "snapshotSchedulePolicy": st.just({}),
        },
    ),
    RoundTrip(
        resource="disks",
        path=f"zones/{SG_ZONE}/disks",
        always={"name": "it", "sizeGb": "10"},
        fields={
            "type": st.just(f"zones/{SG_ZONE}/diskTypes/standard"),
            # A disk is made from one thing at most, and of this one from none.
            **dict.fromkeys(
                ("sourceSnapshot", "sourceInstantSnapshot", "sourceDisk", "sourceImage"),
                st.just(""),
            ),
            "accessMode": st.just("READ_WRITE_SINGLE"),
            # A blank disk has none: it lies on no storage yet.
            "resourcePolicies": st.just([]),
        },
        unread={"accessMode": "there is no other", "resourcePolicies": "none can be asked for"},
    ),
    RoundTrip(
        resource="snapshots",
        path="global/snapshots",
        always={"name": "it", "sourceDisk": WEB},
        before=stopped,
    ),
    RoundTrip(
        resource="images",
        path="global/images",
        always={"name": "it", "sourceDisk": WEB},
        fields={
            "family": TAG,
            "architecture": st.just("X86_64"),
            "licenses": st.just([f"{BASE}/projects/demo-project/global/licenses/ubuntu-24-04-lts"]),
            # An image is made from one thing only.
            "sourceSnapshot": st.just(""),
            "sourceImage": st.just(""),
            "rawDisk.source": st.just(""),
            "description": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300),
        },
        before=stopped,
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
        always={
            "name": "it",
            "sourceInstance": f"{BASE}/projects/demo-project/zones/{SG_ZONE}/instances/web",
        },
        fields={
            "description": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=255)
        },
        unread={"guestFlush": "it says how it is made"},
        before=backed_up,
    ),
    RoundTrip(
        resource="networkFirewallPolicies",
        path="global/firewallPolicies",
        always={"name": "it"},
    ),
    RoundTrip(
        resource="regionNetworkFirewallPolicies",
        path="regions/ch-zrh/firewallPolicies",
        always={"name": "it"},
    ),
    RoundTrip(
        resource="firewalls",
        path="global/firewalls",
        always={
            "name": "it",
            "network": "global/networks/prod-vpc",
            "allowed": st.sampled_from(ALLOWED),
            "sourceRanges": RANGES,
        },
        fields={
            # A firewall allows or denies, and this one allows.
            "denied": st.just([]),
            "direction": st.just("INGRESS"),
            "destinationRanges": st.just([]),
            "priority": st.integers(0, 65535),
            "description": LINE,
        },
    ),
    RoundTrip(
        resource="routes",
        path="global/routes",
        always={
            "name": "it",
            "network": "global/networks/prod-vpc",
            "destRange": st.sampled_from(["10.77.0.0/16", "192.0.2.0/24", "198.51.100.7/32"]),
            "nextHopIp": st.sampled_from(["10.8.1.9", "10.8.1.10"]),
            "priority": 1000,
        },
        fields={"description": LINE},
    ),
    RoundTrip(
        resource="addresses",
        path="regions/ch-zrh/addresses",
        always={"name": "it", "network": "global/networks/backend"},
        fields={
            "address": st.just("203.0.113.200"),
            "addressType": st.just("EXTERNAL"),
            "ipVersion": st.just("IPV4"),
            # It is for addresses that are refused.
            "purpose": st.none(),
            "subnetwork": st.just(""),
        },
    ),
    RoundTrip(
        resource="targetPools",
        path="regions/ch-zrh/targetPools",
        always={"name": "it"},
        fields={
            "sessionAffinity": st.sampled_from(["NONE", "CLIENT_IP", "CLIENT_IP_PROTO"]),
            "description": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
            "instances": st.just([]),
        },
    ),
    RoundTrip(
        resource="instanceGroups",
        path=f"zones/{SG_ZONE}/instanceGroups",
        always={"name": "it"},
    ),
    RoundTrip(
        resource="networks",
        path="global/networks",
        always={"name": "it", "autoCreateSubnetworks": st.booleans()},
        fields={
            "IPv4Range": st.none(),
            "description": LINE.filter(bool),
            "networkFirewallPolicyEnforcementOrder": st.just("AFTER_CLASSIC_FIREWALL"),
        },
        unread={"networkFirewallPolicyEnforcementOrder": "there is no other"},
    ),
    RoundTrip(
        resource="subnetworks",
        path="regions/ch-zrh/subnetworks",
        always={
            "name": "it",
            "network": "global/networks/prod-vpc",
            "ipCidrRange": st.sampled_from(["10.8.64.0/24", "10.8.65.0/28"]),
        },
        fields={
            "description": LINE.filter(bool),
            "purpose": st.just("PRIVATE"),
            "stackType": st.just("IPV4_ONLY"),
        },
    ),
    RoundTrip(
        resource="sslCertificates",
        path="global/sslCertificates",
        always={"name": "it", "certificate": CERTIFICATE, "privateKey": PRIVATE_KEY},
        # It may be given twice, as it is then the same.
        fields={
            "type": st.just("SELF_MANAGED"),
            "selfManaged": st.just({"certificate": CERTIFICATE}),
        },
        unread={"privateKey": "GCE never shows it"},
    ),
]


@pytest.mark.parametrize("trip", TRIPS, ids=str)
def test_what_insert_accepted_get_returns(trip: RoundTrip, make_gateway: MakeGateway) -> None:
    gateway = make_gateway(limit=-1)
    trip.before(gateway)
    bodies = Bodies(trip, gateway.application)

    # What fails names its fields, so there is no need to look for a smaller example.
    @settings(
        max_examples=20,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def there_and_back(data: st.DataObject) -> None:
        body = bodies.draw(data.draw)
        gateway.do("POST", trip.path, body)
        path = f"{trip.path}/{body['name']}"
        shown = gateway.get(path)
        trip.after(gateway, path)
        gateway.do("DELETE", path)
        assert lost(trip, body, shown) == []

    there_and_back()
