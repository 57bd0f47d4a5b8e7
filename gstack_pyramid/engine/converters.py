"""The named converters: the one escape hatch of the mapping language.

Each is a pure function of one value. It is here because it computes something that YAML can't say;
a converter that only renames, picks or defaults belongs into a mapping file instead. ``WHY`` says
of each why that is so; the coverage page prints it.
"""

from __future__ import annotations

import base64
import ipaddress
import math
import re
from collections.abc import Callable
from datetime import datetime
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.x509 import load_pem_x509_certificate

from gstack_pyramid.engine.names import natural_name, numeric_id

_CLOUDSTACK_DATE = len("2026-06-09T10:31:35+0200")

GIB = 1 << 30
_SMALLEST_NETWORK = 30
ALL_PORTS = ("1", "65535")
"""What CloudStack calls all ports, where GCE gives no ports at all."""
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_LAST_PORT = 65535

Converter = Callable[[Any], Any]

CONVERTERS: dict[str, Converter] = {}
WHY: dict[str, str] = {}


def converter(why: str) -> Callable[[Converter], Converter]:
    """Register a converter under its function's name, with the reason for its being Python."""

    def register(function: Converter) -> Converter:
        CONVERTERS[function.__name__] = function
        WHY[function.__name__] = why
        return function

    return register


@converter("a date's offset and form change: arithmetic on text")
def timestamp(value: str) -> str | None:
    """CloudStack's ``2026-06-09T10:31:35+0200`` as RFC 3339 with a colon in the offset."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    if len(value) == _CLOUDSTACK_DATE and value[10] == "T" and value[19] in "+-":
        return f"{value[:19]}.000{value[19:22]}:{value[22:]}"
    return moment.isoformat(timespec="milliseconds")


@converter("the rule that makes GCE names out of CloudStack's")
def slug(value: str) -> str:
    """A text as a legal GCE name, as resources of that name are called."""
    return natural_name(value, value)


@converter("the rule that makes GCE's ids out of CloudStack's")
def gce_id(value: str) -> str:
    """CloudStack's UUID of another resource as the number that GCE knows it by."""
    return numeric_id(value)


@converter("takes a URL apart, past the suffix of a compression that CloudStack undoes")
def file_format(value: str) -> str:
    """The suffix of a disk's file, such as ``qcow2`` of ``https://host/a.qcow2.bz2``.

    Raises:
        ValueError: it is no URL of HTTP, or its path has no suffix.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("CloudStack downloads over http and https only")
    found = _SUFFIX.search(parts.path.lower())
    if not found:
        raise ValueError("The file's name does not end in a format")
    return found[1]


_SUFFIX = re.compile(r"\.([a-z0-9]+)(?:\.(?:gz|bz2|zip))?$")


@converter("an encoding")
def to_json(value: Any) -> str:
    """Anything as JSON, its keys in alphabetical order."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


@converter("undoes to_json")
def from_json(value: str) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: it is no JSON.
    """
    return orjson.loads(value)


@converter("arithmetic")
def bytes_to_gb(value: int | str) -> str:
    """Bytes as whole GiB, rounded up, in the decimal string that GCE uses for 64-bit numbers."""
    return str(-(-int(value) // GIB))


@converter("arithmetic")
def gb_number(value: int | str) -> int:
    """A size that GCE spells as a decimal string of GiB, as the number CloudStack wants."""
    return int(value)


@converter("arithmetic")
def difference(value: list[int]) -> int:
    """By how much the first of two numbers is greater than the second; 0 when it isn't."""
    first, second = value
    return max(int(first) - int(second), 0)


@converter("arithmetic")
def fraction(value: int | str) -> float:
    """A percentage as a part of 1."""
    return int(value) / 100


@converter("undoes fraction")
def percent(value: float) -> int:
    """A part of 1 as a percentage.

    Raises:
        ValueError: it isn't between 1 % and 100 %, or no whole percentage.
    """
    whole = round(float(value) * 100)
    if not 1 <= whole <= 100 or abs(float(value) * 100 - whole) > 1e-6:
        raise ValueError("CloudStack takes whole percentages from 0.01 to 1")
    return whole


@converter("arithmetic")
def half(value: int | str) -> int:
    """Half of a number, rounded down."""
    return int(value) // 2


