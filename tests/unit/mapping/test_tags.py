"""What is kept in tags, written out as a mapping could say it without that."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from gstack_pyramid.mapping.loader import load

from .mappings import write

RETAG = [
    {
        "call": "deleteTags",
        "about": "a tag is replaced by deleting it first",
        "when": "change.remove",
        "params": {
            "resourcetype": {"value": "Volume"},
            "resourceids": "self.id",
            "tags": "[{key: item.key} for item in change.remove]",
        },
        "undo": {
            "call": "createTags",
            "params": {
                "resourcetype": {"value": "Volume"},
                "resourceids": "self.id",
                "tags": "change.remove",
            },
            "leaves": "the removal of earlier values",
        },
    },
    {
        "call": "createTags",
        "when": "change.add",
        "params": {
            "resourcetype": {"value": "Volume"},
            "resourceids": "self.id",
            "tags": "change.add",
        },
        "undo": {
            "call": "deleteTags",
            "params": {
                "resourcetype": {"value": "Volume"},
                "resourceids": "self.id",
                "tags": "[{key: item.key} for item in change.add]",
            },
            "leaves": "the new values",
        },
    },
]


def written_out(tmp_path: Path, text: str, **others: str) -> dict[str, Any]:
    mappings = load([write(tmp_path / "own", it=text, **others)])
    (resource,) = (name for name in mappings.resources if name not in others)
    data: dict[str, Any] = mappings.resources[resource].data
    return data


def steps_of(tmp_path: Path, step: str) -> list[dict[str, Any]]:
    text = f"""
    resource: disks
    kept_in_tags: {{of: {{value: Volume}}}}
    read: {{call: listVolumes}}
    methods:
      delete:
        with: {{change: "changes(a, b)", it: self}}
        steps: [{step}]
    """
    made: list[dict[str, Any]] = written_out(tmp_path, text)["methods"]["delete"]["steps"]
    return made


def test_labels_are_fields_and_a_method(tmp_path: Path) -> None:
    data = written_out(
        tmp_path,
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}, labels: true, description: true}
        read: {call: listVolumes}
        """,
    )
    assert data["fields"] == {
        "description": "description_of(tags)",
        "labels": "shown_labels(tags)",
        "labelFingerprint": "fingerprint(this.labels)",
    }
    assert data["methods"]["setLabels"] == {
        "fingerprint": {"given": "labelFingerprint", "now": "labelFingerprint"},
        "with": {"change": "changes(labels_of(self.tags), new_labels(labels))"},
        "steps": RETAG,
    }


def test_what_the_file_says_by_itself_stands(tmp_path: Path) -> None:
    data = written_out(
        tmp_path,
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}, labels: true, description: true}
        read: {call: listVolumes}
        fields: {description: name, labels: {value: {}}}
        methods: {get: {}, setLabels: {steps: []}}
        """,
    )
    assert data["fields"] == {
        "description": "name",
        "labels": {"value": {}},
        "labelFingerprint": "fingerprint(this.labels)",
    }
    assert data["methods"]["setLabels"] == {"steps": []}


def test_fields_that_follow_come_before_those_that_may_look_at_them(tmp_path: Path) -> None:
    data = written_out(
        tmp_path,
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}, labels: true}
        read: {call: listVolumes}
        fields: {description: fingerprint(this)}
        """,
    )
    assert list(data["fields"]) == ["labels", "labelFingerprint", "description"]


def test_retag_is_two_commands_each_with_its_undo(tmp_path: Path) -> None:
    assert steps_of(tmp_path, "{retag: self.id}") == RETAG


def meaning(expression: str) -> str:
    """What is the same for two expressions that differ in needless parentheses alone."""
    return ast.dump(ast.parse(expression, mode="eval"))


def test_retag_under_a_condition_with_a_name_of_its_own(tmp_path: Path) -> None:
    remove, add = steps_of(
        tmp_path,
        "{retag: vm.id, of: {value: UserVm}, when: a or b, change: it.marks, leaves: that}",
    )
    assert meaning(remove["when"]) == meaning("(a or b) and it.marks.remove")
    assert meaning(add["when"]) == meaning("(a or b) and it.marks.add")
    assert remove["params"] == {
        "resourcetype": {"value": "UserVm"},
        "resourceids": "vm.id",
        "tags": "[{key: item.key} for item in it.marks.remove]",
    }
    assert remove["undo"]["leaves"] == "that"
    assert add["undo"]["leaves"] == "the new values"


def test_what_a_retag_is_for_is_said_of_both_its_commands(tmp_path: Path) -> None:
    made = steps_of(tmp_path, "{retag: self.id, about: why}")
    assert [step["about"] for step in made] == ["why", "why"]


def test_tag_is_one_command(tmp_path: Path) -> None:
    made = steps_of(
        tmp_path,
        "{tag: volume.id, tags: marks, when: marks, each: {x: y}, about: why, leaves: false}",
    )
    assert made == [
        {
            "call": "createTags",
            "about": "why",
            "when": "marks",
            "each": {"x": "y"},
            "params": {
                "resourcetype": {"value": "Volume"},
                "resourceids": "volume.id",
                "tags": "marks",
            },
            "leaves": False,
        }
    ]


