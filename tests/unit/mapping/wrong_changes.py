"""Mapping files in which a change answers, does another or stands alone wrongly.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

WRONG_CHANGES = {
    # answers of changes
    "an answer beside an operation": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            answer: path.disk # here
            steps:
              - call: deleteVolume
                params: {id: self.id}
        """,
        "GCE answers with an operation, which the engine makes",
    ),
    "no answer where there is no operation": (
        """
        resource: images
        read: {call: listTemplates, params: {templatefilter: {value: self}}, group: id}
        methods:
          setIamPolicy: # here
            steps:
              - call: updateTemplatePermissions
                params: {id: self.id}
        """,
        "GCE answers with a Policy: 'answer' has to say how it is made",
    ),
    "a job where GCE answers at once": (
        """
        resource: images
        read: {call: listTemplates, params: {templatefilter: {value: self}}, group: id}
        methods:
          setIamPolicy: # here
            answer: {fields: {version: 1}}
            steps:
              - call: deleteTemplate
                params: {id: self.id}
        """,
        "deleteTemplate is a job, and GCE answers without waiting",
    ),
    # refusals
    "a refusal of a field that there is not": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          resize:
            checks:
              - when: not sizeGb
                refuse: {sizeGB: "a size is needed."} # here
            steps: []
        """,
        "DisksResizeRequest has no field 'sizeGB'",
    ),
    "a refusal of a field of no body": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            checks:
              - when: self.isoid
                refuse: {name: "it is in use."} # here
            steps: []
        """,
        "the method takes no body, which 'name' would be in",
    ),
    "a refusal that names two fields": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          resize:
            checks:
              - field: resource.name # here
                refuse: {sizeGb: "a size is needed."}
            steps: []
        """,
        "'refuse' says already which field it is about",
    ),
    "a refusal with a wrong name in what it tells of a field": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          resize:
            checks:
              - refuse: {sizeGb: "a size is needed, not {sise}."} # here
            steps: []
        """,
        "'sise'",
    ),
    # what a change does and has alone
    "a step that does what is no change": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          list: {}
          insert:
            steps:
              - run: disks.list # here
        """,
        "'disks.list' is not a mapped change",
    ),
    "a step that does what isn't there": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - run: disks.melt # here
        """,
        "GCE has no method 'disks.melt'",
    ),
    "a step that does its own method": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - run: disks.insert # here
        """,
        "'disks.insert' is not a mapped change",
    ),
    "a step that says a field wrong": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          resize: {steps: []}
          insert:
            steps:
              - run: disks.resize
                body:
                  fields:
                    size: sizeGb # here
        """,
        "GCE's DisksResizeRequest has no field 'size'",
    ),
    "a step that says a parameter wrong": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          resize: {steps: []}
          insert:
            steps:
              - run: disks.resize
                query:
                  force: true # here
        """,
        "compute.disks.resize has no parameter 'force'",
    ),
    "a body for what takes none": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete: {steps: []}
          insert:
            steps:
              - run: disks.delete
                body: body # here
        """,
        "compute.disks.delete takes no body",
    ),
    "a least number of turns without turns": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete: {steps: []}
          insert:
            steps:
              - run: disks.delete
                least: 1 # here
        """,
        "'least' counts the turns of 'each', and there is none",
    ),
    "a state that is compared and may change until it is written": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          setLabels:
            fingerprint: {given: labelFingerprint, now: labelFingerprint}
            alone: false # here
            steps: []
        """,
        "what is compared must not change until it is written",
    ),
    "what may be deleted twice": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            alone: false # here
            steps: []
        """,
        "what is deleted must not be deleted twice",
    ),
    "nothing in particular that is to be alone": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          insert:
            alone: true # here
            steps: []
        """,
        "it is about no one resource: say which ones it has alone",
    ),
    "paths to have alone that don't make sense": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          insert:
            alone: "[disk.name for disk in nothing]" # here
            steps: []
        """,
        "nothing",
    ),
    "a change that follows from what it has read": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          resize: # here
            checks:
              - when: sizeGb <= resource.sizeGb
                refuse: "too small"
            steps: []
        """,
        "it makes use of the state that it has read: say whether it is 'alone'",
    ),
}