@converter("the region's name is a part of the zone's, a rule that gcloud computes as well")
def region_of_zone(value: str) -> str:
    """A zone's name without its last ``-part``; a name of one part is its own region."""
    head, _, _ = value.rpartition("-")
    return head or value


@converter("a limit is a number, or the word Unlimited, or -1")
def quota_number(value: str | float) -> float | None:
    """A resource limit as a number; None for ``Unlimited``, which GCE can't express."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


@converter("GCE takes protocols by name in any case, or by number (RFC 5237); CloudStack by name")
def protocol_name(value: str) -> str:
    """An IP protocol by the lower-case name that CloudStack uses where it has one."""
    return {"1": "icmp", "6": "tcp", "17": "udp"}.get(value, value.lower())


@converter("two numbers joined to a range, or one number where both are the same")
def port_range(value: dict[str, Any]) -> str | None:
    """``{startport, endport}`` as GCE's ``80`` or ``8000-8080``; None when there are no ports."""
    start, end = value.get("startport"), value.get("endport")
    if start is None or (str(start), str(end)) == ALL_PORTS:
        return None
    return str(start) if end is None or str(end) == str(start) else f"{start}-{end}"


@converter("splits a range, and checks it: CloudStack would name neither the field nor the rule")
def first_port(value: str) -> int | None:
    """The lower end of ``80`` or ``8000-8080``; None for the empty text, which means all ports.

    Raises:
        ValueError: it is neither, a port is above 65535, or the range runs backwards.
    """
    return _ports(value)[0] if value else None


@converter("splits a range, and checks it: CloudStack would name neither the field nor the rule")
def last_port(value: str) -> int | None:
    """The upper end of ``80`` or ``8000-8080``; None for the empty text, which means all ports.

    Raises:
        ValueError: as for the lower end.
    """
    return _ports(value)[1] if value else None


def _ports(value: str) -> tuple[int, int]:
    found = _PORTS.fullmatch(value)
    if not found:
        raise ValueError("Ports are given as 80 or 8000-8080")
    start = int(found.group(1))
    end = start if found.group(2) is None else int(found.group(2))
    if max(start, end) > _LAST_PORT:
        raise ValueError(f"A port is at most {_LAST_PORT}")
    if start > end:
        raise ValueError("The range of ports runs backwards")
    return start, end


@converter("splits a text")
def comma_list(value: str) -> list[str]:
    """CloudStack's ``a,b`` as a list."""
    return [part.strip() for part in value.split(",") if part.strip()]


@converter("checks and completes an address")
def cidr_block(value: str) -> str:
    """A source range as a CIDR block; a bare address is a block of one.

    Raises:
        ValueError: it is neither.
    """
    return str(ipaddress.ip_network(value, strict=False))


@converter("computed from an address")
def ipv4_gateway(value: str) -> str:
    """The first host address of a CIDR block.

    Raises:
        ValueError: it is no block of IPv4, or has no room for a host beside its gateway.
    """
    network = ipaddress.IPv4Network(value, strict=False)
    if network.prefixlen > _SMALLEST_NETWORK:
        raise ValueError(f"A network needs at least a /{_SMALLEST_NETWORK}")
    return str(network.network_address + 1)


@converter("computed from an address")
def ipv4_netmask(value: str) -> str:
    """The netmask of a CIDR block."""
    return str(ipaddress.IPv4Network(value, strict=False).netmask)


@converter("arithmetic")
def count(value: list[Any]) -> int:
    """How many elements a list has."""
    return len(value)


@converter("arithmetic")
def times_in_days(value: dict[str, int]) -> int | None:
    """How often something happens in ``days`` days, every so many ``hours``; None if not evenly."""
    times, rest = divmod(int(value["days"]) * 24, int(value["hours"]))
    return None if rest else times


@converter("arithmetic")
def greatest(value: list[Any]) -> Any:
    """The greatest element of a list of numbers; None of an empty one."""
    return max(value, default=None)


_PER_PRIORITY = 10_000
"""Numbers of ACL items for each of GCE's priorities: the lower half denies, the upper allows."""


