"""Mapping files in which something is wrong with what is kept in tags.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

WRONG_TAGS = {
    "nothing says what has the tags": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          setLabels:
            fingerprint: {given: labelFingerprint, now: labelFingerprint}
            with: {change: 'changes({}, {})'}
            steps:
              - retag: self.id # here
        fields: {labelFingerprint: fingerprint(name)}
        """,
        "'of' has to say what kind of thing has the tags, here or in 'kept_in_tags'",
    ),
    "labels without what has them": (
        """
        resource: disks
        kept_in_tags: {labels: true} # here
        read: {call: listVolumes}
        """,
        "'of' is a required property",
    ),
    "a whole resource without an id": (
        """
        resource: disks
        kept_in_tags: {of: project.name, under: "gce:x:", fields: {description: ""}} # here
        """,
        "'id' is a dependency of 'under'",
    ),
    "fields of no whole resource": (
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}, fields: {description: ""}} # here
        read: {call: listVolumes}
        """,
        "'under' is a dependency of 'fields'",
    ),
    "tags without tags": (
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}}
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - {tag: self.id} # here
        """,
        "'tags' is a required property",
    ),
    "a parameter beside a step about tags": (
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}}
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - tag: self.id
                tags: self.tags
                params: {customer: name} # here
        """,
        "unknown key 'params'",
    ),
    "a wrong name behind a step about tags": (
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}}
        read: {call: listVolumes}
        methods:
          delete:
            with: {change: 'changes({}, {})'}
            steps:
              - retag: self.id
                change: changed # here
        """,
        "nothing is called 'changed', to say what changes; did you mean 'change'?",
    ),
    "a wrong id of a step about tags": (
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}}
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - {tag: self.idd, tags: self.tags} # here
        """,
        "the answer of listVolumes has no field 'idd'; did you mean 'id'?",
    ),
    "a mistake behind steps about tags": (
        """
        resource: disks
        kept_in_tags: {of: {value: Volume}}
        read: {call: listVolumes}
        methods:
          delete:
            with: {change: 'changes({}, {})'}
            steps:
              - {retag: self.id}
              - call: deleteVolume
                params: {id: self.nmae} # here
        """,
        "the answer of listVolumes has no field 'nmae'; did you mean 'name'?",
    ),
}
