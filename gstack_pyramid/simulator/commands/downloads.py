"""Content that travels by URL: what the cloud offers of a template, and what it makes a volume of.

Nothing is downloaded. An URL that the cloud has offered leads to that template; of any other
nobody looks at what is behind it.

Source: ``TemplateManagerImpl.extract``, ``VolumeApiServiceImpl.uploadVolume`` and
``UriUtils.validateUrl`` of CloudStack.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gstack_pyramid.simulator import dumps
from gstack_pyramid.simulator.calls import Call, command
from gstack_pyramid.simulator.commands.templates import shared_with
from gstack_pyramid.simulator.faults import denied, internal, invalid
from gstack_pyramid.simulator.fields import drop_nulls
from gstack_pyramid.simulator.jobs import Arguments, beginning, end, follow_up, submit
from gstack_pyramid.simulator.machine_rows import volume
from gstack_pyramid.simulator.placement import GIB, check_limit
from gstack_pyramid.simulator.rows import zone_of
from gstack_pyramid.simulator.store import Doc, Store
from gstack_pyramid.simulator.world import Actor, Answer

FORMATS = ("QCOW2", "RAW", "VHD", "VHDX", "OVA", "ISO", "TAR", "VMDK", "VDI")
_MODES = ("HTTP_DOWNLOAD", "FTP_UPLOAD")
_SUFFIXES = {
    "VHD": ("vhd",),
    "VHDX": ("vhdx",),
    "QCOW2": ("qcow2", "img"),
    "OVA": ("ova",),
    "TAR": ("tar",),
    "RAW": ("img", "raw"),
    "VMDK": ("vmdk",),
    "ISO": ("iso",),
}
_PACKED = ("", ".gz", ".bz2", ".zip")
_UNKNOWN = 2 * GIB
"""The size of what comes from an URL of somebody else's."""


def check_url(kind: str, url: str) -> None:
    """Refuse an URL that CloudStack would not download something of this format from.

    Raises:
        CommandError: 431.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise invalid(f"Unsupported scheme for url: {url}")
    if not parts.hostname:
        raise invalid(f"Unable to resolve {parts.hostname}")
    if parts.hostname == "localhost" or parts.hostname.startswith("127."):
        raise invalid("Illegal host specified in url")
    if parts.path.lower().endswith(_endings(kind)):
        return
    if any(parts.path.lower().endswith(_endings(other)) for other in _SUFFIXES):
        raise invalid(
            f"Please specify a valid URL. URL:{parts.path} is an invalid for the format "
            f"{kind.lower()}"
        )
    raise invalid(f"Please specify a valid {kind.lower()}")


def _endings(kind: str) -> tuple[str, ...]:
    return tuple(f".{suffix}{packed}" for suffix in _SUFFIXES.get(kind, ()) for packed in _PACKED)


def size_behind(store: Store, url: str) -> int:
    """How many bytes are behind an URL."""
    offered = (doc for doc in store.all("template") if doc.get("offered") == url)
    return next((int(doc["size"]) for doc in offered), _UNKNOWN)


@command("extractTemplate")
def extract(call: Call) -> Answer:
    """Offer the content of a template at an URL; what is wrong fails the job."""
    doc, zone = call.resolve("id", "template"), call.maybe("zoneid", "zone")
    if doc is None:
        raise invalid("Unable to find TEMPLATE: id is not specified")
    mode = call.params.must("mode")
    if mode not in _MODES:
        raise invalid("Please specify a valid extract Mode ")
    return submit(call, ("Template", doc), template=doc["id"], zone=zone and zone["id"], mode=mode)


@end("extractTemplate")
def _end_extract(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.there("template", arguments["template"], "Unable to find TEMPLATE with id {id}")
    if not doc.get("extractable"):
        raise invalid(f"Unable to extract template {dumps.template(doc)} as it's not extractable")
    if doc["owner"] is None or not actor.owns(doc):
        _demand_access(actor, doc)
    if not doc.get("ready", True):
        raise invalid("The TEMPLATE has not been downloaded ")
    if doc.get("offered") is None:
        suffix = doc.get("format", "QCOW2").lower()
        url = f"https://secstorage.example.com/userdata/{actor.world.uuid()}.{suffix}"
        doc = actor.store.update(doc, offered=url)
    place = zone_of(actor.store, arguments["zone"]) if arguments["zone"] else {}
    told = {
        "id": doc["id"],
        "name": doc["name"],
        "accountid": actor.account["id"],
        "state": "DOWNLOAD_URL_CREATED",
        **place,
        "extractMode": arguments["mode"],
        "url": doc["offered"],
    }
    return {"template": drop_nulls(told)}


def _demand_access(actor: Actor, doc: Doc) -> None:
    """Content of a public template is its owner's; that of another, also whom it is shared with."""
    if doc.get("public", True):
        raise denied("Domain Admin and regular users can modify only their own Public templates")
    if not shared_with(actor, doc):
        raise denied(
            f"Account {actor.account['name']} does not have permission to launch instances from "
            f"template {doc['name']}"
        )


