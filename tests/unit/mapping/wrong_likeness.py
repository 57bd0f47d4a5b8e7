"""Mapping files whose ``like``, or whose functions, are wrong.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

WRONG_LIKENESS = {
    "like a resource that is not mapped": (
        """
        resource: disks
        like: zonez # here
        """,
        "'zonez' is not mapped; did you mean 'zones'?",
    ),
    "like itself in the first folder": (
        """
        resource: disks
        like: disks # here
        read: {call: listVolumes}
        """,
        "no earlier folder says what disks is",
    ),
    "a key that a file with like has not": (
        """
        resource: disks
        like: zones
        feilds: {} # here
        """,
        "unknown key 'feilds' (is 'fields' meant?)",
    ),
    "leaving out what is not there": (
        """
        resource: regions
        like: zones
        methods:
          delete: null # here
        """,
        "there is no 'delete' to be left out",
    ),
    "a difference of a wrong form": (
        """
        resource: regions
        like: zones
        read: {call: listRegions, where: 5} # here
        """,
        "5 is not of type 'string'",
    ),
    "a difference with a wrong name": (
        """
        resource: regions
        like: zones
        fields:
          description: nmae # here
        """,
        "the answer of listZones has no field 'nmae'; did you mean 'name'?",
    ),
    "a section of another form than it has": (
        """
        resource: regions
        like: zones
        methods: 5 # here
        """,
        "5 is not of type 'object'",
    ),
    "a method like one that is not mapped": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          get: {}
          delete:
            steps: [{call: deleteVolume, params: {id: self.id}}]
          resize:
            like: delet # here
        """,
        "disks.delet is not mapped; did you mean 'delete'?",
    ),
    "a method like one of a resource that is not mapped": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          get:
            like: moons.get # here
        """,
        "moons.get is not mapped",
    ),
    "methods that are like each other": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          get:
            like: list
          list:
            like: get # here
        """,
        "disks.get is like disks.list is like disks.get, and so on",
    ),
    "a difference of a method of a wrong form": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          get: {}
          list:
            like: get
            with: 5 # here
        """,
        "5 is not of type 'object'",
    ),
    "an unknown key beside a method's like": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          get: {}
          list:
            like: get
            stepz: [] # here
        """,
        "unknown key 'stepz' (is 'steps' meant?)",
    ),
    "a function of its own that does not see the row": (
        """
        resource: disks
        read: {call: listVolumes}
        functions:
          size_of:
            about: how large it is
            gives: size # here
        fields: {sizeGb: size_of()}
        methods: {get: {}}
        """,
        "there is no 'size' here",
    ),
    "a function of its own that is called like one of gstack's": (
        """
        resource: disks
        read: {call: listVolumes}
        functions:
          first: # here
            about: the first
            gives: '1'
        methods: {get: {}}
        """,
        "'first' is a function already",
    ),
    "a function of its own without a word about it": (
        """
        resource: disks
        read: {call: listVolumes}
        functions:
          one: # here
            gives: '1'
        methods: {get: {}}
        """,
        "'about' is a required property",
    ),
}
