"""The headless runner: decides what to run, lets papermill run it, and tells the truth about it."""
