"""Mapping files that make wrong use of checks, steps, values and names that have a name.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

_PARTS = """
        resource: disks
        read: {call: listVolumes}
        checks:
          needed: {about: a field, takes: [field], when: not body.<field>, refuse: "<field>!"}
        steps:
          gone: {about: it goes, takes: [id], steps: [{call: deleteVolume, params: {id: <id>}}]}
        values:
          zones: {about: the zones, gives: {call: listZones}}
        names:
          own: {about: its own, with: {mine: self.id}}
        methods:
"""

WRONG_SHARED_PARTS = {
    "a check that there is not": (
        _PARTS
        + """
          delete:
            checks: [{check: neded, field: name}] # here
            steps: [{do: gone, id: self.id}]
        """,
        "none of the shared checks is called 'neded'; did you mean 'needed'?",
    ),
    "steps that there are not": (
        _PARTS
        + """
          delete:
            steps: [{do: gonee, id: self.id}] # here
        """,
        "none of the shared steps is called 'gonee'; did you mean 'gone'?",
    ),
    "a value that there is not": (
        _PARTS
        + """
          delete:
            with: {a: {ask: zone}} # here
            steps: [{do: gone, id: self.id}]
        """,
        "none of the shared values is called 'zone'; did you mean 'zones'?",
    ),
    "names that there are not": (
        _PARTS
        + """
          delete:
            with: {a: {names: owm}} # here
            steps: [{do: gone, id: self.id}]
        """,
        "none of the shared names is called 'owm'; did you mean 'own'?",
    ),
    "a group of names where a value stands": (
        _PARTS
        + """
          delete:
            steps: [{call: deleteVolume, params: {id: {names: own}}}] # here
        """,
        "unknown key 'names'",
    ),
    "what it does not take": (
        _PARTS
        + """
          delete:
            steps: [{do: gone, id: self.id, idd: 1}] # here
        """,
        "'gone' takes no 'idd'; did you mean 'id'?",
    ),
    "what it takes is missing": (
        _PARTS
        + """
          delete:
            steps:
              - do: gone # here
        """,
        "'gone' has to be told 'id'",
    ),
    "a wrong name in what is given": (
        _PARTS
        + """
          delete:
            steps:
              - do: gone
                id: self.idd # here
        """,
        "has no field 'idd'; did you mean 'id'?",
    ),
    "a wrong name in a part": (
        """
        resource: disks
        read: {call: listVolumes}
        steps:
          gone: {about: it goes, steps: [{call: deleteVolume, params: {id: self.idd}}]} # here
        methods: {delete: {steps: [{do: gone}]}}
        """,
        "has no field 'idd'; did you mean 'id'?",
    ),
    "a part that makes use of itself": (
        """
        resource: disks
        read: {call: listVolumes}
        steps:
          gone: {about: it goes, steps: [{do: gone}]} # here
        methods: {delete: {steps: [{do: gone}]}}
        """,
        "'gone' makes use of itself, and so on",
    ),
    "a place for what is not taken": (
        """
        resource: disks
        read: {call: listVolumes}
        values:
          own: {about: own, takes: [id], gives: "[<id>, <ib>]"} # here
        methods: {get: {}}
        """,
        "<ib> is none of what it takes",
    ),
    "what is taken and has no place": (
        """
        resource: disks
        read: {call: listVolumes}
        values:
          own: {about: own, takes: [id], gives: {call: listVolumes}} # here
        methods: {get: {}}
        """,
        "nothing stands in the place of <id>",
    ),
    "a parameter that is called as a key": (
        """
        resource: disks
        read: {call: listVolumes}
        values:
          own: {about: own, takes: [when], gives: {call: listVolumes, params: {id: <when>}}} # here
        methods: {get: {}}
        """,
        "'when' means something beside the name of what is shared already",
    ),
    "a name with nothing that it takes": (
        """
        resource: disks
        read: {call: listVolumes}
        values:
          own(): {about: own, gives: id} # here
        """,
        "'own()' is no name with what it takes, such as own(one, other?)",
    ),
    "a name with a bracket that is left open": (
        """
        resource: disks
        read: {call: listVolumes}
        steps:
          gone(id: # here
            about: it goes
            steps: [{call: deleteVolume, params: {id: <id>}}]
        """,
        "'gone(id' is no name with what it takes",
    ),
    "a name that takes the same twice": (
        """
        resource: disks
        read: {call: listVolumes}
        functions:
          own(one, one): {about: own, gives: one} # here
        """,
        "'own(one, one)' takes something twice",
    ),
    "a name that says what it takes, and says it again": (
        """
        resource: disks
        read: {call: listVolumes}
        functions:
          own(one): {about: own, takes: [one], gives: one} # here
        """,
        "'own(one)' says what it takes, and so need not 'takes' and 'may_take'",
    ),
    "a name that stands twice with other parameters": (
        """
        resource: disks
        read: {call: listVolumes}
        functions:
          own(one): {about: own, gives: one}
          own(one, other): {about: own, gives: one} # here
        """,
        "functions.own stands here twice",
    ),
    "something else than what it takes behind a name": (
        """
        resource: disks
        read: {call: listVolumes}
        functions:
          own(a.b): {about: own, gives: a} # here
        """,
        "'own(a.b)' is no name with what it takes",
    ),
    "a wrong name in a part with parameters": (
        """
        resource: disks
        read: {call: listVolumes}
        functions:
          own(one):
            about: own
            gives: first(one, two) # here
        """,
        "'two'",
    ),
}
