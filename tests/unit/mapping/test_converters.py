from __future__ import annotations

import base64
import ipaddress
import re
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.engine.names import LEGAL, numeric_id
from gstack_pyramid.mapping.converters import CONVERTERS, GROUPS, WHY
from gstack_pyramid.mapping.converters.numbers import GIB
from gstack_pyramid.mapping.loader import files_in
from gstack_pyramid.schemas.location import data_folder

from ..simulator.vpn import CERTIFICATE

TEXTS = st.text(max_size=600) | st.text(alphabet="(empty)", max_size=12)
KEYS = st.text(st.characters(exclude_characters="#", exclude_categories=["Cs"]), max_size=5)
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def convert(name: str, value: Any) -> Any:
    return CONVERTERS[name](value)


def test_every_converter_says_why_yaml_could_not() -> None:
    assert WHY.keys() == CONVERTERS.keys()
    assert all(WHY.values())


def test_no_two_converters_have_one_name() -> None:
    assert len(CONVERTERS) == sum(len(group.functions) for group in GROUPS)


@given(TEXTS)
def test_a_tags_text_is_never_empty_and_can_be_read_back(text: str) -> None:
    kept = convert("tag_text", text)
    assert kept
    assert len(kept) <= max(2 * len(text) + 1, len("(empty)"))
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", kept)
    assert convert("from_tag_text", kept) == text


@given(TEXTS, TEXTS)
def test_different_texts_stay_different_as_tags(one: str, other: str) -> None:
    assert (convert("tag_text", one) == convert("tag_text", other)) == (one == other)


@given(st.dictionaries(KEYS, TEXTS, max_size=4))
def test_long_texts_are_cut_into_legal_tags_and_come_back_whole(texts: dict[str, str]) -> None:
    tags = convert("chunked", texts)
    assert all(0 < len(value) <= 255 for value in tags.values())
    assert convert("unchunked", tags) == texts


@pytest.mark.parametrize("blank", [" ", "\r", "\n \n"])
def test_a_text_of_spaces_becomes_one_that_cloudstack_takes(blank: str) -> None:
    kept = convert("tag_text", blank)
    assert kept.strip()
    assert convert("from_tag_text", kept) == blank


@given(st.dictionaries(KEYS, TEXTS, max_size=4), st.randoms())
def test_the_parts_of_a_text_may_come_in_any_order(texts: dict[str, str], random: Any) -> None:
    tags = list(convert("chunked", texts).items())
    random.shuffle(tags)
    assert convert("unchunked", dict(tags)) == texts


def test_a_text_of_many_parts_is_put_together_by_number_not_by_spelling() -> None:
    text = "".join(chr(ord("a") + part) * 250 for part in range(12))
    tags = convert("chunked", {"k": text})
    assert list(tags) == ["k", *(f"k#{part}" for part in range(1, 12))]
    assert convert("unchunked", tags) == {"k": text}


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=OFFSETS))
def test_a_date_means_the_same_moment_in_rfc_3339(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    shown = convert("timestamp", moment.strftime("%Y-%m-%dT%H:%M:%S%z"))
    assert datetime.fromisoformat(shown) == moment
    assert shown[19:23] == ".000"
    assert shown[-6] in "+-"
    assert shown[-3] == ":"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-06-09T10:31:35+0200", "2026-06-09T10:31:35.000+02:00"),
        ("2026-06-09T10:31:35Z", "2026-06-09T10:31:35.000+00:00"),
        ("2026-06-09T10:31:35.123Z", "2026-06-09T10:31:35.123+00:00"),
        ("20260609T103135.123+0200", "2026-06-09T10:31:35.123+02:00"),
        ("2026-06-09T10:31:35", None),
        ("2026-06-09", None),
        ("2026-13-09T10:31:35+0200", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_date_of_another_form_is_read_or_left_out(value: str, shown: str | None) -> None:
    assert convert("timestamp", value) == shown


@pytest.mark.parametrize(
    ("pattern", "names", "numbers"),
    [
        ("vm-##", ["vm-007", "vm-3x", "vm-8", "avm-1"], [7, 8]),
        ("#-vm", ["x", "7-vm", "10-other"], [7]),
        ("a#", [], []),
        ("a.#", ["a-1", "a.2"], [2]),
        ("a", ["a1"], None),
        ("a#b#", ["a1b2"], None),
        (None, ["a1"], None),
    ],
)
def test_the_numbers_of_names_are_where_a_pattern_has_them(
    pattern: str | None, names: list[str], numbers: list[int] | None
) -> None:
    assert convert("pattern_numbers", {"pattern": pattern, "names": names}) == numbers


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"pattern": "vm-##", "after": 0, "count": 2}, ["vm-01", "vm-02"]),
        ({"pattern": "#-vm", "after": 7, "count": 1}, ["8-vm"]),
        ({"pattern": "a#", "after": 4, "count": "2"}, ["a5", "a6"]),
        ({"pattern": "a#", "after": 0, "count": 0}, []),
        ({"pattern": "a#", "after": 0, "count": 10}, None),
        ({"pattern": "a#", "after": 9, "count": 1}, None),
        ({"pattern": "a", "after": 0, "count": 1}, None),
        ({"pattern": "a#b#", "after": 0, "count": 1}, None),
        ({"after": 0, "count": 1}, None),
    ],
)
def test_names_of_a_pattern_have_numbers_of_as_many_digits(
    asked: dict[str, Any], names: list[str] | None
) -> None:
    assert convert("pattern_names", asked) == names


