"""Mapping files with names that neither of the two models knows, nor another mapping.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

WRONG_NAMES = {
    # names that GCE does not know
    "gce resource": ("resource: moons # here", "GCE has no resource 'moons'"),
    "gce method": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          get: {}
          paint: {} # here
        """,
        "GCE's disks has no method 'paint'",
    ),
    "gce field": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          colour: name # here
        """,
        "GCE's Disk has no field 'colour'",
    ),
    "gce field of one source": (
        """
        resource: disks
        read:
          - call: listVolumes
            fields:
              colour: name # here
        """,
        "GCE's Disk has no field 'colour'",
    ),
    "pushed field that no table of words makes": (
        """
        resource: disks
        read:
          call: listVolumes
          push:
            status: state # here
        fields:
          status: {when: name, from: state, enum: {Ready: READY}}
        """,
        "'status' is not made by 'from' and 'enum' alone",
    ),
    "parameter of a pushed field": (
        """
        resource: disks
        read:
          call: listVolumes
          push:
            status: stat # here
        fields:
          status: {from: state, enum: {Ready: READY}}
        """,
        "listVolumes has no parameter 'stat'",
    ),
    "nested gce field": (
        """
        resource: instances
        read: {call: listVirtualMachines}
        fields:
          scheduling:
            fields:
              preemptible: false
              colour: name # here
        """,
        "GCE's Instance.scheduling has no field 'colour'",
    ),
    "gce field of a list's elements": (
        """
        resource: instances
        read: {call: listVirtualMachines}
        fields:
          networkInterfaces:
            each: {card: nic}
            fields:
              colour: card.id # here
        """,
        "GCE's Instance.networkInterfaces has no field 'colour'",
    ),
    "gce field of an answer": (
        """
        resource: imageFamilyViews
        methods:
          get:
            answer:
              fields:
                picture: path.family # here
        """,
        "GCE's ImageFamilyView has no field 'picture'",
    ),
    "field of the body": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - repeat: safe
                call: createVolume
                params:
                  name: title # here
        """,
        "Disk has no field 'title'",
    ),
    "ignored field": (
        """
        resource: disks
        methods:
          insert:
            ignores:
              colour: nobody sees it # here
            steps: []
        """,
        "Disk has no field 'colour'",
    ),
    "field that is not unknown": (
        """
        resource: disks
        methods:
          insert:
            ignores:
              description: {unknown: true, why: an old client sends it} # here
            steps: []
        """,
        "Disk has a field 'description': say only why it is ignored",
    ),
    # names that CloudStack does not know
    "command": (
        """
        resource: disks
        read:
          call: listMoons # here
        """,
        "CloudStack has no command 'listMoons'",
    ),
    "command of a step": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - call: paintVolume # here
        """,
        "CloudStack has no command 'paintVolume'",
    ),
    "parameter": (
        """
        resource: disks
        read:
          call: listVolumes
          params:
            colour: {value: red} # here
        """,
        "listVolumes has no parameter 'colour'",
    ),
    "parameter that narrows": (
        """
        resource: disks
        read:
          call: listVolumes
          narrow:
            zone: colour # here
        """,
        "listVolumes has no parameter 'colour'",
    ),
    "response field": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: colour # here
        """,
        "the answer of listVolumes has no field 'colour'",
    ),
    "response field in a format": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: f"{name} {colour}" # here
        """,
        "the answer of listVolumes has no field 'colour'",
    ),
    "response field in a condition": (
        """
        resource: disks
        read:
          call: listVolumes
          where: state == "Ready" and colour == "red" # here
        """,
        "the answer of listVolumes has no field 'colour'",
    ),
    "response field of a join": (
        """
        resource: instances
        read:
          call: listVirtualMachines
          join:
            volumes:
              call: listVolumes
              on: {colour: id} # here
        """,
        "the answer of listVolumes has no field 'colour'",
    ),
    "field of a list": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: tags.value # here
        """,
        "is a list, and 'value' is asked of it",
    ),
    "result of a step": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - repeat: safe
                call: createVolume
                as: volume
                params: {name: name}
                leaves: a disk
              - call: deleteVolume
                params:
                  id: volume.colour # here
        """,
        "the answer of createVolume has no field 'colour'",
    ),
    # references
    "link": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          type: link.diskTypes(diskofferingid) # here
        """,
        "'diskTypes' is not a mapped resource that can be read",
    ),
    "find in a parameter": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - repeat: safe
                call: createVolume
                params:
                  diskofferingid:
                    find: diskTypes # here
                    from: type
                    get: found.id
        """,
        "'diskTypes' is not a mapped resource that can be read",
    ),
    "find": (
        """
        resource: disks
        methods:
          insert:
            with:
              type:
                find: diskTypes # here
                from: type
            steps: []
        """,
        "'diskTypes' is not a mapped resource that can be read",
    ),
    "a resource that is listed too": (
        """
        resource: disks
        read: {call: listVolumes}
        together_with:
          - regionDisks # here
        """,
        "'regionDisks' is not a mapped resource that can be read",
    ),
    "nothing to read": (
        """
        resource: disks
        methods:
          list: {} # here
        """,
        "disks has no read, so list has nothing to answer with",
    ),
}
