"""Mapping files whose form is wrong.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

WRONG_FORMS = {
    # forms
    "two sources in one value": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: {from: name, value: x} # here
        """,
        "a value comes from one place; this one has 'from' and 'value'",
    ),
    "no source in a value": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: {default: x} # here
        """,
        "a value needs one of: each",
    ),
    "path": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: tags[0].value text # here
        """,
        "no expression: ",
    ),
    "pattern": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - repeat: safe
                call: createVolume
                params:
                  name: matching(name, "[") # here
        """,
        "'[' is no pattern",
    ),
    "key given twice": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: name
          description: id # here
        """,
        "the key 'description' is given twice",
    ),
    "yaml": (
        """
        resource: disks
        read: {call: [listVolumes} # here
        """,
        "not YAML: 'read': the '[' that begins here has no end",
    ),
    # grammar
    "what belongs to a key stands beside it": (
        """
        resource: disks
        read: # here
        """,
        "'read' holds nothing; what belongs to it is indented further than it",
    ),
    "a method without what belongs to it": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          get: {}
          list: # here
        """,
        "'list' holds nothing; what belongs to it is indented further than it",
    ),
    "a value of another type": (
        """
        resource: disks
        read: {call: listVolumes}
        about: 5 # here
        """,
        "'about': 5 is not of type 'string'",
    ),
    "unknown section": (
        """
        resource: disks
        reed: {call: listVolumes} # here
        """,
        "unknown key 'reed' (is 'read' meant?); known are: about, aliases, checks, elsewhere",
    ),
    "unknown key of a read": (
        """
        resource: disks
        read:
          call: listVolumes
          wher: state == "Ready" # here
        """,
        "; known are: about, ",
    ),
    "unknown key of a value": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description:
            from: name
            defualt: x # here
        """,
        "; known are: anywhere, cache, ",
    ),
    "unknown key deep in a value": (
        """
        resource: instances
        read: {call: listVirtualMachines}
        fields:
          scheduling:
            fields:
              preemptible: {value: x, defualt: x} # here
        """,
        "; known are: anywhere, cache, ",
    ),
    "unknown operator": (
        """
        resource: disks
        read:
          call: listVolumes
          where: {state: Ready} # here
        """,
        "{'state': 'Ready'} is not of type 'string'",
    ),
    "unknown key of a step": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - repeat: safe
                call: createVolume
                param: {name: name} # here
        """,
        "; known are: about, as, call, ",
    ),
    "step without a command": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - as: volume # here
        """,
        "'call' is a required property",
    ),
    "wrong type": (
        """
        resource: disks
        read:
          call: listVolumes
          cache: sometimes # here
        """,
        "'sometimes' is not of type 'boolean'",
    ),
    "list for a value": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: [name] # here
        """,
        "['name'] is none of: string, number, boolean, object",
    ),
    "no resource": ("about: nothing # here", "'resource' is a required property"),
}
