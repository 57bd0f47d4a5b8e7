"""What an operator sees of a gateway at work: a line for each request, and the audit stream.

Nothing here looks anything up: a request is told with what its answer needed anyway.
"""
