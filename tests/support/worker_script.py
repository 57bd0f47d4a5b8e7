"""What a worker of xdist runs, as execnet would have its interpreter run it."""

from execnet.gateway_io import popen_bootstrapline

exec(popen_bootstrapline)
