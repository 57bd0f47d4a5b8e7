"""Mapping files whose words, roots or form are wrong.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

WRONG_FORMS = {
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
