"""`python -m workshop`: copies of the project for learners and instructors, pages to read, copies
of one's own to learn with, and starting again.

All copies come from one source, the notebooks in `notebooks/`. `variants` says how they differ,
`copies` and `site` write what a class needs, `own` and `lab` what people who learn alone need.
INSTRUCTOR.md says how to teach with them.
"""
