from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.schemas.validation import coerce_body

from ...support import shipped

GCE = shipped.gce_model()
COERCE = coerce_body(GCE, "Instance")


@pytest.mark.parametrize(
    ("given_body", "read"),
    [
        ({"name": None, "labels": {"a": None, "b": "c"}}, {"labels": {"b": "c"}}),
        ({"disks": [{"diskSizeGb": 10}]}, {"disks": [{"diskSizeGb": "10"}]}),
        ({"disks": [{"diskSizeGb": 10.0}]}, {"disks": [{"diskSizeGb": "10"}]}),
        ({"disks": [{"diskSizeGb": "10"}]}, {"disks": [{"diskSizeGb": "10"}]}),
        (
            {"guestAccelerators": [{"acceleratorCount": "-3"}]},
            {"guestAccelerators": [{"acceleratorCount": -3}]},
        ),
        (
            {"metadata": {"items": [{"key": "a", "value": None}]}},
            {"metadata": {"items": [{"key": "a"}]}},
        ),
        # As Packer's googlecompute and Terraform's google provider send them.
        (
            {"metadata": {"items": [None, None, {"key": "a", "value": "b"}]}},
            {"metadata": {"items": [{"key": "a", "value": "b"}]}},
        ),
        ({"scheduling": {"nodeAffinities": [None]}}, {"scheduling": {"nodeAffinities": []}}),
        ({"resourcePolicies": [None, "a"]}, {"resourcePolicies": ["a"]}),
        (
            {"scheduling": {"provisioningModel": "", "instanceTerminationAction": ""}},
            {"scheduling": {}},
        ),
        ({"name": "", "description": ""}, {"name": "", "description": ""}),
    ],
)
def test_the_lenient_spellings_of_proto3_json_are_read(given_body: Any, read: Any) -> None:
    assert COERCE(given_body) == read


@pytest.mark.parametrize(
    "body",
    [
        {"name": 1, "unknown": {"a": [1]}},
        {"disks": [{"diskSizeGb": 1.5}, {"diskSizeGb": True}, {"diskSizeGb": "x"}, 5]},
        {"guestAccelerators": [{"acceleratorCount": text} for text in ("", "1.5", "١", "9" * 30)]},
        {"disks": {"boot": True}, "canIpForward": "true"},
        # What JSON's -9223372036854775809 is read as, the least of 64 bits or not.
        {"disks": [{"diskSizeGb": float(-(2**63) - 1)}, {"diskSizeGb": -1e30}]},
        {},
        [],
        "ignored",
    ],
)
def test_what_cannot_be_read_is_left_for_the_validation(body: Any) -> None:
    assert COERCE(body) == body


def test_floating_fields_take_numbers_as_text() -> None:
    coerce = coerce_body(GCE, "Backend")
    texts = ["0.5", "-2e3", "NaN", "Infinity", "1e999", "1_0"]
    read = [coerce({"capacityScaler": text}) for text in texts]
    assert read == [
        {"capacityScaler": value} for value in (0.5, -2000.0, "NaN", "Infinity", "1e999", "1_0")
    ]


def test_the_body_itself_is_not_changed() -> None:
    body = {"name": None, "disks": [{"diskSizeGb": 10}]}
    COERCE(body)
    assert body == {"name": None, "disks": [{"diskSizeGb": 10}]}


def test_null_takes_away_in_a_patch_and_is_absent_elsewhere() -> None:
    """RFC 7396; of what can't be empty it is left for the validation."""
    body = {
        "description": None,
        "nats": None,
        "bgp": None,
        "encryptedInterconnectRouter": None,
        "interfaces": [None, {"ipRange": None}],
    }
    assert coerce_body(GCE, "Router", patches=True)(body) == {
        "description": "",
        "nats": [],
        "bgp": {},
        "encryptedInterconnectRouter": False,
        "interfaces": [{"ipRange": ""}],
    }
    assert coerce_body(GCE, "Router")(body) == {"interfaces": [{}]}
    given: dict[str, object] = {
        "name": None,
        "id": None,
        "kind": None,
        "creationTimestamp": None,
        "nats": [],
    }
    assert coerce_body(GCE, "Router", patches=True)(given) == {"nats": []}
    numbers = {"bgp": {"asn": None, "advertiseMode": None}}
    assert coerce_body(GCE, "Router", patches=True)(numbers) == numbers


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["disks", "diskSizeGb", "labels", "scheduling", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_reading_never_fails_and_reading_again_changes_nothing(body: Any, patches: bool) -> None:
    coerce = coerce_body(GCE, "Instance", patches=patches)
    read = coerce(body)
    assert coerce(read) == read
