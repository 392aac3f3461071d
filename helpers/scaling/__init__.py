"""Training in several processes, on one machine or on many: `python -m helpers worker`.

`cluster` reads and writes TF_CONFIG, which says who takes part; `engine` trains; `launcher` starts several workers on
this machine and watches them; `command` is the command line. Only 07_scaling_out and that command use this room.
"""
