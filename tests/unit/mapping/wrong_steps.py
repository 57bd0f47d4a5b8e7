"""Mapping files whose commands are sent wrongly.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

WRONG_STEPS = {
    "an undo that can't be told what was made": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          insert:
            steps:
              - call: createVolume
                params: {name: name}
                found: {call: listVolumes, where: name == body.name}
                undo: {call: disableStaticNat} # here
              - {call: attachVolume, params: {id: id, virtualmachineid: id}, repeat: safe}
        """,
        "disableStaticNat takes no id of what was made: say its 'params'",
    ),
    "a command that can't be told what it is about": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps: [{call: disableStaticNat}] # here
        """,
        "disableStaticNat takes no id: say its 'params'",
    ),
    "a command that would be sent for one row in each turn": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            with: {others: {call: listSnapshots}}
            steps: [{call: deleteVolume, each: {other: others}, leaves: false}] # here
        """,
        "each turn would be about the same row: say its 'params'",
    ),
    "what is kept for a method that there isn't": (
        """
        resource: instanceTemplates
        methods:
          insert:
            keeps:
              properties: instances.paint # here
            steps:
              - call: deleteVolume
                params: {id: body.name}
        """,
        "no method 'instances.paint' is mapped that takes a body",
    ),
    # what a command requires
    "required parameter of a step": (
        """
        resource: disks
        methods:
          delete:
            steps:
              - call: attachVolume # here
                repeat: safe
                params: {id: path.disk}
        """,
        "attachVolume requires virtualmachineid",
    ),
    "tags that a later step's failure would lose": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          setLabels:
            steps:
              - call: deleteTags # here
                params: {resourcetype: {value: Volume}, resourceids: self.id}
              - call: createTags
                params:
                  resourcetype: {value: Volume}
                  resourceids: self.id
                  tags: entries(labels)
        """,
        "when a later step fails, the tags are lost: say what their 'undo' is",
    ),
    "what is left of a step that counts": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - call: deleteVolume
                params: {id: self.id}
                leaves: the disk # here
        """,
        "no command follows it that could fail",
    ),
    "what is left of a step that is taken back": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - call: detachVolume
                params: {id: self.id}
                found: {call: listVolumes, params: {id: self.id}}
                undo: {call: attachVolume, params: {id: self.id, virtualmachineid: self.id}}
                leaves: the disk # here
              - call: deleteVolume
                params: {id: self.id}
        """,
        "what is left when the undo fails, the undo says",
    ),
    "a step that stays done without a word when a later one fails": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - call: stopVirtualMachine # here
                params: {id: self.virtualmachineid}
              - call: deleteVolume
                params: {id: self.id}
        """,
        "when a later command fails, it stays done: say its 'undo', or what it 'leaves'",
    ),
    "an undo that is followed by another and may be lost": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - call: deleteVolume
                params: {id: self.id}
                undo: # here
                  call: createVolume
                  repeat: exists
                  params: {name: self.name}
                  then:
                    call: deleteVolume
                    params: {id: undone.id}
              - call: deleteVolume
                params: {id: self.id}
        """,
        "what follows needs its result: say how it is 'found'",
    ),
    "turns that stay done without a word when a later one fails": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - call: deleteVolume # here
                each: {one: rows}
                params: {id: one.id}
        """,
        "when a later command fails, it stays done: say its 'undo', or what it 'leaves'",
    ),
    "a wait for what lists nothing": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - call: deleteVolume
                params: {id: self.id}
                until: success # here
        """,
        "deleteVolume lists nothing, so it can't be awaited",
    ),
    "a failure of what isn't awaited": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - call: listVolumes
                fails: {when: name, refuse: it failed} # here
        """,
        "a step that doesn't wait 'until' can't tell",
    ),
    "a wait where the client waits": (
        """
        resource: images
        read: {call: listTemplates, params: {templatefilter: {value: executable}}}
        methods:
          setIamPolicy: # here
            steps:
              - call: listTemplates
                take: first
                params: {templatefilter: {value: executable}}
                until: isready
            answer: {fields: {version: 1}}
        """,
        "listTemplates is awaited, and GCE answers without waiting",
    ),
    "the result of a cleanup": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          delete:
            steps:
              - call: deleteVolume
                params: {id: self.id}
                as: it # here
                cleanup: true
        """,
        "the change is done without a cleanup: it has no 'as'",
    ),
    "required parameter of an undo": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - repeat: safe
                call: createVolume
                params: {name: name}
                undo: {call: attachVolume} # here
        """,
        "attachVolume requires virtualmachineid",
    ),
    "required parameter of a read": (
        """
        resource: images
        read: {call: listTemplates} # here
        """,
        "listTemplates requires templatefilter",
    ),
}
