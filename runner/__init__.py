"""The series headless: decides what to run, lets papermill run it, and tells the truth about it."""
