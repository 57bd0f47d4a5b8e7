"""Expressions: how values and conditions are written, and the Python that is made of them.

The syntax is a closed part of Python's. :mod:`.syntax` parses a text and lets nothing else pass,
:mod:`.checked` follows its names along both models, :mod:`.writer` puts together the source of
functions, and :mod:`.runtime` says what the operators mean where something is missing.
"""