_FOREIGN = {"VHD": "Hyperv", "OVA": "VMware", "VMDK": "VMware"}
"""Formats that no host of the zones can use."""


@command("uploadVolume")
def upload(call: Call) -> Answer:
    """Make a volume of what is behind an URL; what is wrong with it fails the job."""
    offering, zone = call.maybe("diskofferingid", "diskoffering"), call.one("zoneid", "zone")
    return submit(
        call,
        None,
        name=call.params.must("name"),
        zone=zone["id"],
        offering=offering and offering["id"],
        url=call.params.must("url"),
        format=call.params.must("format").upper(),
        owner=call.creator(),
    )


@beginning("uploadVolume")
def _begin_upload(actor: Actor, arguments: Arguments) -> None:
    if "volume" in arguments:
        return
    owner, kind = arguments["owner"], arguments["format"]
    check_limit(actor.store, owner, "volume")
    if kind not in FORMATS:
        raise internal(f"Image format: {kind} is incorrect. Supported formats are {FORMATS}")
    check_url(kind, arguments["url"])
    if kind in _FOREIGN:
        raise invalid(
            f"The {_FOREIGN[kind]} hypervisor supported for {kind} file format, is not found on "
            "the zone"
        )
    size = size_behind(actor.store, arguments["url"])
    check_limit(actor.store, owner, "secondary_storage", size // GIB)
    if not _offering(actor, arguments)["custom"]:
        raise invalid("Please specify a custom sized disk offering.")


def _offering(actor: Actor, arguments: Arguments) -> Doc:
    if arguments["offering"] is not None:
        return actor.store.get("diskoffering", arguments["offering"])
    return next(doc for doc in actor.store.all("diskoffering") if doc["custom"])


@end("uploadVolume")
def _end_upload(actor: Actor, arguments: Arguments) -> Answer:
    """The job ends when the download begins; that one goes on by itself."""
    if "volume" in arguments:
        return _downloaded(actor, arguments)
    doc = actor.add(
        "volume",
        arguments["owner"],
        name=arguments["name"],
        zoneid=arguments["zone"],
        type="DATADISK",
        size=0,
        state="UploadOp",
        virtualmachineid=None,
        deviceid=None,
        attached=None,
        templateid=None,
        serviceofferingid=None,
        diskofferingid=_offering(actor, arguments)["id"],
        deleteprotection=False,
    )
    follow_up(actor, "uploadVolume", volume=doc["id"], url=arguments["url"])
    return {"volume": volume(actor.store, doc)}


def _downloaded(actor: Actor, arguments: Arguments) -> Answer:
    doc = actor.store.get("volume", arguments["volume"])
    if doc["state"] == "UploadOp":
        size = size_behind(actor.store, arguments["url"])
        doc = actor.store.update(doc, state="Uploaded", size=size)
    return {"volume": volume(actor.store, doc)}
