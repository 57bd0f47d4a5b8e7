"""Mapping files with mistakes inside of expressions.

In each text the line with the mistake ends in ``# here``.
"""

from __future__ import annotations

_READ = "read: {call: listTemplates, params: {templatefilter: {value: executable}}}"

_FIELD = {
    "no expression": ("first(name", "no expression: "),
    "a quote without its other half": ('"\'name"', "no expression: "),
    "two names": ("name displaytext", "no expression: "),
    "words": ("a note of ours", "a text stands in quotes of its own, as '\"a text\"' in YAML"),
    "a text with braces": ('"{name}"', 'a text with values in it is f"..."'),
    "a text with braces and more": ('"{name}-{id}"', 'a text with values in it is f"..."'),
    "an assignment": ("name = displaytext", "no expression: "),
    "a comparison with one equals sign": ("'1 if name = 2 else 3'", "no expression: "),
    "a field that is near another": ("displaytxt", "did you mean 'displaytext'?"),
    "a field in other letters": ("displayText", "did you mean 'displaytext'?"),
    "a field of an element": ("tags[0].kee", "has no field 'kee'; did you mean 'key'?"),
    "a field of a list": ("tags.key", "tags is a list, and 'key' is asked of it"),
    "a field in a loop": ('"[tag.kee for tag in tags]"', "did you mean 'key'?"),
    "a field in a text": ('f"{nmae}"', "did you mean 'name'?"),
    "a field in a condition": ("name if nmae else None", "did you mean 'name'?"),
    "a name of a loop outside of it": ('"[[tag for tag in tags], tag]"', "no field 'tag'"),
    "a root with a dollar inside": ("name or $zone.id", "a name is written without '$'"),
    "JSON's true": ("name == true", "'true' is written 'True' in an expression"),
    "JSON's null": ("name or null", "'null' is written 'None' in an expression"),
    "an unknown function": ("lenght(name)", "no function 'lenght'; did you mean 'len'?"),
    "an unknown converter": ("timestamps(name)", "did you mean 'timestamp'?"),
    "a method": ("name.upper()", "a value has no upper() here; functions stand alone"),
    "a function without its value": ("len()", "len takes 1 value, not 0"),
    "too many values": ("timestamp(name, name)", "timestamp takes 1 value, not 2"),
    "a named argument": ("len(value=name)", "len takes no named arguments"),
    "a function as a value": ("len", "has no field 'len'"),
    "a lambda": ("'lambda: name'", "a lambda can't be used"),
    "a power": ("2 ** 3", "'**' can't be used: powers are not computed"),
    "a slice": ("name[1:2]", "':' can't be used: take one element, as [0]"),
    "a key twice": ("'{a: name, b: 1, \"a\": displaytext}'", "'a' stands here twice"),
    "a walrus": ("'(x := name)'", "':=' can't be used: a value gets a name under 'with'"),
    "an underscore": ("name.__class__", "no name starts with '_'"),
    "a format specification": ('f"{name:>9}"', "a placeholder holds a value only"),
    "texts that are added": ("name + 'x'", "'+' is for numbers"),
    "lists that are added": ('"[name] + [name]"', "lists are joined as [*one, *another]"),
    "is with a value": ("1 if name is 'x' else 2", "'is' asks for None only"),
    "None with an equals sign": ("1 if name == None else 2", "asked by 'is None'"),
    "a link to nothing": ("link.moons(id)", "'moons' is not a mapped resource"),
    "a link without an id": ("link.zones()", "link.zones takes one id"),
    "a link's zone alone": ("link.zones(id, zone=id)", "'zone' stands beside 'name'"),
    "link alone": ("link.zones", "has no field 'link'"),
    "a pattern that is no constant": ("parts(name, name)", "the pattern of parts is a text"),
    "a pattern without parts": ("parts(name, 'x')", "names no value"),
    "a wrong regular expression": ("matching(name, '(')", "'(' is no pattern"),
    "a computed key": ('"{1: name}"', "a key is a name, a text in quotes"),
    "enumerate alone": ("enumerate(tags)", "'enumerate' stands behind 'in'"),
    "enumerate with one name": ('"[n for n in enumerate(tags)]"', "enumerate gives two names"),
    "a function's name in a loop": ('"[len for len in tags]"', "'len' is a function"),
    "a star outside of a list": ("len(*tags)", "len takes no '*'"),
    "a tuple": ("(name, name)", "a list stands in brackets"),
}

WRONG_EXPRESSIONS = {
    name: (
        f"resource: images\n{_READ}\nfields:\n  description: {text} # here\n",
        message,
    )
    for name, (text, message) in _FIELD.items()
} | {
    "a bare constant as a parameter of a list": (
        """
        resource: images
        read:
          call: listTemplates
          params:
            templatefilter: executable # here
        """,
        "there is no 'executable' here; a constant text is written {value: executable}",
    ),
    "a word that GCE's field does not have": (
        """
        resource: firewalls
        methods:
          insert:
            checks:
              - refuse: "no"
                when: direction == "EGRES" # here
            steps: []
        """,
        "GCE's Firewall.direction has no value 'EGRES'; did you mean 'EGRESS'?",
    ),
    "a name that a later step makes": (
        """
        resource: disks
        methods:
          insert:
            steps:
              - call: createVolume
                repeat: safe
                leaves: a disk
                params:
                  name: made.name # here
              - {call: createVolume, repeat: safe, params: {name: name}, as: made}
        """,
        "'made' is made further down, and isn't there yet",
    ),
    "a name that could mean two things": (
        """
        resource: disks
        methods:
          insert:
            with:
              description: name
            steps:
              - call: createVolume
                repeat: safe
                params:
                  name: description # here
        """,
        "'description' could mean the field 'description' of Disk or what is called so here",
    ),
    "a mistake in a message": (
        """
        resource: disks
        methods:
          insert:
            checks:
              - refuse: "{nmae} or {name} is wrong" # here
            steps: []
        """,
        "Disk has no field 'nmae'; did you mean 'name'?",
    ),
    "an empty text of a request that the state takes the place of": (
        """
        resource: disks
        read: {call: listVolumes}
        methods:
          update:
            alone: true
            steps:
              - call: updateVolume
                params:
                  id: self.id
                  name: description or self.name # here
        """,
        "'or' passes over an empty text in 'description', and what was there stays; first(a, b)",
    ),
    "a boolean of a request that the state takes the place of": (
        """
        resource: subnetworks
        read: {call: listNetworks}
        methods:
          patch:
            alone: true
            steps:
              - call: updateNetwork
                params:
                  id: self.id
                  displaytext: >
                    f"{privateIpGoogleAccess or text(resource.privateIpGoogleAccess)}" # here
        """,
        "'or' passes over false in 'privateIpGoogleAccess', and what was there stays",
    ),
    "an empty list of a request that the state takes the place of": (
        """
        resource: firewalls
        read: {call: listSecurityGroups}
        fields: {sourceRanges: "[name]"}
        methods:
          patch:
            alone: true
            with:
              ranges: sourceRanges or resource.sourceRanges # here
            steps: []
        """,
        "'or' passes over an empty list in 'sourceRanges', and what was there stays",
    ),
}