@given(st.integers(0, (1 << 64) - 1))
def test_bytes_are_counted_up_to_whole_gib_exactly(size: int) -> None:
    shown = convert("bytes_to_gb", size)
    assert isinstance(shown, str)
    assert int(shown) - 1 < Fraction(size, GIB) <= int(shown)
    assert convert("bytes_to_gb", str(size)) == shown


@given(st.text(max_size=80))
def test_a_slug_is_a_legal_name(text: str) -> None:
    assert LEGAL.fullmatch(convert("slug", text))


@pytest.mark.parametrize(
    ("zone", "region"),
    [("ch-gva-2", "ch-gva"), ("europe-west1-b", "europe-west1"), ("zone", "zone"), ("-2", "-2")],
)
def test_a_zones_region_is_its_name_without_the_last_part(zone: str, region: str) -> None:
    assert convert("region_of_zone", zone) == region


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("20", 20.0),
        (20, 20.0),
        ("0", 0.0),
        *((text, None) for text in ("Unlimited", "-1", "inf", "nan", "")),
    ],
)
def test_a_limit_is_a_number_or_none(value: Any, number: float | None) -> None:
    assert convert("quota_number", value) == number


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("tcp", "tcp"),
        ("TCP", "tcp"),
        ("6", "tcp"),
        ("17", "udp"),
        ("1", "icmp"),
        ("50", "50"),
        ("esp", "50"),
        ("AH", "51"),
        ("sctp", "132"),
        ("ipip", "4"),
        ("all", "all"),
    ],
)
def test_a_protocol_has_the_name_that_cloudstack_uses(given: str, name: str) -> None:
    assert convert("protocol_name", given) == name


@pytest.mark.parametrize("name", ["tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip", "all", "47"])
def test_a_protocol_comes_back_by_the_name_that_gce_has_for_it(name: str) -> None:
    assert convert("gce_protocol", convert("protocol_name", name)) == name


PORTS = st.integers(0, 65535)


@given(PORTS, PORTS)
def test_a_range_of_ports_is_split_and_joined_again(one: int, other: int) -> None:
    first, last = min(one, other), max(one, other)
    text = str(first) if first == last else f"{first}-{last}"
    ends = convert("first_port", text), convert("last_port", text)
    assert ends == (first, last)
    joined = convert("port_range", {"startport": first, "endport": last})
    assert joined == (None if (first, last) == (1, 65535) else text)


@pytest.mark.parametrize(
    ("row", "ports"),
    [
        ({"startport": "22", "endport": "22"}, "22"),
        ({"startport": 22, "endport": "23"}, "22-23"),
        ({"startport": 22}, "22"),
        ({"startport": "1", "endport": "65535"}, None),
        ({}, None),
        ({"startport": None, "endport": None}, None),
    ],
)
def test_ports_are_read_as_numbers_or_texts(row: dict[str, Any], ports: str | None) -> None:
    assert convert("port_range", row) == ports


@pytest.mark.parametrize("name", ["first_port", "last_port"])
def test_no_ports_at_all_means_all(name: str) -> None:
    assert convert(name, "") is None