@converter("arithmetic: a number is made of a priority, and must be free")
def acl_numbers(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Rules with numbers that put them into GCE's order in a list of CloudStack's ACL items.

    Args:
        value: ``rules``; their ``priority``, 0 to 65535; whether they ``deny``; and ``taken``, the
            numbers that are in use.

    Raises:
        ValueError: there is no number left for a rule.
    """
    half = _PER_PRIORITY // 2
    first = int(value["priority"]) * _PER_PRIORITY + (0 if value.get("deny") else half)
    taken = set(value.get("taken") or ())
    free = (number for number in range(first + 1, first + half) if number not in taken)
    try:
        return [{**rule, "number": next(free)} for rule in value.get("rules") or ()]
    except StopIteration:
        raise ValueError(f"There is room for {half - 1} rules of one priority") from None


_PER_RULE = 1_000
"""Numbers of ACL items for each priority of a policy, in which no two rules are of one."""


@converter("arithmetic: a number is made of a priority, and must be free")
def rule_numbers(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Parts of a policy's rules with numbers that keep the rules' order in a list of ACL items.

    Args:
        value: ``rules``, each with its ``priority``; ``first``, the number that priority 0 starts
            from; and ``taken``, the numbers that are in use.

    Raises:
        ValueError: there is no number left for a part of a rule.
    """
    taken = set(value.get("taken") or ())
    result = []
    for rule in value.get("rules") or ():
        start = int(value["first"]) + int(rule["priority"]) * _PER_RULE
        free = (number for number in range(start, start + _PER_RULE) if number not in taken)
        number = next(free, None)
        if number is None:
            raise ValueError(f"There is room for {_PER_RULE} protocols and ports in a rule")
        taken.add(number)
        result.append({**rule, "number": number})
    return result


@converter("undoes acl_numbers")
def acl_priority(value: int) -> int:
    """The priority of an ACL item's number."""
    return value // _PER_PRIORITY


@converter("the end of a certificate's validity is inside of it (RFC 5280)")
def certificate_expiry(value: str) -> str | None:
    """When a certificate in PEM form expires, as RFC 3339; None for what is no certificate."""
    try:
        expires = load_pem_x509_certificate(value.encode()).not_valid_after_utc
    except ValueError:
        return None
    return expires.isoformat(timespec="milliseconds")


@converter("several things for the guest become one message in MIME, which cloud-init takes apart")
def guest_data(value: dict[str, str]) -> str | None:
    """What a machine's metadata tells its guest, as CloudStack's user data in base64.

    One of ``user_data`` and ``startup_script`` alone stays as it is. ``ssh_keys``, lines of the
    form ``user:key``, become users in a cloud-config. Several parts become a multipart message,
    which cloud-init understands (https://cloudinit.readthedocs.io, "user data formats").
    """
    parts = [value[name] for name in ("user_data", "startup_script") if value.get(name)]
    keys: dict[str, list[str]] = {}
    for line in value.get("ssh_keys", "").splitlines():
        user, colon, key = line.strip().partition(":")
        if colon and user and key:
            keys.setdefault(user, []).append(key.strip())
    if keys:
        users = [
            {"name": user, "ssh_authorized_keys": its, "sudo": "ALL=(ALL) NOPASSWD:ALL"}
            for user, its in keys.items()
        ]
        # JSON is YAML as well.
        config = orjson.dumps({"users": ["default", *users]}).decode()
        parts.append(f"#cloud-config\n{config}\n")
    if not parts:
        return None
    if len(parts) == 1:
        return _base64(parts[0])
    message = MIMEMultipart(boundary=_BOUNDARY)
    for part in parts:
        kind = next((kind for start, kind in _KINDS.items() if part.startswith(start)), "plain")
        message.attach(MIMEText(part, kind, "utf-8"))
    return _base64(message.as_string())


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_BOUNDARY = "==============gstack=="
"""Fixed, so that the same metadata makes the same user data."""
_KINDS = {"#!": "x-shellscript", "#cloud-config": "cloud-config", "#include": "x-include-url"}
"""Types of cloud-init's parts, by what they start with."""

_EMPTY = re.compile(r"\(*\(empty\)")
_PART = re.compile(r"(.*)#(\d+)")
_LONGEST_TAG = 255
_ESCAPE = "\u2426"
"""A picture that stands for no character: the picture after it is meant as it stands."""
_CONTROLS = {chr(code): chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\r"}
_CONTROLS["\x7f"] = "\u2421"
_PICTURES = {picture: control for control, picture in _CONTROLS.items()}
_TO_ESCAPE = re.compile(f"[{re.escape(''.join([*_CONTROLS, *_PICTURES, _ESCAPE]))}]")
_ESCAPED = re.compile(f"{_ESCAPE}(.)|[{''.join(_PICTURES)}]", re.DOTALL)


@converter("CloudStack refuses tag values that are empty or hold control characters such as tabs")
def tag_text(value: str) -> str:
    """A text as a tag's value, in a spelling that can be undone.

    The empty text is ``(empty)``, which itself gets a bracket; a control character is its Unicode
    picture (a tab is \u2409). A picture that was meant as such has \u2426 before it, and so has a
    text of nothing but spaces.
    """
    value = _TO_ESCAPE.sub(
        lambda found: _CONTROLS.get(found.group(), f"{_ESCAPE}{found.group()}"), value
    )
    if value == "":
        return "(empty)"
    if not value.strip():
        return _ESCAPE + value
    return f"({value}" if _EMPTY.fullmatch(value) else value


@converter("undoes tag_text")
def from_tag_text(value: str) -> str:
    """A tag's value as the text that was meant."""
    if value.isascii() and not value.startswith("("):
        return value
    if value == "(empty)":
        return ""
    if _EMPTY.fullmatch(value):
        return value[1:]
    return _ESCAPED.sub(lambda found: found.group(1) or _PICTURES[found.group()], value)


@converter("a tag's value has at most 255 characters, so longer texts are spread over several")
def chunked(value: dict[str, str]) -> dict[str, str]:
    """Long texts of a map cut into parts ``key``, ``key#1``, ``key#2``…, all legal tag values."""
    result: dict[str, str] = {}
    for key, text in value.items():
        spelt = tag_text(text)
        for number, at in enumerate(range(0, len(spelt), _LONGEST_TAG)):
            result[f"{key}#{number}" if number else key] = spelt[at : at + _LONGEST_TAG]
    return result


@converter("undoes chunked")
def unchunked(value: dict[str, str]) -> dict[str, str]:
    """The map that ``chunked`` cut into parts, whole again."""
    if not any("#" in key for key in value):
        return {key: from_tag_text(text) for key, text in value.items()}
    whole: dict[str, list[tuple[int, str]]] = {}
    for key, text in value.items():
        found = _PART.fullmatch(key)
        name, number = (found.group(1), int(found.group(2))) if found else (key, 0)
        whole.setdefault(name, []).append((number, text))
    return {
        key: from_tag_text("".join(text for _, text in sorted(parts)))
        for key, parts in whole.items()
    }


@converter("numbers behind those that are taken, written with as many digits as a pattern has '#'")
def numbered_names(value: dict[str, Any]) -> dict[str, Any] | None:
    """Names out of a pattern such as ``vm-###``, besides some that are given.

    Args:
        value: ``pattern``, ``count`` of all names, ``given`` ones, and those ``taken`` already.

    Returns:
        ``names``, the given ones first; and ``problem``, why there are fewer than ``count``.

    Source: ``BulkInsertInstanceResource.namePattern`` in GCE's discovery document.
    """
    given = list(value.get("given") or ())
    pattern, taken = value.get("pattern"), value.get("taken") or ()
    try:
        missing = int(value["count"]) - len(given) if value.get("count") else 0
    except ValueError:
        return None
    if missing < 0 or len(given) + missing > _MOST_NAMES:
        return {"problem": f"from {len(given)} to {_MOST_NAMES} can be made at once"}
    if not missing:
        return {"names": given}
    found = _PLACES.fullmatch(pattern or "")
    if found is None:
        problem = "a pattern of one sequence of '#' is needed, such as vm-###" if pattern else None
        return {"problem": problem or "a pattern is needed to make further names"}
    before, places, after = found.groups()
    same = re.compile(re.escape(before) + r"(\d{1,18})" + re.escape(after))
    numbers = [int(known[1]) for name in (*taken, *given) if (known := same.fullmatch(name))]
    start = max(numbers, default=0) + 1
    if len(str(start + missing - 1)) > len(places):
        return {
            "problem": f"there are not enough numbers of {len(places)} digits after {start - 1}"
        }
    made = [f"{before}{number:0{len(places)}}{after}" for number in range(start, start + missing)]
    return {"names": given + made}


_PLACES = re.compile(r"([^#]*)(#{1,18})([^#]*)")
_MOST_NAMES = 1000
"""So many instances GCE makes at once at most."""
