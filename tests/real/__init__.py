"""The acceptance: what gstack must do on any CloudStack, for an ordinary user, with gcloud.

It runs against the cloud that the environment names, and against the simulator where it names none.
It makes only what it gives a name with a prefix of its own, removes it, and tells what is left.
"""
