"""Policies that take snapshots of one volume regularly.

A volume has at most one policy of each kind of interval; a second one takes the place of the first.
Source: ``SnapshotManagerImpl.createPolicy`` of CloudStack 4.22.
"""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from gstack_pyramid.simulator.calls import Call, command, success, wrapped
from gstack_pyramid.simulator.commands.machine_power import remove_tagged
from gstack_pyramid.simulator.commands.snapshots import dumped, not_ready
from gstack_pyramid.simulator.commands.tags import add_tags
from gstack_pyramid.simulator.faults import invalid
from gstack_pyramid.simulator.listing import containing, listed, owned, referring, select
from gstack_pyramid.simulator.placement import limits
from gstack_pyramid.simulator.rows import Row, tags, zone_of
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import Answer

_INTERVALS = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY")
"""The index is CloudStack's number of the interval."""

_MOST = {"HOURLY": 8, "DAILY": 8, "WEEKLY": 8, "MONTHLY": 12}
"""``snapshot.max.hourly`` and so on, as a cloud has them from the start."""

_SCHEDULES = {
    "HOURLY": "{minute}",
    "DAILY": "{minute}:{hour}",
    "WEEKLY": "{minute}:{hour}:{weekday}",
    "MONTHLY": "{minute}:{hour}:{day}",
}
_PARTS = {
    "minute": "[0-5]?[0-9]",
    "hour": "(?:[01]?[0-9]|2[0-3])",
    "weekday": "[1-7]",
    "day": "(?:0?[1-9]|1[0-9]|2[0-8])",
}


def policy(store: Store, doc: Doc) -> Row:
    """A snapshot policy; its interval is a number here, though it is created by a word."""
    volume = store.get("volume", doc["volumeid"])
    zone = zone_of(store, volume["zoneid"])
    return {
        "id": doc["id"],
        "volumeid": volume["id"],
        "volumename": volume["name"],
        "schedule": doc["schedule"],
        "intervaltype": _INTERVALS.index(doc["intervaltype"]),
        "maxsnaps": doc["maxsnaps"],
        "timezone": doc["timezone"],
        "fordisplay": True,
        "zone": [
            {
                "id": zone["zoneid"],
                "name": zone["zonename"],
                "isnsxenabled": False,
                "ismultiarch": False,
                "routedmodeenabled": False,
            }
        ],
        "storage": [],
        "tags": tags(store, doc["id"]),
    }


@command("createSnapshotPolicy")
def create(call: Call) -> Answer:
    """Make a policy for a volume, or give the one of this interval another schedule."""
    volume = call.one("volumeid", "volume")
    if volume["state"] != "Ready":
        raise not_ready(call.store, volume)
    values = _checked(call, volume)
    limit = limits(call.store, volume["owner"])["snapshot"]
    if -1 < limit < values["maxsnaps"]:
        raise invalid(
            "Max number of snapshots shouldn't exceed the domain/account level snapshot limit"
        )
    pairs = [(entry.get("key"), entry.get("value")) for entry in call.params.maps("tags")]
    same = [
        doc
        for doc in call.store.by("snapshotpolicy", "volume", volume["id"])
        if doc["intervaltype"] == values["intervaltype"]
    ]
    if same:
        doc = call.store.update(same[0], **values)
        for tag in call.store.by("tag", "resource", doc["id"]):
            call.store.remove(tag)
    else:
        doc = call.add("snapshotpolicy", volume["owner"], volumeid=volume["id"], **values)
    add_tags(call, "SnapshotPolicy", doc, pairs)
    return wrapped(call, policy(call.store, doc))


def _checked(call: Call, volume: Doc) -> dict[str, Any]:
    interval = call.params.must("intervaltype").upper()
    if interval not in _INTERVALS:
        raise invalid(f"Unsupported interval type {interval}")
    zone = call.params.must("timezone")
    if zone != "GMT" and zone not in zoneinfo.available_timezones():
        # Java takes what it does not know for GMT, and says so in a log only.
        zone = "GMT"
    schedule = call.params.must("schedule")
    if not re.fullmatch(_SCHEDULES[interval].format(**_PARTS), schedule):
        raise invalid(f"Invalid schedule: {schedule} for interval type: {interval}")
    most = call.params.number("maxsnaps") or 0
    if most <= 0:
        raise invalid("maxSnaps should be greater than 0")
    if most > _MOST[interval]:
        raise invalid(
            f"maxSnaps [{most}] for volume {dumped(call.store, volume)} exceeds limit "
            f"[{_MOST[interval]}] for interval type [{interval}]."
        )
    return {"intervaltype": interval, "schedule": schedule, "timezone": zone, "maxsnaps": most}


@command("listSnapshotPolicies")
def list_policies(call: Call) -> Answer:
    """The policies of one volume, or of all."""
    docs = select(
        owned(call, "snapshotpolicy"),
        referring(call, "volumeid", "volume"),
        containing(call, "keyword", "schedule"),
    )
    return listed(call, docs, lambda doc: policy(call.store, doc))


@command("deleteSnapshotPolicies")
def delete(call: Call) -> Answer:
    """Delete one policy or several; the snapshots that they made stay."""
    doc = call.maybe("id", "snapshotpolicy")
    docs = call.several("ids", "snapshotpolicy")
    if (doc is None) == (not docs):
        raise invalid("Please specify either the id or the ids of the policies to delete")
    for one in [doc] if doc else docs:
        remove_tagged(call, one)
    return success()
