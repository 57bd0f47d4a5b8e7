from __future__ import annotations

from typing import Any

import pytest

from gstack_pyramid.errors import GceError
from gstack_pyramid.protocol.update_mask import masked

BODY = {"sizeGb": "5", "labels": {"a": "b"}, "params": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({}, BODY),
        ({"updateMask": ""}, BODY),
        ({"updateMask": "*"}, BODY),
        ({"updateMask": "sizeGb"}, {"sizeGb": "5"}),
        ({"updateMask": "size_gb, labels"}, {"sizeGb": "5", "labels": {"a": "b"}}),
        ({"paths": ["size_gb", "labels"]}, {"sizeGb": "5", "labels": {"a": "b"}}),
        ({"updateMask": "params.x"}, {"params": {"x": 1}}),
        (
            {"updateMask": "labels.a", "paths": ["params.y"]},
            {"labels": {"a": "b"}, "params": {"y": 2}},
        ),
    ],
)
def test_a_mask_keeps_what_it_names(query: dict[str, Any], kept: dict[str, Any]) -> None:
    assert masked(BODY, query) == kept


def test_what_is_named_and_not_given_is_refused() -> None:
    with pytest.raises(GceError, match="description") as refusal:
        masked(BODY, {"updateMask": "description"})
    assert refusal.value.status == 400


def test_a_method_without_a_body_has_nothing_to_mask() -> None:
    assert masked(None, {"updateMask": "sizeGb"}) is None


def test_a_fingerprint_counts_whether_the_mask_names_it_or_not() -> None:
    body = {"labels": {"a": "b"}, "labelFingerprint": "abc", "sizeGb": "5"}
    kept = {"labels": {"a": "b"}, "labelFingerprint": "abc"}
    assert masked(body, {"paths": ["labels"]}, "labelFingerprint") == kept
    assert masked({"labels": {}}, {"paths": ["labels"]}, "labelFingerprint") == {"labels": {}}
