"""`python -m workshop`: copies of the project for learners and instructors, pages to read, and
starting again.

All copies come from one source, the notebooks in `notebooks/`. INSTRUCTOR.md says how to teach with
them.
"""
