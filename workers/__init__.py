"""Training in several processes, on one machine or on many: `python -m workers`.

`cluster` says who takes part and waits for them; `engine` trains; `launcher` starts several workers
on this machine and watches them; `cli` is the command line. 08_scaling_out shows how it is used.
"""