@pytest.mark.parametrize("name", ["first_port", "last_port"])
@pytest.mark.parametrize(
    ("ports", "why"),
    [
        ("65536", "at most 65535"),
        ("99999", "at most 65535"),
        ("22-70000", "at most 65535"),
        ("8080-8000", "backwards"),
        ("ssh", "80 or 8000-8080"),
        ("-22", "80 or 8000-8080"),
        ("22-", "80 or 8000-8080"),
        ("22-23-24", "80 or 8000-8080"),
        (" 22", "80 or 8000-8080"),
        ("٢٢", "80 or 8000-8080"),
        ("123456", "80 or 8000-8080"),
    ],
)
def test_ports_that_there_cannot_be_are_refused_with_a_reason(
    name: str, ports: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        convert(name, ports)


@pytest.mark.parametrize(
    ("text", "parts"), [("a,b", ["a", "b"]), (" a , b ,", ["a", "b"]), ("", []), ("a", ["a"])]
)
def test_a_text_with_commas_is_a_list(text: str, parts: list[str]) -> None:
    assert convert("comma_list", text) == parts


@given(st.ip_addresses())
def test_a_bare_address_is_a_block_of_one(address: Any) -> None:
    block = ipaddress.ip_network(convert("cidr_block", str(address)))
    assert block.num_addresses == 1
    assert block.network_address == address


@pytest.mark.parametrize(
    ("value", "block"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.0.0.9/8", "10.0.0.0/8"),
        ("2001:DB8::/32", "2001:db8::/32"),
    ],
)
def test_a_block_is_spelt_the_one_way(value: str, block: str) -> None:
    assert convert("cidr_block", value) == block


@pytest.mark.parametrize("name", ["cidr_block", "ipv4_gateway", "ipv4_netmask"])
@pytest.mark.parametrize("value", ["", "10.0.0.0/33", "10.0.0", "everywhere", "10.0.0.0/8/8"])
def test_what_is_no_block_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        convert(name, value)


@given(st.integers(0, (1 << 32) - 1), st.integers(0, 30))
def test_a_networks_gateway_is_its_first_host(address: int, length: int) -> None:
    network = ipaddress.IPv4Network((address, length), strict=False)
    gateway = ipaddress.IPv4Address(convert("ipv4_gateway", str(network)))
    assert gateway == next(network.hosts())
    assert convert("ipv4_netmask", str(network)) == str(network.netmask)


@pytest.mark.parametrize("block", ["10.0.0.0/31", "255.255.255.255/32"])
def test_a_network_without_room_for_hosts_is_refused(block: str) -> None:
    with pytest.raises(ValueError, match="at least a /30"):
        convert("ipv4_gateway", block)


@given(st.text(min_size=1, max_size=100))
def test_user_data_can_be_read_back(text: str) -> None:
    own = [{"key": "user-data", "value": text}]
    assert base64.b64decode(convert("guest_data", {"own": own})).decode() == text


def test_dates_of_any_offset_are_told_with_it() -> None:
    moment = datetime(2026, 6, 9, 10, tzinfo=UTC)
    assert convert("timestamp", moment.isoformat()) == "2026-06-09T10:00:00.000+00:00"


def test_an_id_is_the_number_that_its_own_resource_has() -> None:
    uuid = "0a1b2c3d-0000-4000-8000-000000000000"
    assert CONVERTERS["gce_id"](uuid) == numeric_id(uuid)


@pytest.mark.parametrize(
    ("url", "suffix"),
    [
        ("https://h.example.com/a/debian-12.qcow2", "qcow2"),
        ("http://h.example.com/A.QCOW2.BZ2?x=y.z", "qcow2"),
        ("https://h.example.com/disk.raw.gz", "raw"),
        ("https://h.example.com/disk.tar.gz", "tar"),
    ],
)
def test_the_format_of_a_file_is_its_suffix_but_for_compression(url: str, suffix: str) -> None:
    assert CONVERTERS["file_format"](url) == suffix


@pytest.mark.parametrize("url", ["gs://b/o.raw", "https:///a.raw", "https://h.example.com/raw", ""])
def test_a_file_that_can_not_be_downloaded_or_told_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"http|format"):
        CONVERTERS["file_format"](url)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_undone(value: Any) -> None:
    assert CONVERTERS["from_json"](CONVERTERS["to_json"](value)) == value


RANGE = {"first": 10005000, "last": 10009999, "what": "rules of one priority"}


def test_numbers_that_are_in_use_are_passed_over() -> None:
    free = CONVERTERS["free_numbers"]
    assert free({**RANGE, "count": 3, "taken": ["10005001", None, 7]}) == [
        10005000,
        10005002,
        10005003,
    ]
    assert free({**RANGE, "count": 0}) == []
    with pytest.raises(ValueError, match="room for 5000 rules of one priority"):
        free({**RANGE, "count": 5000, "taken": [10005000]})


@given(st.text(max_size=63), st.integers(0, 5000), st.sets(st.integers(10005000, 10009999)))
def test_there_is_room_as_long_as_any_number_is_free(
    name: str, count: int, taken: set[int]
) -> None:
    room = 5000 - len(taken)
    told = CONVERTERS["free_numbers"](
        {**RANGE, "count": min(count, room), "taken": taken, "name": name}
    )
    assert told == sorted(set(told) - taken)
    assert len(told) == min(count, room)
    assert all(10005000 <= number <= 10009999 for number in told)


def test_ten_names_seldom_want_the_same_numbers() -> None:
    """Whoever does waits for the other."""
    starts = {
        CONVERTERS["free_numbers"]({**RANGE, "count": 1, "name": f"web-{number}"})[0]
        for number in range(10)
    }
    assert len(starts) >= 9


def test_a_certificate_tells_when_it_expires() -> None:
    expiry = CONVERTERS["certificate_expiry"]
    assert expiry(CERTIFICATE).startswith("2046-")
    assert expiry("no certificate") is None


def test_no_converter_is_there_that_no_mapping_calls() -> None:
    folder = data_folder("mappings")
    text = "".join(file.read_text("utf-8") for file in files_in(folder))
    called = set(re.findall(r"\b(\w+)\(", text))
    # What is kept as a whole in tags calls these.
    called |= {"chunked", "unchunked", "to_json", "from_json"}
    assert sorted(CONVERTERS.keys() - called) == []
