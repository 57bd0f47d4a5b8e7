"""Mapping files whose words, roots or unknown fields are wrong.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

WRONG_VALUES = {
    # fields that GCE lacks
    "an unknown field without a reason": (
        """
        resource: disks
        methods:
          insert:
            ignores:
              colour: {unknown: true} # here
            steps: []
        """,
        "'why' is a required property",
    ),
    "an unknown field with an empty reason": (
        """
        resource: disks
        methods:
          insert:
            ignores:
              colour: {unknown: true, why: " "} # here
            steps: []
        """,
        "does not match",
    ),
    # words
    "enum of a request": (
        """
        resource: firewalls
        methods:
          insert:
            steps:
              - repeat: safe
                call: createNetworkACL
                params:
                  protocol: {value: tcp}
                  traffictype:
                    from: direction
                    enum:
                      INGRESS: Ingress
                      INWARDS: Ingress # here
        """,
        "GCE's Firewall.direction has no value 'INWARDS'",
    ),
    "enum of an answer": (
        """
        resource: instances
        read: {call: listVirtualMachines}
        fields:
          status:
            from: state
            enum:
              Running: RUNNING
              Stopped: ASLEEP # here
        """,
        "GCE's Instance.status has no value 'ASLEEP'",
    ),
    "enum of an answer, before a list": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          status:
            from: state
            enum:
              READY: [Ready]
              MADE: [Creating, Allocated] # here
        """,
        "GCE's Disk.status has no value 'MADE'",
    ),
    "a word of an enum in two lists": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          status: {from: state, enum: {READY: [Ready, Allocated], CREATING: [Allocated]}} # here
        """,
        "'Allocated' stands here twice",
    ),
    "a word of an enum in a list and by itself": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          status: {from: state, enum: {Ready: CREATING, READY: [Ready]}} # here
        """,
        "'Ready' stands here twice",
    ),
    "enum deep in an answer": (
        """
        resource: instances
        read:
          - source: one
            call: listVirtualMachines
            fields:
              networkInterfaces:
                each: {card: nic}
                fields:
                  accessConfigs:
                    each: {address: card.publicip}
                    fields:
                      type: {value: ONE_TO_NONE_NAT} # here
        """,
        "GCE's Instance.networkInterfaces.accessConfigs.type has no value 'ONE_TO_NONE_NAT'",
    ),
    "default of an enum": (
        """
        resource: images
        read: {call: listTemplates, params: {templatefilter: {value: all}}}
        fields:
          status: {from: isready, enum: {"true": READY}, default: WAITING} # here
        """,
        "GCE's Image.status has no value 'WAITING'",
    ),
    "constant of another type": (
        """
        resource: instances
        read: {call: listVirtualMachines}
        fields:
          canIpForward: {value: "false"} # here
        """,
        "GCE's Instance.canIpForward is a boolean, which 'false' is not",
    ),
    "number where 64 bits are a text": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          physicalBlockSizeBytes: 4096 # here
        """,
        "GCE's Disk.physicalBlockSizeBytes is a string, which 4096 is not",
    ),
    "converter": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          sizeGb: shout(size) # here
        """,
        "there is no function 'shout'",
    ),
    # roots
    "root": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: moon.name # here
        """,
        "the answer of listVolumes has no field 'moon'",
    ),
    "body of a read": (
        """
        resource: disks
        read: {call: listVolumes}
        fields:
          description: body.name # here
        """,
        "the answer of listVolumes has no field 'body'",
    ),
    "path parameter": (
        """
        resource: disks
        methods:
          delete:
            steps:
              - call: deleteVolume
                params: {id: path.volume} # here
        """,
        "the path has no field 'volume'",
    ),
    "setting": (
        """
        resource: disks
        read: {call: listVolumes}
        aliases: settings.moons # here
        """,
        "the settings has no field 'moons'",
    ),
    "result of a later step": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - call: deleteVolume
                params: {id: volume.id} # here
                leaves: nothing
              - repeat: safe
                call: createVolume
                as: volume
                params: {name: name}
        """,
        "'volume' is made further down, and isn't there yet",
    ),
    "loop of an earlier step": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - call: deleteVolume
                each: {old: licenses}
                params: {id: old}
                leaves: nothing
              - repeat: safe
                call: createVolume
                params: {name: old} # here
        """,
        "Disk has no field 'old'",
    ),
    "reserved loop": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - repeat: safe
                call: createVolume
                each:
                  body: licenses # here
                params: {name: name}
                leaves: a disk
        """,
        "'body' has a meaning of its own",
    ),
    "step's loop without a name": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - repeat: safe
                call: createVolume
                each: licenses # here
                params: {name: name}
                leaves: a disk
        """,
        "'licenses' is not of type 'object'",
    ),
}