def test_tags_are_taken_back(tmp_path: Path) -> None:
    (given,) = steps_of(tmp_path, "{tag: self.id, tags: marks, undo: true, leaves: a mark}")
    volume = {"resourcetype": {"value": "Volume"}, "resourceids": "self.id"}
    assert given == {
        "call": "createTags",
        "params": {**volume, "tags": "marks"},
        "undo": {
            "call": "deleteTags",
            "params": {**volume, "tags": "[{key: item.key} for item in marks]"},
            "leaves": "a mark",
        },
    }


def test_tags_that_were_taken_away_are_given_back(tmp_path: Path) -> None:
    (taken,) = steps_of(tmp_path, "{untag: self.id, tags: marks, undo: true, leaves: no mark}")
    volume = {"resourcetype": {"value": "Volume"}, "resourceids": "self.id"}
    again = "[{key: item.key, value: item.value} for item in marks]"
    assert taken == {
        "call": "deleteTags",
        "params": {**volume, "tags": "[{key: item.key} for item in marks]"},
        "undo": {
            "call": "createTags",
            "params": {**volume, "tags": again},
            "leaves": "no mark",
        },
    }


def test_steps_in_ways_are_written_out_and_the_others_stay_in_their_order(tmp_path: Path) -> None:
    text = """
    resource: disks
    kept_in_tags: {of: {value: Volume}}
    read: {call: listVolumes}
    methods:
      delete:
        variants:
          - when: name
            with: {change: "changes({}, {})"}
            steps:
              - {call: deleteVolume, params: {id: self.id}}
              - {retag: self.id}
              - {call: detachVolume, params: {id: self.id}}
          - refuse: never
    """
    steps = written_out(tmp_path, text)["methods"]["delete"]["variants"][0]["steps"]
    calls = [step["call"] for step in steps]
    assert calls == ["deleteVolume", "deleteTags", "createTags", "detachVolume"]


KEPT = """
    resource: healthChecks
    kept_in_tags:
      of: {value: Account}
      id: project.id
      under: "gce:check:"
      fields: {description: "", checkIntervalSec: 5, type: null}
    fields: {type: {value: TCP}}
    methods:
      get: {}
      insert: {with: {wrong: new.type}}
      patch: {}
      update: {with: {new: merged(body)}}
      delete: {}
"""


def test_a_whole_resource_is_read_from_tags(tmp_path: Path) -> None:
    data = written_out(tmp_path, KEPT)
    assert data["read"] == {
        "call": "listTags",
        "params": {"resourcetype": {"value": "Account"}, "resourceid": "project.id"},
        "where": 'starts_with(key, "gce:check:")',
        "group": (
            'parts(after(key, "gce:check:"), "{name}#{part}").name or after(key, "gce:check:")'
        ),
        "name": "resource_key",
    }
    assert data["fields"] == {
        "type": {"value": "TCP"},
        "description": 'first(kept_in(rows).description, "")',
        "checkIntervalSec": "first(kept_in(rows).checkIntervalSec, 5)",
    }


def test_a_whole_resource_is_made_changed_and_deleted(tmp_path: Path) -> None:
    methods = written_out(tmp_path, KEPT)["methods"]
    json = (
        "to_json({description: new.description, checkIntervalSec: new.checkIntervalSec,"
        " type: new.type})"
    )
    assert list(methods["insert"]["with"].items()) == [
        ("new", "body"),
        ("wrong", "new.type"),
        ("kept_as", "body.name"),
        ("tags", f'entries(chunked({{f"gce:check:{{kept_as}}": {json}}}))'),
    ]
    assert methods["insert"]["makes"] == "kept_as"
    assert [step["call"] for step in methods["insert"]["steps"]] == ["createTags"]
    there = f'chunked({{f"gce:check:{{resource_key}}": {json}}})'
    change = f"changes({{key: value for key, value in rows}}, {there})"
    assert methods["patch"]["with"] == {"new": "merged(body, kept_in(rows))", "change": change}
    assert methods["update"]["with"] == {"new": "merged(body)", "change": change}
    for name in ("patch", "update"):
        assert methods[name]["alone"] is True
        assert [step["call"] for step in methods[name]["steps"]] == ["deleteTags", "createTags"]
    (gone,) = methods["delete"]["steps"]
    assert gone["params"]["tags"] == "[{key: item.key} for item in rows]"


def test_a_twin_of_a_whole_resource_keeps_it_elsewhere(tmp_path: Path) -> None:
    twin = """
    resource: regionHealthChecks
    like: healthChecks
    kept_in_tags: {under: "gce:own:", as: body.description, fields: {checkIntervalSec: 7}}
    read: {region: path.region}
    """
    data = written_out(tmp_path, twin, healthChecks=KEPT)
    assert data["read"]["where"] == 'starts_with(key, "gce:own:")'
    assert data["read"]["region"] == "path.region"
    assert data["fields"]["checkIntervalSec"] == "first(kept_in(rows).checkIntervalSec, 7)"
    assert data["methods"]["insert"]["with"]["kept_as"] == "body.description"
    assert "gce:own:" in data["methods"]["patch"]["with"]["change"]
