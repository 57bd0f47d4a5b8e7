"""Disks, what is made of them, and the schedules of their snapshots."""

from __future__ import annotations

from hypothesis import strategies as st

from ..gateway import Gateway
from ..round_trips import RoundTrip, text
from .values import HERE, NOTHING, PROJECT, REGION, TAG, WEB, stopped

TIME = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02}:{at[1]:02}")
DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
WEEKLY = st.fixed_dictionaries({"day": st.sampled_from(DAYS), "startTime": TIME})
SCHEDULES = st.one_of(
    *(
        st.fixed_dictionaries({name: st.fixed_dictionaries(told)})
        for name, told in (
            ("dailySchedule", {"daysInCycle": st.just(1), "startTime": TIME}),
            ("weeklySchedule", {"dayOfWeeks": WEEKLY.map(lambda day: [day])}),
        )
    )
)


NIGHT = {
    "name": "night",
    "snapshotSchedulePolicy": {
        "schedule": {"dailySchedule": {"daysInCycle": 1, "startTime": "04:30"}},
        "retentionPolicy": {"maxRetentionDays": 7},
    },
}


def snapped(gateway: Gateway) -> None:
    """A disk, a snapshot of each kind of it, and a schedule."""
    stopped(gateway)
    gateway.do("POST", "regions/ch-gva/resourcePolicies", NIGHT)
    gateway.do("POST", "global/snapshots", {"name": "old", "sourceDisk": WEB})
    gateway.do("POST", f"{HERE}/instantSnapshots", {"name": "now", "sourceDisk": WEB})


TRIPS = [
    RoundTrip(
        resource="disks",
        path=f"{HERE}/disks",
        always={"name": "it", "sizeGb": "10"},
        fields={
            "type": st.just(f"{HERE}/diskTypes/standard"),
            # A disk is made from one thing at most, and of this one from none.
            **dict.fromkeys(
                ("sourceSnapshot", "sourceInstantSnapshot", "sourceDisk", "sourceImage"), NOTHING
            ),
            "accessMode": st.just("READ_WRITE_SINGLE"),
            # A blank disk has none: it lies on no storage yet.
            "resourcePolicies": st.just([]),
        },
        unread={"accessMode": "there is no other", "resourcePolicies": "none can be asked for"},
    ),
    *(
        RoundTrip(
            resource="disks",
            special=f"of {source}",
            path=f"{HERE}/disks",
            always={"name": "it", field: link},
            fields={
                "type": st.just(f"{HERE}/diskTypes/standard"),
                "sizeGb": st.sampled_from(["10", "11"]),
                "accessMode": st.just("READ_WRITE_SINGLE"),
                "resourcePolicies": st.just([f"{PROJECT}/regions/ch-gva/resourcePolicies/night"]),
                **dict.fromkeys(
                    {"sourceImage", "sourceSnapshot", "sourceInstantSnapshot", "sourceDisk"}
                    - {field},
                    NOTHING,
                ),
            },
            unread={"accessMode": "there is no other"},
            before=snapped,
            cloud={"managed_storage": True},
            examples=10,
        )
        for source, field, link in (
            ("a snapshot", "sourceSnapshot", f"{PROJECT}/global/snapshots/old"),
            (
                "an instant snapshot",
                "sourceInstantSnapshot",
                f"{PROJECT}/{HERE}/instantSnapshots/now",
            ),
            ("a disk", "sourceDisk", WEB),
        )
    ),
    RoundTrip(
        resource="snapshots",
        path="global/snapshots",
        always={"name": "it", "sourceDisk": WEB},
        before=stopped,
    ),
    RoundTrip(
        resource="instantSnapshots",
        path=f"{HERE}/instantSnapshots",
        always={"name": "it", "sourceDisk": WEB},
        before=stopped,
        cloud={"managed_storage": True},
    ),
    RoundTrip(
        resource="images",
        path="global/images",
        always={"name": "it", "sourceDisk": WEB},
        fields={
            "family": TAG,
            "architecture": st.just("X86_64"),
            "licenses": st.just([f"{PROJECT}/global/licenses/ubuntu-24-04-lts"]),
            # An image is made from one thing only.
            "sourceSnapshot": NOTHING,
            "sourceImage": NOTHING,
            "rawDisk.source": NOTHING,
            "description": text(300),
        },
        before=stopped,
    ),
    RoundTrip(
        resource="resourcePolicies",
        path=f"{REGION}/resourcePolicies",
        always={
            "name": "it",
            "snapshotSchedulePolicy.schedule": SCHEDULES,
            "snapshotSchedulePolicy.retentionPolicy.maxRetentionDays": 7,
        },
        fields={
            # A policy is of one kind.
            "groupPlacementPolicy": st.none(),
            "snapshotSchedulePolicy.retentionPolicy.onSourceDiskDelete": st.sampled_from(
                ["KEEP_AUTO_SNAPSHOTS", "UNSPECIFIED_ON_SOURCE_DISK_DELETE"]
            ),
        },
    ),
    RoundTrip(
        resource="resourcePolicies",
        special="for placement",
        path="regions/ch-gva/resourcePolicies",
        always={
            "name": "it",
            "groupPlacementPolicy": st.one_of(
                st.fixed_dictionaries(
                    {"collocation": st.just("COLLOCATED")},
                    optional={"vmCount": st.integers(1, 22)},
                ),
                st.fixed_dictionaries(
                    {"availabilityDomainCount": st.integers(1, 8)},
                    optional={"collocation": st.just("UNSPECIFIED_COLLOCATION")},
                ),
            ),
        },
        fields={
            "description": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=240),
            "snapshotSchedulePolicy": st.just({}),
        },
        # That it is not specified says nothing.
        told={
            "groupPlacementPolicy.collocation": lambda said: said if said == "COLLOCATED" else None
        },
    ),
]
